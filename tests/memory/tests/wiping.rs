//! Secrets are gone from memory when they are dropped.

use amlkeys_memory::Watched;
use amlkeys_secret::{Secret, SecretObject, tagged};
use serde::de::MapAccess;
use serde::de::value::{self, MapDeserializer};
use serde::{Deserialize, Deserializer};

const NEEDLE: [u8; 16] = *b"canary-in-memory";

#[global_allocator]
static MEMORY: Watched = Watched::new(NEEDLE);

#[derive(Deserialize)]
struct Known {
    known: Option<Secret>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "it cannot be decoded")]
struct OfAnotherType {
    known: Vec<Secret>,
}

#[allow(dead_code, reason = "it is only decoded")]
enum Either {
    Known(Known),
    Unknown(SecretObject),
}

impl<'de> Deserialize<'de> for Either {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl tagged::Tagged for Either {
    const TAG: &'static str = "tag";

    fn decode<'de, A: MapAccess<'de>>(
        properties: &mut tagged::Properties<'de, A>,
    ) -> Result<Self, A::Error> {
        match properties.tag() {
            Some("known") => properties.known().map(Self::Known),
            _ => properties.unknown().map(Self::Unknown),
        }
    }
}

/// One test, because the allocator is the process's.
#[test]
fn what_is_secret_is_wiped_before_its_memory_is_freed() {
    let needle = std::str::from_utf8(&NEEDLE).expect("it is ASCII");
    let known = format!(r#"{{"known":"{needle}"}}"#);
    let unknown = format!(r#"{{"unknown":"{needle}"}}"#);
    let mixed = format!(r#"{{"known":["{needle}",7]}}"#);
    let everywhere = format!(
        r#"{{"{needle}":"{needle}","a":[{{"b":"{needle}"}},"{needle}"],"c":{{"{needle}":1}}}}"#
    );
    let half = format!(r#"{{"a":"{needle}","b":["{needle}",{{"c":"{needle}"}},"#);
    let object = |text: &str| serde_json::from_str::<SecretObject>(text);

    // What is not wiped is found, or the rest would prove nothing.
    assert_eq!(left_by(|| drop(needle.to_owned())), 1);

    assert_eq!(left_by(|| drop(Secret::new(needle))), 0);
    assert_eq!(left_by(|| drop(Secret::new(needle).clone())), 0);
    let objects = || {
        let object = object(&everywhere).expect("it is JSON");
        drop((object.clone(), object.masked_except(&["c"]), object));
    };
    assert_eq!(left_by(objects), 0);
    for text in [&known, &unknown] {
        let decoded = || {
            let decoded: Known = object(text).expect("it is JSON").decode().expect("it fits");
            assert_eq!(decoded.known.is_some(), *text == known);
        };
        assert_eq!(left_by(decoded), 0, "{text}");
    }
    for text in [&known, &mixed] {
        let refused = || {
            let object = object(text).expect("it is JSON");
            drop(
                object
                    .decode::<OfAnotherType>()
                    .expect_err("it does not fit"),
            );
        };
        assert_eq!(left_by(refused), 0, "{text}");
    }
    assert_eq!(left_by(|| assert!(object(&half).is_err())), 0);

    // What stands before a tag waits for it; each string is one that must be
    // copied, as those with escapes are.
    for (tag, last, fits) in [
        ("known", "z", true),
        ("other", "z", true),
        ("known", "tag", false),
        ("known", needle, false),
        ("other", "known", false),
    ] {
        let properties = [
            ("known", needle),
            (needle, needle),
            ("tag", tag),
            (last, needle),
        ];
        let decoded = || {
            let input = MapDeserializer::<_, value::Error>::new(properties.into_iter());
            assert_eq!(Either::deserialize(input).is_ok(), fits, "{tag} {last}");
        };
        assert_eq!(left_by(decoded), 0, "{tag} {last}");
    }
}

/// How many blocks had the needle in them when they were freed.
fn left_by(act: impl FnOnce()) -> usize {
    MEMORY.take_found();
    act();
    MEMORY.take_found()
}
