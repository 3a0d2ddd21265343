//! What holds for reports in every format.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "reports/browser.rs"]
mod browser;
#[path = "reports/samples.rs"]
mod samples;

use amlkeys_conformance::{Fixture, Format, KnownFailures, Level, Report, Verdict, judge_traffic};
use roxmltree::Document;
use serde_json::{Value, json};

use samples::{HOSTILE, hostile, recorded, written};

#[test]
fn secrets_are_in_no_format() {
    let canary = "canary-8f3a";
    let report = judge_traffic("secret", samples::recording_with(canary).as_bytes()).unwrap();
    assert!(report.cases.len() > 4, "{report}");
    for format in Format::OF_FILES.into_iter().chain([Format::Terminal]) {
        let text = written(&report, format);
        assert!(text.len() > 100, "{format}");
        let found = text
            .find("canary")
            .map(|at| &text[at.saturating_sub(200)..at + 20]);
        assert_eq!(found, None, "{format}");
    }
}

#[test]
fn junit_is_xml_and_its_counts_are_right() {
    for report in [
        hostile(),
        recorded(),
        Report::new(amlkeys_conformance::Role::Server, "x"),
    ] {
        let xml = written(&report, Format::Junit);
        let document = Document::parse(&xml).unwrap();
        let root = document.root_element();
        assert!(root.has_tag_name("testsuites"));
        let named = |name: &'static str| root.descendants().filter(move |it| it.has_tag_name(name));
        let number = |name: &str| root.attribute(name).unwrap().parse::<usize>().unwrap();
        assert_eq!(number("tests"), named("testcase").count());
        assert_eq!(number("failures"), named("failure").count());
        assert_eq!(number("skipped"), named("skipped").count());
        for name in ["tests", "failures", "skipped"] {
            let of_suite = |it: roxmltree::Node<'_, '_>| -> usize {
                it.attribute(name).unwrap().parse().unwrap()
            };
            let sum: usize = named("testsuite").map(of_suite).sum();
            assert_eq!(number(name), sum, "{name}");
        }
        let (passed, failed, skipped) = report.summary.totals();
        assert_eq!(number("failures"), failed);
        assert_eq!(number("skipped"), skipped);
        assert_eq!(number("tests") > 0, passed + failed + skipped > 0);
    }
}

