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
    assert_eq!(refused("expiry = "), ["`expiry` has nothing after its `=`; write a value"]);
    assert_eq!(refused("failure_rate = 50%"), ["expected an expression; it breaks off here"]);
    assert_eq!(refused(r#"failures = 5, "pay""#).len(), 2, "a partner and a key are two mistakes");
}

#[test]
fn reading_goes_on_after_a_forgotten_comma_or_a_colon() {
    let list = r#"identifier: "pay" expiry = 30"#;
    assert_eq!(
        refused(list),
        [
            "write `=` between an option and its value: `identifier = …`",
            "write a `,` between two options",
            "a duration is a string: write `expiry = \"30s\"`",
        ],
    );
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
        ("timeout", "expiry"),
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
fn places_hold_the_names_of_arguments_only() {
    let cases = [
        ("pay:{crd}", "the place `{crd}` names no argument; did you mean `{card}`?"),
        ("pay:{order}", "the place `{order}` names no argument; the arguments are `card`, `amount`"),
        ("pay:{}", "an empty place `{}`; write the name of an argument between the braces"),
        (
            "pay:{0}",
            "the place `{0}` is not the plain name of an argument; for anything else write `identifier = format!(…)`",
        ),
        (
            "pay:{card.len()}",
            "the place `{card.len()}` is not the plain name of an argument; for anything else write `identifier = format!(…)`",
        ),
        ("pay:{self}", "the place `{self}` names no argument; the arguments are `card`, `amount`"),
        ("pay:{card", "a `{` without its `}`; for the letter itself write `{{`"),
        ("pay:card}", "a `}` without its `{`; for the letter itself write `}}`"),
        ("pay:{{card}", "a `}` without its `{`; for the letter itself write `}}`"),
    ];
    for (text, message) in cases {
        assert_eq!(refused(&format!("identifier = {text:?}")), [message], "{text}");
    }
}

#[test]
fn the_table_knows_every_option() {
    let list = "identifier, scope, kind, error_handler, fallback, registry, crate, policy, failure_threshold, failures, within, \
        failure_rate, slow_call_rate, slow_call, window, minimum_calls, debounce, expiry, backoff_factor, max_expiry, jitter, \
        half_open_max_calls, success_threshold, half_open_failure_threshold, half_open_timeout, on_cancel";
    for name in list.split(',').map(str::trim) {
        let refused = refused(&format!("identifier = \"pay\", {name}"));
        let needs = format!("`{name}` needs a value: write `{name} = ");
        let twice = format!("`{name}` is given twice; remove one of the two");
        assert!(refused.iter().any(|message| message.starts_with(&needs) || *message == twice), "{name}: {refused:?}");
    }
}
