//! Values whose type a property tells, wherever it stands.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::buffer::{Buffer, Name, Value, repeated};
use crate::node::{Kind, Node};
use crate::replay::{Replay, Rest};
use crate::{Secret, SecretObject};

/// An enum whose variants a property tells apart. `cargo xtask generate` writes
/// such enums; [`deserialize`] reads them.
pub trait Tagged: Sized {
    /// The name of the property.
    const TAG: &'static str;

    /// Reads the variant of [`Properties::tag`].
    ///
    /// # Errors
    ///
    /// What the variant's type or the input says.
    fn decode<'de, A: MapAccess<'de>>(
        properties: &mut Properties<'de, A>,
    ) -> Result<Self, A::Error>;
}

/// Reads an object as the variant that its tag names. What stands before the tag
/// is kept until it is known; what comes after goes straight into the variant.
///
/// # Errors
///
/// Fails if the input is no object, if a name is repeated, and if the variant
/// cannot be read. The message may quote a value, as serde's do.
pub fn deserialize<'de, T: Tagged, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    // Who has it all at hand gives this property first.
    let fields: &'static [&'static str] = const { &[T::TAG] };
    deserializer.deserialize_struct("Tagged", fields, TaggedVisitor(PhantomData))
}

/// The properties of an object up to its tag, and the rest of them.
pub struct Properties<'de, A> {
    before: Rest<'de>,
    /// The node of the tag's name, the last property of the buffer.
    tag: Option<usize>,
    name: &'static str,
    rest: A,
}

impl<'de, A: MapAccess<'de>> Properties<'de, A> {
    /// The tag, `None` if it is missing or no string.
    pub fn tag(&self) -> Option<&str> {
        let before = &self.before.buffer;
        let value = &before.nodes[self.tag? + 1];
        match value.kind {
            Kind::Text | Kind::OwnedText => Some(before.text(value)),
            _ => None,
        }
    }

    /// Reads the properties without the tag as a type that knows them.
    ///
    /// # Errors
    ///
    /// Fails if a name is repeated, also one that `T` does not know, and if a
    /// property has another type than `T` wants.
    pub fn known<T: Deserialize<'de>>(&mut self) -> Result<T, A::Error> {
        T::deserialize(self)
    }

    /// Keeps all properties, with the tag in its place.
    ///
    /// # Errors
    ///
    /// Fails if a name is repeated.
    pub fn unknown(&mut self) -> Result<SecretObject, A::Error> {
        let all = &mut self.before.buffer;
        all.add_properties(0, &mut self.rest)?;
        Ok((&*all).into())
    }
}

struct TaggedVisitor<T>(PhantomData<T>);

impl<'de, T: Tagged> Visitor<'de> for TaggedVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, rest: A) -> Result<T, A::Error> {
        // Filled where it stays: it is slow to move what was just written.
        let mut properties = Properties {
            before: Rest::default(),
            tag: None,
            name: T::TAG,
            rest,
        };
        while properties.tag.is_none() {
            let before = &mut properties.before.buffer;
            let name = before.nodes.len();
            if properties.rest.next_key_seed(Name(before))?.is_none() {
                break;
            }
            properties.rest.next_value_seed(Value(before))?;
            if before.text(&before.nodes[name]) == T::TAG {
                properties.tag = Some(name);
            }
        }
        T::decode(&mut properties)
    }
}

impl<'de, A: MapAccess<'de>> Deserializer<'de> for &mut Properties<'de, A> {
    type Error = A::Error;

