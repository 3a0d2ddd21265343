#![doc = include_str!("../README.md")]

mod object;
mod secret;

pub use object::{DecodeError, SecretObject, SecretValue};
pub use secret::{MASK, Secret};
