//! Nested texts: however deep, the stack does not overflow, and the error names the line.

use breaker_box::{Policy, Settings};
use serde::de::value::{Error as ValueError, MapDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::{numbered, on_a_small_stack, refused, seconds};

const DEPTHS: [usize; 4] = [17, 200, 5_000, 200_000];

#[test]
fn nested_yaml_is_refused() {
    for depth in DEPTHS {
        for text in [
            format!("circuits:\n  {}1", "- ".repeat(depth)),
            format!("circuits:\n  {}1", "? ".repeat(depth)),
            format!("circuits:\n  {}1", "- ? ".repeat(depth)),
            format!("circuits:\n  {}1", "? - ".repeat(depth)),
            format!("circuits:\n  {}a: 1", "- ".repeat(depth)),
            format!("circuits: {}{}", "[".repeat(depth), "]".repeat(depth)),
            format!("circuits: {}", "[".repeat(depth)),
            format!("circuits: {}1{}", "{a: ".repeat(depth), "}".repeat(depth)),
            format!("circuits: {}", "{".repeat(depth)),
            format!("circuits: {}{}", "[{a: ".repeat(depth), "}]".repeat(depth)),
            format!("circuits: {}{}", "{? ".repeat(depth), "}".repeat(depth)),
            format!("circuits: {}{}", "[? ".repeat(depth), "]".repeat(depth)),
            format!("circuits:\n  {}", "[a, ".repeat(depth)),
            format!("circuits:\n  {}1", "!!seq - ".repeat(depth)),
            format!("circuits:\n  {}[]", "? !t ".repeat(depth)),
            format!("circuits:\n  {}1", numbered(0..depth, |i| format!("- &a{i} "))),
        ] {
            let told = refused(Settings::from_yaml, text);
            assert!(told.starts_with("YAML text:2: ") || told.starts_with("YAML text:1: "), "{told}");
        }
    }
    // By indentation, a text of a depth is as long as its square.
    let indented: String = numbered(0..2_000, |i| format!("{}a:\n", " ".repeat(i)));
    let told = refused(Settings::from_yaml, indented);
    assert!(told.starts_with("YAML text:17: ") && told.contains("nests more than 16 levels"), "{told}");
    assert!(told.contains("as in `circuits.payment_api.metadata.team`: write this value without nesting"), "{told}");
    for root in ["- ", "? ", "[", "{", "{a: "] {
        refused(Settings::from_yaml, root.repeat(20_000));
    }
}

#[test]
fn nested_toml_is_refused() {
    let dotted = |depth: usize| vec!["a"; depth].join(".");
    let inline = |depth: usize| format!("{}1{}", "{ a = ".repeat(depth), " }".repeat(depth));
    for depth in DEPTHS {
        for text in [
            format!("[circuits]\na = {}{}", "[".repeat(depth), "]".repeat(depth)),
            format!("[circuits]\na = {}", "[".repeat(depth)),
            format!("[circuits]\na = {}", inline(depth)),
            format!("[circuits]\na = {}", "{ a = ".repeat(depth)),
            format!("[circuits]\na = {}{}", "[{ a = ".repeat(depth), "}]".repeat(depth)),
            format!("[circuits]\n{} = 1", dotted(depth)),
            format!("[circuits]\n{} = 1", vec!["\"a b\""; depth].join(" . ")),
            format!("\n[{}]", dotted(depth)),
            format!("\n[[{}]]", dotted(depth)),
            format!("\n[{}", dotted(depth)),
            format!("\n{}", "[".repeat(depth)),
            format!("\n{}", "a.".repeat(depth)),
            format!("\n{}", ".".repeat(depth)),
            format!("\n{}", "{".repeat(depth)),
            format!("[circuits]\na = {}", "{a.b.c = [{'d'.e = ".repeat(depth)),
        ] {
            let told = refused(Settings::from_toml, text);
            assert!(told.starts_with("TOML text:2: "), "{told}");
        }
    }
    // The parser takes 80 brackets and 80 dots, and so 6,400 levels of both.
    let open = format!("{{ {} = ", dotted(75)).repeat(75);
    let both = format!("\n[{}]\n{} = {open}1{}", dotted(75), dotted(75), "}".repeat(75));
    let told = refused(Settings::from_toml, both);
    assert!(told.starts_with("TOML text:2: nests more than 16 levels"), "{told}");
    let told = refused(Settings::from_toml, format!("[circuits.a]\nmetadata = {{ team = [ {} ] }}", inline(70)));
    assert!(told.starts_with("TOML text:2: nests more than 16 levels"), "{told}");
}

#[test]
fn nested_json_is_refused() {
    for depth in DEPTHS {
        for text in [
            format!("\n{{\"circuits\":{}1{}}}", "[".repeat(depth), "]".repeat(depth)),
            format!("\n{{\"circuits\":{}1{}}}", "{\"a\":".repeat(depth), "}".repeat(depth)),
            format!("\n{{\"circuits\":{}1{}}}", "[{\"a\":".repeat(depth), "}]".repeat(depth)),
            format!("\n{{\"circuits\":{}", "[".repeat(depth)),
            format!("\n{{\"circuits\":{}", "{\"a\":".repeat(depth)),
            format!("\n{}", "[".repeat(depth)),
        ] {
            let told = refused(Settings::from_json, text);
            assert!(told.starts_with("JSON text:2: "), "{told}");
        }
    }
}

#[test]
fn what_looks_nested_and_is_not_is_read() {
    let brackets = "[{".repeat(200);
    for settings in [
        Settings::from_toml(&format!(
            "# {brackets}\n[circuits.\"{brackets}\"]\nexpiry = \"5s\" # {brackets}\n[circuits.a]\nmetadata = {{ a = '{brackets}', \
             b = \"\"\"{brackets}\n\"{brackets}\"\"\", c = '''{brackets}\n''{brackets}''' }}\n"
        )),
        Settings::from_json(&format!(
            "{{\"circuits\":{{\"{brackets}\":{{\"expiry\":\"5s\"}},\"a\":{{\"metadata\":{{\"a\":\"\\\"{brackets}\"}}}}}}}}"
        )),
        Settings::from_yaml(&format!(
            "# {brackets}\ncircuits:\n  '{brackets}': {{expiry: 5s}} # {brackets}\n  a:\n    metadata:\n      a: \"\\\"{brackets}\"\n      \
             b: |\n        - - - - - - - - - - - - - - - - - - {brackets}\n      c: x{brackets}\n"
        )),
    ] {
        let settings = settings.unwrap();
        assert_eq!(settings.circuits().count(), 2);
        let metadata = settings.circuits().find(|circuit| circuit.key().identifier() == "a").unwrap().metadata();
        assert!(metadata["a"].ends_with(&brackets));
    }
    // Dots in numbers and dates are no levels, and each header begins anew.
    let many: String = numbered(0..100, |i| format!("[circuits.c{i}.metadata]\nx.y = 1.5.5\n"));
    assert!(!refused(Settings::from_toml, many).contains("nests"));
    let wide: String = numbered(0..100, |i| format!("[circuits.c{i}]\nmetadata.team = 'a'\nmetadata.by = 'b'\n"));
    assert_eq!(Settings::from_toml(&wide).unwrap().circuits().count(), 100);
}

#[test]
fn aliases_are_written_out_within_bounds() {
    let settings = Settings::from_yaml(
        "templates:\n  http: &http\n    expiry: &time 5s\n    jitter: 0.1\ncircuits:\n  a: *http\n  b: *http\n  c:\n    expiry: *time\n",
    )
    .unwrap();
    let five = Policy::new().expiry(seconds(5));
    assert_eq!(settings.policy("a"), Some(five.jitter(0.1)));
    assert_eq!((settings.policy("b"), settings.policy("c")), (settings.policy("a"), Some(five)));

    // Each level is ten times the one before.
    let bomb = numbered(1..14, |level| {
        let aliases = numbered(0..10, |i| format!("k{i}: *a{}, ", level - 1));
        format!("  a{level}: &a{level} {{{aliases}}}\n")
    });
    let bomb = format!("circuits:\n  a0: &a0 {{k: lol}}\n{bomb}");
    let told = refused(Settings::from_yaml, bomb);
    assert!(told.contains("with all aliases written out, the text is too large from here on: let circuits inherit from a template instead"), "{told}");
    // A long text, often.
    let told = refused(
        Settings::from_yaml,
        format!(
            "circuits:\n  a: &a {{scope: {}}}\n{}",
            "x".repeat(1 << 20),
            numbered(0..300, |i| format!("  b{i}: *a\n"))
        ),
    );
    assert!(told.contains("with all aliases written out"), "{told}");
    // Each nests the one before once more.
    let chain = numbered(1..30_000, |level| format!("  a{level}: &a{level} {{k: *a{}}}\n", level - 1));
    let chain = format!("circuits:\n  a0: &a0 1\n{chain}");
    let told = refused(Settings::from_yaml, chain.clone());
    assert!(told.contains("nests more than 16 levels"), "{told}");
    let told = refused(Settings::from_yaml, chain.replace("{k: ", "[").replace('}', "]"));
    assert!(told.starts_with("YAML text:2: `circuits.a0` takes a table, not 1"), "{told}");
    // In itself, of an unknown name, and from another document.
    for (text, begins) in [
        ("circuits: &a\n  b: *a\n", "YAML text:2: `circuits.b` this alias is inside what it refers to"),
        ("circuits: &a [*a]\n", "YAML text:1: `circuits` this alias is inside what it refers to"),
        ("circuits: *a\n", "YAML text:1: "),
        ("? &a [*a]\n: 1\n", "YAML text:1: this alias is inside what it refers to"),
    ] {
        let told = refused(Settings::from_yaml, text.to_owned());
        assert!(told.starts_with(begins), "{told}");
    }
    // In a list as elsewhere.
    let told = refused(Settings::from_yaml, "others: [&a {expiry: 5s}]\ncircuits: {b: *a}\n".to_owned());
    assert_eq!(told, "YAML text:1: `others` is not a table of settings; they are `defaults`, `templates`, `circuits`");
}

#[test]
fn a_variable_of_many_levels_is_refused() {
    let deep = |value: &str| vec![("B_CIRCUITS__A".to_owned() + &"__X".repeat(30_000), value.to_owned())];
    let told =
        on_a_small_stack(move || Settings::builder().variables("B_", deep("1")).build().unwrap_err().to_string());
    assert!(told.contains("`circuits.a.x` is not an option") && told.len() < 200_000, "{}", &told[..200]);
}

/// A format that knows no end: each value is a map, or a list, of one.
#[derive(Clone, Copy)]
struct Endless {
    is_list: bool,
}

impl<'de> Deserializer<'de> for Endless {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        if self.is_list { visitor.visit_seq(self) } else { visitor.visit_map(self) }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_map(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Endless {
    type Error = ValueError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ValueError> {
        seed.deserialize(serde::de::value::StrDeserializer::new("a")).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ValueError> {
        seed.deserialize(*self)
    }
}

impl<'de> SeqAccess<'de> for Endless {
    type Error = ValueError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ValueError> {
        seed.deserialize(*self).map(Some)
    }
}

#[test]
fn what_another_deserializer_nests_is_refused() {
    for is_list in [false, true] {
        let [settings, policy] = on_a_small_stack(move || {
            let settings = Settings::deserialize(Endless { is_list }).unwrap_err().to_string();
            [settings, Policy::deserialize(Endless { is_list }).unwrap_err().to_string()]
        });
        assert!(settings.starts_with("nests more than 16 levels"), "{settings}");
        assert!(policy.starts_with("nests more than 16 levels"), "{policy}");
    }
    let fine = MapDeserializer::<_, ValueError>::new([("expiry", "5s")].into_iter());
    assert_eq!(Policy::deserialize(fine), Ok(Policy::new().expiry(seconds(5))));
}
