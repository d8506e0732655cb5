use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment:{card}")] //~ ERROR
fn pay(card: Card) -> Result<(), String> {
    drop(card);
    Ok(())
}

struct Card;

fn main() {
    let _ = pay(Card);
}