#[test]
fn sarif_fits_its_published_schema() {
    let mut schema = json_of(include_str!("reports/sarif-schema-2.1.0.json"));
    // As published, its pattern of a language has a bracket too many.
    for owner in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][owner]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern");
    }
    let schema = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    for report in [hostile(), recorded()] {
        let sarif = json_of(&written(&report, Format::Sarif));
        let problems: Vec<String> = schema
            .iter_errors(&sarif)
            .map(|it| format!("{}: {it}", it.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{problems:#?}");
        let run = &sarif["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            let rule = &run["tool"]["driver"]["rules"][index];
            assert_eq!(rule["id"], result["ruleId"]);
        }
    }
}

#[test]
fn har_is_read_back_as_as_many_exchanges() {
    for report in [hostile(), recorded()] {
        let har = written(&report, Format::Har);
        let answered = report.cases.iter().flat_map(|case| &case.exchanges);
        let answered = answered.filter(|it| it.response.is_some()).count();
        let again = judge_traffic("again.har", har.as_bytes()).unwrap();
        assert_eq!(again.summary.exchanges, answered);
        let rules: Vec<&str> = again.findings().map(|it| it.rule.id()).collect();
        assert!(!rules.contains(&"unreadable"));
        let har = json_of(&har);
        assert_eq!(har["log"]["version"], "1.2");
        for entry in har["log"]["entries"].as_array().unwrap() {
            for member in [
                "startedDateTime",
                "time",
                "request",
                "response",
                "cache",
                "timings",
            ] {
                assert!(!entry[member].is_null(), "{member}");
            }
        }
    }
}

#[test]
fn json_is_the_whole_report() {
    let report = hostile();
    let read = json_of(&written(&report, Format::Json));
    assert_eq!(read, serde_json::to_value(&report).unwrap());
}

#[test]
fn text_closes_with_the_counts_and_has_colours_only_where_wanted() {
    let report = hostile();
    let text = written(&report, Format::Text);
    let (passed, failed, skipped) = report.summary.totals();
    let closing = format!("{passed} passed, {failed} failed, {skipped} skipped");
    assert_eq!(text.lines().last().unwrap(), closing);
    assert!(
        !text.chars().any(|it| it.is_control() && it != '\n'),
        "{text:?}"
    );
    let terminal = written(&report, Format::Terminal);
    assert!(terminal.contains("\u{1b}["));
    assert!(!terminal.contains("\u{1b}]") && !terminal.contains("\u{1b}[2J"));
}

#[test]
fn the_page_has_nothing_outside_of_it_and_no_script() {
    for report in [hostile(), recorded()] {
        let html = written(&report, Format::Html);
        for forbidden in [
            "<script",
            "<img",
            "<iframe",
            "<link",
            "@import",
            "url(",
            "javascript:",
        ] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        let mut links = html.split("href=\"").skip(1);
        assert!(links.all(|link| link.starts_with('#')));
        for element in [
            "details", "section", "article", "table", "pre", "dl", "div", "ul", "h4",
        ] {
            let opened = html.matches(&format!("<{element} ")).count()
                + html.matches(&format!("<{element}>")).count();
            let closed = html.matches(&format!("</{element}>")).count();
            assert_eq!(opened, closed, "{element}");
        }
        assert!(html.contains("<html lang=\"en\">"));
        assert_eq!(html.matches("<h1>").count(), 1);
    }
    let html = written(&hostile(), Format::Html);
    let page = html.split("</style>").nth(1).unwrap();
    assert!(!page.contains(HOSTILE));
}

/// WCAG's 4.5 to 1, for each colour of text on each ground that it stands on.
#[test]
fn the_page_can_be_read_in_the_light_and_in_the_dark() {
    let style = include_str!("../src/report/html/style.css");
    let (light, dark) = style
        .split_once("@media (prefers-color-scheme: dark)")
        .unwrap();
    let dark = dark.split_once("\n}").unwrap().0;
    for colours in [light, dark] {
        let luminance = |name: &str| {
            let (_, rest) = colours.split_once(&format!("--{name}: #")).unwrap();
            luminance(&rest[..6])
        };
        let texts = [
            "text", "quiet", "link", "passed", "warned", "failed", "known",
        ];
        let grounds = ["page", "card", "code"];
        let pairs = texts
            .iter()
            .flat_map(|text| grounds.map(|ground| (*text, ground)));
        for (text, ground) in pairs.chain([("text", "mark")]) {
            let (a, b) = (luminance(text), luminance(ground));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= 4.5, "{text} on {ground}: {contrast:.2}");
        }
    }
}

fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        match value <= 0.04045 {
            true => value / 12.92,
            false => ((value + 0.055) / 1.055).powf(2.4),
        }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

#[test]
fn a_format_is_read_from_its_name() {
    for format in Format::OF_FILES {
        assert_eq!(format.name().parse::<Format>().unwrap(), format);
    }
    assert!("pdf".parse::<Format>().is_err() && "terminal".parse::<Format>().is_err());
}

/// A file that the schema allows can be read, and the other way round.
#[test]
fn the_published_schemas_allow_what_is_read() {
    let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices\
        /workspaces/abc";
    let fixture = json_of(include_str!("../schemas/fixture.json"));
    let fixture = jsonschema::validator_for(&fixture).unwrap();
    let emulator = json_of(include_str!("../fixtures/emulator.json"));
    for (file, is_one) in [
        (emulator, true),
        (json!({ "resources": [] }), false),
        (
            json!({ "resources": [{ "id": id }], "throttled_within": 250 }),
            true,
        ),
        (
            json!({ "resources": [{ "id": id, "answers": { "userStorageKey": "k" } }] }),
            true,
        ),
        (json!({ "resources": [{ "id": "abc" }] }), false),
        (json!({ "resources": [{ "name": "abc" }] }), false),
        (json!({ "resources": [{ "id": id }], "throttle": 3 }), false),
        (json!({}), false),
    ] {
        assert_eq!(fixture.is_valid(&file), is_one, "{file}");
        assert_eq!(Fixture::parse(&file.to_string()).is_ok(), is_one, "{file}");
    }
    let known = json_of(include_str!("../schemas/known-failures.json"));
    let known = jsonschema::validator_for(&known).unwrap();
    for (file, is_one) in [
        (json!([]), true),
        (
            json!([{ "case": "server/path/", "reason": "because" }]),
            true,
        ),
        (json!([{ "case": "server/path/", "reason": " " }]), false),
        (json!([{ "case": "server/path/" }]), false),
        (json!([{ "case": "a", "reason": "b", "until": "c" }]), false),
        (json!({}), false),
    ] {
        assert_eq!(known.is_valid(&file), is_one, "{file}");
        let read = KnownFailures::parse(&file.to_string());
        assert_eq!(read.is_ok(), is_one, "{file}");
    }
}

#[test]
fn what_is_known_of_a_recording_is_told_by_its_place() {
    let mut report = recorded();
    let failed = report.cases.iter().find(|it| it.verdict == Verdict::Failed);
    let id = failed.unwrap().id.clone();
    let before = report.summary;
    let known = json!([
        { "case": id, "reason": "an old proxy" },
        { "case": "recording#9999", "reason": "mended" },
    ]);
    let known = KnownFailures::parse(&known.to_string()).unwrap();
    known.apply(&mut report);
    assert_eq!(report.summary.failed, before.failed - 1);
    assert_eq!(report.summary.known_failures, 1);
    assert_eq!(report.summary.unexpected_passes, 1);
    report.retain(|case| case.id == id);
    assert!(report.is_success() && report.findings().any(|it| it.level == Level::Must));
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
