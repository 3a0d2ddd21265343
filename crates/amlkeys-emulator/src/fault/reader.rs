//! Fault rules of a state file.

use std::time::Duration;

use super::{Fault, FaultRule, Kind, Reset, header_name, header_value, redirect_code, status_code};
use crate::state::reader::{COMPUTE_LIST_KEYS, Fields, WORKSPACES_LIST_KEYS, some_text};
use crate::state::{Key, Node, Refusal, Value};

/// Reads one rule.
pub(crate) fn rule(node: Node<'_>) -> Result<FaultRule, Refusal> {
    const FIELDS: &[&str] = &[
        "operation",
        "resource",
        "hits",
        "every",
        "probability",
        "seed",
        "fault",
    ];
    let mut fields = Fields::of(node, FIELDS)?;
    let mut rule = FaultRule::new(fault(fields.require("fault")?)?);
    if let Some(operation) = fields.take("operation") {
        let at = operation.at;
        let operation = operation.text()?;
        if ![COMPUTE_LIST_KEYS, WORKSPACES_LIST_KEYS].contains(&&*operation) {
            let reason = "expected Compute_ListKeys or Workspaces_ListKeys";
            return Err(Refusal::new(at, reason));
        }
        rule = rule.with_operation(&operation);
    }
    if let Some(resource) = fields.take("resource") {
        rule = rule.with_resource(&some_text(resource)?);
    }
    if let Some(hits) = fields.take("hits") {
        let (first, last) = self::hits(hits)?;
        rule = rule.with_hits(first..=last);
    }
    if let Some(every) = fields.take("every") {
        rule = rule.with_every(number(every, 1, u64::MAX)?);
    }
    let seed = fields.take("seed").map(|it| number(it, 0, u64::MAX));
    let seed = seed.transpose()?;
    match (fields.take("probability"), seed) {
        (None, None) => Ok(rule),
        (None, Some(_)) => {
            Err(fields.refuse("`seed` says which hits; how many? add `probability`"))
        }
        (Some(it), seed) => Ok(rule.with_probability(probability(it)?, seed.unwrap_or_default())),
    }
}

fn fault(node: Node<'_>) -> Result<Fault, Refusal> {
    const KINDS: &[&str] = &[
        "status",
        "delay",
        "hang",
        "reset",
        "truncate",
        "hugeBody",
        "html",
        "redirect",
        "contentType",
    ];
    const OF_STATUS: &[&str] = &["code", "message", "retryAfter", "headers", "body"];

    let mut fields = Fields::of(node, &[KINDS, OF_STATUS].concat())?;
    let mut kinds = KINDS
        .iter()
        .filter_map(|kind| Some((*kind, fields.take(kind)?)));
    let first = kinds.next();
    let second = kinds.next();
    let (kind, node) = match (first, second) {
        (Some(only), None) => only,
        (None, _) => {
            let reason = format!("a fault has one of {}", KINDS.join(", "));
            return Err(fields.refuse(reason));
        }
        (Some((one, _)), Some((other, node))) => {
            let reason = format!("a fault has one kind, this has `{one}` and `{other}`");
            return Err(Refusal::new(node.at, reason));
        }
    };
    if kind == "status" {
        return status(node, fields);
    }
    if let Some(stray) = fields.next() {
        let reason = format!("only a `status` has this, not a `{kind}`");
        return Err(Refusal::new(stray, reason));
    }
    match kind {
        "delay" => duration(node).map(Fault::delay),
        "hang" => hang(node),
        "reset" => reset(node).map(Fault::reset),
        "truncate" => Ok(Fault::truncated(
            usize::try_from(size(node)?).unwrap_or(usize::MAX),
        )),
        "hugeBody" => size(node).map(Fault::huge_body),
        "html" => Ok(Fault::of(Kind::Html(code(node)?))),
        "redirect" => redirect(node),
        _ => {
            let at = node.at;
            let content_type = header_value(&some_text(node)?);
            let content_type = content_type.map_err(|reason| Refusal::new(at, reason))?;
            Ok(Fault::of(Kind::ContentType(content_type)))
        }
    }
}

fn status(node: Node<'_>, mut fields: Fields<'_>) -> Result<Fault, Refusal> {
    let mut fault = Fault::status(code(node)?.as_u16());
    if let Some(code) = fields.take("code") {
        fault = fault.with_code(&some_text(code)?);
    }
    if let Some(message) = fields.take("message") {
        fault = fault.with_message(&message.text()?);
    }
    if let Some(after) = fields.take("retryAfter") {
        fault = fault.with_retry_after(Duration::from_secs(number(after, 0, u64::MAX)?));
    }
    if let Some(body) = fields.take("body") {
        fault = match body.clone().value()? {
            Value::Text(text) => fault.with_body(text.into_owned()),
            _ => fault.with_body(body.json()),
        };
    }
    for (Key { at, name }, value) in fields
        .take("headers")
        .map_or(Ok(Vec::new()), Node::entries)?
    {
        let name = header_name(&name).map_err(|reason| Refusal::new(at, reason))?;
        let at = value.at;
        let value = header_value(&value.text()?).map_err(|reason| Refusal::new(at, reason))?;
        fault.headers.push((name, value));
    }
    Ok(fault)
}

