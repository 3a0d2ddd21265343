//! One token for all clones: fetched once, renewed in time, replaced when it is
//! refused.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use amlkeys::Client;
use amlkeys_stub::{Answer, Stub, answer, header, json};
use support::{Gate, TestClock, Tokens, client_of, compute_id, everything, until};

const OK: &str = r#"{"computeType":"AKS"}"#;

#[tokio::test]
async fn a_thousand_first_calls_ask_for_one_token() {
    let stub = Stub::start([json("200 OK", OK)]).await;
    let tokens = Arc::new(Tokens::default());
    let client = client_with(&stub, tokens.clone());
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let client = client.clone();
        // The answer does not matter here: a thousand handshakes at once may
        // overrun the stub's queue.
        calls.spawn(async move { drop(client.compute_list_keys(&compute_id()).await) });
    }
    calls.join_all().await;
    assert_eq!(tokens.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn those_who_wait_for_a_token_share_the_failure_to_get_one() {
    let stub = Stub::start([]).await;
    let (gate, let_pass) = Gate::new();
    let clock = Arc::new(TestClock::default());
    let client = client_of(&stub)
        .with_credential(gate.clone())
        .with_clock(clock.clone())
        .build()
        .unwrap();
    let _ = client.compute_list_keys(&compute_id()).await;
    clock.advance(Duration::from_secs(3600));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let client = client.clone();
        calls.spawn(async move { client.compute_list_keys(&compute_id()).await });
    }
    until(|| gate.asked() == 2).await;
    let_pass.send(false).unwrap();
    for outcome in calls.join_all().await {
        assert!(outcome.unwrap_err().is_credential());
    }
    assert_eq!(gate.asked(), 2);
}

