//! What changed between two documents, and whom it concerns: the operations,
//! their parameters, and which bodies stand for each other.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::finding::{Class, Finding, Kind, NO_VALUES, OldAndNew, Part, advice, both, come, gone};
use super::model::{Content, Document, Operation, Parameter, Response, Security, placeholder};
use super::rename::renames;
use super::rust_item::{self, Service};
use crate::pointer::Pointer;

/// Every change, worst first.
pub(super) fn compare(old: &Document, new: &Document) -> Result<Vec<Finding>> {
    let (old_operations, new_operations) = (old.operations()?, new.operations()?);
    let pairs = pairs(&old_operations, &new_operations);
    let mut comparison = Comparison {
        old,
        new,
        at: Scope::default(),
        compared: 0,
        places: 0,
        with_words: [0, 0],
        inside: Vec::new(),
        found: Vec::new(),
    };
    let place = Place::new(Part::Operation, "");
    for (from, to) in &pairs {
        let shown = to.or(*from).expect("a pair has a side");
        comparison.compared = 0;
        comparison.at = Scope {
            operation: label(shown),
            service: rust_item::service(shown.id.as_deref()),
            module: new.api_version().map(rust_item::module),
        };
        match (from, to) {
            (Some(from), Some(to)) => comparison.operation(from, to)?,
            (Some(from), None) => {
                let class = Class::WriterBreak;
                comparison.report(&place, class, Kind::OperationRemoved, gone(label(from)));
            }
            (None, _) => {
                let class = Class::Compatible;
                comparison.report(&place, class, Kind::OperationAdded, come(label(shown)));
            }
        }
    }
    let common = pairs
        .iter()
        .filter(|(from, to)| from.is_some() && to.is_some());
    let common: Vec<String> = common.filter_map(|(_, to)| to.map(label)).collect();
    comparison.document(&common);
    Ok(merged(comparison.found, &common))
}

fn label(operation: &Operation) -> String {
    match &operation.id {
        Some(id) => id.clone(),
        None => format!("{} {}", operation.method.to_uppercase(), operation.path),
    }
}

/// An operation is the same if its operationId is, else if its method and path
/// are: `Compute_ListKeys` was `MachineLearningCompute_ListKeys` until 2021.
fn pairs<'a>(
    old: &'a [Operation],
    new: &'a [Operation],
) -> Vec<(Option<&'a Operation>, Option<&'a Operation>)> {
    let mut rest: Vec<&Operation> = new.iter().collect();
    let mut take = |same: &dyn Fn(&Operation) -> bool| {
        let at = rest.iter().position(|operation| same(operation))?;
        Some(rest.remove(at))
    };
    let mut partners: Vec<Option<&Operation>> = old
        .iter()
        .map(|from| take(&|to| from.id.is_some() && from.id == to.id))
        .collect();
    for (from, partner) in old.iter().zip(&mut partners) {
        if partner.is_none() {
            *partner = take(&|to| from.method == to.method && from.template == to.template);
        }
    }
    let kept = old.iter().map(Some).zip(partners);
    kept.chain(rest.into_iter().map(|to| (None, Some(to))))
        .collect()
}

/// One finding for what is the same in several operations: a parameter or an
/// error that they share, or what is said of the document.
fn merged(found: Vec<Finding>, common: &[String]) -> Vec<Finding> {
    let mut groups: BTreeMap<_, Vec<Finding>> = BTreeMap::new();
    for finding in found {
        let shared = matches!(finding.part, Part::Document | Part::Parameter | Part::Error);
        let operation = (!shared).then(|| finding.operation.clone());
        let key = (
            (
                finding.class,
                operation,
                finding.part,
                finding.pointer.clone(),
            ),
            (finding.kind, finding.variant.clone()),
            (finding.old.clone(), finding.new.clone()),
        );
        groups.entry(key).or_default().push(finding);
    }
    let mut findings: Vec<Finding> = groups
        .into_values()
        .filter_map(|group| {
            let operations: BTreeSet<String> =
                group.iter().map(|it| it.operation.clone()).collect();
            let rust = group
                .iter()
                .map(|it| it.rust.clone())
                .reduce(|a, b| rust_item::common(a.as_deref(), b.as_deref()))
                .flatten();
            let operation = if operations.len() > 1 && operations.len() == common.len() {
                "*".to_owned()
            } else {
                operations.into_iter().collect::<Vec<_>>().join(", ")
            };
            let first = group.into_iter().next()?;
            Some(Finding {
                operation,
                rust,
                ..first
            })
        })
        .collect();
    findings.sort();
    findings
}

