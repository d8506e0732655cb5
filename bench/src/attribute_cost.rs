//! The static cost of the attribute: compile time per function, bytes in the program, bytes in a
//! future. A crate of annotated functions is written, built with and without
//! the attribute, and compared.

use std::error::Error;
use std::fmt::Write as _;

use crate::scratch::Scratch;

/// What an attribute adds to one kind of function.
struct Cost {
    /// Milliseconds of compiler time a function, in a debug build.
    debug: f64,
    /// The same in a release build, in cargo's release profile.
    release: f64,
    /// Bytes a function, in a release build that is stripped.
    program: f64,
}

/// Measures so many functions of each kind, and says what the attribute adds to each.
pub(crate) fn report(functions: usize) -> Result<String, Box<dyn Error>> {
    let mut text = format!("What an attribute adds, measured over {functions} functions of a kind.\n\n");
    writeln!(
        text,
        "| attribute | compiling it, debug | compiling it, release | its bytes, release and stripped |\n|---|--:|--:|--:|"
    )?;
    for (kind, signature) in KINDS {
        for (attribute, feature) in ATTRIBUTES {
            let Cost { debug, release, program } = measure(signature, feature, functions)?;
            writeln!(text, "| {attribute} on {kind} | {debug:.2} ms | {release:.2} ms | {program:.0} |")?;
        }
    }
    writeln!(text, "\n| future | bare | guarded |\n|---|--:|--:|")?;
    for (name, [bare, guarded]) in futures()? {
        writeln!(text, "| {name} | {bare} | {guarded} |")?;
    }
    Ok(text)
}

/// Each kind with what stands before its name.
const KINDS: [(&str, &str); 2] = [("`fn`", "fn"), ("`async fn`", "async fn")];

/// Each attribute with the feature that turns it on. The second is one that many functions have.
const ATTRIBUTES: [(&str, &[&str]); 2] =
    [("`circuit_breaker`", GUARDED), ("`tracing::instrument(err)`", &["--features", "traced"])];

/// Builds are compared in pairs because the machine's speed varies. The median difference is
/// reported.
const PAIRS: usize = 5;

fn measure(signature: &str, feature: &[&str], functions: usize) -> Result<Cost, Box<dyn Error>> {
    let scratch = written(&sites(signature, functions))?;
    #[expect(clippy::cast_precision_loss, reason = "thousands of functions at most")]
    let number = functions as f64;
    let in_profile = |profile| Ok::<_, Box<dyn Error>>(difference(&scratch, profile, feature)? * 1_000.0 / number);
    let (debug, release) = (in_profile(&[])?, in_profile(&["--release"])?);
    let [plain, with] = [scratch.size(&[])?, scratch.size(feature)?];
    // Without a function that has the attribute, the library itself would be counted as a cost of
    // the first.
    let scratch = written(&sites(signature, 1))?;
    let [plain_one, with_one] = [scratch.size(&[])?, scratch.size(feature)?];
    let (all, one) = (with - plain, with_one - plain_one);
    Ok(Cost { debug, release, program: (all - one) / (number - 1.0) })
}

/// Seconds that the attribute adds to compiling the crate: the median of pairs.
fn difference(scratch: &Scratch, profile: &[&str], feature: &[&str]) -> Result<f64, Box<dyn Error>> {
    let with = [profile, feature].concat();
    scratch.build(profile)?;
    scratch.build(&with)?;
    let mut differences = Vec::new();
    for _ in 0..PAIRS {
        differences.push(scratch.compile(&with)? - scratch.compile(profile)?);
    }
    differences.sort_by(f64::total_cmp);
    Ok(differences[PAIRS / 2])
}

