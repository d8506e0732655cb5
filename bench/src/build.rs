//! The two builds that are measured.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

/// How the program and all its dependencies are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Build {
    /// What users get who set nothing: cargo's release profile.
    Users,
    /// The best that a compiler does: everything optimized at once.
    Whole,
}

impl Build {
    pub(crate) const ALL: [Self; 2] = [Self::Users, Self::Whole];

    /// What the tables call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Users => "default release profile",
            Self::Whole => "fat LTO, one codegen unit",
        }
    }

    fn profile(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Whole => "release",
        }
    }

    /// Compiles this program anew, if it has changed, and returns its path.
    pub(crate) fn program(self) -> Result<PathBuf, Box<dyn Error>> {
        let own = env::current_exe()?;
        // The program is in the folder of its profile, and that in cargo's folder.
        let (Some(folder), Some(name)) = (own.ancestors().nth(2), own.file_name()) else {
            return Err("this program is not where cargo puts it".into());
        };
        let program = folder.join(self.profile()).join(name);
        // What runs may not be compiled again.
        if program != own {
            compile(self.profile(), folder)?;
        }
        Ok(program)
    }
}

fn compile(profile: &str, folder: &Path) -> io::Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--package", "bench", "--bin", "bench", "--profile", profile]);
    if cfg!(feature = "metrics") {
        cargo.args(["--features", "metrics"]);
    }
    let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", folder).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("the profile {profile} does not build"))) }
}