pub(super) struct Comparison<'a> {
    pub(super) old: &'a Document,
    pub(super) new: &'a Document,
    pub(super) at: Scope,
    /// How many values of the current operation have been compared.
    pub(super) compared: usize,
    /// How many places could have words.
    places: usize,
    /// How many places have words, in the old and in the new document.
    with_words: [usize; 2],
    /// The types that the current place is inside of.
    pub(super) inside: Vec<(Pointer, Pointer)>,
    found: Vec<Finding>,
}

/// The operation that is being compared.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) operation: String,
    service: Option<Service>,
    module: Option<String>,
}

/// Where a value is.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) part: Part,
    pub(super) pointer: Pointer,
    pub(super) variant: Option<String>,
    pub(super) generated: rust_item::Generated,
}

impl Place {
    fn new(part: Part, pointer: &str) -> Self {
        Self {
            part,
            pointer: Pointer::new(pointer),
            variant: None,
            generated: rust_item::Generated::default(),
        }
    }

    pub(super) fn property(&self, name: &str) -> Self {
        Self {
            pointer: self.pointer.child(name),
            generated: self.generated.field(name),
            ..self.clone()
        }
    }

    /// The elements of an array, or the values of a map.
    pub(super) fn items(&self, called: &'static str) -> Self {
        Self {
            pointer: self.pointer.child("*"),
            generated: self.generated.inside(called),
            ..self.clone()
        }
    }

    pub(super) fn variant(&self, tag: &str, schema: &Pointer) -> Self {
        let tag = match &self.variant {
            Some(outer) => format!("{outer}.{tag}"),
            None => tag.to_owned(),
        };
        Self {
            variant: Some(tag),
            generated: self.generated.object(schema),
            ..self.clone()
        }
    }

    /// Whether the value itself is a parameter, not something inside of one.
    pub(super) fn is_parameter(&self) -> bool {
        self.part == Part::Parameter && self.pointer.as_str().matches('/').count() == 2
    }

    /// The class of what concerns the caller here and readers there.
    pub(super) fn class(&self, written: Class, read: Class) -> Class {
        if self.part.is_written() {
            written
        } else {
            read
        }
    }
}

