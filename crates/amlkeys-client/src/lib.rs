#![doc = include_str!("../README.md")]

#[macro_use]
mod transport;
// What prettyplease has formatted, rustfmt must not format otherwise.
#[rustfmt::skip]
mod generated;

pub use generated::*;
pub use transport::Transport;
