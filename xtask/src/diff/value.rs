//! One value on both sides: what is said of it, its type, its limits.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use serde_json::Value;

use super::compare::{Comparison, Place, listed};
use super::finding::{Class, Kind, Part, advice, both, come, gone};
use super::limits::{self, Move};
use super::model::plain;
use super::schema::{Fields, Schema, Shape, Values, Variants};
use crate::pointer::Pointer;

impl Comparison<'_> {
    /// Compares two schemas; `tags` are enum values that are told as variants.
    pub(super) fn value(
        &mut self,
        old: &Pointer,
        new: &Pointer,
        place: &Place,
        tags: &BTreeSet<String>,
    ) -> Result<()> {
        const DEEPEST: usize = 64;
        const MOST_PLACES: usize = 10_000;
        let operation = &self.at.operation;
        if self.inside.len() == DEEPEST {
            bail!(
                "{operation} {}: nested more than {DEEPEST} levels deep",
                place.pointer
            );
        }
        self.compared += 1;
        if self.compared > MOST_PLACES {
            bail!(
                "{operation} {}: more than {MOST_PLACES} values to compare",
                place.pointer
            );
        }
        let (old, new) = (self.old.schema(old)?, self.new.schema(new)?);
        self.annotations(&old, &new, place);
        let types = (old.origin.clone(), new.origin.clone());
        // A type inside of itself has been compared, one level up.
        if self.inside.contains(&types) {
            return Ok(());
        }
        self.inside.push(types);
        let outcome = self.structure(&old, &new, place, tags);
        self.inside.pop();
        outcome
    }

    fn annotations(&mut self, old: &Schema, new: &Schema, place: &Place) {
        use Class::{Compatible, Metadata, WriterBreak};
        self.secrecy(old, new, place);
        match (old.nullable, new.nullable) {
            (false, true) => {
                let values = both("not null", "nullable");
                self.report(place, Compatible, Kind::BecameNullable, values);
            }
            (true, false) => {
                let class = place.class(WriterBreak, Compatible);
                let values = both("nullable", "not null");
                self.report(place, class, Kind::NoLongerNullable, values);
            }
            _ => {}
        }
        match (old.read_only, new.read_only) {
            (false, true) => {
                let values = both("writable", "read-only");
                self.report(place, Metadata, Kind::BecameReadOnly, values);
            }
            (true, false) => {
                let values = both("read-only", "writable");
                self.report(place, Metadata, Kind::NoLongerReadOnly, values);
            }
            _ => {}
        }
        self.deprecation(old.deprecated, new.deprecated, place);
        if !is_api_version(place) && old.keyword("default") != new.keyword("default") {
            let told = |schema: &Schema| schema.keyword("default").map(plain);
            self.report(
                place,
                Metadata,
                Kind::DefaultChanged,
                [told(old), told(new)],
            );
        }
        self.words(place, old.words.clone(), new.words.clone());
    }

    /// Upstream's mark, and ours where it is on both sides: a place that the
    /// overlay does not reach is unclassified, not public.
    fn secrecy(&mut self, old: &Schema, new: &Schema, place: &Place) {
        let ours = match (old.classified, new.classified) {
            (Some(old), Some(new)) => Some((old, new)),
            _ => None,
        };
        let changed = |(old, new): (bool, bool)| (old != new).then_some(new);
        let became = changed((old.secret, new.secret)).or(ours.and_then(changed));
        let Some(secret) = became else {
            return;
        };
        let (kind, values) = match secret {
            true => (Kind::BecameSecret, both("public", "secret")),
            false => (Kind::StoppedBeingSecret, both("secret", "public")),
        };
        let advice = match ours {
            Some((true, true)) => {
                "Nothing to do: spec/overlay.json calls it secret in both, only upstream's mark changed."
            }
            _ => advice(kind, Class::Secrecy, place.part),
        };
        self.report_with(place, Class::Secrecy, kind, values, advice);
    }

    fn structure(
        &mut self,
        old: &Schema,
        new: &Schema,
        place: &Place,
        tags: &BTreeSet<String>,
    ) -> Result<()> {
        match (&old.shape, &new.shape) {
            (Shape::String(from), Shape::String(to))
                if from == to || !(is_encoding(from) || is_encoding(to)) =>
            {
                self.format(from, to, place);
            }
            (Shape::Boolean, Shape::Boolean) | (Shape::Anything, Shape::Anything) => {}
            (Shape::Integer(from), Shape::Integer(to))
            | (Shape::Number(from), Shape::Number(to))
                if from == to => {}
            (Shape::Array(from), Shape::Array(to)) => {
                if let (Some(from), Some(to)) = (from, to) {
                    self.value(from, to, &place.items("Item"), &BTreeSet::new())?;
                }
            }
            (Shape::OneOf(from), Shape::OneOf(to)) if from.len() == to.len() => {
                for (from, to) in from.iter().zip(to) {
                    self.value(from, to, place, &BTreeSet::new())?;
                }
            }
            (Shape::Object(from), Shape::Object(to))
                if from.is_map() == to.is_map() && !became_polymorphic(from, to) =>
            {
                let mut place = place.clone();
                place.generated = place.generated.object(&old.origin);
                self.fields(old, from, to, &place)?;
            }
            (from, to) => {
                self.retyped(from, to, place);
                return Ok(());
            }
        }
        self.enumeration(old.values.as_ref(), new.values.as_ref(), place, tags);
        self.limits(old, new, place);
        Ok(())
    }

    fn retyped(&mut self, old: &Shape, new: &Shape, place: &Place) {
        let widened = place.part.is_written() && is_wider(old, new);
        let class = match widened {
            true => Class::Compatible,
            false => place.class(Class::WriterBreak, Class::ReaderBreak),
        };
        let kind = match (widened, place.is_parameter()) {
            (true, true) => Kind::ParameterWidened,
            (true, false) => Kind::PropertyWidened,
            (false, true) => Kind::ParameterRetyped,
            (false, false) => Kind::PropertyRetyped,
        };
        self.report(place, class, kind, both(type_name(old), type_name(new)));
    }

    /// A format that only says what is in a string, not how it is written.
    fn format(&mut self, old: &Option<String>, new: &Option<String>, place: &Place) {
        if old != new {
            let read = Class::Metadata;
            let class = match new {
                Some(_) => place.class(Class::WriterBreak, read),
                None => place.class(Class::Compatible, read),
            };
            self.report(
                place,
                class,
                Kind::FormatChanged,
                [old.clone(), new.clone()],
            );
        }
    }

    fn limits(&mut self, old: &Schema, new: &Schema, place: &Place) {
        use Class::{Compatible, Metadata, WriterBreak};
        for keyword in limits::KEYWORDS {
            let (from, to) = (old.keyword(keyword), new.keyword(keyword));
            let (written, kind) = match limits::moved(keyword, from, to) {
                None => continue,
                Some(Move::Tighter) => (WriterBreak, Kind::LimitTightened),
                Some(Move::Looser) => (Compatible, Kind::LimitLoosened),
            };
            let told = |limit: Option<&Value>| limit.map(|limit| format!("{keyword} {limit}"));
            let class = place.class(written, Metadata);
            self.report(place, class, kind, [told(from), told(to)]);
        }
        let pattern = |schema: &Schema| schema.keyword("pattern").map(plain);
        let (written, kind) = match (&pattern(old), &pattern(new)) {
            (from, to) if from == to => return,
            (None, _) => (WriterBreak, Kind::PatternAdded),
            (_, None) => (Compatible, Kind::PatternRemoved),
            (Some(from), Some(to)) if limits::is_looser(from, to) => {
                (Compatible, Kind::PatternChanged)
            }
            _ => (WriterBreak, Kind::PatternChanged),
        };
        let class = place.class(written, Metadata);
        self.report(place, class, kind, [pattern(old), pattern(new)]);
    }

    fn enumeration(
        &mut self,
        old: Option<&Values>,
        new: Option<&Values>,
        place: &Place,
        tags: &BTreeSet<String>,
    ) {
        use Class::{Compatible, WriterBreak};
        if is_api_version(place) {
            return;
        }
        let closed = place.class(WriterBreak, Compatible);
        let (class, kind) = match (old, new) {
            (None, None) => return,
            (None, Some(new)) if new.open => (Compatible, Kind::EnumAdded),
            (None, Some(_)) => (closed, Kind::EnumClosed),
            (Some(old), None) if old.open => (Compatible, Kind::EnumRemoved),
            (Some(_), None) => (Compatible, Kind::EnumOpened),
            (Some(old), Some(new)) => {
                match (old.open, new.open) {
                    (true, false) => {
                        self.report(place, closed, Kind::EnumClosed, both("open", "closed"));
                    }
                    (false, true) => {
                        self.report(place, Compatible, Kind::EnumOpened, both("closed", "open"));
                    }
                    _ => {}
                }
                return self.enum_values(old, new, place, tags);
            }
        };
        let told = |values: Option<&Values>| values.and_then(|values| listed(&values.named));
        self.report(place, class, kind, [told(old), told(new)]);
    }

    fn enum_values(&mut self, old: &Values, new: &Values, place: &Place, tags: &BTreeSet<String>) {
        use Class::{Compatible, ReaderBreak, WriterBreak};
        let only_in = |this: &Values, other: &Values| -> Vec<String> {
            let only = this.named.difference(&other.named);
            only.filter(|it| !tags.contains(*it)).cloned().collect()
        };
        // An open enum still takes a value that it does not name any more.
        let refused = match new.open {
            true => Compatible,
            false => place.class(WriterBreak, Compatible),
        };
        let mut added = only_in(new, old);
        for value in only_in(old, new) {
            match added.iter().position(|it| it.eq_ignore_ascii_case(&value)) {
                Some(at) => {
                    let class = place.class(WriterBreak, ReaderBreak);
                    let values = both(value, added.remove(at));
                    self.report(place, class, Kind::EnumValueRenamed, values);
                }
                None => self.report(place, refused, Kind::EnumValueRemoved, gone(value)),
            }
        }
        for value in added {
            self.report(place, Compatible, Kind::EnumValueAdded, come(value));
        }
    }
}

