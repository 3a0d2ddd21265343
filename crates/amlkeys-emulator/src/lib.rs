#![doc = include_str!("../README.md")]

mod arm;
mod authorization;
mod base_url;
mod body;
mod clock;
mod cloud_discovery;
mod connection;
mod fault;
mod front_door;
mod journal;
mod server;
mod sign_in;
mod state;
mod throttle;

mod generated {
    #[rustfmt::skip]
    pub(crate) mod documented;
}

pub use arm::{Arm, ArmBuilder};
pub use authorization::Authorization;
pub use clock::{Clock, ManualClock, SystemClock};
pub use fault::{Fault, FaultRule, Reset};
pub use journal::RecordedRequest;
pub use server::{Emulator, EmulatorBuilder, Limits, StartError};
pub use sign_in::TokenRequest;
pub use state::{Example, ExampleError, State, StateError};
pub use throttle::{Throttle, ThrottleError};
