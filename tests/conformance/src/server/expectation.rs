use serde_json::Value;

use crate::case::{Authorization, Expected, Level, ServerRequest};
use crate::exchange::Response;
use crate::finding::{Finding, Place};
use crate::rule::Rule;

use super::plan::Instance;

/// What a case expects of one answer.
pub(super) struct Expectation<'e> {
    pub(super) instance: &'e Instance,
    pub(super) request: &'e ServerRequest,
    pub(super) expected: &'e Expected,
    pub(super) level: Level,
    pub(super) token: &'e str,
}

impl Expectation<'_> {
    /// Where the answer is another; `first` is the first answer of the case.
    pub(super) fn findings(&self, response: &Response<'_>, first: &Response<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !self.check_status(response, &mut findings) {
            return self.weighed(findings);
        }
        self.check_headers(response, first, &mut findings);
        let body: Option<Value> = serde_json::from_slice(&response.body).ok();
        self.check_error(body.as_ref(), &mut findings);
        self.check_body(body.as_ref(), &mut findings);
        self.weighed(findings)
    }

    fn weighed(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let sources: Vec<String> = self
            .instance
            .case
            .sources
            .iter()
            .map(ToString::to_string)
            .collect();
        let findings = findings.into_iter();
        findings
            .map(|it| it.with_level(self.level).with_source(sources.join("; ")))
            .collect()
    }

    fn check_status(&self, response: &Response<'_>, findings: &mut Vec<Finding>) -> bool {
        let Some(expected) = &self.expected.status else {
            return true;
        };
        if expected.contains(response.status) {
            return true;
        }
        let rule = match response.status {
            200 => self.ignored(),
            _ => Rule::ExpectedStatus,
        };
        let seen = response.status.to_string();
        findings.push(Finding::new(
            rule,
            Place::Status,
            expected.to_string(),
            seen,
        ));
        false
    }

    /// What a server did not look at that gave keys to a request like this.
    fn ignored(&self) -> Rule {
        let request = self.request;
        match request {
            _ if request.authorization != Authorization::Valid => Rule::AuthorizationIgnored,
            _ if request.query.is_some() => Rule::ApiVersionIgnored,
            _ if request.names != Default::default() => Rule::NameUnchecked,
            _ if request.path.is_some() => Rule::NameUnchecked,
            _ if request.method.is_some() => Rule::MethodAllowed,
            _ => Rule::ExpectedStatus,
        }
    }

    fn check_headers(
        &self,
        response: &Response<'_>,
        first: &Response<'_>,
        findings: &mut Vec<Finding>,
    ) {
        for (name, expected) in &self.expected.headers {
            let filled = expected.filled(|text| self.filled(text));
            let seen = response.headers.get(name);
            if !filled.accepts(seen, first.headers.get(name)) {
                let seen = match seen {
                    Some(value) => format!("{} other characters", value.chars().count()),
                    None => "nothing".to_owned(),
                };
                let at = Place::header(name);
                findings.push(Finding::new(
                    Rule::ExpectedHeader,
                    at,
                    expected.to_string(),
                    seen,
                ));
            }
        }
    }

    fn check_error(&self, body: Option<&Value>, findings: &mut Vec<Finding>) {
        let member = |name: &str| body?.get("error")?.get(name)?.as_str();
        if let Some(expected) = &self.expected.code {
            let seen = member("code");
            if seen != Some(expected) {
                let at = Place::Pointer("/error/code".into());
                let seen = seen.map_or("nothing".into(), shortened);
                let expected = format!("`{expected}`");
                findings.push(Finding::new(Rule::ExpectedCode, at, expected, seen));
            }
        }
        if let Some(expected) = &self.expected.message {
            let seen = member("message");
            let filled = expected.filled(|text| self.filled(text));
            if !filled.accepts(seen, None) {
                let at = Place::Pointer("/error/message".into());
                let seen = seen.map_or("nothing".into(), shortened);
                findings.push(Finding::new(
                    Rule::ExpectedMessage,
                    at,
                    filled.to_string(),
                    seen,
                ));
            }
        }
    }

    fn check_body(&self, body: Option<&Value>, findings: &mut Vec<Finding>) {
        // What is no JSON, the judge has found already.
        let Some(body) = body else {
            return;
        };
        for (pointer, expected) in &self.expected.fields {
            let seen = body.pointer(pointer).unwrap_or(&Value::Null);
            compare(expected, seen, pointer, Rule::ExpectedField, findings);
        }
        if self.expected.promised
            && let Some(promise) = &self.instance.promise
        {
            compare(promise, body, "", Rule::PromisedValue, findings);
        }
    }

    fn filled(&self, text: &str) -> String {
        let text = self.instance.filled(text, self.request);
        text.replace("{token}", self.token)
    }
}

/// Where `seen` lacks something of `promise`, or has it otherwise.
fn compare(promise: &Value, seen: &Value, at: &str, rule: Rule, findings: &mut Vec<Finding>) {
    let place = || Place::Pointer(at.to_owned());
    match (promise, seen) {
        (Value::Object(promised), Value::Object(members)) => {
            let stranger = members.keys().find(|name| !promised.contains_key(*name));
            for (name, promise) in promised {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                match (members.get(name), stranger) {
                    (Some(seen), _) => compare(promise, seen, &at, rule, findings),
                    (None, None) if promise.is_null() => {}
                    (None, Some(stranger)) => {
                        let at = Place::Pointer(at);
                        let expected = format!("`{name}`");
                        let seen = format!("not this name, but `{}`", shortened(stranger));
                        findings.push(Finding::new(Rule::PropertyRenamed, at, expected, seen));
                    }
                    (None, None) => {
                        let at = Place::Pointer(at);
                        findings.push(Finding::new(rule, at, described(promise), "nothing"));
                    }
                }
            }
        }
        (Value::Array(promised), Value::Array(elements)) if promised.len() == elements.len() => {
            for (index, (promise, seen)) in promised.iter().zip(elements).enumerate() {
                compare(promise, seen, &format!("{at}/{index}"), rule, findings);
            }
        }
        (promise, seen) if promise == seen => {}
        (promise, seen) => {
            let expected = format!("the promised value, {}", described(promise));
            let seen = format!("another, {}", described(seen));
            findings.push(Finding::new(rule, place(), expected, seen));
        }
    }
}

/// Either value may be a secret.
fn described(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "a boolean".into(),
        Value::Number(_) => "a number".into(),
        Value::String(text) => format!("a string of {} characters", text.chars().count()),
        Value::Array(elements) => format!("an array of {}", elements.len()),
        Value::Object(members) => format!("an object of {}", members.len()),
    }
}

/// A code or a message, which are written to be shown.
fn shortened(text: &str) -> String {
    let shown: String = text.escape_debug().take(160).collect();
    format!("`{shown}`")
}