/// Whether variants came to an object that had none, or the other way round. A
/// discriminator that tells nothing apart makes no difference.
fn became_polymorphic(old: &Fields, new: &Fields) -> bool {
    let (old, new) = (&old.variants, &new.variants);
    let tells_apart = |it: &Variants| !it.schemas.is_empty();
    old.is_some() != new.is_some() && old.iter().chain(new).any(tells_apart)
}

fn is_api_version(place: &Place) -> bool {
    place.part == Part::Parameter && place.pointer.as_str() == "/parameters/api-version"
}

/// Whether a format says how a value is written as a string, so that a reader
/// has to know: other formats only say what is in it.
pub(super) fn is_encoding(format: &Option<String>) -> bool {
    const ENCODINGS: [&str; 9] = [
        "base64url",
        "binary",
        "byte",
        "date",
        "date-time",
        "date-time-rfc1123",
        "duration",
        "time",
        "unixtime",
    ];
    format.as_deref().is_some_and(|it| ENCODINGS.contains(&it))
}

/// Whether every number of the old type is one of the new.
fn is_wider(old: &Shape, new: &Shape) -> bool {
    match (old, new) {
        (Shape::Integer(from), Shape::Integer(to)) => {
            to.is_none() || (from.as_deref() == Some("int32") && to.as_deref() == Some("int64"))
        }
        (Shape::Integer(_), Shape::Number(_)) => true,
        (Shape::Number(from), Shape::Number(to)) => {
            to.is_none() || from.as_deref() == Some("float")
        }
        (_, Shape::Anything) => true,
        _ => false,
    }
}

pub(super) fn type_name(shape: &Shape) -> String {
    let (name, format) = match shape {
        Shape::Anything => ("anything", &None),
        Shape::Boolean => ("boolean", &None),
        Shape::Integer(format) => ("integer", format),
        Shape::Number(format) => ("number", format),
        Shape::String(format) => ("string", format),
        Shape::Array(_) => ("array", &None),
        Shape::Object(fields) => match &fields.variants {
            Some(variants) => return format!("object by {}", variants.tag),
            None if fields.is_map() => ("map", &None),
            None => ("object", &None),
        },
        Shape::OneOf(alternatives) => return format!("one of {}", alternatives.len()),
    };
    match format {
        Some(format) => format!("{name} ({format})"),
        None => name.to_owned(),
    }
}
