#![doc = include_str!("../README.md")]

mod decode;
#[macro_use]
mod transport;
// What prettyplease has formatted, rustfmt must not format otherwise.
#[rustfmt::skip]
mod generated;

pub use decode::from_json;
pub use generated::*;
pub use transport::Transport;

macro_rules! ask_for_one {
    ($($feature:tt $name:ident $module:ident $version:tt,)*) => {
        #[cfg(not(any($(feature = $feature),*)))]
        compile_error!("amlkeys-client needs an api-version: enable a feature such as `v2025_09_01`");
    };
}

api_versions!(ask_for_one);
