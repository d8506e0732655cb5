//! Lists of options: what is wrong with one, and how often that is said.

use super::{PLAIN, errors};

fn refused(args: &str) -> Vec<String> {
    errors(args, PLAIN)
}

#[test]
fn every_option_is_accepted_in_its_right_form() {
    let lists = [
        r#"identifier = "pay""#,
        r#"identifier = "pay:{card}:{amount}:{{}}", scope = "shop", kind = "http","#,
        r#"identifier = "pay:{card.0.name:?}:{amount:>08.3}:{card:*^5x?}", scope = SCOPE, kind = concat!("{", 1)"#,
        r#"identifier = "pay", expiry = EXPIRY, failures = 5, within = "forever", failure_rate = RATE, window = WINDOW"#,
        r#"identifier = "pay", fail_slower_than = "2s", max_trip = "1m 30s""#,
        "identifier = card, registry = registry(), error_handler = |result| result.is_ok(), fallback = answer",
        r#"identifier = "pay", policy = Policy::consecutive_failures(5), crate = my::facade"#,
        r#"identifier = "pay", failure_threshold = 10_000_000, failures = 5, within = "60s""#,
        r#"identifier = "pay", failure_rate = 0.5, slow_call_rate = 1, slow_call = "2s", window = 100, minimum_calls = 100"#,
        r#"identifier = "pay", failure_rate = 1.0, window = "60s", minimum_calls = 1000"#,
        r#"identifier = "pay", debounce = "0s", expiry = "1s", backoff_factor = 1, max_expiry = "1s", jitter = 0"#,
        r#"identifier = "pay", half_open_max_calls = 2, success_threshold = LIMIT, half_open_failure_threshold = 1u32"#,
        r#"identifier = "pay", half_open_timeout = "5s", close_on_expiry, on_cancel = "ignore""#,
    ];
    for list in lists {
        assert_eq!(refused(list), [""; 0], "{list}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let list = r#"identifer = "pay", failure_threshold = 0, expiry = 30, expiry = "3s", window = 100, jiter = 2"#;
    assert_eq!(
        refused(list),
        [
            "unknown option `identifer`; did you mean `identifier`?",
            "`expiry` is given twice; remove one of the two",
            "unknown option `jiter`; did you mean `jitter`?",
            "`window` needs `failure_rate` or `slow_call_rate` beside it: add `failure_rate = 0.5` or `slow_call_rate = 0.8`",
            "`failure_threshold` must lie between 1 and 10,000,000: write `failure_threshold = 5`",
            "a duration is a string: write `expiry = \"30s\"`",
        ],
    );
}

#[test]
fn what_cannot_be_read_does_not_count_as_absent() {
    assert_eq!(refused("identifier = "), ["`identifier` has nothing after its `=`; write a value"]);
    assert_eq!(refused("expiry = 5 +"), ["expected an expression; it breaks off here"]);
    assert_eq!(refused(r#"failures = 5, "pay""#).len(), 2, "a partner and a key are two mistakes");
}

#[test]
fn reading_goes_on_after_a_wrong_or_forgotten_sign() {
    let equals = |option: &str| format!("write `=` between an option and its value: `{option} = …`");
    let comma = || "write a `,` between two options".to_owned();
    let stray = || "a `,` with no option before it; remove it".to_owned();
    let cases = [
        (r#"identifier: "pay", expiry = "3s""#, vec![equals("identifier")]),
        (r#"identifier => "pay", expiry == "3s""#, vec![equals("identifier"), equals("expiry")]),
        (r#"identifier := "pay""#, vec![equals("identifier")]),
        (r#"identifier "pay""#, vec![equals("identifier")]),
        (r#"identifier = "pay" expiry = "3s""#, vec![comma()]),
        (r#"identifier = "pay"; close_on_expiry; jitter = 0.1"#, vec![comma(), comma()]),
        (r#", identifier = "pay",, jitter = 0.1,,"#, vec![stray(), stray(), stray()]),
        (
            r#"identifier = "pay" "late", expiry = "3s""#,
            vec!["expected a `,` before the next option, or the end".to_owned()],
        ),
    ];
    for (list, messages) in cases {
        assert_eq!(refused(list), messages, "{list}");
        let with_another = format!("{list}, treshold = 5");
        if !list.ends_with(',') {
            assert_eq!(refused(&with_another).len(), messages.len() + 1, "{with_another}");
        }
    }
}

#[test]
fn values_that_are_often_written_and_are_none_are_told_how_to_be() {
    let cases = [
        ("jitter = .5", "a number begins with a digit: write `jitter = 0.5`"),
        ("jitter = 0,5", "a `,` ends the option; write `jitter = 0.5`"),
        ("failure_threshold = 10,000", "a `,` ends the option; write `failure_threshold = 10_000`"),
        ("failure_rate = 50%, window = 9", "a share is a fraction of 1: write `failure_rate = 0.5`"),
        ("expiry = 60s", "a duration is a string: write `expiry = \"60s\"`"),
        ("expiry = 1.5h", "a duration is a string: write `expiry = \"1.5h\"`"),
        ("expiry = 60 s", "a duration is a string: write `expiry = \"60 s\"`"),
        ("expiry = 1m 30s", "a duration is a string: write `expiry = \"1m 30s\"`"),
        ("expiry = 60", "a duration is a string: write `expiry = \"60s\"`"),
        ("failure_rate = 0.5, window = 5m", "a duration is a string: write `window = \"5m\"`"),
        (
            "expiry = 5 * 60",
            "`expiry` takes a duration, as a string or a constant `Duration`: write `expiry = \"30s\"`",
        ),
        ("expiry = \"0s\"", "`expiry` must be longer than nothing: write `expiry = \"30s\"`"),
        ("policy(expiry = \"3s\")", "options are not nested: write `expiry = \"3s\"` without `policy(…)`"),
        ("policy.expiry = \"3s\"", "an option stands by itself: write `expiry = …`"),
        ("fallback = Ok(5)", "`fallback` takes a closure or the path of a function: write `fallback = |_| Ok (5)`"),
        ("fallback = None", "`fallback` takes a closure or the path of a function: write `fallback = |_| None`"),
    ];
    for (option, message) in cases {
        assert_eq!(refused(&format!("identifier = \"pay\", {option}")), [message], "{option}");
    }
}

#[test]
fn words_are_joined_by_underscores() {
    let joined = "the words of an option are joined by `_`: write `failure_threshold`";
    assert_eq!(refused(r#"identifier = "pay", failure-threshold = 3"#), [joined]);
    let bare = "the words of an option are joined by `_`: write `close_on_expiry`";
    assert_eq!(refused(r#"identifier = "pay", close-on-expiry"#), [bare]);
    let unknown = "unknown option `reset-timeout`; did you mean `expiry`?";
    assert_eq!(refused(r#"identifier = "pay", reset-timeout = "3s""#), [unknown]);
}

#[test]
fn what_a_breaker_does_not_do_is_told_where_it_goes() {
    for name in ["timeout", "call_timeout", "time-limit", "deadline"] {
        let refused = refused(&format!("identifier = \"pay\", {name} = \"3s\""));
        assert_eq!(refused.len(), 1);
        assert!(
            refused[0].starts_with(&format!("unknown option `{name}`; a breaker interrupts no call")),
            "{refused:?}"
        );
        assert!(refused[0].contains("how long the circuit stays open is `expiry`"), "{refused:?}");
    }
    let retries = refused(r#"identifier = "pay", retries = 3"#);
    assert!(retries[0].starts_with("unknown option `retries`; a breaker repeats no call"), "{retries:?}");
}

#[test]
fn a_constant_cannot_name_an_argument() {
    let cases = [
        (
            "policy = Policy::consecutive_failures(amount)",
            "`policy` is a constant and cannot use the argument `amount`",
        ),
        ("failure_threshold = amount", "`failure_threshold` is a constant and cannot use the argument `amount`"),
        ("expiry = card", "`expiry` is a constant and cannot use the argument `card`"),
        ("scope = card", "`scope` is a constant and cannot use the argument `card`; put it into the identifier"),
        ("kind = card.trim()", "`kind` is a constant and cannot use the argument `card`; put it into the identifier"),
    ];
    for (option, message) in cases {
        let refused = refused(&format!("identifier = \"pay\", {option}"));
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(refused[0].starts_with(message), "{refused:?}");
    }
    // What is bound inside, a field and a method are other names.
    let policy = "identifier = \"pay\", policy = { let amount = 5; LIMITS.card.card(amount) }";
    assert_eq!(refused(policy), [""; 0]);
}

#[test]
fn a_word_that_is_no_argument_may_be_a_string() {
    let cases = [
        ("identifier = payments", "`payments` is no argument; for a string write `identifier = \"payments\"`"),
        ("identifier = crad", "`crad` is no argument; did you mean `card`?"),
        ("identifier = \"pay\", scope = shop", "`shop` is no argument; for a string write `scope = \"shop\"`"),
    ];
    for (list, message) in cases {
        let refused = refused(list);
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(refused[0].starts_with(message), "{refused:?}");
    }
    for list in ["identifier = NAME", "identifier = names::pay", "identifier = card", "identifier = r#card"] {
        assert_eq!(refused(list), [""; 0], "{list}");
    }
}

#[test]
fn a_handler_cannot_use_what_the_body_has_taken() {
    let cases = [
        ("async fn pay(card: String) -> bool { drop(card); true }", "card", true),
        ("async fn pay(mut card: Option<Vec<u8>>) -> bool { send(&card).await }", "card", true),
        ("async fn pay(&mut self) -> bool { self.paid += 1; true }", "self", true),
        ("async fn pay(card: &mut Card) -> bool { card.pay() }", "card", true),
        // Copied, not named by the body, or another name of the same word.
        ("async fn pay(card: &str) -> bool { send(card) }", "card", false),
        ("async fn pay(&self) -> bool { self.send() }", "self", false),
        ("async fn pay(card: String) -> bool { self.card.card() }", "card", false),
        ("async fn pay(card: String) -> bool { let card = 5; send(card) }", "card", false),
        // For the compiler to say: a plain function takes only what it consumes.
        ("fn pay(card: String) -> bool { send(&card) }", "card", false),
        ("async fn pay(card: Card) -> bool { send(card) }", "card", false),
    ];
    for (item, name, is_refused) in cases {
        let args = format!("identifier = \"pay\", error_handler = |result| *result || {name}.is_paid()");
        let refused = errors(&args, item);
        assert_eq!(refused.len(), usize::from(is_refused), "{item}: {refused:?}");
        let message = format!("`error_handler` cannot use `{name}`, for the body has taken it; ");
        assert!(refused.iter().all(|one| one.starts_with(&message)), "{refused:?}");
    }
}

#[test]
fn unknown_options_are_answered_with_the_nearest() {
    let cases = [
        ("treshold", "failure_threshold"),
        ("threshold", "failure_threshold"),
        ("failure_treshhold", "failure_threshold"),
        ("sucess_threshold", "success_threshold"),
        ("name", "identifier"),
        ("id", "identifier"),
        ("reset_timeout", "expiry"),
        ("failureThreshold", "failure_threshold"),
        ("expire", "expiry"),
        ("Expiry", "expiry"),
        ("slow_calls", "slow_call"),
        ("half_open_calls", "half_open_max_calls"),
        ("error_hanlder", "error_handler"),
        ("fallbck", "fallback"),
        ("close_on_expire", "close_on_expiry"),
        ("max_failures", "failure_threshold"),
    ];
    for (unknown, meant) in cases {
        let refused = refused(&format!("identifier = \"pay\", {unknown} = 1"));
        assert_eq!(refused, [format!("unknown option `{unknown}`; did you mean `{meant}`?")]);
    }
}

#[test]
fn an_option_like_no_other_is_answered_with_all() {
    for unknown in ["colour", "x", "async_runtime"] {
        let refused = refused(&format!("identifier = \"pay\", {unknown} = 1"));
        assert!(refused[0].starts_with(&format!("unknown option `{unknown}`; the options are `identifier`, `scope`")));
        assert!(refused[0].ends_with("`on_cancel`"), "{refused:?}");
        assert_eq!(refused.len(), 1);
    }
}

#[test]
fn places_hold_arguments_and_their_fields_only() {
    let more = |place: &str| {
        format!(
            "the place `{{{place}}}` holds more than an argument and its fields; for anything else write \
                `identifier = format!(…)`, for a brace itself `{{{{`"
        )
    };
    let cases = [
        ("pay:{crd}", "the place `{crd}` names no argument; did you mean `{card}`?"),
        ("pay:{order}", "the place `{order}` names no argument; the arguments are `card`, `amount`"),
        ("pay:{order.id:?}", "the place `{order.id:?}` names no argument; the arguments are `card`, `amount`"),
        ("pay:{self}", "the place `{self}` names no argument; the arguments are `card`, `amount`"),
        ("pay:{}", "the place `{}` is empty; write the name of an argument between the braces"),
        ("pay:{:?}", "the place `{:?}` is empty; write the name of an argument between the braces"),
        ("pay:{ card }", "spaces in the place `{ card }`; write `{card}`"),
        ("pay:{card :?}", "spaces in the place `{card :?}`; write `{card:?}`"),
        ("pay:{0}", &more("0")),
        ("pay:{card.len()}", &more("card.len()")),
        ("pay:{card.}", &more("card.")),
        ("pay:{Card::NAME}", &more("Card::NAME")),
        ("pay:{card:!}", "the place `{card:!}` has a format that is none here; write `{card}` or `{card:?}`"),
        ("pay:{card:w$}", "the place `{card:w$}` has a format that is none here; write `{card}` or `{card:?}`"),
        ("pay:{card", "a `{` without its `}`; for the letter itself write `{{`"),
        ("pay:card}", "a `}` without its `{`; for the letter itself write `}}`"),
        ("pay:{{card}", "a `}` without its `{`; for the letter itself write `}}`"),
    ];
    for (text, message) in cases {
        assert_eq!(refused(&format!("identifier = {text:?}")), [message], "{text}");
    }
}

#[test]
fn places_where_nothing_fills_them_are_refused() {
    let same = |name: &str| {
        format!(
            "`{name}` is the same for every call, so no place in \"{{card}}\" can be filled; put it into `identifier`"
        )
    };
    let cases = [
        (r#"identifier = "pay", scope = "{card}""#, same("scope")),
        (r#"identifier = "pay", kind = "{card}""#, same("kind")),
        (r#"identifier = "pay", kind = concat!("{", "card", "}")"#, same("kind")),
        (
            r#"identifier = concat!("pay:", "{card}")"#,
            "a place in `concat!` is not filled: write one literal, `identifier = \"pay:{card}\"`".to_owned(),
        ),
        (r#"identifier = "pay", scope = "a{""#, "a `{` without its `}`; for the letter itself write `{{`".to_owned()),
    ];
    for (list, message) in cases {
        assert_eq!(refused(list), [message], "{list}");
    }
    assert_eq!(refused(r#"identifier = "pay", scope = "{{card}}", kind = concat!("a{", 1)"#), [""; 0]);
}

#[test]
fn the_table_knows_every_option() {
    let list = "identifier, scope, kind, error_handler, fallback, registry, crate, policy, failure_threshold, failures, within, \
        failure_rate, slow_call_rate, slow_call, window, minimum_calls, debounce, expiry, backoff_factor, max_expiry, jitter, \
        half_open_max_calls, success_threshold, half_open_failure_threshold, half_open_timeout, fail_slower_than, max_trip, on_cancel";
    for name in list.split(',').map(str::trim) {
        let refused = refused(&format!("identifier = \"pay\", {name}"));
        let needs = format!("`{name}` needs a value: write `{name} = ");
        let twice = format!("`{name}` is given twice; remove one of the two");
        assert!(refused.iter().any(|message| message.starts_with(&needs) || *message == twice), "{name}: {refused:?}");
    }
}
