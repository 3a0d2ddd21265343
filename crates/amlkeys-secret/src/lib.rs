#![doc = include_str!("../README.md")]

mod buffer;
mod decode_error;
mod node;
mod object;
mod replay;
mod secret;
pub mod tagged;

pub use decode_error::DecodeError;
pub use object::{SecretObject, SecretRef, SecretValue};
pub use secret::{MASK, Secret};