#[tokio::test]
async fn clones_share_connection_and_token() {
    let stub = Stub::script([Answer::kept_json(OK)]).await;
    let tokens = Arc::new(Tokens::default());
    let client = client_with(&stub, tokens.clone());
    for _ in 0..3 {
        let clone = client.clone();
        clone.compute_list_keys(&compute_id()).await.unwrap();
    }
    assert_eq!((stub.requests().len(), stub.accepted()), (3, 1));
    assert_eq!(tokens.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn calls_go_on_while_a_token_is_renewed_before_it_ends() {
    let stub = Stub::script([Answer::kept_json(OK)]).await;
    let (gate, let_pass) = Gate::new();
    let clock = Arc::new(TestClock::default());
    let client = client_of(&stub)
        .with_credential(gate.clone())
        .with_clock(clock.clone())
        .build()
        .unwrap();
    let call = async || {
        client.compute_list_keys(&compute_id()).await.unwrap();
        let requests = stub.requests();
        header(requests.last().unwrap(), "authorization").map(str::to_owned)
    };
    let first = Some("Bearer canary-token-1".to_owned());
    assert_eq!(call().await, first);
    clock.advance(Duration::from_secs(3600 - 301));
    assert_eq!((call().await, gate.asked()), (first.clone(), 1));

    clock.advance(Duration::from_secs(2));
    for _ in 0..10 {
        assert_eq!(call().await, first);
    }
    assert_eq!(gate.asked(), 2, "one renewal is under way");
    let_pass.send(true).unwrap();
    while call().await == first {}
    assert_eq!(call().await.as_deref(), Some("Bearer canary-token-2"));
    assert_eq!(gate.asked(), 2);
}

#[tokio::test]
async fn a_renewal_that_fails_is_not_repeated_with_every_call() {
    let stub = Stub::script([Answer::kept_json(OK)]).await;
    let (gate, let_pass) = Gate::new();
    let clock = Arc::new(TestClock::default());
    let client = client_of(&stub)
        .with_credential(gate.clone())
        .with_clock(clock.clone())
        .build()
        .unwrap();
    let call = async || client.compute_list_keys(&compute_id()).await.unwrap();
    call().await;
    for _ in 0..10 {
        let_pass.send(false).unwrap();
    }
    clock.advance(Duration::from_secs(3600 - 200));
    for _ in 0..10 {
        call().await;
    }
    assert_eq!(gate.asked(), 2);
    clock.advance(Duration::from_secs(31));
    for _ in 0..10 {
        call().await;
    }
    assert_eq!(gate.asked(), 3);
}

#[tokio::test]
async fn a_renewal_ends_with_the_last_clone_of_its_client() {
    let stub = Stub::script([Answer::kept_json(OK)]).await;
    let (gate, _never) = Gate::new();
    let clock = Arc::new(TestClock::default());
    let client = client_of(&stub)
        .with_credential(gate.clone())
        .with_clock(clock.clone())
        .build()
        .unwrap();
    client.compute_list_keys(&compute_id()).await.unwrap();
    clock.advance(Duration::from_secs(3600 - 200));
    let clone = client.clone();
    clone.compute_list_keys(&compute_id()).await.unwrap();
    until(|| gate.asked() == 2).await;
    drop(client);
    assert!(Arc::strong_count(&gate) > 1);
    drop(clone);
    until(|| Arc::strong_count(&gate) == 1).await;
}

#[tokio::test]
async fn a_token_that_ends_while_its_renewal_hangs_is_fetched_anew() {
    let stub = Stub::script([Answer::kept_json(OK)]).await;
    let (gate, let_pass) = Gate::new();
    let clock = Arc::new(TestClock::default());
    let client = client_of(&stub)
        .with_credential(gate.clone())
        .with_clock(clock.clone())
        .build()
        .unwrap();
    // A runtime that nobody drives any more keeps the renewal standing.
    let asleep = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    client.compute_list_keys(&compute_id()).await.unwrap();
    clock.advance(Duration::from_secs(3600 - 200));
    let (driven, guard) = (client.clone(), asleep.enter());
    let mut call = Box::pin(async move { driven.compute_list_keys(&compute_id()).await });
    let waker = std::task::Waker::noop();
    assert!(
        call.as_mut()
            .poll(&mut std::task::Context::from_waker(waker))
            .is_pending()
    );
    drop((guard, call));

    clock.advance(Duration::from_secs(3600));
    let_pass.send(true).unwrap();
    client.compute_list_keys(&compute_id()).await.unwrap();
    assert_eq!(gate.asked(), 2);
    asleep.shutdown_background();
}

#[tokio::test]
async fn a_stale_token_of_many_calls_is_replaced_once() {
    let stub = Stub::answering(|head| match header(head, "authorization") {
        Some("Bearer canary-token-1") => Answer::kept("401 x", &[], ""),
        _ => Answer::kept_json(OK),
    })
    .await;
    let tokens = Arc::new(Tokens::default());
    let client = client_with(&stub, tokens.clone());
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let client = client.clone();
        calls.spawn(async move { client.compute_list_keys(&compute_id()).await });
    }
    for outcome in calls.join_all().await {
        outcome.unwrap();
    }
    assert_eq!(tokens.asked.lock().unwrap().len(), 2);
}

const CHALLENGE: &str = r#"www-authenticate: Bearer authorization_uri="https://login.windows.net/common/oauth2/authorize",error="insufficient_claims",claims="eyJhIjoxfQ==""#;

#[tokio::test]
async fn a_claims_challenge_is_met_once() {
    let challenge = answer("401 x", &[CHALLENGE], "");
    let stub = Stub::start([challenge.clone(), json("200 OK", OK)]).await;
    let tokens = Arc::new(Tokens::default());
    let client = client_of(&stub)
        .with_credential(tokens.clone())
        .build()
        .unwrap();
    client.compute_list_keys(&compute_id()).await.unwrap();
    let asked = tokens.asked.lock().unwrap().clone();
    assert_eq!(asked[1].as_ref().unwrap().as_str(), r#"{"a":1}"#);
    assert_eq!(asked.len(), 2);

    let stub = Stub::start([challenge]).await;
    let client = client_of(&stub).build().unwrap();
    let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
    assert!(error.is_unauthorized());
    assert_eq!(stub.requests().len(), 2);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_only_by_another() {
    let stub = Stub::start([answer("401 x", &[], "")]).await;
    let error = client_of(&stub)
        .build()
        .unwrap()
        .compute_list_keys(&compute_id())
        .await
        .unwrap_err();
    assert_eq!((error.status(), stub.requests().len()), (Some(401), 2));

    let stub = Stub::start([answer("401 x", &[], "")]).await;
    let stuck = Tokens {
        stuck: true,
        ..Tokens::default()
    };
    let client = client_of(&stub)
        .with_credential(Arc::new(stuck))
        .build()
        .unwrap();
    let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
    assert_eq!((error.status(), stub.requests().len()), (Some(401), 1));
}

#[tokio::test]
async fn a_failing_credential_is_a_credential_error() {
    #[derive(Debug)]
    struct Nobody;
    #[async_trait::async_trait]
    impl amlkeys::TokenCredential for Nobody {
        async fn get_token(
            &self,
            _: &[&str],
            _: Option<azure_core::credentials::TokenRequestOptions<'_>>,
        ) -> azure_core::Result<azure_core::credentials::AccessToken> {
            Err(azure_core::Error::with_message(
                azure_core::error::ErrorKind::Credential,
                "nobody home",
            ))
        }
    }
    let stub = Stub::start([json("200 OK", OK)]).await;
    let client = client_of(&stub)
        .with_credential(Arc::new(Nobody))
        .build()
        .unwrap();
    let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
    assert!(error.is_credential() && error.attempts() == 0);
    assert!(everything(&error).contains("nobody home"));
    assert!(stub.requests().is_empty());
}

fn client_with(stub: &Stub, tokens: Arc<Tokens>) -> Client {
    client_of(stub).with_credential(tokens).build().unwrap()
}
