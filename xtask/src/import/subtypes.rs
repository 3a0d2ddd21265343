//! The subtypes of polymorphic schemas, which nothing refers to: they are found
//! by looking back from their `allOf`.

use std::collections::{BTreeSet, HashMap, HashSet};

use anyhow::Result;
use serde_json::Value;

use super::convert::Converter;
use super::names::{Component, Kind};
use super::swagger::Place;

/// Which definition extends which, as far as the files have been looked through.
#[derive(Default)]
pub(super) struct Family {
    extend: HashMap<Place, Vec<Place>>,
    scanned: usize,
    siblings: HashSet<usize>,
}

impl Converter<'_> {
    /// Looks for the subtypes of all polymorphic schemas that are known so far.
    pub(super) fn subtypes(&mut self, family: &mut Family) -> Result<()> {
        let is_base = |it: &Component| it.value.get("discriminator").is_some();
        let bases: Vec<usize> = (0..self.components.len())
            .filter(|id| is_base(&self.components[*id]))
            .collect();
        for id in &bases {
            let file = self.components[*id].place.file;
            if family.siblings.insert(file) {
                self.open_siblings(file)?;
            }
        }
        if bases.is_empty() {
            return Ok(());
        }
        if family.scanned != self.files.len() {
            family.scanned = self.files.len();
            family.extend.clear();
            for file in 0..family.scanned {
                for (place, references) in self.files.extensions(file)? {
                    for reference in references {
                        if let Some(base) = self.files.follow_in_open(&place, &reference)? {
                            family.extend.entry(base).or_default().push(place.clone());
                        }
                    }
                }
            }
        }
        for id in bases {
            let base = self.components[id].place.clone();
            let mut known = BTreeSet::new();
            let mut next = vec![base.clone()];
            while let Some(place) = next.pop() {
                for subtype in family.extend.get(&place).into_iter().flatten() {
                    if *subtype != base && known.insert(subtype.clone()) {
                        next.push(subtype.clone());
                    }
                }
            }
            let mut subtypes = Vec::new();
            for place in std::iter::once(base.clone()).chain(known) {
                let value = self.files.get(&place)?.unwrap_or_default();
                let tag = match value.get("x-ms-discriminator-value") {
                    Some(Value::String(tag)) => tag.clone(),
                    None if place == base => continue,
                    None => place.steps().pop().unwrap_or_default(),
                    Some(_) => {
                        let at = place.child("x-ms-discriminator-value");
                        return Err(self.error(&at, "must be a string"));
                    }
                };
                let mark = self.component(Kind::Schema, place);
                subtypes.push((tag, mark));
            }
            self.components[id].subtypes = subtypes;
        }
        Ok(())
    }

    /// Opens the files beside one that may hold subtypes of its schemas,
    /// whether or not anything refers to them.
    fn open_siblings(&mut self, file: usize) -> Result<()> {
        let path = self.files.path(file).to_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let folder = path.parent().map(std::fs::read_dir);
        let entries = folder.and_then(Result::ok).into_iter().flatten().flatten();
        let mut siblings: Vec<_> = entries.map(|it| it.path()).collect();
        siblings.sort();
        for sibling in siblings {
            if sibling.extension().is_none_or(|it| it != "json") || !sibling.is_file() {
                continue;
            }
            let Ok((_, text)) = self.files.checkout.read(&sibling) else {
                continue;
            };
            if text.contains(&format!("{name}#/definitions/")) && text.contains("\"allOf\"") {
                drop(text);
                self.files.open(&sibling)?;
            }
        }
        Ok(())
    }
}
