//! Crates that are written, built and measured, to learn what the compiler makes of them.

use std::collections::HashSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs};

/// A crate of one file, in cargo's folder.
pub(crate) struct Scratch {
    name: &'static str,
    folder: PathBuf,
}

impl Scratch {
    /// Writes it; `manifest` is what follows the package. The versions of all dependencies are
    /// those of this workspace.
    pub(crate) fn new(name: &'static str, manifest: &str, source: &str) -> Result<Self, Box<dyn Error>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let folder = target.join(name);
        fs::create_dir_all(folder.join("src"))?;
        let manifest =
            format!("[workspace]\n[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n{manifest}\n");
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        fs::write(folder.join("src/main.rs"), source)?;
        Ok(Self { name, folder })
    }

    /// Where a crate of this workspace is, as a text in quotes.
    pub(crate) fn library(folder: &str) -> Result<String, Box<dyn Error>> {
        let place = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder))?;
        // As a text it is quoted the way TOML is.
        Ok(format!("{:?}", place.display().to_string()))
    }

    pub(crate) fn build(&self, more: &[&str]) -> Result<(), Box<dyn Error>> {
        self.cargo("build", more).map(|_| ())
    }

    /// Seconds that the processors worked to compile the crate anew, but not its dependencies.
    pub(crate) fn compile(&self, more: &[&str]) -> Result<f64, Box<dyn Error>> {
        let source = self.folder.join("src/main.rs");
        fs::write(&source, fs::read(&source)?)?;
        let before = seconds_of_children()?;
        self.build(more)?;
        Ok(seconds_of_children()? - before)
    }

    /// Seconds that the processors worked to compile everything anew, and how many packages they
    /// compiled besides this one.
    pub(crate) fn compile_all(&self, more: &[&str]) -> Result<(f64, usize), Box<dyn Error>> {
        // There is none the first time.
        let _ = fs::remove_dir_all(self.target());
        let before = seconds_of_children()?;
        let output = self.cargo("build", &[&["--message-format", "json"], more].concat())?;
        let seconds = seconds_of_children()? - before;
        let messages = String::from_utf8_lossy(&output.stdout);
        // A package with a build script is compiled more than once.
        let packages: HashSet<&str> = messages.lines().filter_map(compiled_package).collect();
        Ok((seconds, packages.len() - 1))
    }

    /// Bytes of the program in the release profile.
    pub(crate) fn size(&self, more: &[&str]) -> Result<f64, Box<dyn Error>> {
        self.build(&[&["--release"], more].concat())?;
        let bytes = fs::metadata(self.target().join("release").join(self.name))?.len();
        Ok(f64::from(u32::try_from(bytes)?))
    }

    /// What the program prints.
    pub(crate) fn run(&self, more: &[&str]) -> Result<String, Box<dyn Error>> {
        let output = self.cargo("run", more)?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    fn cargo(&self, command: &str, more: &[&str]) -> Result<Output, Box<dyn Error>> {
        let mut cargo = Command::new("cargo");
        cargo.args([command, "--quiet"]).args(more).current_dir(&self.folder);
        let output = cargo.env("CARGO_TARGET_DIR", self.target()).stderr(Stdio::piped()).output()?;
        if output.status.success() {
            return Ok(output);
        }
        Err(format!("{} does not build: {}", self.name, String::from_utf8_lossy(&output.stderr)).into())
    }
}

/// The package in a message of cargo that something of it has been compiled.
fn compiled_package(message: &str) -> Option<&str> {
    let message = message.strip_prefix(r#"{"reason":"compiler-artifact","package_id":""#)?;
    message.split('"').next()
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
