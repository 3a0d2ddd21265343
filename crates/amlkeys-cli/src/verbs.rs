//! One file for each verb: what it asks for and what it writes.

pub(crate) mod emulator;
