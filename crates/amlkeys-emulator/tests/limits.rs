//! What a client may take of the server, through raw sockets: every limit closes a connection, and
//! the test waits for the close.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io;
use std::time::Duration;

use amlkeys_emulator::{Arm, Emulator, Limits, Throttle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SOON: Duration = Duration::from_millis(20);

/// An emulator without TLS, and how to reach it.
struct Served {
    emulator: Emulator,
    address: String,
}

impl Served {
    async fn with(limits: Limits) -> Self {
        let arm = Arm::builder().with_throttle(Throttle::off()).build();
        let builder = Emulator::builder().with_arm(arm).with_plain_http();
        let emulator = builder.with_limits(limits).start().await.unwrap();
        let address = emulator.endpoint().strip_prefix("http://").unwrap();
        Self {
            address: address.to_owned(),
            emulator,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    async fn sending(&self, bytes: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_bytes()).await.unwrap();
        stream
    }

    fn request(&self, workspace: &str, headers: &str) -> String {
        format!(
            "POST /subscriptions/{}/resourceGroups/testrg123/providers/\
             Microsoft.MachineLearningServices/workspaces/{workspace}/listKeys\
             ?api-version=2025-09-01 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             {headers}\r\n",
            self.emulator.subscription_id(),
            self.emulator.token(),
        )
    }

    fn last_request(&self) -> String {
        self.request(
            "fullworkspace",
            "content-length: 0\r\nconnection: close\r\n",
        )
    }

    /// A request whose body lacks its one byte. The server has asked for it, so it has begun.
    async fn in_flight(&self) -> TcpStream {
        const ASKED: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

        let unfinished = self.request(
            "fullworkspace",
            "content-length: 1\r\nexpect: 100-continue\r\nconnection: close\r\n",
        );
        let mut stream = self.sending(&unfinished).await;
        in_time(stream.read_exact(&mut [0; ASKED.len()]))
            .await
            .unwrap();
        stream
    }

    async fn is_answered_at_once(&self) {
        let mut stream = self.sending(&self.last_request()).await;
        let answer = rest(&mut stream).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

/// All until the connection is closed.
async fn rest(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    in_time(stream.read_to_end(&mut bytes)).await?;
    Ok(String::from_utf8(bytes).unwrap())
}

/// One answer, while the connection stays open.
async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1).unwrap();
            let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
            if body.len() >= length {
                return text.into_owned();
            }
        }
        assert_ne!(in_time(stream.read_buf(&mut bytes)).await.unwrap(), 0);
    }
}

/// Fails instead of hanging, and before the default limits.
async fn in_time<T>(future: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(Duration::from_secs(8), future).await;
    done.expect("done within 8 s")
}

#[tokio::test]
async fn silent_connections_and_unfinished_heads_are_closed() {
    let served = Served::with(Limits::default().with_head_time(SOON)).await;
    for begun in ["", "P", "POST / HTTP/1.1\r\nhost: x\r\nx-endless: "] {
        let mut stream = served.sending(begun).await;
        let said = rest(&mut stream).await.unwrap();
        assert!(!said.contains("200"), "{said}");
    }
}