    /// For a type that does not say which properties it knows.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        let mut all = std::mem::take(&mut self.before.buffer);
        all.add_properties(0, &mut self.rest)?;
        if let Some(tag) = self.tag {
            let value = all.nodes[tag + 1];
            all.nodes.drain(tag..tag + 2 + value.inside());
        }
        let object = Node {
            kind: Kind::Object,
            number: all.nodes.len() as u64,
            text: "",
        };
        all.nodes.insert(0, object);
        Replay(&mut Rest::of(all))
            .deserialize_any(visitor)
            .map_err(de::Error::custom)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        if let Some(tag) = self.tag {
            self.before.buffer.nodes.truncate(tag);
        }
        visitor.visit_map(&mut Known {
            properties: self,
            is_before: true,
            fields,
            passed_over: Buffer::default(),
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier
        ignored_any
    }
}

/// The properties that a struct knows.
struct Known<'p, 'de, A> {
    properties: &'p mut Properties<'de, A>,
    /// Whether the value that is next is one of those before the tag.
    is_before: bool,
    fields: &'static [&'static str],
    /// Those that it does not know, kept to see whether one is repeated.
    passed_over: Buffer<'de>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Known<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.properties.before.peek_name() {
            if self.fields.contains(&name) {
                return self.properties.before.seed_name(seed).map(Some);
            }
            self.properties
                .before
                .seed_name::<_, A::Error>(Name(&mut self.passed_over))?;
            self.passed_over.push(Kind::Null, 0, "");
            self.properties.before.skip_value();
        }
        self.is_before = false;
        let mut seed = Some(seed);
        loop {
            let known = KnownName {
                seed: &mut seed,
                tag: self.properties.name,
                fields: self.fields,
                passed_over: &mut self.passed_over,
            };
            match self.properties.rest.next_key_seed(known)? {
                Some(Some(key)) => return Ok(Some(key)),
                Some(None) => self
                    .properties
                    .rest
                    .next_value_seed(Value(&mut self.passed_over))?,
                None => {
                    self.passed_over.expect_no_name_twice(0)?;
                    return Ok(None);
                }
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.is_before {
            true => seed
                .deserialize(Replay(&mut self.properties.before))
                .map_err(de::Error::custom),
            false => self.properties.rest.next_value_seed(seed),
        }
    }
}

/// Lets a seed see a name if the struct knows it; another is passed over.
struct KnownName<'k, 'de, K> {
    /// Here until it is used.
    seed: &'k mut Option<K>,
    tag: &'static str,
    fields: &'static [&'static str],
    passed_over: &'k mut Buffer<'de>,
}

