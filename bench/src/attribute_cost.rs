//! The static cost of the attribute: compile time per function, bytes in the program, bytes in a
//! future. A crate of annotated functions is written, built with and without
//! the attribute, and compared.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What is measured of one kind of function.
struct Cost {
    kind: &'static str,
    /// Milliseconds of compiler time a function, in a debug build.
    compiled: f64,
    /// Bytes a function, in a stripped release build.
    program: f64,
}

/// Measures so many functions of each kind, and says what the attribute adds to each.
pub(crate) fn report(functions: usize) -> Result<String, Box<dyn Error>> {
    let mut text = format!("What the attribute adds, measured over {functions} functions of a kind.\n\n");
    writeln!(text, "| function | compiling it, debug | its bytes, release and stripped |\n|---|--:|--:|")?;
    for (kind, signature) in KINDS {
        let Cost { kind, compiled, program } = measure(kind, signature, functions)?;
        writeln!(text, "| {kind} | {compiled:.2} ms | {program:.0} |")?;
    }
    writeln!(text, "\n| future | bare | guarded |\n|---|--:|--:|")?;
    for (name, [bare, guarded]) in futures()? {
        writeln!(text, "| {name} | {bare} | {guarded} |")?;
    }
    Ok(text)
}

/// Each kind with what stands before its name.
const KINDS: [(&str, &str); 2] = [("`fn`", "fn"), ("`async fn`", "async fn")];

/// Builds are compared in pairs because the machine's speed varies. The median difference is
/// reported.
const PAIRS: usize = 5;

fn measure(kind: &'static str, signature: &str, functions: usize) -> Result<Cost, Box<dyn Error>> {
    let folder = written(&sites(signature, functions))?;
    let mut differences = Vec::new();
    build(&folder, &[])?;
    build(&folder, GUARDED)?;
    for _ in 0..PAIRS {
        differences.push(compile(&folder, GUARDED)? - compile(&folder, &[])?);
    }
    differences.sort_by(f64::total_cmp);
    let [plain, guarded] = [size(&folder, &[])?, size(&folder, GUARDED)?];
    // Without a function to guard, the library itself would be counted as a cost of the first.
    let folder = written(&sites(signature, 1))?;
    let [plain_one, guarded_one] = [size(&folder, &[])?, size(&folder, GUARDED)?];
    let (all, one) = (guarded - plain, guarded_one - plain_one);
    #[expect(clippy::cast_precision_loss, reason = "thousands of functions at most")]
    let functions = functions as f64;
    let compiled = differences[PAIRS / 2] * 1_000.0 / functions;
    Ok(Cost { kind, compiled, program: (all - one) / (functions - 1.0) })
}

/// Bodies that do little, each its own.
fn sites(signature: &str, functions: usize) -> String {
    let mut text = String::from(
        "#![allow(clippy::all)]\n#[derive(Debug)]\npub struct Failed(pub u32);\n\
         impl std::fmt::Display for Failed {\n    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { \
         write!(to, \"failed at {}\", self.0) }\n}\n\
         impl From<breaker_box::CircuitOpenError> for Failed {\n    fn from(_: breaker_box::CircuitOpenError) -> Self { Self(0) }\n}\n",
    );
    let mut calls = String::new();
    for site in 0..functions {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "#[cfg_attr(feature = \"guarded\", breaker_box::circuit_breaker(identifier = \"site_{site}\"))]\n\
             pub {signature} site_{site}(number: u32) -> Result<u32, Failed> {{\n    \
             if number == {site} {{ return Err(Failed(number)); }}\n    Ok(number.wrapping_mul({site}))\n}}"
        );
        let call = if signature == "fn" { format!("site_{site}(n())") } else { format!("now(site_{site}(n()))") };
        let _ = writeln!(calls, "    std::hint::black_box({call}.is_ok());");
    }
    let _ = write!(
        text,
        "fn n() -> u32 {{ std::hint::black_box(5) }}\n\
         #[allow(dead_code)]\nfn now<F: Future>(future: F) -> F::Output {{\n    \
         let mut context = std::task::Context::from_waker(std::task::Waker::noop());\n    \
         match std::pin::pin!(future).poll(&mut context) {{\n        \
         std::task::Poll::Ready(output) => output,\n        std::task::Poll::Pending => panic!(\"it waits\"),\n    }}\n}}\n\
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
        let folder = written(&source)?;
        sizes.push((name, [run(&folder, &[])?, run(&folder, GUARDED)?]));
    }
    Ok(sizes)
}

const GUARDED: &[&str] = &["--features", "guarded"];

/// The crate that is measured, of this text.
fn written(source: &str) -> Result<PathBuf, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let folder = target.join("attribute-cost");
    fs::create_dir_all(folder.join("src"))?;
    let library = fs::canonicalize(root)?;
    // As a text it is quoted the way TOML is.
    let place = library.display().to_string();
    let manifest = format!(
        "[workspace]\n[package]\nname = \"attribute-cost\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [features]\nguarded = []\n[dependencies]\nbreaker-box = {{ path = {place:?} }}\n\
         [profile.dev]\nincremental = false\n[profile.release]\nstrip = true\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::copy(library.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    fs::write(folder.join("src/main.rs"), source)?;
    Ok(folder)
}

fn build(folder: &Path, more: &[&str]) -> Result<(), Box<dyn Error>> {
    let status = cargo(folder, "build").args(more).status()?;
    if status.success() { Ok(()) } else { Err("the crate that is measured does not build".into()) }
}

/// Seconds that the processors worked to compile the crate anew.
fn compile(folder: &Path, more: &[&str]) -> Result<f64, Box<dyn Error>> {
    let source = folder.join("src/main.rs");
    fs::write(&source, fs::read(&source)?)?;
    let before = seconds_of_children()?;
    build(folder, more)?;
    Ok(seconds_of_children()? - before)
}

/// Bytes of the program.
fn size(folder: &Path, more: &[&str]) -> Result<f64, Box<dyn Error>> {
    build(folder, &[&["--release"], more].concat())?;
    let bytes = fs::metadata(folder.join("target/release/attribute-cost"))?.len();
    Ok(f64::from(u32::try_from(bytes)?))
}

fn run(folder: &Path, more: &[&str]) -> Result<String, Box<dyn Error>> {
    let output = cargo(folder, "run").args(more).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn cargo(folder: &Path, command: &str) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args([command, "--quiet"]).current_dir(folder).env("CARGO_TARGET_DIR", folder.join("target"));
    cargo
}

/// The time that processes have worked that this one waited for.
fn seconds_of_children() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name of the program may hold anything, but ends with the last parenthesis.
    let (_, fields) = stat.rsplit_once(')').ok_or("a strange /proc/self/stat")?;
    let ticks: Vec<f64> = fields.split_whitespace().skip(13).take(2).map(str::parse).collect::<Result<_, _>>()?;
    // Linux tells them in hundredths of a second.
    Ok(ticks.iter().sum::<f64>() / 100.0)
}
