//! Parses a resource ID: refused, or one whose names stay in their segments.
#![no_main]

use amlkeys::{ComputeId, WorkspaceId};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(id) = text.parse::<WorkspaceId>() {
        assert_eq!(id.to_string().parse::<WorkspaceId>().unwrap(), id);
        assert_eq!(id.to_string().split('/').count(), 9);
    }
    if let Ok(id) = text.parse::<ComputeId>() {
        assert_eq!(id.to_string().parse::<ComputeId>().unwrap(), id);
        assert_eq!(id.to_string().split('/').count(), 11);
    }
    if let Some((group, compute)) = text.split_once('/')
        && let Ok(id) = WorkspaceId::new("s", group, "abc")
        && let Ok(id) = ComputeId::new(id, compute)
    {
        assert_eq!(id.to_string().parse::<ComputeId>().unwrap(), id);
    }
});
