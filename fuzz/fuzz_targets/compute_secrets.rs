//! Decodes the secrets of a compute: a value that survives another round, or an error.
#![no_main]

use amlkeys::{ApiVersion, ComputeSecrets};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    for version in ApiVersion::ALL {
        match ComputeSecrets::try_from_json(body, version) {
            Err(error) => assert!(error.is_body()),
            Ok(decoded) => {
                let encoded = serde_json::to_vec(&decoded).unwrap();
                let again = ComputeSecrets::try_from_json(&encoded, version).unwrap();
                assert_eq!(serde_json::to_vec(&again).unwrap(), encoded);
                let _ = (format!("{decoded:?}"), serde_json::to_vec(&decoded.masked()));
            }
        }
    }
});
