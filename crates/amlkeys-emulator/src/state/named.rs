use std::cmp::Ordering;

/// Things by name. Names compare without regard to case (ARM RPC, common-api-details.md).
pub(crate) struct Named<T>(Vec<(String, T)>);

impl<T> Named<T> {
    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        let at = self.find(name).ok()?;
        Some(&self.0[at].1)
    }

    /// All of them at once, if no two have one name, and where they are in the order of their
    /// names.
    pub(crate) fn of(things: Vec<(String, T)>, order: &[usize]) -> Self {
        let mut things: Vec<_> = things.into_iter().map(Some).collect();
        let in_order = order.iter().filter_map(|&at| things[at].take());
        Self(in_order.collect())
    }

    /// In the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, thing)| (name.as_str(), thing))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, thing)| thing)
    }

    /// The thing of this name; a new one if there is none.
    pub(crate) fn entry(&mut self, name: &str) -> &mut T
    where
        T: Default,
    {
        let at = self.find(name).unwrap_or_else(|at| {
            self.0.insert(at, (name.to_owned(), T::default()));
            at
        });
        &mut self.0[at].1
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| compare(known, name))
    }
}

/// Each request compares several names, so nothing is allocated here.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    if one.eq_ignore_ascii_case(other) {
        return Ordering::Equal;
    }
    if one.is_ascii() && other.is_ascii() {
        let other = other.bytes().map(|byte| byte.to_ascii_lowercase());
        return one.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(other);
    }
    let other = other.chars().flat_map(char::to_lowercase);
    one.chars().flat_map(char::to_lowercase).cmp(other)
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_tell_names_apart() {
        let mut named = Named::default();
        for name in ["zebra", "Alpha", "Größe", "beta", "ALPHA", "ÄRA", "GRÖßE"] {
            *named.entry(name) = name;
        }
        let names: Vec<_> = named.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Alpha", "beta", "Größe", "zebra", "ÄRA"]);
        assert_eq!(named.get("alphA"), Some(&"ALPHA"));
        assert_eq!(named.get("gRöße"), Some(&"GRÖßE"));
        assert_eq!(named.get("ära"), Some(&"ÄRA"));
        assert_eq!(named.get("gamma"), None);
    }
}
