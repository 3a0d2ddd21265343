//! One file for each verb: what it asks for and what it writes.

pub(crate) mod config_show;
pub(crate) mod emulator;
pub(crate) mod list_keys;
pub(crate) mod version;
