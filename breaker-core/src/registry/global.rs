//! The registry that annotated functions use unless they name another.

use std::sync::OnceLock;

use super::{Registry, RegistryBuilder};
use crate::key::Key;
use crate::policy::PolicyError;

static GLOBAL: OnceLock<Global> = OnceLock::new();

struct Global {
    registry: Registry,
    is_installed: bool,
}

impl Registry {
    /// Returns the registry that annotated functions use unless they name another. It can be used
    /// from anywhere, including the destructors of thread-locals.
    ///
    /// It is created at first use, with the defaults of a [builder](Self::builder). To give it
    /// limits, a clock or a default policy, call
    /// [`install_global`](RegistryBuilder::install_global) before.
    #[must_use]
    pub fn global() -> &'static Self {
        let by_default = || Global { registry: Self::new(), is_installed: false };
        &GLOBAL.get_or_init(by_default).registry
    }
}

impl RegistryBuilder {
    /// Builds the registry and makes it the [global](Registry::global) one. Call it at the start of
    /// `main`, before the first call of an annotated function. A library should leave it to the
    /// program.
    ///
    /// ```standalone_crate
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{InstallError, Policy, Registry};
    ///
    /// let policy = Policy::consecutive_failures(3);
    /// let registry = Registry::builder().max_circuits(10_000).default_policy(policy).install_global()?;
    /// registry.call("search", || Ok::<_, std::io::Error>(())).expect("it is closed");
    /// assert_eq!(Registry::global().status("search").expect("it was called").policy, policy);
    ///
    /// let again = Registry::builder().install_global().unwrap_err();
    /// assert_eq!(again, InstallError::AlreadyInstalled);
    /// # Ok::<(), InstallError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the global registry exists already, because it was used or installed
    /// before, or if [`build`](Self::build) returns one. The global registry is then unchanged.
    pub fn install_global(self) -> Result<&'static Registry, InstallError> {
        if let Some(global) = GLOBAL.get() {
            return Err(global.refusal());
        }
        let global = Global { registry: self.build()?, is_installed: true };
        match GLOBAL.set(global) {
            Ok(()) => Ok(Registry::global()),
            // Another thread was faster.
            Err(_) => Err(GLOBAL.get().map_or(InstallError::InUse { circuit: None }, Global::refusal)),
        }
    }
}

impl Global {
    fn refusal(&self) -> InstallError {
        if self.is_installed {
            return InstallError::AlreadyInstalled;
        }
        InstallError::InUse { circuit: self.registry.circuits().iter().map(|circuit| circuit.key()).min().cloned() }
    }
}

/// Why a registry could not be made the [global](Registry::global) one.
///
/// ```standalone_crate
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{InstallError, Registry};
///
/// Registry::global().call("search", || Ok::<_, std::io::Error>(())).expect("it is closed");
/// let error = Registry::builder().max_circuits(10_000).install_global().unwrap_err();
/// assert_eq!(error, InstallError::InUse { circuit: Some("search".into()) });
/// ```
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The registry cannot be built.
    #[error(transparent)]
    Invalid(#[from] PolicyError),
    /// It is too late: the global registry was used, and so was created with the defaults.
    #[error(
        "the global registry is in use already, without limits of its own{}: call `install_global` first in `main`, \
         before any annotated function is called and before `Registry::global`",
        circuit.as_ref().map(|circuit| format!(" (one of its circuits is `{circuit}`)")).unwrap_or_default()
    )]
    InUse {
        /// The first of its circuits in the order of keys, if it has any: a hint at who used it.
        circuit: Option<Key>,
    },
    /// `install_global` was called before, and succeeded.
    #[error(
        "the global registry was installed already, which is possible once in a process: remove this call, or use \
         `Registry::global`"
    )]
    AlreadyInstalled,
}
