use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::classify::{MARK, check_marks};
use crate::overlay::{Hits, Overlay};
use crate::pointer::Pointer;
use crate::spec::Spec;

/// What a response string that nobody has classified probably is.
pub(super) struct Guess {
    at: Pointer,
    target: String,
    secret: bool,
    reason: String,
}

/// The response strings of a version that the overlay does not classify.
pub(super) fn unclassified(root: &Path, version: &str) -> Result<Vec<Guess>> {
    let name = format!("spec/{version}.json");
    let mut spec = Spec::read(&root.join(&name), name)?;
    let overlay = Overlay::read(&root.join(super::OVERLAY), super::OVERLAY.into())?;
    overlay.apply(&mut spec, &mut Hits::default())?;
    let places = check_marks(&spec)?;
    let guesses = places.into_iter().map(|at| {
        let schema = spec.document.pointer(at.as_str()).unwrap_or(&Value::Null);
        let (secret, reason) = guess(&at, schema);
        Guess {
            target: json_path(&at, &spec.document),
            at,
            secret,
            reason,
        }
    });
    Ok(guesses.collect())
}

/// Adds the guesses to the overlay, each marked as one.
pub(super) fn add(overlay: &str, guesses: &[Guess], version: &str) -> Result<String> {
    if guesses.is_empty() {
        return Ok(overlay.to_owned());
    }
    let mut overlay: Value = serde_json::from_str(overlay)?;
    let actions = overlay["actions"]
        .as_array_mut()
        .context("it has no actions")?;
    actions.extend(guesses.iter().map(|guess| guess.action(version)));
    Ok(serde_json::to_string_pretty(&overlay)? + "\n")
}

impl Guess {
    /// The overlay's action that makes it so.
    pub(super) fn action(&self, version: &str) -> Value {
        json!({
            "target": self.target,
            "description": format!("guessed when {version} came in: {}", self.reason),
            "update": { MARK: self.secret },
        })
    }
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.secret { "secret" } else { "public" };
        write!(f, "  {}  probably {verdict}: {}", self.at, self.reason)
    }
}

/// Guesses by upstream's mark, then by the name. Without a hint it is a secret.
fn guess(at: &Pointer, schema: &Value) -> (bool, String) {
    const PUBLIC_ENDINGS: [&str; 13] = [
        "name", "id", "type", "location", "uri", "url", "endpoint", "version", "code", "message",
        "target", "status", "time",
    ];
    const SECRET_PARTS: [&str; 10] = [
        "key",
        "secret",
        "password",
        "token",
        "config",
        "credential",
        "connectionstring",
        "sas",
        "cert",
        "private",
    ];
    if schema["x-ms-secret"] == true || schema["format"] == "password" {
        return (true, "upstream says so".into());
    }
    let name = at.last();
    let lower = name.to_lowercase();
    if let Some(ending) = PUBLIC_ENDINGS
        .iter()
        .find(|ending| lower.ends_with(**ending))
    {
        return (false, format!("`{name}` ends in `{ending}`"));
    }
    match SECRET_PARTS.iter().find(|part| lower.contains(**part)) {
        Some(part) => (true, format!("`{name}` has `{part}` in it")),
        None => (true, "nothing says that it is public".into()),
    }
}

/// A JSON pointer as the JSONPath that selects the same place of a document.
fn json_path(at: &Pointer, document: &Value) -> String {
    let Some(parent) = at.parent() else {
        return "$".into();
    };
    let step = at.last();
    let is_plain = step.starts_with(|first: char| first.is_ascii_alphabetic())
        && step
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_element = document
        .pointer(parent.as_str())
        .is_some_and(Value::is_array);
    let parent = json_path(&parent, document);
    match is_plain {
        true => format!("{parent}.{step}"),
        false if is_element => format!("{parent}[{step}]"),
        false => format!(
            "{parent}['{}']",
            step.replace('\\', "\\\\").replace('\'', "\\'")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_goes_by_mark_then_name_then_caution() {
        let string = json!({ "type": "string" });
        for (name, schema, secret) in [
            ("primaryKey", &string, true),
            ("keyName", &string, false),
            ("userStorageArmId", &string, false),
            ("bearerToken", &string, true),
            ("beads", &string, true),
            ("keyName", &json!({ "x-ms-secret": true }), true),
        ] {
            let at = Pointer::schema("X").child("properties").child(name);
            assert_eq!(guess(&at, schema).0, secret, "{name}");
        }
    }

    #[test]
    fn a_pointer_becomes_the_path_to_the_same_place() {
        let document = json!({ "paths": { "/a/{b}": { "it's": [0, { "1": 7 }] } } });
        let at = Pointer::new("/paths")
            .child("/a/{b}")
            .child("it's")
            .child(1)
            .child("1");
        let path = json_path(&at, &document);
        assert_eq!(path, r"$.paths['/a/{b}']['it\'s'][1]['1']");
        let path = serde_json_path::JsonPath::parse(&path).unwrap();
        assert_eq!(path.query(&document).exactly_one().unwrap(), &json!(7));
    }
}
