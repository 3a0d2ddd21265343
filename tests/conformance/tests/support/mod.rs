//! Documented examples through client and emulator, and against the excerpts' schemas as another
//! validator reads them.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each test takes what it needs"
)]

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
