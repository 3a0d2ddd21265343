#![doc = include_str!("../README.md")]

mod arm;
mod authority;
mod authorization;
mod example;
mod front_door;
mod journal;
mod reply;
mod resource_path;
mod server;
mod state;

mod generated {
    pub(crate) mod documented;
}

pub use arm::Arm;
pub use authorization::Authorization;
pub use example::{Example, ExampleError};
pub use journal::RecordedRequest;
pub use server::{Emulator, StartError};
