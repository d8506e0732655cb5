//! The name of this machine.

use std::{env, fs};

/// The name of the machine, or of the container; a word that says nothing if it has none.
pub(crate) fn host_name() -> String {
    let named =
        ["/proc/sys/kernel/hostname", "/etc/hostname"].into_iter().filter_map(|path| fs::read_to_string(path).ok());
    let set = ["HOSTNAME", "COMPUTERNAME"].into_iter().filter_map(|variable| env::var(variable).ok());
    named.chain(set).map(|name| name.trim().to_owned()).find(|name| !name.is_empty()).unwrap_or_default()
}
