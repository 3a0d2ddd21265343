//! How many recorded exchanges a second one core judges.
#![allow(
    missing_docs,
    reason = "criterion's macros write undocumented functions"
)]
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use amlkeys_conformance::judge_traffic;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const EXCHANGES: usize = 10_000;

fn traffic(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("traffic");
    group.throughput(Throughput::Elements(EXCHANGES as u64));
    let recording = recording();
    let report = judge_traffic("recording", recording.as_bytes()).unwrap();
    assert_eq!(report.summary.exchanges, EXCHANGES);
    assert_eq!(report.summary.passed, EXCHANGES);
    group.bench_function("documented bodies, one JSON line each", |bencher| {
        bencher.iter(|| judge_traffic("recording", recording.as_bytes()).unwrap());
    });
    group.finish();
}

/// The documented examples, with the headers that ARM sends, over and over.
fn recording() -> String {
    let examples = [
        (
            include_str!("../../../spec/examples/2025-09-01/Compute_ListKeys/listKeys.json"),
            "/computes/compute123",
        ),
        (
            include_str!("../../../spec/examples/2025-09-01/Workspaces_ListKeys/listKeys.json"),
            "",
        ),
    ];
    let lines = examples.map(|(example, compute)| {
        let example: serde_json::Value = serde_json::from_str(example).unwrap();
        let subscription = example["parameters"]["subscriptionId"].as_str().unwrap();
        let exchange = serde_json::json!({
            "request": {
                "method": "POST",
                "url": format!(
                    "https://management.azure.com/subscriptions/{subscription}/resourceGroups\
                     /testrg123/providers/Microsoft.MachineLearningServices/workspaces\
                     /workspaces123{compute}/listKeys?api-version=2025-09-01"
                ),
                "headers": {
                    "accept": "application/json",
                    "authorization": "Bearer [redacted]",
                    "content-length": "0",
                    "x-ms-client-request-id": "5f3a7c0e-0000-4000-8000-000000000000",
                },
            },
            "response": {
                "status": 200,
                "headers": {
                    "cache-control": "no-cache",
                    "content-type": "application/json; charset=utf-8",
                    "date": "Sat, 21 Nov 2026 00:00:00 GMT",
                    "expires": "-1",
                    "pragma": "no-cache",
                    "strict-transport-security": "max-age=31536000; includeSubDomains",
                    "x-content-type-options": "nosniff",
                    "x-ms-correlation-request-id": "5f3a7c0e-0000-4000-8000-000000000001",
                    "x-ms-ratelimit-remaining-subscription-writes": "1199",
                    "x-ms-request-id": "5f3a7c0e-0000-4000-8000-000000000001",
                    "x-ms-routing-request-id":
                        "EASTUS:20261121T000000Z:5f3a7c0e-0000-4000-8000-000000000001",
                },
                "body": example["responses"]["200"]["body"],
            },
        });
        format!("{exchange}\n")
    });
    lines.concat().repeat(EXCHANGES / lines.len())
}

criterion_group!(benches, traffic);
criterion_main!(benches);