fn code(node: Node<'_>) -> Result<http::StatusCode, Refusal> {
    let at = node.at;
    let status = number(node, 0, u64::from(u16::MAX))?;
    let status = status_code(u16::try_from(status).unwrap_or_default());
    status.map_err(|reason| Refusal::new(at, reason))
}

fn hang(node: Node<'_>) -> Result<Fault, Refusal> {
    let at = node.at;
    match node.boolean()? {
        true => Ok(Fault::hang()),
        false => Err(Refusal::new(
            at,
            "expected true: without `hang` nothing hangs",
        )),
    }
}

fn reset(node: Node<'_>) -> Result<Reset, Refusal> {
    let at = node.at;
    match &*node.text()? {
        "beforeHead" => Ok(Reset::BeforeHead),
        "inHead" => Ok(Reset::InHead),
        "inBody" => Ok(Reset::InBody),
        _ => Err(Refusal::new(at, "expected beforeHead, inHead or inBody")),
    }
}

fn redirect(node: Node<'_>) -> Result<Fault, Refusal> {
    let mut fields = Fields::of(node, &["location", "status"])?;
    let location = fields.require("location")?;
    let at = location.at;
    let location = header_value(&some_text(location)?);
    let location = location.map_err(|reason| Refusal::new(at, reason))?;
    let status = match fields.take("status") {
        None => redirect_code(307),
        Some(node) => {
            let at = node.at;
            let status = u16::try_from(number(node, 0, u64::from(u16::MAX))?).unwrap_or_default();
            Ok(redirect_code(status).map_err(|reason| Refusal::new(at, reason))?)
        }
    };
    let mut fault = Fault::of(Kind::Redirect(
        status.map_err(|reason| Refusal::new(at, reason))?,
    ));
    fault.headers.push((http::header::LOCATION, location));
    Ok(fault)
}

/// `3`, `2-4` or `3-`.
fn hits(node: Node<'_>) -> Result<(u64, u64), Refusal> {
    const EXPECTED: &str = "expected a number of hits such as 1, 2-4 or 3-";
    let refuse = Refusal::new(node.at, EXPECTED);
    let text = match node.value()? {
        Value::Number(text) | Value::Text(text) => text,
        _ => return Err(refuse),
    };
    let hit = |text: &str| text.trim().parse().ok().filter(|hit| *hit > 0);
    let (first, last) = match text.split_once('-') {
        None => (hit(&text), hit(&text)),
        Some((first, "")) => (hit(first), Some(u64::MAX)),
        Some((first, last)) => (hit(first), hit(last)),
    };
    match (first, last) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        _ => Err(refuse),
    }
}

fn probability(node: Node<'_>) -> Result<f64, Refusal> {
    let refuse = Refusal::new(node.at, "expected a number from 0 to 1");
    match node.value()? {
        Value::Number(number) => match number.parse::<f64>() {
            Ok(probability) if (0.0..=1.0).contains(&probability) => Ok(probability),
            _ => Err(refuse),
        },
        _ => Err(refuse),
    }
}

fn number(node: Node<'_>, least: u64, most: u64) -> Result<u64, Refusal> {
    let at = node.at;
    let refuse = || match most {
        u64::MAX => Refusal::new(at, format!("expected a whole number, {least} or more")),
        _ => Refusal::new(
            at,
            format!("expected a whole number from {least} to {most}"),
        ),
    };
    match node.value()? {
        Value::Number(number) => match number.parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(refuse()),
        },
        other => Err(other.is_not("a number", at)),
    }
}

/// Seconds, or a number with its unit: `500ms`.
fn duration(node: Node<'_>) -> Result<Duration, Refusal> {
    const UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1000), ("m", 60 * 1000)];
    let reason = "expected a time such as 500ms, 2s or 1m";
    let millis = quantity(node, UNITS, 1000, reason)?;
    Ok(Duration::from_millis(millis))
}

/// Bytes, or a number with its unit: `200MB`.
fn size(node: Node<'_>) -> Result<u64, Refusal> {
    const UNITS: &[(&str, u64)] = &[
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("kB", 1000),
        ("MB", 1000 * 1000),
        ("GB", 1000 * 1000 * 1000),
        ("B", 1),
    ];
    quantity(
        node,
        UNITS,
        1,
        "expected a size such as 512, 64KiB or 200MB",
    )
}

fn quantity(
    node: Node<'_>,
    units: &[(&str, u64)],
    without_unit: u64,
    reason: &'static str,
) -> Result<u64, Refusal> {
    let refuse = || Refusal::new(node.at, reason);
    let (number, unit) = match node.clone().value()? {
        Value::Number(number) => (number.into_owned(), without_unit),
        Value::Text(text) => {
            let with_unit = units
                .iter()
                .find_map(|(unit, size)| Some((text.strip_suffix(unit)?.to_owned(), *size)));
            with_unit.ok_or_else(refuse)?
        }
        _ => return Err(refuse()),
    };
    let number: u64 = number.parse().map_err(|_| refuse())?;
    number.checked_mul(unit).ok_or_else(refuse)
}
