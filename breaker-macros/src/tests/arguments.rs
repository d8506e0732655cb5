//! The options of the attribute: the error for each wrong use, reported once.

use super::{PLAIN, errors};

fn errors_of(args: &str) -> Vec<String> {
    errors(args, PLAIN)
}

#[test]
fn every_option_is_accepted_in_its_valid_forms() {
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
        r#"identifier = "pay", metrics_only, policy = Policy::new()"#,
        r#"identifier = "pay", metrics_only, failure_threshold = 3"#,
        r#"identifier = "pay", hung_calls = 10, hung_after = "30s", ramp_up = "1m 30s", ramp_up_from = 1"#,
        r#"identifier = "pay", hung_calls = LIMIT, hung_after = PATIENCE, ramp_up = RAMP, ramp_up_from = SHARE"#,
        r#"identifier = "pay", fail_slower_than = LIMIT, on_cancel = "slow""#,
        r#"identifier = "pay", slow_call_rate = 1, slow_call = "2s", window = 100, on_cancel = "slow""#,
    ];
    for list in lists {
        assert_eq!(errors_of(list), [""; 0], "{list}");
    }
}

#[test]
fn all_errors_are_reported_at_once() {
    let list = r#"identifer = "pay", failure_threshold = 0, expiry = 30, expiry = "3s", window = 100, jiter = 2"#;
    assert_eq!(
        errors_of(list),
        [
            "unknown option `identifer`; did you mean `identifier`?",
            "`expiry` is given twice; remove one",
            "unknown option `jiter`; did you mean `jitter`?",
            "`window` requires `failure_rate` or `slow_call_rate`: add `failure_rate = 0.5` or `slow_call_rate = 0.8`",
            "`failure_threshold` must be between 1 and 10,000,000: write `failure_threshold = 5`",
            "a duration is a string: write `expiry = \"30s\"`",
        ],
    );
}

