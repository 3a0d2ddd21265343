#![doc = include_str!("../README.md")]

#[macro_use]
mod transport;
mod generated;

pub use generated::*;
pub use transport::Transport;
