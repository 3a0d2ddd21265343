//! Imports a Swagger 2.0 description: an excerpt, or an error.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("amlkeys-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join("swagger.json")
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    std::fs::write(&*FILE, text).unwrap();
    if let Ok(files) = xtask::fuzzing::import(&FILE) {
        assert!(!files.is_empty());
    }
});