impl Comparison<'_> {
    pub(super) fn report(&mut self, place: &Place, class: Class, kind: Kind, values: OldAndNew) {
        let advice = advice(kind, class, place.part);
        self.report_with(place, class, kind, values, advice);
    }

    pub(super) fn report_with(
        &mut self,
        place: &Place,
        class: Class,
        kind: Kind,
        [old, new]: OldAndNew,
        advice: &str,
    ) {
        let at = &self.at;
        self.found.push(Finding {
            class,
            kind,
            operation: at.operation.clone(),
            part: place.part,
            pointer: place.pointer.as_str().to_owned(),
            variant: place.variant.clone(),
            old,
            new,
            rust: rust_item::of(
                at.service,
                &at.operation,
                at.module.as_deref(),
                place.part,
                &place.pointer,
                place.variant.as_deref(),
                &place.generated,
            ),
            advice: advice.to_owned(),
        });
    }

    /// What holds for the whole document.
    fn document(&mut self, common: &[String]) {
        let place = Place::new(Part::Document, "");
        self.at = Scope {
            operation: "*".to_owned(),
            ..Scope::default()
        };
        let (old, new) = (self.old.title(), self.new.title());
        if old != new {
            self.report(&place, Class::Metadata, Kind::TitleChanged, [old, new]);
        }
        // An import without prose next to one with: that is one difference of
        // the two files and none of upstream.
        let is_prose = |with_words: usize| with_words * 2 > self.places;
        let [old, new] = self.with_words;
        if !common.is_empty() && (old == 0 && is_prose(new) || new == 0 && is_prose(old)) {
            self.found.retain(|it| it.kind != Kind::WordsChanged);
            let told = |count| if count == 0 { "no words" } else { "words" };
            let values = both(told(old), told(new));
            self.report(&place, Class::Metadata, Kind::WordsChanged, values);
        }
    }

    fn operation(&mut self, old: &Operation, new: &Operation) -> Result<()> {
        use Class::{Metadata, WriterBreak};
        let place = &Place::new(Part::Operation, "");
        if old.id != new.id {
            let values = [old.id.clone(), new.id.clone()];
            self.report(place, Metadata, Kind::OperationRenamed, values);
        }
        if old.method != new.method {
            let values = both(old.method, new.method);
            self.report(place, WriterBreak, Kind::MethodChanged, values);
        }
        if old.template != new.template {
            let values = both(&old.path, &new.path);
            self.report(place, WriterBreak, Kind::PathChanged, values);
        } else if letters(old) != letters(new) {
            let values = both(&old.path, &new.path);
            self.report(place, Metadata, Kind::PathRespelled, values);
        }
        self.facts(old, new, place);
        self.words(place, old.words.clone(), new.words.clone());
        self.parameters(old, new)?;
        self.request(old, new)?;
        self.responses(old, new)
    }

    fn facts(&mut self, old: &Operation, new: &Operation, place: &Place) {
        use Class::{Compatible, Metadata, ReaderBreak};
        match (old.long_running, new.long_running) {
            (false, true) => self.report(place, ReaderBreak, Kind::BecameLongRunning, NO_VALUES),
            (true, false) => self.report(place, Compatible, Kind::NoLongerLongRunning, NO_VALUES),
            _ => {}
        }
        self.deprecation(old.deprecated, new.deprecated, place);
        if old.tags != new.tags {
            let values = [listed(&old.tags), listed(&new.tags)];
            self.report(place, Metadata, Kind::TagsChanged, values);
        }
        self.examples(old, new, place);
        let place = &Place::new(Part::Document, "");
        if old.hosts != new.hosts {
            let values = [listed(&old.hosts), listed(&new.hosts)];
            self.report(place, Metadata, Kind::ServerChanged, values);
        }
        self.security(&old.security, &new.security, place);
    }

    fn security(&mut self, old: &Security, new: &Security, place: &Place) {
        if old.authorization != new.authorization {
            let values = [listed(&old.authorization), listed(&new.authorization)];
            self.report(place, Class::Metadata, Kind::AuthorizationChanged, values);
        }
        if old.alternatives == new.alternatives {
            return;
        }
        let nothing = BTreeSet::from([BTreeSet::new()]);
        let needed = |security: &Security| match security.alternatives.is_empty() {
            true => nothing.clone(),
            false => security.alternatives.clone(),
        };
        let accepted = needed(new);
        let still_enough = needed(old)
            .iter()
            .all(|given| accepted.iter().any(|needed| needed.is_subset(given)));
        let (class, kind) = match still_enough {
            true => (Class::Compatible, Kind::SecurityLoosened),
            false => (Class::WriterBreak, Kind::SecurityTightened),
        };
        let told = |security: &Security| {
            let told: Vec<_> = security.alternatives.iter().filter_map(listed).collect();
            (!told.is_empty()).then(|| told.join(" or "))
        };
        self.report(place, class, kind, [told(old), told(new)]);
    }

    pub(super) fn deprecation(&mut self, old: bool, new: bool, place: &Place) {
        let kind = match (old, new) {
            (false, true) => Kind::BecameDeprecated,
            (true, false) => Kind::NoLongerDeprecated,
            _ => return,
        };
        self.report(place, Class::Metadata, kind, NO_VALUES);
    }

    /// Examples by title; one under a new title has the file of an old one.
    fn examples(&mut self, old: &Operation, new: &Operation, place: &Place) {
        let only_in = |this: &BTreeMap<String, String>, other: &BTreeMap<String, String>| {
            let mut only = this.clone();
            only.retain(|title, _| !other.contains_key(title));
            only
        };
        let mut added = only_in(&new.examples, &old.examples);
        for (title, file) in only_in(&old.examples, &new.examples) {
            let retitled = added.iter().find(|(_, it)| **it == file);
            let retitled = retitled.map(|(title, _)| title.clone());
            let kind = match &retitled {
                Some(new) => {
                    added.remove(new);
                    Kind::ExampleRenamed
                }
                None => Kind::ExampleRemoved,
            };
            self.report(place, Class::Metadata, kind, [Some(title), retitled]);
        }
        for title in added.into_keys() {
            self.report(place, Class::Metadata, Kind::ExampleAdded, come(title));
        }
    }

    pub(super) fn words(&mut self, place: &Place, old: Option<String>, new: Option<String>) {
        self.places += 1;
        self.with_words[0] += usize::from(old.is_some());
        self.with_words[1] += usize::from(new.is_some());
        if old != new {
            self.report(place, Class::Metadata, Kind::WordsChanged, [old, new]);
        }
    }
}

