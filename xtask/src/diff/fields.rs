//! The properties of an object on both sides, and the variants of a
//! polymorphic one.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::compare::{Comparison, Place};
use super::finding::{Class, Kind, NO_VALUES, advice, both, come, gone};
use super::model::{Document, last_step};
use super::rename::{are_similar, renames};
use super::schema::{Fields, Others, Property, Schema, Shape, Variants};
use super::value::{is_encoding, type_name};
use crate::pointer::Pointer;

impl Comparison<'_> {
    pub(super) fn fields(
        &mut self,
        of: &Schema,
        old: &Fields,
        new: &Fields,
        place: &Place,
    ) -> Result<()> {
        let (old_variants, new_variants) = match (&old.variants, &new.variants) {
            (Some(old_variants), Some(new_variants)) => (old_variants, new_variants),
            _ => {
                let none = Renamed::default();
                self.properties(of, &old.properties, &new.properties, place, &none)?;
                return self.others(old, new, place);
            }
        };
        let old_base = base(self.old, old, old_variants)?;
        let new_base = base(self.new, new, new_variants)?;
        let common: BTreeSet<String> = old_base.keys().chain(new_base.keys()).cloned().collect();
        // A base property that every variant of the other side has on its own
        // has only moved.
        let old_base = self.common(self.old, old_base, old_variants, &common)?;
        let new_base = self.common(self.new, new_base, new_variants, &common)?;

        let mut changed = Renamed {
            tag: Some((old_variants.tag.clone(), new_variants.tag.clone())),
            tags: BTreeSet::new(),
        };
        self.variants(old_variants, new_variants, &common, place, &mut changed)?;
        self.properties(of, &old_base, &new_base, place, &changed)?;
        self.others(old, new, place)
    }

    fn common(
        &self,
        document: &Document,
        mut base: BTreeMap<String, Property>,
        variants: &Variants,
        names: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Property>> {
        for name in names {
            if base.contains_key(name) {
                continue;
            }
            let mut found = None;
            for schema in variants.schemas.values() {
                found = properties_of(document, schema)?.remove(name);
                if found.is_none() {
                    break;
                }
            }
            base.extend(found.map(|property| (name.clone(), property)));
        }
        Ok(base)
    }

    fn variants(
        &mut self,
        old: &Variants,
        new: &Variants,
        common: &BTreeSet<String>,
        place: &Place,
        changed: &mut Renamed,
    ) -> Result<()> {
        let own = |document: &Document, variants: &Variants| -> Result<BTreeMap<String, _>> {
            let mut own = BTreeMap::new();
            for (tag, schema) in &variants.schemas {
                let mut properties = properties_of(document, schema)?;
                properties.retain(|name, _| !common.contains(name));
                own.insert(tag.clone(), properties);
            }
            Ok(own)
        };
        let (old_own, mut new_own) = (own(self.old, old)?, own(self.new, new)?);
        let mut added: Vec<&String> = new.schemas.keys().collect();
        added.retain(|tag| !old.schemas.contains_key(*tag));
        for (tag, properties) in &old_own {
            let schema = &old.schemas[tag];
            let place = place.variant(tag, schema);
            let is_renamed = |other: &&String| {
                let its_schema = &new.schemas[*other];
                let same_name = last_step(schema) == last_step(its_schema);
                let same_properties =
                    |its: &BTreeMap<_, _>| !its.is_empty() && its.keys().eq(properties.keys());
                (same_name || are_similar(tag, other))
                    && new_own.get(*other).is_some_and(same_properties)
            };
            let partner = match new_own.contains_key(tag) {
                true => Some(tag),
                false => added.iter().copied().find(is_renamed),
            };
            let Some(partner) = partner.cloned() else {
                changed.tags.insert(tag.clone());
                self.report(&place, Class::ReaderBreak, Kind::VariantRemoved, gone(tag));
                continue;
            };
            if partner != *tag {
                changed.tags.extend([tag.clone(), partner.clone()]);
                let values = both(tag, &partner);
                self.report(&place, Class::ReaderBreak, Kind::VariantRenamed, values);
            }
            let new_properties = new_own.remove(&partner).unwrap_or_default();
            let schema = self.old.schema(schema)?;
            let none = Renamed::default();
            self.properties(&schema, properties, &new_properties, &place, &none)?;
        }
        for tag in new_own.into_keys() {
            changed.tags.insert(tag.clone());
            let place = place.variant(&tag, &new.schemas[&tag]);
            self.report(&place, Class::Compatible, Kind::VariantAdded, come(tag));
        }
        Ok(())
    }

    fn properties(
        &mut self,
        of: &Schema,
        old: &BTreeMap<String, Property>,
        new: &BTreeMap<String, Property>,
        place: &Place,
        changed: &Renamed,
    ) -> Result<()> {
        let old = self.visible(self.old, old, place)?;
        let new = self.visible(self.new, new, place)?;
        let partners = self.partners(&old, &new, changed.tag.as_ref());
        let class = place.class(Class::WriterBreak, Class::ReaderBreak);
        for (from, to) in &partners {
            let is_tag = changed.tag.as_ref().is_some_and(|(tag, _)| tag == from);
            let place = place.property(from);
            if from != to {
                let kind = match is_tag {
                    true => Kind::DiscriminatorRenamed,
                    false => Kind::PropertyRenamed,
                };
                let advice = match self.old.overlay_adds(&of.origin, to) {
                    true => READS_BOTH_NAMES,
                    false => advice(kind, class, place.part),
                };
                self.report_with(&place, class, kind, both(*from, *to), advice);
            }
            let none = BTreeSet::new();
            let tags = if is_tag { &changed.tags } else { &none };
            self.property(&old[*from], &new[*to], &place, tags)?;
        }
        for name in old.keys() {
            if !partners.iter().any(|(from, _)| from == name) {
                let place = place.property(name);
                self.report(&place, class, Kind::PropertyRemoved, gone(name));
            }
        }
        for (name, property) in &new {
            if !partners.iter().any(|(_, to)| to == name) {
                let class = match property.required {
                    true => place.class(Class::WriterBreak, Class::Compatible),
                    false => Class::Compatible,
                };
                let place = place.property(name);
                self.report(&place, class, Kind::PropertyAdded, come(name));
            }
        }
        Ok(())
    }

    /// Which old property is which new one: by name, as the discriminator, or
    /// renamed.
    fn partners<'p>(
        &self,
        old: &'p BTreeMap<String, Property>,
        new: &'p BTreeMap<String, Property>,
        tag: Option<&'p (String, String)>,
    ) -> Vec<(&'p str, &'p str)> {
        let only_in = |this: &'p BTreeMap<String, Property>,
                       other: &BTreeMap<String, Property>|
         -> Vec<&'p str> {
            let names = this.keys().map(String::as_str);
            names.filter(|name| !other.contains_key(*name)).collect()
        };
        let (mut removed, mut added) = (only_in(old, new), only_in(new, old));
        let names = old.keys().map(String::as_str);
        let kept: Vec<&str> = names.filter(|name| new.contains_key(*name)).collect();
        let mut partners: Vec<_> = kept.iter().map(|name| (*name, *name)).collect();
        if let Some((from, to)) = tag
            && removed.contains(&from.as_str())
            && added.contains(&to.as_str())
        {
            removed.retain(|name| name != from);
            added.retain(|name| name != to);
            partners.push((from, to));
        }
        partners.extend(renames(&removed, &added, &kept, |from, to| {
            let old = self.old.schema(&old[from].schema);
            let new = self.new.schema(&new[to].schema);
            let (Ok(old), Ok(new)) = (old, new) else {
                return false;
            };
            is_same_secrecy(&old, &new) && self.is_same_type(&old.shape, &new.shape, 0)
        }));
        partners
    }

    fn property(
        &mut self,
        old: &Property,
        new: &Property,
        place: &Place,
        tags: &BTreeSet<String>,
    ) -> Result<()> {
        use Class::{Compatible, WriterBreak};
        match (old.required, new.required) {
            (false, true) => {
                let class = place.class(WriterBreak, Compatible);
                let values = both("optional", "required");
                self.report(place, class, Kind::PropertyBecameRequired, values);
            }
            (true, false) => {
                let values = both("required", "optional");
                self.report(place, Compatible, Kind::PropertyBecameOptional, values);
            }
            _ => {}
        }
        self.value(&old.schema, &new.schema, place, tags)
    }

    /// The properties that travel in this direction: a response has none that
    /// are write-only, and a request need not have those that are read-only.
    fn visible(
        &self,
        document: &Document,
        properties: &BTreeMap<String, Property>,
        place: &Place,
    ) -> Result<BTreeMap<String, Property>> {
        let mut visible = BTreeMap::new();
        for (name, property) in properties {
            let schema = document.schema(&property.schema)?;
            let mut property = property.clone();
            if place.part.is_written() {
                property.required &= !schema.read_only;
            } else if schema.write_only {
                continue;
            }
            visible.insert(name.clone(), property);
        }
        Ok(visible)
    }

    /// The properties that are not named.
    fn others(&mut self, old: &Fields, new: &Fields, place: &Place) -> Result<()> {
        use Class::{Compatible, ReaderBreak, WriterBreak};
        let inside = place.items("Value");
        let written = place.part.is_written();
        match (&old.others, &new.others) {
            (Others::Typed(from), Others::Typed(to)) => {
                self.value(from, to, &inside, &BTreeSet::new())?;
            }
            (Others::Typed(_), _) if !written => {
                self.report(&inside, ReaderBreak, Kind::PropertyRemoved, gone("*"));
            }
            (_, Others::Typed(_)) if !written => {
                self.report(&inside, Compatible, Kind::PropertyAdded, come("*"));
            }
            (Others::Refused, Others::Allowed | Others::Typed(_)) if written => {
                self.report(place, Compatible, Kind::FurtherPropertiesAllowed, NO_VALUES);
            }
            (Others::Allowed | Others::Typed(_), Others::Refused) if written => {
                self.report(
                    place,
                    WriterBreak,
                    Kind::FurtherPropertiesRefused,
                    NO_VALUES,
                );
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether two types are one, as far as a rename can tell: the details are
    /// compared afterwards.
    fn is_same_type(&self, old: &Shape, new: &Shape, depth: usize) -> bool {
        const FAR_ENOUGH: usize = 4;
        match (old, new) {
            (Shape::Array(Some(from)), Shape::Array(Some(to))) if depth < FAR_ENOUGH => {
                match (self.old.schema(from), self.new.schema(to)) {
                    (Ok(from), Ok(to)) => self.is_same_type(&from.shape, &to.shape, depth + 1),
                    _ => false,
                }
            }
            (Shape::Object(from), Shape::Object(to)) => {
                let names: BTreeSet<_> = from.properties.keys().collect();
                let shared = to.properties.keys().filter(|it| names.contains(it)).count();
                let all = names.len() + to.properties.len();
                from.variants.is_some() == to.variants.is_some()
                    && from.is_map() == to.is_map()
                    && shared * 4 >= all
            }
            (Shape::String(from), Shape::String(to)) => {
                from == to || !(is_encoding(from) || is_encoding(to))
            }
            _ => type_name(old) == type_name(new),
        }
    }
}

const READS_BOTH_NAMES: &str = "Nothing to do for amlkeys, which reads both names into this item; who reads the answer itself must read the new name.";

/// What a polymorphic value's discriminator and tags went through.
#[derive(Default)]
struct Renamed {
    /// The discriminator's old and new name.
    tag: Option<(String, String)>,
    /// The tags of variants that came or went, which say so themselves.
    tags: BTreeSet<String>,
}

/// The properties of all variants: those of the base, and the discriminator,
/// which `oneOf` leaves to the variants.
fn base(
    document: &Document,
    fields: &Fields,
    variants: &Variants,
) -> Result<BTreeMap<String, Property>> {
    let mut base = fields.properties.clone();
    for schema in variants.schemas.values() {
        if base.contains_key(&variants.tag) {
            break;
        }
        let tag = properties_of(document, schema)?.remove(&variants.tag);
        base.extend(tag.map(|tag| (variants.tag.clone(), tag)));
    }
    Ok(base)
}

fn properties_of(document: &Document, schema: &Pointer) -> Result<BTreeMap<String, Property>> {
    Ok(match &document.schema(schema)?.shape {
        Shape::Object(fields) => fields.properties.clone(),
        _ => BTreeMap::new(),
    })
}

/// Whether nothing that is known of the secrecy of two values differs.
fn is_same_secrecy(old: &Schema, new: &Schema) -> bool {
    let known = |schema: &Schema| schema.classified.or(schema.secret.then_some(true));
    match (known(old), known(new)) {
        (Some(old), Some(new)) => old == new,
        _ => true,
    }
}