#[test]
fn an_option_that_cannot_be_read_is_not_reported_as_missing() {
    assert_eq!(errors_of("identifier = "), ["`identifier` has no value after its `=`; write one"]);
    assert_eq!(errors_of("expiry = 5 +"), ["the expression is incomplete"]);
    assert_eq!(errors_of(r#"failures = 5, "pay""#).len(), 2, "a partner and a key are two mistakes");
}

#[test]
fn parsing_continues_after_a_wrong_or_missing_separator() {
    let equals = |option: &str| format!("write `=` between an option and its value: `{option} = …`");
    let comma = || "write a `,` between two options".to_owned();
    let stray = || "unexpected `,`; remove it".to_owned();
    let cases = [
        (r#"identifier: "pay", expiry = "3s""#, vec![equals("identifier")]),
        (r#"identifier => "pay", expiry == "3s""#, vec![equals("identifier"), equals("expiry")]),
        (r#"identifier := "pay""#, vec![equals("identifier")]),
        (r#"identifier "pay""#, vec![equals("identifier")]),
        (r#"identifier = "pay" expiry = "3s""#, vec![comma()]),
        (r#"identifier = "pay"; close_on_expiry; jitter = 0.1"#, vec![comma(), comma()]),
        (r#", identifier = "pay",, jitter = 0.1,,"#, vec![stray(), stray(), stray()]),
        (r#"identifier = "pay" "late", expiry = "3s""#, vec!["expected a `,` or the end of the attribute".to_owned()]),
    ];
    for (list, messages) in cases {
        assert_eq!(errors_of(list), messages, "{list}");
        let with_another = format!("{list}, treshold = 5");
        if !list.ends_with(',') {
            assert_eq!(errors_of(&with_another).len(), messages.len() + 1, "{with_another}");
        }
    }
}

#[test]
fn common_invalid_values_are_answered_with_a_valid_one() {
    let cases = [
        ("jitter = .5", "a number must begin with a digit: write `jitter = 0.5`"),
        ("jitter = 0,5", "a `,` ends the option; write `jitter = 0.5`"),
        ("failure_threshold = 10,000", "a `,` ends the option; write `failure_threshold = 10_000`"),
        ("failure_rate = 50%, window = 9", "write a fraction instead of a percentage: `failure_rate = 0.5`"),
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
        ("ramp_up = \"0s\"", "`ramp_up` must be longer than zero: write `ramp_up = \"30s\"`"),
        ("ramp_up = \"9s\", ramp_up_from = 10%", "write a fraction instead of a percentage: `ramp_up_from = 0.1`"),
        ("hung_calls = 5, hung_after = 30", "a duration is a string: write `hung_after = \"30s\"`"),
        ("expiry = \"0s\"", "`expiry` must be longer than zero: write `expiry = \"30s\"`"),
        ("policy(expiry = \"3s\")", "options are not nested: write `expiry = \"3s\"`, without `policy(…)`"),
        ("policy.expiry = \"3s\"", "write the name of the option alone: `expiry = …`"),
        ("fallback = Ok(5)", "`fallback` takes a closure or the path of a function: write `fallback = |_| Ok (5)`"),
        ("fallback = None", "`fallback` takes a closure or the path of a function: write `fallback = |_| None`"),
    ];
    for (option, message) in cases {
        assert_eq!(errors_of(&format!("identifier = \"pay\", {option}")), [message], "{option}");
    }
}

#[test]
fn a_slow_cancellation_without_a_limit_is_one_error() {
    let error = "`\"slow\"` requires `slow_call` or `fail_slower_than`, the time after which a call is slow: \
        add `fail_slower_than = \"2s\"`";
    let on_cancel = |more: &str| errors_of(&format!("identifier = \"pay\", on_cancel = \"slow\"{more}"));
    assert_eq!(on_cancel(""), [error]);
    assert_eq!(on_cancel(", hung_calls = 5, hung_after = \"9s\""), [error]);
    let incomplete = on_cancel(", slow_call_rate = 0.8, window = 100");
    assert_eq!(incomplete, ["`slow_call_rate` requires `slow_call`: add `slow_call = \"2s\"`"]);
    assert_eq!(on_cancel(", fail_slower_then = \"2s\"").len(), 1);
}

#[test]
fn option_names_with_hyphens_are_corrected() {
    let joined = "option names are written with `_`: `failure_threshold`";
    assert_eq!(errors_of(r#"identifier = "pay", failure-threshold = 3"#), [joined]);
    let bare = "option names are written with `_`: `close_on_expiry`";
    assert_eq!(errors_of(r#"identifier = "pay", close-on-expiry"#), [bare]);
    let unknown = "unknown option `reset-timeout`; did you mean `expiry`?";
    assert_eq!(errors_of(r#"identifier = "pay", reset-timeout = "3s""#), [unknown]);
}

#[test]
fn timeouts_and_retries_are_answered_with_where_they_belong() {
    for name in ["timeout", "call_timeout", "time-limit", "deadline"] {
        let errors = errors_of(&format!("identifier = \"pay\", {name} = \"3s\""));
        assert_eq!(errors.len(), 1);
        assert!(
            errors[0].starts_with(&format!("unknown option `{name}`; a circuit breaker does not interrupt calls")),
            "{errors:?}"
        );
        assert!(errors[0].contains("`expiry` is how long the circuit stays open"), "{errors:?}");
    }
    let retries = errors_of(r#"identifier = "pay", retries = 3"#);
    assert!(retries[0].starts_with("unknown option `retries`; a circuit breaker does not repeat calls"), "{retries:?}");
}

#[test]
fn options_without_a_value_stand_alone() {
    for name in ["close_on_expiry", "metrics_only"] {
        let with = |value: &str| errors_of(&format!("identifier = \"pay\", {name}{value}"));
        assert_eq!(with(" = true"), [format!("`{name}` takes no value; write the name alone")]);
        assert_eq!(with(" = false"), [format!("`{name}` takes no value; to turn it off, remove the option")]);
        assert_eq!(with(&format!(", {name}")), [format!("`{name}` is given twice; remove one")]);
        assert_eq!(with(""), [""; 0]);
    }
}

#[test]
fn the_mode_of_settings_files_is_answered_with_the_option_for_call_sites() {
    for mode in ["metrics_only", "disabled"] {
        let errors = errors_of(&format!("identifier = \"pay\", mode = {mode:?}"));
        assert_eq!(errors.len(), 1);
        let beginning = "unknown option `mode`; a circuit begins closed or, with `metrics_only` alone, without effect";
        assert!(errors[0].starts_with(beginning), "{errors:?}");
    }
}

#[test]
fn a_constant_option_cannot_use_an_argument() {
    let cases = [
        (
            "policy = Policy::consecutive_failures(amount)",
            "`policy` must be a constant and cannot use the argument `amount`",
        ),
        ("failure_threshold = amount", "`failure_threshold` must be a constant and cannot use the argument `amount`"),
        ("expiry = card", "`expiry` must be a constant and cannot use the argument `card`"),
        (
            "scope = card",
            "`scope` must be a constant and cannot use the argument `card`; put it into the identifier instead",
        ),
        (
            "kind = card.trim()",
            "`kind` must be a constant and cannot use the argument `card`; put it into the identifier instead",
        ),
    ];
    for (option, message) in cases {
        let errors = errors_of(&format!("identifier = \"pay\", {option}"));
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with(message), "{errors:?}");
    }
    // What is bound inside, a field and a method are other names.
    let policy = "identifier = \"pay\", policy = { let amount = 5; LIMITS.card.card(amount) }";
    assert_eq!(errors_of(policy), [""; 0]);
}

#[test]
fn a_word_that_is_not_an_argument_may_be_an_unquoted_string() {
    let cases = [
        ("identifier = payments", "`payments` is not an argument; for a string write `identifier = \"payments\"`"),
        ("identifier = crad", "`crad` is not an argument; did you mean `card`?"),
        ("identifier = \"pay\", scope = shop", "`shop` is not an argument; for a string write `scope = \"shop\"`"),
    ];
    for (list, message) in cases {
        let errors = errors_of(list);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with(message), "{errors:?}");
    }
    for list in ["identifier = NAME", "identifier = names::pay", "identifier = card", "identifier = r#card"] {
        assert_eq!(errors_of(list), [""; 0], "{list}");
    }
}

#[test]
fn a_handler_cannot_use_arguments_that_the_body_moves() {
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
    for (item, name, is_rejected) in cases {
        let args = format!("identifier = \"pay\", error_handler = |result| *result || {name}.is_paid()");
        let found = errors(&args, item);
        assert_eq!(found.len(), usize::from(is_rejected), "{item}: {found:?}");
        let message = format!("`error_handler` cannot use `{name}`, because the async body moves it; ");
        assert!(found.iter().all(|one| one.starts_with(&message)), "{found:?}");
    }
}

#[test]
fn unknown_options_are_answered_with_the_closest_one() {
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
        ("hang_calls", "hung_calls"),
        ("rampup", "ramp_up"),
        ("slow_start", "ramp_up"),
        ("min_weight_percent", "ramp_up_from"),
        ("max_failures", "failure_threshold"),
        ("dry_run", "metrics_only"),
        ("metric_only", "metrics_only"),
    ];
    for (unknown, meant) in cases {
        let errors = errors_of(&format!("identifier = \"pay\", {unknown} = 1"));
        assert_eq!(errors, [format!("unknown option `{unknown}`; did you mean `{meant}`?")]);
    }
}

#[test]
fn an_option_close_to_no_other_is_answered_with_the_whole_list() {
    for unknown in ["colour", "x", "async_runtime"] {
        let errors = errors_of(&format!("identifier = \"pay\", {unknown} = 1"));
        assert!(errors[0].starts_with(&format!("unknown option `{unknown}`; the options are `identifier`, `scope`")));
        assert!(errors[0].ends_with("`on_cancel`"), "{errors:?}");
        assert_eq!(errors.len(), 1);
    }
}

#[test]
fn placeholders_hold_only_arguments_and_their_fields() {
    let not_an_argument = |placeholder: &str| {
        format!(
            "the placeholder `{{{placeholder}}}` is not an argument or a field of one; for other values write \
                `identifier = format!(…)`, for a literal brace `{{{{`"
        )
    };
    let cases = [
        ("pay:{crd}", "the placeholder `{crd}` names no argument; did you mean `{card}`?"),
        ("pay:{order}", "the placeholder `{order}` names no argument; the arguments are `card`, `amount`"),
        ("pay:{order.id:?}", "the placeholder `{order.id:?}` names no argument; the arguments are `card`, `amount`"),
        ("pay:{self}", "the placeholder `{self}` names no argument; the arguments are `card`, `amount`"),
        ("pay:{}", "the placeholder `{}` is empty; write the name of an argument between the braces"),
        ("pay:{:?}", "the placeholder `{:?}` is empty; write the name of an argument between the braces"),
        ("pay:{ card }", "the placeholder `{ card }` contains spaces; write `{card}`"),
        ("pay:{card :?}", "the placeholder `{card :?}` contains spaces; write `{card:?}`"),
        ("pay:{0}", &not_an_argument("0")),
        ("pay:{card.len()}", &not_an_argument("card.len()")),
        ("pay:{card.}", &not_an_argument("card.")),
        ("pay:{Card::NAME}", &not_an_argument("Card::NAME")),
        ("pay:{card:!}", "the placeholder `{card:!}` has an unsupported format; write `{card}` or `{card:?}`"),
        ("pay:{card:w$}", "the placeholder `{card:w$}` has an unsupported format; write `{card}` or `{card:?}`"),
        ("pay:{card", "unmatched `{`; for a literal brace write `{{`"),
        ("pay:card}", "unmatched `}`; for a literal brace write `}}`"),
        ("pay:{{card}", "unmatched `}`; for a literal brace write `}}`"),
    ];
    for (text, message) in cases {
        assert_eq!(errors_of(&format!("identifier = {text:?}")), [message], "{text}");
    }
}

#[test]
fn placeholders_that_nothing_fills_in_are_rejected() {
    let same = |name: &str| {
        format!(
            "`{name}` is the same for every call, so the placeholder in \"{{card}}\" cannot be filled in; put it into `identifier`"
        )
    };
    let cases = [
        (r#"identifier = "pay", scope = "{card}""#, same("scope")),
        (r#"identifier = "pay", kind = "{card}""#, same("kind")),
        (r#"identifier = "pay", kind = concat!("{", "card", "}")"#, same("kind")),
        (
            r#"identifier = concat!("pay:", "{card}")"#,
            "placeholders in `concat!` are not filled in: write one literal, `identifier = \"pay:{card}\"`".to_owned(),
        ),
        (r#"identifier = "pay", scope = "a{""#, "unmatched `{`; for a literal brace write `{{`".to_owned()),
    ];
    for (list, message) in cases {
        assert_eq!(errors_of(list), [message], "{list}");
    }
    assert_eq!(errors_of(r#"identifier = "pay", scope = "{{card}}", kind = concat!("a{", 1)"#), [""; 0]);
}

#[test]
fn every_option_is_known() {
    let list = "identifier, scope, kind, error_handler, fallback, registry, crate, policy, failure_threshold, failures, within, \
        failure_rate, slow_call_rate, slow_call, window, minimum_calls, hung_calls, hung_after, debounce, expiry, \
        backoff_factor, max_expiry, jitter, half_open_max_calls, success_threshold, half_open_failure_threshold, half_open_timeout, ramp_up, ramp_up_from, fail_slower_than, max_trip, on_cancel";
    for name in list.split(',').map(str::trim) {
        let errors = errors_of(&format!("identifier = \"pay\", {name}"));
        let needs = format!("`{name}` needs a value: write `{name} = ");
        let twice = format!("`{name}` is given twice; remove one");
        assert!(errors.iter().any(|message| message.starts_with(&needs) || *message == twice), "{name}: {errors:?}");
    }
}