/// Bodies that do little, each its own, and a program that calls them without having them inlined:
/// one function that holds all of them would take longer to compile than they do.
fn sites(signature: &str, functions: usize) -> String {
    let mut text = String::from(
        "#![allow(clippy::all)]\n#[derive(Debug)]\npub struct Failed(pub u32);\n\
         impl std::fmt::Display for Failed {\n    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { \
         write!(to, \"failed at {}\", self.0) }\n}\n\
         impl From<breaker_box::CircuitOpenError> for Failed {\n    fn from(_: breaker_box::CircuitOpenError) -> Self { Self(0) }\n}\n",
    );
    let is_async = signature.starts_with("async");
    let mut calls = String::new();
    for site in 0..functions {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "#[cfg_attr(feature = \"guarded\", breaker_box::circuit_breaker(identifier = \"site_{site}\"))]\n\
             #[cfg_attr(feature = \"traced\", tracing::instrument(err))]\n\
             pub {signature} site_{site}(number: u32) -> Result<u32, Failed> {{\n    \
             if number == {site} {{ return Err(Failed(number)); }}\n    Ok(number.wrapping_mul({site}))\n}}"
        );
        let site = if is_async { format!("Box::pin(site_{site}(n()))") } else { format!("site_{site}") };
        let _ = writeln!(calls, "    call({site});");
    }
    let call = if is_async {
        "#[inline(never)]\nfn call(mut site: std::pin::Pin<Box<dyn Future<Output = Result<u32, Failed>>>>) {\n    \
         let mut context = std::task::Context::from_waker(std::task::Waker::noop());\n    \
         std::hint::black_box(site.as_mut().poll(&mut context).is_ready());\n}\n"
    } else {
        "#[inline(never)]\nfn call(site: fn(u32) -> Result<u32, Failed>) {\n    \
         std::hint::black_box(site(n()).is_ok());\n}\n"
    };
    let _ = write!(
        text,
        "fn n() -> u32 {{ std::hint::black_box(5) }}\n{call}\
         fn main() {{\n    let _registry = breaker_box::Registry::global().len();\n{calls}}}\n"
    );
    text
}

/// What a future has in it, and its size without and with the attribute.
type Sizes = (&'static str, [String; 2]);

fn futures() -> Result<Vec<Sizes>, Box<dyn Error>> {
    let bodies = [
        ("nothing in it", "async fn body() -> Option<u64> { Some(5) }", "body()"),
        (
            "a reference, one await",
            "async fn body(number: &u64) -> Option<u64> { std::future::ready(()).await; Some(*number) }",
            "body(&5)",
        ),
        (
            "1,024 bytes across an await",
            "async fn body(bytes: [u8; 1024]) -> Option<u64> { std::future::ready(()).await; Some(bytes[0].into()) }",
            "body([0; 1024])",
        ),
        (
            "a fallback that is awaited",
            "async fn body(number: u64) -> Option<u64> { std::future::ready(()).await; Some(number) }",
            "body(5)",
        ),
    ];
    let mut sizes = Vec::new();
    for (name, body, call) in bodies {
        let fallback = if name.contains("fallback") { ", fallback = async |_| None" } else { "" };
        let source = format!(
            "#[cfg_attr(feature = \"guarded\", breaker_box::circuit_breaker(identifier = \"body\"{fallback}))]\n{body}\n\
             fn main() {{ println!(\"{{}}\", std::mem::size_of_val(&{call})); }}\n"
        );
        let scratch = written(&source)?;
        sizes.push((name, [scratch.run(&[])?, scratch.run(GUARDED)?]));
    }
    Ok(sizes)
}

const GUARDED: &[&str] = &["--features", "guarded"];

/// The crate that is measured, of this text.
fn written(source: &str) -> Result<Scratch, Box<dyn Error>> {
    let manifest = format!(
        "[features]\nguarded = []\ntraced = []\n[dependencies]\nbreaker-box = {{ path = {} }}\ntracing = \"0.1\"\n\
         [profile.dev]\nincremental = false\n[profile.release]\nstrip = true\n",
        Scratch::library(".")?
    );
    Scratch::new("attribute-cost", &manifest, source)
}
