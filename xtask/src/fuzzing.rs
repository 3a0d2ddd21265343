//! What the fuzzer calls.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::import::{self, Import};
use crate::overlay::{Hits, Overlay};
use crate::spec::Spec;

/// Imports the operations of amlkeys from the Swagger 2.0 description in a file.
pub fn import(swagger: &Path) -> Result<Vec<(PathBuf, String)>> {
    let import = Import {
        specs: None,
        api_version: None,
        swagger: Some(swagger.to_owned()),
        operations: vec!["Compute_ListKeys".into(), "Workspaces_ListKeys".into()],
        out: Some("out.json".into()),
        keep_descriptions: true,
    };
    Ok(import::read(Path::new("."), &import)?.files)
}

/// Reads an overlay and applies it to a document.
pub fn overlay(overlay: &str, document: &str) -> Result<String> {
    let overlay = Overlay::parse("overlay".into(), overlay)?;
    let mut spec = Spec::parse("document".into(), document.into())?;
    overlay.apply(&mut spec, &mut Hits::default())?;
    Ok(spec.document.to_string())
}