/// The path without the names of its parameters, which are compared with them.
fn letters(operation: &Operation) -> Vec<&str> {
    let steps = operation.path.split('/');
    steps
        .map(|step| placeholder(step).map_or(step, |_| "{}"))
        .collect()
}

pub(super) fn listed(words: &BTreeSet<String>) -> Option<String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

impl Comparison<'_> {
    fn parameters(&mut self, old: &Operation, new: &Operation) -> Result<()> {
        let mut added: Vec<&Parameter> = new.parameters.iter().collect();
        let mut removed = Vec::new();
        let names = names_in_path(old, new);
        for from in &old.parameters {
            let name = match names.get(from.name.as_str()) {
                Some(name) if from.location == "path" => name,
                _ => from.name.as_str(),
            };
            let is_same = |to: &&Parameter| {
                from.location == to.location
                    && match from.location.as_str() {
                        "header" => name.eq_ignore_ascii_case(&to.name),
                        _ => name == to.name,
                    }
            };
            match added.iter().position(is_same) {
                Some(at) => self.parameter(from, added.remove(at))?,
                None => removed.push(from),
            }
        }
        if old.template != new.template {
            // The change of the path says it.
            removed.retain(|it| it.location != "path");
            added.retain(|it| it.location != "path");
        }
        for (from, to) in moved_or_renamed(&mut removed, &mut added, &new.parameters) {
            self.parameter(from, to)?;
        }
        for parameter in removed {
            let place = parameter_place(parameter);
            let values = gone(&parameter.name);
            self.report(&place, Class::WriterBreak, Kind::ParameterRemoved, values);
        }
        for parameter in added {
            let class = match parameter.required {
                true => Class::WriterBreak,
                false => Class::Compatible,
            };
            let place = parameter_place(parameter);
            self.report(&place, class, Kind::ParameterAdded, come(&parameter.name));
        }
        Ok(())
    }

    fn parameter(&mut self, old: &Parameter, new: &Parameter) -> Result<()> {
        use Class::{Compatible, Metadata, WriterBreak};
        let place = &parameter_place(old);
        if old.location != new.location {
            let values = both(&old.location, &new.location);
            self.report(place, WriterBreak, Kind::ParameterMoved, values);
        } else if old.style != new.style {
            let values = both(&old.style, &new.style);
            self.report(place, WriterBreak, Kind::ParameterRestyled, values);
        }
        if old.name != new.name {
            let sent = old.location != "path" && !old.name.eq_ignore_ascii_case(&new.name);
            let class = if sent { WriterBreak } else { Metadata };
            let values = both(&old.name, &new.name);
            self.report(place, class, Kind::ParameterRenamed, values);
        }
        match (old.required, new.required) {
            (false, true) => {
                let values = both("optional", "required");
                self.report(place, WriterBreak, Kind::ParameterBecameRequired, values);
            }
            (true, false) => {
                let values = both("required", "optional");
                self.report(place, Compatible, Kind::ParameterBecameOptional, values);
            }
            _ => {}
        }
        self.words(place, old.words.clone(), new.words.clone());
        match (&old.schema, &new.schema) {
            (Some(from), Some(to)) => self.value(from, to, place, &BTreeSet::new()),
            _ => Ok(()),
        }
    }

    fn request(&mut self, old: &Operation, new: &Operation) -> Result<()> {
        use Class::{Compatible, WriterBreak};
        let place = &Place::new(Part::Request, "");
        match (&old.body, &new.body) {
            (Some(old), Some(new)) => {
                match (old.required, new.required) {
                    (false, true) => {
                        let values = both("optional", "required");
                        self.report(place, WriterBreak, Kind::BodyBecameRequired, values);
                    }
                    (true, false) => {
                        let values = both("required", "optional");
                        self.report(place, Compatible, Kind::BodyBecameOptional, values);
                    }
                    _ => {}
                }
                self.words(place, old.words.clone(), new.words.clone());
                self.content(&old.content, &new.content, place)?;
            }
            (Some(_), None) => self.report(place, WriterBreak, Kind::BodyRemoved, NO_VALUES),
            (None, Some(new)) => {
                let class = if new.required {
                    WriterBreak
                } else {
                    Compatible
                };
                self.report(place, class, Kind::BodyAdded, NO_VALUES);
            }
            (None, None) => {}
        }
        Ok(())
    }

    fn responses(&mut self, old: &Operation, new: &Operation) -> Result<()> {
        for part in [Part::Response, Part::Error] {
            let place = &Place::new(part, "");
            let (mut removed, mut added) = (statuses(old, part), statuses(new, part));
            let mut pairs = Vec::new();
            removed.retain(|status| {
                let same = added.iter().position(|it| it == status);
                pairs.extend(same.map(|at| (*status, added.remove(at))));
                same.is_none()
            });
            // All that is left goes by another status: 201 for 200, or `4XX`
            // for `default`.
            if pairs.is_empty() && !removed.is_empty() && !added.is_empty() {
                let (from, to) = (removed.remove(0), added.remove(0));
                let class = match part {
                    Part::Error => Class::Metadata,
                    _ => Class::ReaderBreak,
                };
                self.report(place, class, Kind::StatusChanged, both(from, to));
                pairs.push((from, to));
            }
            for (from, to) in pairs {
                self.response(&old.responses[from], &new.responses[to], place)?;
            }
            for status in removed {
                let values = gone(status);
                self.report(place, Class::ReaderBreak, Kind::ResponseRemoved, values);
            }
            for status in added {
                self.report(place, Class::Compatible, Kind::ResponseAdded, come(status));
            }
        }
        Ok(())
    }

    fn response(&mut self, old: &Response, new: &Response, place: &Place) -> Result<()> {
        use Class::{Compatible, ReaderBreak};
        self.words(place, old.words.clone(), new.words.clone());
        let names: BTreeSet<&String> = old.headers.keys().chain(new.headers.keys()).collect();
        for name in names {
            let place = &Place::new(Part::Header, "/headers").property(name);
            match (old.headers.get(name), new.headers.get(name)) {
                (Some(Some(from)), Some(Some(to))) => {
                    self.value(from, to, place, &BTreeSet::new())?;
                }
                (Some(_), None) => {
                    self.report(place, ReaderBreak, Kind::HeaderRemoved, gone(name));
                }
                (None, Some(_)) => self.report(place, Compatible, Kind::HeaderAdded, come(name)),
                _ => {}
            }
        }
        self.content(&old.content, &new.content, place)
    }

    fn content(&mut self, old: &Content, new: &Content, place: &Place) -> Result<()> {
        let removed = place.class(Class::WriterBreak, Class::ReaderBreak);
        let (from, to) = match (&old.schema, &new.schema) {
            (Some(from), Some(to)) => (from, to),
            (Some(_), None) => {
                self.report(place, removed, Kind::BodyRemoved, NO_VALUES);
                return Ok(());
            }
            (None, Some(_)) => {
                self.report(place, Class::Compatible, Kind::BodyAdded, NO_VALUES);
                return Ok(());
            }
            (None, None) => return Ok(()),
        };
        for name in old.media_types.difference(&new.media_types) {
            self.report(place, removed, Kind::MediaTypeRemoved, gone(name));
        }
        for name in new.media_types.difference(&old.media_types) {
            self.report(place, Class::Compatible, Kind::MediaTypeAdded, come(name));
        }
        let mut place = place.clone();
        place.generated = rust_item::Generated::body(&self.at.operation, place.part);
        self.value(from, to, &place, &BTreeSet::new())
    }
}

