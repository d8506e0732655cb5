use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "payment:{card.numbr}")] //~ ERROR
fn pay(card: Card) -> Result<u32, String> {
    Ok(card.number)
}

fn main() {
    let _ = pay(Card { number: 1 });
}

struct Card {
    number: u32,
}
