//! How much memory a call takes, whatever the server sends.

use std::sync::Arc;
use std::time::SystemTime;

use amlkeys::{Client, Secret, StaticCredential, WorkspaceId};
use amlkeys_memory::Watched;
use amlkeys_stub::{Answer, Stub};

#[global_allocator]
static MEMORY: Watched = Watched::new([0xA5; 16]);

const SENT: u64 = 200_000_000;

/// One test, because the allocator is the process's. The server runs in the
/// process too and keeps one block of what it sends.
#[tokio::test]
async fn an_answer_of_200_mb_costs_less_than_2_mb() {
    let id = WorkspaceId::new("sub", "group", "workspace").expect("it is valid");
    let head = |status: &str, framing: &str| {
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{framing}\r\n");
        Answer::from(head.as_bytes()).then_filler(SENT)
    };
    let announced = format!("content-length: {SENT}\r\n");
    for (answer, is_body) in [
        (head("200 OK", ""), true),
        (head("200 OK", &announced), true),
        (head("404 Not Found", ""), false),
        (head("404 Not Found", &announced), false),
    ] {
        let stub = Stub::script([answer]).await;
        let token = Secret::new("token");
        let client = Client::builder()
            .with_endpoint(&stub.endpoint)
            .with_ca_pem(stub.ca_pem.as_str())
            .with_credential(Arc::new(StaticCredential::new(token, SystemTime::now())))
            .build()
            .expect("the stub's address is good");
        let before = MEMORY.bytes();
        MEMORY.take_peak();
        let error = client
            .workspaces_list_keys(&id)
            .await
            .expect_err("it is too large");
        let cost = MEMORY.take_peak() - before;
        assert_eq!((error.is_body(), error.is_not_found()), (is_body, !is_body));
        assert!(cost < 2_000_000, "it cost {cost} bytes");
    }
}
