#![doc = include_str!("../README.md")]

mod arm;
mod authority;
mod authorization;
mod clock;
#[allow(dead_code, reason = "the parts that use it land one by one")]
mod connection;
mod front_door;
mod journal;
mod server;
mod state;

mod generated {
    pub(crate) mod documented;
}

pub use arm::{Arm, ArmBuilder};
pub use authorization::Authorization;
pub use clock::{Clock, ManualClock, SystemClock};
pub use journal::RecordedRequest;
pub use server::{Emulator, StartError};
pub use state::{Example, ExampleError, State};
