//! What somebody may have meant.

/// The known name that is closest to this one, if any is close enough to be a
/// slip of the keys. Another case is none: ARM takes any.
pub(crate) fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    const CLOSE_ENOUGH: f64 = 0.8;

    let name = name.to_lowercase();
    let likeness = |it: &&str| strsim::jaro_winkler(&name, &it.to_lowercase());
    let closest = known
        .iter()
        .copied()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    let likeness = likeness(&closest);
    (likeness > CLOSE_ENOUGH && likeness < 1.0).then_some(closest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_corrected_and_nothing_else() {
        let known = ["compute123", "databricks", "kubernetes"];
        assert_eq!(closest("compute132", &known), Some("compute123"));
        assert_eq!(closest("kubernets", &known), Some("kubernetes"));
        assert_eq!(closest("COMPUTE123", &known), None);
        assert_eq!(closest("nope", &known), None);
        assert_eq!(closest("nope", &[]), None);
    }
}
