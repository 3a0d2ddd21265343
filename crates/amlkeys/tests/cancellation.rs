//! A call may be dropped wherever it waits, and leaves nothing behind.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use amlkeys::Client;
use amlkeys_stub::{Answer, Stub, header};
use support::{Tokens, client_of, compute_id};
use tokio::runtime::{Builder, Handle};

#[test]
fn a_call_dropped_after_any_poll_leaves_a_usable_client_and_nothing_else() {
    // The server's tasks are on a runtime of its own, so that those of the
    // client can be counted.
    let servers = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let stub = servers.block_on(Stub::answering(eventful()));
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for polls in 0.. {
            let tokens = Arc::new(Tokens::default());
            let client = client_of(&stub)
                .with_credential(tokens.clone())
                .build()
                .unwrap();
            let was_dropped = polled(polls, call(&client)).await.is_none();
            let sent = stub.requests().len();
            call(&client).await;
            drop(client);
            while Handle::current().metrics().num_alive_tasks() > 0 {
                tokio::task::yield_now().await;
            }
            stub.until_open(0).await;
            let on_its_way = stub.requests().len() - sent - REQUESTS;
            assert!(on_its_way <= 1, "a dropped call sends nothing more");
            assert_eq!(Arc::strong_count(&tokens), 1, "the token is gone too");
            if !was_dropped {
                assert!(polls > 8, "the call has {polls} polls to be dropped after");
                return;
            }
        }
    });
}

async fn call(client: &Client) {
    client.compute_list_keys(&compute_id()).await.unwrap();
}

/// How many requests each call takes.
const REQUESTS: usize = 3;

/// To each call: a token refused, a failure in passing, an answer in two parts.
fn eventful() -> impl Fn(&str) -> Answer + Send + Sync {
    let attempts = Mutex::new(HashMap::new());
    move |head| {
        let id = header(head, "x-ms-client-request-id").unwrap().to_owned();
        let mut attempts = attempts.lock().unwrap();
        let attempt = attempts.entry(id).or_insert(0);
        *attempt += 1;
        match attempt {
            1 => Answer::kept("401 x", &[], ""),
            2 => Answer::kept("503 x", &["retry-after: 1"], ""),
            _ => Answer::from(
                &b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n"[..],
            )
            .then_part(&b"1\r\n}\r\n0\r\n\r\n"[..])
            .then_stay(),
        }
    }
}

/// Polls a future at most so many times, `None` if that did not end it. It is
/// dropped with the last poll, not when it would be woken again.
async fn polled<T>(mut polls: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    std::future::poll_fn(move |context: &mut Context<'_>| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        let future: Pin<&mut _> = future.as_mut();
        match future.poll(context) {
            Poll::Pending if polls == 0 => Poll::Ready(None),
            polled => polled.map(Some),
        }
    })
    .await
}
