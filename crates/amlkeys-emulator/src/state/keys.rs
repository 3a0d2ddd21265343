use bytes::Bytes;

/// The keys of one resource: the body that answers in each api-version.
#[derive(Default)]
pub(crate) struct Keys(Vec<(String, Bytes)>);

impl Keys {
    /// The same body in every api-version.
    pub(crate) fn same(body: Bytes) -> Self {
        Self(vec![(String::new(), body)])
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The body of this api-version, else of the newest that there is.
    pub(crate) fn at(&self, api_version: &str) -> Option<Bytes> {
        let of_version = self.0.iter().find(|(version, _)| version == api_version);
        let (_, body) = of_version.or(self.0.last())?;
        Some(body.clone())
    }

    /// Replaces the body of one api-version.
    pub(crate) fn set(&mut self, api_version: &str, body: Bytes) {
        match self
            .0
            .binary_search_by(|(version, _)| version.as_str().cmp(api_version))
        {
            Ok(at) => self.0[at].1 = body,
            Err(at) => self.0.insert(at, (api_version.to_owned(), body)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_of_another_version_is_answered_when_the_asked_one_has_none() {
        let mut keys = Keys::default();
        assert!(keys.at("2025-09-01").is_none());
        keys.set("2024-10-01", Bytes::from("2024"));
        keys.set("2023-10-01", Bytes::from("2023"));
        assert_eq!(keys.at("2023-10-01").unwrap(), "2023");
        assert_eq!(keys.at("2025-09-01").unwrap(), "2024");
        keys.set("2025-09-01", Bytes::from("2025"));
        assert_eq!(keys.at("2025-09-01").unwrap(), "2025");
    }
}
