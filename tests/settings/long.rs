//! Texts that are long: chains of templates, names, values, problems, files.

use breaker_box::{Policy, Settings, SettingsError};

use crate::{numbered, on_a_small_stack, refused, seconds};

#[test]
fn a_chain_of_templates_is_followed_without_recursion() {
    // Templates by name, so that each order of the names is a chain upwards or downwards.
    for downwards in [false, true] {
        let parent = move |i: usize| if downwards { i + 1 } else { i - 1 };
        let ends = if downwards { 10_000 } else { 0 };
        let templates = move |last: &str| -> String {
            let table = |i: usize| {
                let inherits =
                    if i == ends { "expiry = \"7s\"".to_owned() } else { format!("template = \"t{:05}\"", parent(i)) };
                let more = if i == ends { last } else { "" };
                format!("[templates.t{i:05}]\n{inherits}\n{more}")
            };
            numbered(0..10_001, table)
        };
        let far = 10_000 - ends;
        let circuit = format!("[circuits.a]\ntemplate = \"t{far:05}\"\n");
        let text = templates("") + &circuit;
        let settings = on_a_small_stack(move || Settings::from_toml(&text).unwrap());
        assert_eq!(settings.policy("a"), Some(Policy::new().expiry(seconds(7))));

        let round = refused(Settings::from_toml, templates(&format!("template = \"t{far:05}\"\n")) + &circuit);
        assert!(round.contains("`templates.t00000.template` makes it inherit from itself, t00000 → "), "{round}");
        assert!(round.ends_with(" → 9,993 more → t00000: remove one of them"), "{round}");
    }
}

#[test]
fn a_mistake_of_a_far_template_is_told_once() {
    let templates: String = numbered(1..10_000, |i| format!("[templates.t{i}]\ntemplate = \"t{}\"\n", i - 1));
    let circuits: String = numbered(0..1_000, |i| format!("[circuits.c{i}]\ntemplate = \"t{}\"\n", i + 8_000));
    let told = refused(Settings::from_toml, format!("[templates.t0]\nexpirey = 1\n{templates}{circuits}"));
    assert_eq!(told, "TOML text:2: `templates.t0.expirey` is not an option; did you mean `expiry`?");
    let told = refused(Settings::from_toml, format!("[templates.t0]\ntemplate = \"tee\"\n{templates}{circuits}"));
    assert_eq!(
        told,
        "TOML text:2: `templates.t0.template` names an unknown template: write `[templates.tee]` and its options, or remove it"
    );
}

#[test]
fn long_names_and_values_make_short_messages() {
    let long = "k".repeat(1 << 20);
    for (text, tells) in [
        (format!("[circuits.a]\n{long} = 1\n"), "is not an option"),
        (format!("[circuits.a]\nexpiry = \"{long}\"\n"), "takes a duration"),
        (format!("[circuits.a]\nexpiry = \"5{long}\"\n"), "has the unknown unit"),
        (format!("[circuits.a]\nfailures = \"{}\"\n", "5".repeat(1 << 20)), "takes a whole number"),
        (format!("[circuits.a]\non_cancel = \"{long}\"\n"), "takes `failure`, `slow` or `ignore`"),
        (format!("[circuits.a]\ntemplate = \"{long}\"\n"), "names an unknown template"),
        (format!("[{long}]\n"), "is not a table of settings"),
        (format!("[circuits.{long}]\nscope = 5\n"), "takes a string"),
        (format!("[circuits.{long}]\nidentifier = \"a\"\n[circuits.a]\n"), "names the same circuit"),
        (format!("[templates.{long}]\ntemplate = \"{long}\"\n"), "makes it inherit from itself"),
    ] {
        let told = refused(Settings::from_toml, text);
        assert!(told.contains(tells) && told.len() < 2_500, "{} bytes: {}", told.len(), &told[..200]);
    }
    // Many options of a long name do not repeat it each.
    let many: String = numbered(0..5_000, |i| format!("x{i} = 1\n"));
    refused(Settings::from_toml, format!("[circuits.{long}]\n{many}"));
    // Names that differ little, in the search for what was meant.
    let templates: String = numbered(0..100, |i| format!("[templates.{}{i}]\n", "k".repeat(10_000)));
    let told =
        refused(Settings::from_toml, format!("{templates}[circuits.a]\ntemplate = \"{}\"\n", "k".repeat(10_000)));
    assert!(told.contains("names an unknown template: write `[templates.kkk"), "{told}");
}

#[test]
fn many_problems_are_counted() {
    let wrong = |n: usize| numbered(0..n, |i| format!("[circuits.c{i:06}]\nexpirey{i} = 1\n"));
    let read = |n: usize| Settings::from_toml(&wrong(n)).unwrap_err();
    assert_eq!(read(20).to_string().lines().count(), 20);
    assert!(read(21).to_string().ends_with("\nand one more problem"));
    let error = read(5_000);
    let SettingsError::Invalid { problems, omitted } = &error else { panic!("{error}") };
    assert_eq!((problems.len(), *omitted), (100, 4_900));
    // The first of them, in the order of the text.
    let lines: Vec<_> = problems.iter().map(|problem| problem.line().unwrap()).collect();
    assert_eq!(lines, (1..=100).map(|i| 2 * i).collect::<Vec<_>>());
    let told = error.to_string();
    assert!(told.ends_with("\nand 4,980 more problems") && told.len() < 20_000, "{} bytes", told.len());
    // Nobody looks for more than so many.
    let SettingsError::Invalid { omitted, .. } = read(12_000) else { panic!() };
    assert_eq!(omitted, 9_900);

    // In the texts as such, too.
    let twice = format!("{{\"circuits\":{{{}\"a\":{{}}}}}}", "\"a\":{},\n".repeat(5_000));
    assert!(Settings::from_json(&twice).unwrap_err().to_string().ends_with("\nand 4,980 more problems"));
    let keys = format!("circuits:\n{}", "  ? [a]\n  : 1\n".repeat(5_000));
    assert!(Settings::from_yaml(&keys).unwrap_err().to_string().ends_with("\nand 4,980 more problems"));
    let broken = "=\n".repeat(5_000);
    assert!(Settings::from_toml(&broken).unwrap_err().to_string().ends_with(" more problems"));
    assert!(Settings::from_toml(&"=\n".repeat(1 << 20)).unwrap_err().problems().len() == 1);
}

#[test]
fn what_is_too_large_is_not_read() {
    let large = "#".repeat(Settings::MAX_BYTES + 1);
    for told in [
        Settings::from_toml(&large).unwrap_err().to_string(),
        Settings::from_yaml(&large).unwrap_err().to_string(),
        Settings::from_json(&large).unwrap_err().to_string(),
    ] {
        assert!(
            told.ends_with(": is larger than 64 MiB, the most that is read: divide it into several files"),
            "{told}"
        );
    }
    assert!(Settings::from_toml(&large[1..]).is_ok());
    // A file without an end.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("endless.toml");
    std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
    let told = Settings::from_file(&path).unwrap_err().to_string();
    assert!(
        told.ends_with("endless.toml: is larger than 64 MiB, the most that is read: divide it into several files"),
        "{told}"
    );
}
