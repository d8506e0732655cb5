use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment:{card:?}")] //~ ERROR
fn pay(card: Card) -> Result<(), String> {
    drop(card);
    Ok(())
}

fn main() {
    let _ = pay(Card);
}

struct Card;
