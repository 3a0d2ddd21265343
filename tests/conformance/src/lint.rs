use std::time::Duration;

use serde_json::Value;

use crate::case::{Level, Operation, Role};
use crate::contract::{Contract, Parameter};
use crate::finding::{Finding, Place};
use crate::judge::{Strictness, check_answer};
use crate::report::{CaseReport, Report, Verdict};
use crate::rule::Rule;

/// Judges a documented example by itself: its parameters, and the body of its 200.
///
/// The operation is the one that its parameters belong to, the api-version the one that they name.
/// Unlike in an answer, a null that the schema does not allow is a finding even where every example
/// has it.
///
/// ```
/// let report = amlkeys_conformance::lint("listKeys.json", r#"{
///     "parameters": {
///         "subscriptionId": "s", "resourceGroupName": "g", "workspaceName": "ab",
///         "computeName": "c", "api-version": "2025-09-01"
///     },
///     "responses": { "200": { "body": { "computeType": "AKS", "databricksAccessToken": "t" } } }
/// }"#);
/// let found: Vec<&str> = report.findings().map(|finding| finding.rule.id()).collect();
/// assert_eq!(found, ["example-parameter", "property-of-another-variant"]);
/// ```
pub fn lint(name: &str, text: &str) -> Report {
    let findings = match serde_json::from_str(text) {
        Ok(example) => findings(&example),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let seen = format!("no JSON at line {line} column {column}");
            vec![Finding::new(
                Rule::Unreadable,
                Place::Body,
                "an example",
                seen,
            )]
        }
    };
    let mut report = Report::new(Role::Traffic, name);
    report.add(CaseReport {
        id: name.to_owned(),
        title: "The example is as documented".into(),
        level: Level::Must,
        sources: Vec::new(),
        verdict: Verdict::of(&findings),
        reason: None,
        findings,
        exchanges: Vec::new(),
        duration: Duration::ZERO,
    });
    report
}

fn findings(example: &Value) -> Vec<Finding> {
    let parameters = &example["parameters"];
    let operation = match parameters["computeName"].is_null() {
        true => Operation::WorkspacesListKeys,
        false => Operation::ComputeListKeys,
    };
    let api_version = parameters["api-version"].as_str().unwrap_or_default();
    let version = Contract::get().version(api_version);
    let documented = &version.operation(operation).parameters;
    let mut findings = Vec::new();
    for parameter in documented {
        check_parameter(parameter, &parameters[&parameter.name], &mut findings);
    }
    for name in parameters.as_object().into_iter().flatten().map(|it| it.0) {
        if documented.iter().all(|it| it.name != *name) {
            let at = Place::Parameter(name.clone());
            let expected = format!("a parameter of {}", operation.id());
            findings.push(Finding::new(
                Rule::ExampleParameter,
                at,
                expected,
                "another",
            ));
        }
    }
    match example.pointer("/responses/200/body") {
        Some(body) => {
            findings.extend(check_answer(
                api_version,
                operation,
                body,
                Strictness::Example,
            ));
        }
        None => {
            let expected = "#/responses/200/body";
            findings.push(Finding::new(
                Rule::ExampleBody,
                Place::Body,
                expected,
                "nothing",
            ));
        }
    }
    findings
}

fn check_parameter(parameter: &Parameter, value: &Value, findings: &mut Vec<Finding>) {
    let problem = match value {
        Value::Null if parameter.is_required => Some(("a value".to_owned(), "nothing")),
        Value::Null => None,
        Value::String(text) => parameter.refuses(text).map(|it| (it, "another value")),
        _ => Some(("a string".to_owned(), "another type")),
    };
    if let Some((expected, seen)) = problem {
        let at = Place::Parameter(parameter.name.clone());
        findings.push(Finding::new(Rule::ExampleParameter, at, expected, seen));
    }
}
