//! The attribute, from a text: its arguments, a line `---`, and the item it stands on.

use proc_macro2::TokenStream;

use crate::expansion;

/// Expands whatever the lexer lets through.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (args, item) = text.split_once("\n---\n").unwrap_or((text, PLAIN));
    if let (Ok(args), Ok(item)) = (args.parse::<TokenStream>(), item.parse::<TokenStream>()) {
        expansion::check(&args, &item);
    }
    // The lexer keeps every text it ever saw, for the places in it.
    proc_macro2::extra::invalidate_current_thread_spans();
}

/// What the attribute stands on where nothing else is said.
const PLAIN: &str = "fn pay(card: &str, amount: u32) -> Result<u32, PaymentError> { charge(card, amount) }";
