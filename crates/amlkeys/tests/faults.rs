//! What a network, a proxy or a broken server may do to an answer: each ends in
//! an error of a named kind, none in a panic or a hang.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::error::Error as _;
use std::time::Duration;

use amlkeys::Error;
use amlkeys_stub::{Answer, Stub};
use support::{client_of, compute_id, everything, workspace_id};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const BODY: &str = r#"{"computeType":"canary"}"#;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Fine,
    Connection,
    Timeout,
    /// With this in its source.
    Body(&'static str),
    Status(u16),
}

use Outcome::{Body, Connection, Fine, Status, Timeout};

impl Outcome {
    fn of(error: &Error) -> Self {
        let why = error.source().map(ToString::to_string).unwrap_or_default();
        let kinds = [error.is_connection(), error.is_timeout(), error.is_body()];
        match (kinds, error.status()) {
            ([true, false, false], _) => Connection,
            ([false, true, false], _) => Timeout,
            ([false, false, true], Some(200)) => Body(why.leak()),
            ([false, false, false], Some(status)) => Status(status),
            other => panic!("{other:?} is no clear kind: {error:?}"),
        }
    }

    fn is(self, expected: Self) -> bool {
        match (self, expected) {
            (Body(why), Body(part)) => why.contains(part),
            _ => self == expected,
        }
    }
}