impl<'de, K: DeserializeSeed<'de>> KnownName<'_, 'de, K> {
    fn seed_of<E: de::Error>(&mut self, name: &str) -> Result<Option<K>, E> {
        match name {
            _ if name == self.tag => Err(repeated()),
            _ if self.fields.contains(&name) => Ok(self.seed.take()),
            _ => Ok(None),
        }
    }
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for KnownName<'_, 'de, K> {
    type Value = Option<K::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for KnownName<'_, 'de, K> {
    type Value = Option<K::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: de::Error>(mut self, name: &'de str) -> Result<Self::Value, E> {
        match self.seed_of(name)? {
            Some(seed) => seed
                .deserialize(BorrowedStrDeserializer::new(name))
                .map(Some),
            None => Name(self.passed_over)
                .visit_borrowed_str(name)
                .map(|()| None),
        }
    }

    fn visit_str<E: de::Error>(mut self, name: &str) -> Result<Self::Value, E> {
        match self.seed_of(name)? {
            Some(seed) => seed.deserialize(StrDeserializer::new(name)).map(Some),
            None => Name(self.passed_over).visit_str(name).map(|()| None),
        }
    }

    fn visit_string<E: de::Error>(self, name: String) -> Result<Self::Value, E> {
        self.visit_str(Secret::new(name).expose())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::SecretValue;

    #[derive(Deserialize)]
    struct Lock {
        key: Option<Secret>,
        owner: Option<Owner>,
    }

    #[derive(Deserialize)]
    struct Owner {
        name: Option<String>,
        numbers: Option<Vec<Option<f64>>>,
    }

    #[derive(Deserialize)]
    struct Open {
        key: Option<Secret>,
        #[serde(flatten)]
        others: BTreeMap<String, SecretValue>,
    }

    enum Door {
        Lock(Lock),
        Open(Box<Open>),
        Unknown(SecretObject),
    }

    impl<'de> Deserialize<'de> for Door {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserialize(deserializer)
        }
    }

    impl Tagged for Door {
        const TAG: &'static str = "kind";

        fn decode<'de, A: MapAccess<'de>>(
            properties: &mut Properties<'de, A>,
        ) -> Result<Self, A::Error> {
            match properties.tag() {
                Some("Lock") => properties.known().map(Self::Lock),
                Some("Open") => properties.known().map(Self::Open),
                _ => properties.unknown().map(Self::Unknown),
            }
        }
    }

    fn door(text: &str) -> Door {
        serde_json::from_str(text).unwrap()
    }

    fn lock(text: &str) -> Lock {
        let Door::Lock(lock) = door(text) else {
            panic!("{text}");
        };
        lock
    }

    /// The same properties with the tag in every place.
    fn everywhere(tag: &str, properties: &[&str]) -> Vec<String> {
        let places = 0..=properties.len();
        let with_tag = places.map(|place| {
            let mut all = properties.to_vec();
            all.insert(place, tag);
            format!("{{{}}}", all.join(","))
        });
        with_tag.collect()
    }

    #[test]
    fn a_known_variant_is_read_wherever_its_tag_stands() {
        let properties = [
            r#""key":"a\n\"b""#,
            r#""new":{"deep":[1,{"x":null}]}"#,
            r#""owner":{"y":[[]],"numbers":[1,-2,null,2.5],"name":"\u00e9t\u00e9","z":{}}"#,
        ];
        for tag in [
            r#""kind":"Lock""#,
            r#""kind":"\u004cock""#,
            r#""\u006bind":"Lock""#,
        ] {
            for text in everywhere(tag, &properties) {
                let lock = lock(&text);
                assert_eq!(lock.key.unwrap().expose(), "a\n\"b", "{text}");
                let owner = lock.owner.unwrap();
                assert_eq!(owner.name.unwrap(), "été", "{text}");
                let numbers = [Some(1.0), Some(-2.0), None, Some(2.5)];
                assert_eq!(owner.numbers.unwrap(), numbers, "{text}");
            }
        }
    }

    #[test]
    fn null_and_absent_are_none_wherever_the_tag_stands() {
        let nulls = [r#""key":null"#, r#""owner":null"#];
        for text in everywhere(r#""kind":"Lock""#, &nulls) {
            let lock = lock(&text);
            assert!(lock.key.is_none() && lock.owner.is_none(), "{text}");
        }
        assert!(lock(r#"{"kind":"Lock"}"#).key.is_none());
    }

    #[test]
    fn a_variant_that_keeps_what_it_does_not_know_gets_all_but_the_tag() {
        for text in everywhere(
            r#""kind":"Open""#,
            &[r#""key":"k""#, r#""a":[1]"#, r#""b":{}"#],
        ) {
            let Door::Open(open) = door(&text) else {
                panic!("{text}");
            };
            assert_eq!(open.key.unwrap().expose(), "k");
            let names: Vec<_> = open.others.keys().map(String::as_str).collect();
            assert_eq!(names, ["a", "b"], "{text}");
        }
    }

    #[test]
    fn what_no_variant_is_for_is_kept_byte_for_byte() {
        let properties = [r#""a":[1,"\n",{"kind":"Lock"}]"#, r#""b":null"#];
        for tag in [
            r#""kind":"Gate""#,
            r#""kind":"lock""#,
            r#""kind":null"#,
            r#""kind":7"#,
            r#""kind":["Lock"]"#,
            r#""kind":{"kind":"Lock"}"#,
            r#""Kind":"Lock""#,
        ] {
            for text in everywhere(tag, &properties) {
                let Door::Unknown(body) = door(&text) else {
                    panic!("{text}");
                };
                assert_eq!(serde_json::to_string(&body).unwrap(), text);
            }
        }
        assert!(matches!(door("{}"), Door::Unknown(_)));
    }

    #[test]
    fn a_repeated_name_is_refused_whether_it_is_known_or_not() {
        for repeated in [
            [r#""key":"canary""#, r#""key":"canary""#],
            [r#""new":1"#, r#""new":"canary""#],
            [r#""x":0"#, r#""new":{"deep":[{"a":"canary","a":1}]}"#],
            [r#""x":0"#, r#""kind":"Lock""#],
            [r#""x":0"#, r#""kind":null"#],
        ] {
            for kind in ["Lock", "Open", "Gate"] {
                for text in everywhere(&format!(r#""kind":"{kind}""#), &repeated) {
                    let error = serde_json::from_str::<Door>(&text).err().expect(&text);
                    assert!(!error.to_string().contains("canary"), "{error}");
                }
            }
        }
    }

    #[test]
    fn a_value_of_another_type_is_refused_and_its_place_found() {
        let properties = [
            r#""key":"k""#,
            r#""owner":{"name":"n","numbers":[1,"canary"]}"#,
        ];
        for text in everywhere(r#""kind":"Lock""#, &properties) {
            assert!(serde_json::from_str::<Door>(&text).is_err());
            let object: SecretObject = serde_json::from_str(&text).unwrap();
            let error = object.decode::<Door>().err().unwrap();
            assert_eq!(error.path(), "owner.numbers.1", "{text}");
        }
        for text in ["7", "[]", "null", r#""Lock""#] {
            assert!(serde_json::from_str::<Door>(text).is_err(), "{text}");
        }
    }
}
