use std::borrow::Cow;

use crate::state::document::{Key, Node, Value};
use crate::state::error::Refusal;

/// The fields of an object whose names are known.
pub(crate) struct Fields<'t> {
    at: usize,
    entries: Vec<(Key<'t>, Node<'t>)>,
}

impl<'t> Fields<'t> {
    pub(crate) fn of(node: Node<'t>, known: &[&str]) -> Result<Self, Refusal> {
        let at = node.at;
        let entries = node.entries()?;
        for (index, (key, _)) in entries.iter().enumerate() {
            if !known.contains(&&*key.name) {
                return Err(Refusal::new(key.at, unknown(&key.name, known)));
            }
            if entries[..index].iter().any(|(it, _)| it.name == key.name) {
                return Err(Refusal::new(key.at, "this field is there twice"));
            }
        }
        Ok(Self { at, entries })
    }

    /// The same, and `None` for nothing at all: in YAML, `name:` without more.
    pub(crate) fn of_any(node: Node<'t>, known: &[&str]) -> Result<Option<Self>, Refusal> {
        match node.clone().value()? {
            Value::Null => Ok(None),
            _ => Self::of(node, known).map(Some),
        }
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Node<'t>> {
        let at = self.entries.iter().position(|(key, _)| key.name == name)?;
        Some(self.entries.swap_remove(at).1)
    }

    /// Where a field stands that was not taken, if there is one.
    pub(crate) fn next(&self) -> Option<usize> {
        self.entries.iter().map(|(key, _)| key.at).min()
    }

    pub(crate) fn refuse(&self, reason: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal::new(self.at, reason)
    }

    pub(crate) fn require(&mut self, name: &str) -> Result<Node<'t>, Refusal> {
        let missing = || Refusal::new(self.at, format!("`{name}` is missing here"));
        let at = self.entries.iter().position(|(key, _)| key.name == name);
        Ok(self.entries.swap_remove(at.ok_or_else(missing)?).1)
    }
}

/// Says what there is, not what was found: a secret that is indented too little is a name here.
fn unknown(name: &str, known: &[&str]) -> String {
    /// Beyond that a name is another one, not a slip.
    const SLIPS: usize = 3;
    let closest = known.iter().min_by_key(|known| distance(name, known));
    match closest.filter(|known| distance(name, known) <= SLIPS) {
        Some(closest) => format!("no such field; did you mean `{closest}`?"),
        None => format!("no such field; there are {}", known.join(", ")),
    }
}

/// How many characters one name is from another, case aside.
fn distance(one: &str, other: &str) -> usize {
    let [one, other] = [one, other].map(|name| name.to_lowercase().chars().collect::<Vec<_>>());
    if one.len().abs_diff(other.len()) > other.len() {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, char) in one.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, known) in other.iter().enumerate() {
            let substituted = diagonal + usize::from(char != known);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}