/// The statuses of successes, or of all else.
fn statuses(operation: &Operation, part: Part) -> Vec<&str> {
    let statuses = operation.responses.keys().map(String::as_str);
    let is_error = |status: &&str| !status.starts_with(['1', '2', '3']);
    statuses
        .filter(|status| is_error(status) == (part == Part::Error))
        .collect()
}

/// What the parameters of the old path are called in the new one. Where the
/// path is the same, they are told by their place.
fn names_in_path<'a>(old: &'a Operation, new: &'a Operation) -> BTreeMap<&'a str, &'a str> {
    if old.template != new.template {
        return BTreeMap::new();
    }
    let names = |operation: &'a Operation| operation.path.split('/').filter_map(placeholder);
    names(old).zip(names(new)).collect()
}

/// Takes out the parameters that are sent elsewhere, or under another name.
fn moved_or_renamed<'a>(
    removed: &mut Vec<&'a Parameter>,
    added: &mut Vec<&'a Parameter>,
    all_new: &[Parameter],
) -> Vec<(&'a Parameter, &'a Parameter)> {
    let mut pairs = Vec::new();
    removed.retain(|from| {
        let elsewhere = added.iter().position(|to| from.name == to.name);
        pairs.extend(elsewhere.map(|at| (*from, added.remove(at))));
        elsewhere.is_none()
    });
    let names = |list: &[&'a Parameter]| -> Vec<&'a str> {
        list.iter().map(|it| it.name.as_str()).collect()
    };
    let (old_names, new_names) = (names(removed), names(added));
    let kept: Vec<&str> = all_new.iter().map(|it| it.name.as_str()).collect();
    let kept: Vec<&str> = kept
        .into_iter()
        .filter(|name| !new_names.contains(name))
        .collect();
    let find = |list: &[&'a Parameter], name: &str| list.iter().find(|it| it.name == name).copied();
    let same_location = |from: &str, to: &str| {
        let location = |found: Option<&'a Parameter>| found.map(|it| it.location.as_str());
        location(find(removed, from)) == location(find(added, to))
    };
    for (from, to) in renames(&old_names, &new_names, &kept, same_location) {
        pairs.extend(find(removed, from).zip(find(added, to)));
    }
    removed.retain(|it| !pairs.iter().any(|(from, _)| std::ptr::eq(*from, *it)));
    added.retain(|it| !pairs.iter().any(|(_, to)| std::ptr::eq(*to, *it)));
    pairs
}

fn parameter_place(parameter: &Parameter) -> Place {
    Place::new(Part::Parameter, "/parameters").property(&parameter.name)
}