#[tokio::test]
async fn a_connection_that_is_kept_for_nothing_is_closed() {
    let served = Served::with(Limits::default().with_head_time(SOON)).await;
    let request = served.request("fullworkspace", "content-length: 0\r\n");
    let mut stream = served.sending(&request).await;
    let said = rest(&mut stream).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let served = Served::with(Limits::default().with_head_size(8 * 1024)).await;
    let large = format!("x-large: {}\r\n", "a".repeat(16 * 1024));
    let mut stream = served.sending(&served.request("w", &large)).await;
    let said = rest(&mut stream).await.unwrap_or_default();
    assert!(!said.contains(" 200 "), "{said}");
    assert!(served.emulator.requests().is_empty());
    served.is_answered_at_once().await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up_on() {
    let served = Served::with(Limits::default().with_body_time(SOON)).await;
    for body in [
        "content-length: 9\r\n\r\nnot all",
        "transfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n",
    ] {
        let request = served.request("fullworkspace", "");
        let request = request.strip_suffix("\r\n").unwrap();
        let mut stream = served.sending(&format!("{request}{body}")).await;
        let said = rest(&mut stream).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 400 "), "{said}");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_refused_while_it_is_sent() {
    let served = Served::with(Limits::default()).await;
    let request = served.request("fullworkspace", "transfer-encoding: chunked\r\n");
    let (mut reading, mut writing) = served.sending(&request).await.into_split();
    let endless = tokio::spawn(async move {
        let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
        while writing.write_all(chunk.as_bytes()).await.is_ok() {}
    });
    let mut said = [0; 13];
    in_time(reading.read_exact(&mut said)).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 413 ");
    drop(reading);
    in_time(endless).await.unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answers_is_left() {
    let served = Served::with(Limits::default().with_answer_time(SOON)).await;
    let request = served.request("fullworkspace", "content-length: 0\r\n");
    let mut stream = served.connect().await;
    let unread = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
    in_time(unread).await;
    served.is_answered_at_once().await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_and_rubbish_ends_the_connection() {
    let served = Served::with(Limits::default()).await;
    let requests: String = (0..100)
        .map(|number| served.request(&format!("w{number}"), "content-length: 0\r\n"))
        .collect();
    let mut stream = served
        .sending(&format!("{requests}\0rubbish\r\n\r\n"))
        .await;
    let said = rest(&mut stream).await.unwrap();
    let mut rest = said.as_str();
    for number in 0..100 {
        let at = rest.find(&format!("workspaces/w{number}' under")).unwrap();
        rest = &rest[at..];
    }
    assert!(rest.contains("HTTP/1.1 400 Bad Request\r\n"), "{rest}");
    served.is_answered_at_once().await;
}

#[tokio::test]
async fn the_connection_that_is_idle_longest_makes_room_for_a_new_one() {
    let served = Served::with(Limits::default().with_connections(2)).await;
    let request = served.request("fullworkspace", "content-length: 0\r\n");
    let mut first = served.sending(&request).await;
    answer(&mut first).await;
    let mut second = served.sending(&request).await;
    answer(&mut second).await;
    first.write_all(request.as_bytes()).await.unwrap();
    answer(&mut first).await;

    served.is_answered_at_once().await;

    assert_eq!(rest(&mut second).await.unwrap(), "");
    first.write_all(request.as_bytes()).await.unwrap();
    assert!(answer(&mut first).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn a_request_in_flight_keeps_its_place_and_the_next_waits() {
    let served = Served::with(Limits::default().with_connections(1)).await;
    let mut busy = served.in_flight().await;
    let mut waiting = served.sending(&served.last_request()).await;
    busy.write_all(b"a").await.unwrap();
    for stream in [&mut busy, &mut waiting] {
        let said = rest(stream).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
    }
}

#[tokio::test]
async fn a_thousand_idle_connections_stop_nobody() {
    let served = Served::with(Limits::default().with_connections(64)).await;
    let mut idle = Vec::new();
    for _ in 0..1000 {
        idle.push(served.connect().await);
        if idle.len() % 100 == 0 {
            served.is_answered_at_once().await;
        }
    }
    let closed = async {
        for stream in &mut idle[..900] {
            let _ = stream.read(&mut [0]).await;
        }
    };
    in_time(closed).await;
}

#[tokio::test]
async fn a_stop_lets_a_request_in_flight_end() {
    let served = Served::with(Limits::default()).await;
    let mut busy = served.in_flight().await;

    let stopping = tokio::spawn(served.emulator.stop());
    while TcpStream::connect(&served.address).await.is_ok() {}
    busy.write_all(b"a").await.unwrap();
    let said = rest(&mut busy).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
    in_time(stopping).await.unwrap();
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let served = Served::with(Limits::default().with_stop_time(SOON)).await;
    let mut busy = served.in_flight().await;
    in_time(served.emulator.stop()).await;
    let _ = rest(&mut busy).await;
}
