//! Which name that went and which that came are one renamed thing.
//!
//! A document does not say that it renames something, so this is a judgement.
//! Two names are taken for one if they
//!
//! - mean the same kind of thing: the last words are the same
//!   (`userStorageResourceId`, `userStorageArmId`: an id),
//! - have most words in common: twice the shared words over all words is at
//!   least 0.6. A word matches its plural and its abbreviation (`app`,
//!   `application`). One shared word is enough only if it says something: `id`
//!   or `name` does not,
//! - do not differ by words that are there to tell things apart (`primary` and
//!   `secondary`, `admin` and `user`),
//! - and are closer to each other than the new one is to a name that stayed:
//!   beside a `secondaryKubeConfig`, a `clusterKubeConfig` is one more of its
//!   family.
//!
//! The caller adds that type and secrecy agree.

use heck::ToSnakeCase;

/// Pairs of a removed and an added name, most similar first.
pub(super) fn renames<'a>(
    removed: &[&'a str],
    added: &[&'a str],
    kept: &[&str],
    agree: impl Fn(&str, &str) -> bool,
) -> Vec<(&'a str, &'a str)> {
    // That many are another object, and each would be held against each.
    const MOST_PAIRS: usize = 10_000;
    if removed.len() * added.len() > MOST_PAIRS {
        return Vec::new();
    }
    let mut candidates = Vec::new();
    for old in removed {
        for new in added {
            let Some(score) = similarity(old, new) else {
                continue;
            };
            let one_of_a_family = kept
                .iter()
                .filter_map(|kept| similarity(kept, new))
                .any(|other| other >= score);
            if !one_of_a_family && agree(old, new) {
                candidates.push((score, *old, *new));
            }
        }
    }
    candidates.sort_by(|a, b| {
        b.0.total_cmp(&a.0)
            .then_with(|| (a.1, a.2).cmp(&(b.1, b.2)))
    });
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for (_, old, new) in candidates {
        if !pairs.iter().any(|(from, to)| *from == old || *to == new) {
            pairs.push((old, new));
        }
    }
    pairs
}

/// Whether two names may be one renamed thing, as far as the names go.
pub(super) fn are_similar(old: &str, new: &str) -> bool {
    similarity(old, new).is_some()
}

/// How similar two names are, from 0.6 to 1; `None` if they are not.
fn similarity(old: &str, new: &str) -> Option<f64> {
    const ENOUGH: f64 = 0.6;
    let (old, new) = (old.to_snake_case(), new.to_snake_case());
    if old.replace('_', "") == new.replace('_', "") {
        return Some(1.0);
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('_').collect(), new.split('_').collect());
    if !same_word(old.last()?, new.last()?) {
        return None;
    }
    let mut new_only = new.clone();
    let mut old_only = Vec::new();
    let mut shared = Vec::new();
    for word in &old {
        match new_only.iter().position(|other| same_word(word, other)) {
            Some(at) => {
                new_only.remove(at);
                shared.push(*word);
            }
            None => old_only.push(*word),
        }
    }
    if old_only
        .iter()
        .any(|word| new_only.iter().any(|other| contrast(word, other)))
    {
        return None;
    }
    if let [only] = shared.as_slice()
        && is_general(only)
    {
        return None;
    }
    let score = 2.0 * shared.len() as f64 / (old.len() + new.len()) as f64;
    (score >= ENOUGH).then_some(score)
}

fn same_word(a: &str, b: &str) -> bool {
    const SHORTEST_ABBREVIATION: usize = 3;
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    long.strip_prefix(short)
        .is_some_and(|rest| matches!(rest, "" | "s") || short.len() >= SHORTEST_ABBREVIATION)
}

fn is_general(word: &str) -> bool {
    [
        "code",
        "id",
        "kind",
        "name",
        "properties",
        "state",
        "status",
        "type",
        "value",
    ]
    .contains(&word)
}

/// Whether two words are there to tell things of one kind apart.
fn contrast(a: &str, b: &str) -> bool {
    const OPPOSITES: [&[&str]; 11] = [
        &[
            "primary",
            "secondary",
            "tertiary",
            "first",
            "second",
            "third",
            "last",
        ],
        &["admin", "administrator", "user", "guest", "owner"],
        &["public", "private"],
        &[
            "read",
            "write",
            "readonly",
            "readwrite",
            "manage",
            "listen",
            "send",
        ],
        &["source", "target", "destination"],
        &["start", "end"],
        &["min", "minimum", "max", "maximum"],
        &["old", "new", "previous", "current", "next"],
        &["input", "output"],
        &["client", "server"],
        &["internal", "external"],
    ];
    OPPOSITES
        .iter()
        .any(|words| words.contains(&a) && words.contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_keeps_the_noun_and_most_words() {
        for (old, new) in [
            ("userStorageResourceId", "userStorageArmId"),
            (
                "appInsightsInstrumentationKey",
                "applicationInsightsInstrumentationKey",
            ),
            ("databricksAccessToken", "databricksToken"),
            ("primaryKey", "primaryAccessKey"),
            ("adminKubeConfig", "adminKubeconfig"),
            ("username", "userName"),
            ("token", "accessToken"),
            ("notebookAccessKeys", "notebookKeys"),
            ("primaryMasterKey", "primaryKey"),
        ] {
            assert!(similarity(old, new).is_some(), "{old} to {new}");
            assert!(similarity(new, old).is_some(), "{new} to {old}");
        }
    }

    #[test]
    fn different_things_of_one_kind_are_no_rename() {
        for (old, new) in [
            ("primaryKey", "tertiaryKey"),
            ("primaryAccessKey", "secondaryAccessKey"),
            ("adminKubeConfig", "userKubeConfig"),
            ("publicKeyData", "privateKeyData"),
            ("key1", "key2"),
            ("userStorageKey", "userStorageArmId"),
            ("imagePullSecretName", "imagePullSecret"),
            ("name", "displayName"),
            ("id", "tenantId"),
            ("location", "region"),
            ("value", "password"),
            ("", "a"),
        ] {
            assert_eq!(similarity(old, new), None, "{old} to {new}");
            assert_eq!(similarity(new, old), None, "{new} to {old}");
        }
    }

    #[test]
    fn one_more_of_a_family_is_no_rename() {
        let anything = |_: &str, _: &str| true;
        let pairs = renames(
            &["regionKubeConfig"],
            &["clusterKubeConfig"],
            &["zoneKubeConfig"],
            anything,
        );
        assert!(pairs.is_empty());
        let pairs = renames(&["regionKubeConfig"], &["clusterKubeConfig"], &[], anything);
        assert_eq!(pairs, [("regionKubeConfig", "clusterKubeConfig")]);
    }

    #[test]
    fn each_name_is_renamed_once_to_the_most_similar() {
        let pairs = renames(
            &["primaryKey", "secondaryKey"],
            &["secondaryAccessKey", "primaryAccessKey"],
            &["name"],
            |_, _| true,
        );
        assert_eq!(
            pairs,
            [
                ("primaryKey", "primaryAccessKey"),
                ("secondaryKey", "secondaryAccessKey"),
            ]
        );
    }

    #[test]
    fn what_does_not_agree_is_no_rename() {
        assert!(renames(&["keyData"], &["keyDatas"], &[], |_, _| false).is_empty());
    }
}