/// Makes one attempt of each operation.
async fn check(name: &str, answer: Answer, expected: Outcome) {
    let stub = Stub::script([answer]).await;
    // Only what hangs gets as far as this.
    let patience = Duration::from_millis(if expected == Timeout { 200 } else { 60_000 });
    let client = client_of(&stub)
        .with_max_attempts(1)
        .with_attempt_timeout(patience)
        .build()
        .unwrap();
    let (compute_id, workspace_id) = (compute_id(), workspace_id());
    let (compute, workspace) = tokio::join!(
        client.compute_list_keys(&compute_id),
        client.workspaces_list_keys(&workspace_id),
    );
    for outcome in [compute.map(drop), workspace.map(drop)] {
        let outcome = outcome.map_or_else(
            |error| {
                assert!(!everything(&error).contains("canary"), "{name}: {error:?}");
                Outcome::of(&error)
            },
            |()| Fine,
        );
        assert!(
            outcome.is(expected),
            "{name}: {outcome:?}, not {expected:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_ends_at_any_point_is_a_connection_error() {
    let length = BODY.len();
    let whole = format!("{OK}content-length: {length}\r\n\r\n{BODY}");
    let chunked =
        format!("{OK}transfer-encoding: chunked\r\n\r\n{length:x}\r\n{BODY}\r\n0\r\n\r\n");
    let until_closed = format!("{OK}\r\n{BODY}");
    for text in [whole, chunked] {
        let headers = text.find("\r\n\r\n").unwrap() + 4;
        for cut in [
            0,
            1,
            8,
            20,
            headers - 1,
            headers,
            headers + 5,
            text.len() - 1,
        ] {
            for (how, answer) in ends(&text[..cut]) {
                check(
                    &format!("{how} after {:?}", &text[..cut]),
                    answer,
                    Connection,
                )
                .await;
            }
        }
        for (how, answer) in ends(&text) {
            check(&format!("{how} after all"), answer, Fine).await;
        }
    }
    // Without TLS's goodbye, anyone on the way could have cut it.
    let [close, broken, reset] = ends(&until_closed);
    check("closed in good order", close.1, Fine).await;
    check("cut", broken.1, Connection).await;
    check("reset", reset.1, Connection).await;
}

fn ends(text: &str) -> [(&'static str, Answer); 3] {
    let answer = || Answer::from(text.as_bytes());
    [
        ("close", answer().then_close()),
        ("break", answer().then_break()),
        ("reset", answer().then_reset()),
    ]
}

#[tokio::test]
async fn a_server_that_falls_silent_is_a_timeout() {
    // As slow as a body can come, it comes to no end.
    let trickle = Answer::from(format!("{OK}\r\n").as_bytes()).then_trickle();
    check("trickle", trickle, Timeout).await;
    for text in [
        "",
        "HTTP/1.1 200 O",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"canary\"",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"can",
    ] {
        check(text, Answer::from(text.as_bytes()).then_hang(), Timeout).await;
    }
}

#[tokio::test]
async fn what_is_no_http_is_a_connection_error() {
    let framing = |text: &str| format!("{OK}{text}");
    for text in [
        "canary\r\n\r\n".to_owned(),
        "SSH-2.0-OpenSSH_9.9\r\n\r\n".to_owned(),
        "\0\0\0\0\r\n\r\n".to_owned(),
        "HTTP/9.9 200 OK\r\n\r\n{}".to_owned(),
        "HTTP/1.1 abc OK\r\n\r\n{}".to_owned(),
        "HTTP/1.1 99999 OK\r\n\r\n{}".to_owned(),
        framing("canary\r\n\r\n{}"),
        framing("a b: c\r\n\r\n{}"),
        framing("content-length: -1\r\n\r\n{}"),
        framing("content-length: canary\r\n\r\n{}"),
        framing("content-length: 99999999999999999999999\r\n\r\n{}"),
        framing("content-length: 2\r\ncontent-length: 3\r\n\r\n{} "),
        framing("content-length: 99\r\n\r\n{}"),
        framing("transfer-encoding: chunked\r\n\r\ncanary\r\n"),
        framing("transfer-encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n"),
        framing("transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n"),
        framing("transfer-encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n"),
        framing("transfer-encoding: chunked\r\n\r\n2;canary\r\n{}\r\n"),
    ] {
        check(&text, Answer::from(text.as_bytes()), Connection).await;
    }
    let endless_head = Answer::from(format!("{OK}x-endless: ").as_bytes());
    check(
        "endless head",
        endless_head.then_filler(1 << 30),
        Connection,
    )
    .await;
    let head = Answer::from("HTTP/1.1 200 OK".as_bytes());
    check("endless reason", head.then_filler(1 << 30), Connection).await;
}

#[tokio::test]
async fn a_body_without_end_is_a_body_error() {
    for framing in [
        "",
        "content-length: 9223372036854775807\r\n",
        "content-length: 1048577\r\n",
    ] {
        let head = format!("{OK}{framing}\r\n");
        let answer = Answer::from(head.as_bytes()).then_filler(1 << 30);
        check(framing, answer, Body("larger than 1048576 bytes")).await;
    }
}

#[tokio::test]
async fn what_is_not_the_documented_json_is_a_body_error() {
    let not_json = Body("it is not JSON that can be read");
    let deep_object = r#"{"a":"#.repeat(100_000);
    let deep_end = format!("{}1{}", r#"{"a":"#.repeat(1000), "}".repeat(1000));
    let digits = "9".repeat(400);
    let many = format!(
        "{{{}}}",
        (0..50_000)
            .map(|n| format!("\"{n}\":0,"))
            .collect::<String>()
    );
    for (body, expected) in [
        ("", Body("it is empty")),
        ("  ", Body("ends before")),
        ("{", Body("ends before")),
        (r#"{"computeType":"canary"#, Body("ends before")),
        (r#"{"a":["canary""#, Body("ends before")),
        ("canary", not_json),
        ("{'canary':1}", not_json),
        ("{\"a\":1,}", not_json),
        ("{}{}", not_json),
        ("{} canary", not_json),
        ("\u{feff}{}", not_json),
        (&both("NaN"), not_json),
        (&both("01"), not_json),
        (&both("\"\ncanary\""), not_json),
        (&both("\"\\ud800\""), not_json),
        (&both("\"\\x\""), not_json),
        (&both("1e400"), not_json),
        (&both("-1e999999999999"), not_json),
        (&both(&digits), not_json),
        (&both(&"[".repeat(100_000)), Body("")),
        (&both(&deep_object), Body("")),
        (&both(&deep_end), Body("")),
        (&many, not_json),
        ("\u{1f}\u{8b}\u{8}canary", not_json),
        ("null", Body("not the documented JSON")),
        ("\"canary\"", Body("not the documented JSON")),
        ("7", Body("not the documented JSON")),
        ("[\"canary\",1]", Body("not the documented JSON")),
        (
            r#"{"computeType":"AKS","computeType":"canary","userStorageKey":"a","userStorageKey":"b"}"#,
            Body("not the documented JSON"),
        ),
        (
            r#"{"computeType":"AKS","adminKubeConfig":"canary","adminKubeConfig":"b","userStorageKey":null,"userStorageKey":"b"}"#,
            Body("not the documented JSON"),
        ),
        (
            r#"{"computeType":"VirtualMachine","administratorAccount":{"password":"canary","password":"b"},"notebookAccessKeys":{"primaryAccessKey":"canary","primaryAccessKey":"b"}}"#,
            Body("not the documented JSON"),
        ),
    ] {
        let name: String = body.chars().take(60).collect();
        check(&name, Answer::kept_json(body), expected).await;
    }
    for bytes in [
        &b"{\"computeType\":\"\xff\",\"userStorageKey\":\"\xff\"}"[..],
        b"{\"computeType\":\"\xc0\xaf\",\"userStorageKey\":\"\xc0\xaf\"}",
        b"\xff\xfe{\0}\0",
    ] {
        check("not UTF-8", Answer::kept_json(bytes), not_json).await;
    }
}

/// A body with this value where each of the two operations reads it.
fn both(value: &str) -> String {
    format!(r#"{{"computeType":{value},"userStorageKey":{value}}}"#)
}

#[tokio::test]
async fn what_the_headers_say_is_no_json_is_a_body_error() {
    for (header, expected) in [
        ("content-type: text/html", Body("it is text/html, not JSON")),
        (
            "content-type: text/html; charset=utf-8",
            Body("it is text/html, not JSON"),
        ),
        ("content-type: application/octet-stream", Body("not JSON")),
        (
            "content-type: multipart/form-data; boundary=application/json",
            Body("not JSON"),
        ),
        ("content-type:", Body("not JSON")),
        ("content-type: \u{e9}\u{e9}", Body("not JSON")),
        (
            "content-encoding: gzip",
            Body("it is encoded as gzip, which was not asked for"),
        ),
        ("content-encoding: br", Body("encoded as br")),
        ("content-encoding: identity", Fine),
        ("content-type: application/json", Fine),
        ("content-type: Application/JSON;charset=utf-8", Fine),
        ("content-type: text/json", Fine),
        ("content-type: application/problem+json", Fine),
        ("x-nothing: said", Fine),
    ] {
        check(header, Answer::kept("200 OK", &[header], "{}"), expected).await;
    }
}

#[tokio::test]
async fn a_compressed_bomb_is_not_unpacked() {
    // 30 bytes of gzip for a gigabyte would do; this never gets to be read.
    let head = format!("{OK}content-encoding: gzip\r\n\r\n");
    let bomb = Answer::from(head.as_bytes()).then_filler(1 << 30);
    check("bomb", bomb, Body("encoded as gzip")).await;
    let head = format!("{OK}transfer-encoding: gzip, chunked\r\n\r\n3\r\n\x1f\u{8b}\r\n0\r\n\r\n");
    let chunked = Answer::from(head.as_bytes());
    check(
        "within chunks",
        chunked,
        Body("it is not JSON that can be read"),
    )
    .await;
}

#[tokio::test]
async fn a_failure_keeps_its_status_whatever_its_body_is() {
    let head = |framing: &str| format!("HTTP/1.1 403 Forbidden\r\n{framing}\r\n");
    for answer in [
        Answer::kept("403 x", &["content-encoding: gzip"], "\u{1f}\u{8b}canary"),
        Answer::kept("403 x", &["content-type: text/html"], "<html>canary"),
        Answer::kept("403 x", &[], b"\xff\xfecanary"),
        Answer::kept("403 x", &[], "[".repeat(100_000)),
        Answer::kept("403 x", &[], r#"{"error":{"code":1e999}}"#),
        Answer::kept("403 x", &[], r#"{"error":{"details":[[],{},null]}}"#),
        Answer::from(head("content-length: 99\r\n").as_bytes()).then_reset(),
        Answer::from(head("content-length: 99\r\n").as_bytes()).then_break(),
        Answer::from(head("transfer-encoding: chunked\r\n\r\ncanary\r\n").as_bytes()),
        Answer::from(head("").as_bytes()).then_filler(1 << 30),
    ] {
        check("403", answer, Status(403)).await;
    }
}

#[tokio::test]
async fn other_statuses_than_documented_are_service_errors() {
    for status in [
        201, 202, 204, 206, 226, 299, 304, 400, 418, 451, 501, 511, 599, 600, 999,
    ] {
        let answer = Answer::kept(&format!("{status} x"), &[], "");
        check("status", answer, Status(status)).await;
    }
}
