//! The documented examples as tests: each file of `spec/examples` is checked
//! against its excerpt's schemas and replayed through client and emulator. A
//! further file is a further test, with no code.

mod classification;
mod deviations;
mod example;
mod excerpt;
mod replay;

pub use deviations::Deviations;
pub use example::Example;
pub use excerpt::{Excerpt, Finding};
pub use replay::{not_carried, replay};

use std::path::{Path, PathBuf};

/// The project's `spec` folder.
pub fn spec_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec")
}

/// The Rust in the project's README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
