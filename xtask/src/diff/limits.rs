//! Which of two limits or patterns is the tighter one.

use serde_json::Value;

/// The keywords that bound a value, lower bounds first.
pub(super) const KEYWORDS: [&str; 12] = [
    "minLength",
    "minItems",
    "minProperties",
    "minimum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "uniqueItems",
    "multipleOf",
    "maxLength",
    "maxItems",
    "maxProperties",
    "maximum",
];

/// How a limit moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    Tighter,
    Looser,
}

/// How the limit of a keyword moved, `None` if it did not.
pub(super) fn moved(keyword: &str, old: Option<&Value>, new: Option<&Value>) -> Option<Move> {
    let (old, new) = (number(old), number(new));
    if keyword == "multipleOf" {
        return match (old, new) {
            (old, new) if old == new => None,
            (Some(old), Some(new)) if old % new == 0.0 => Some(Move::Looser),
            (_, Some(_)) => Some(Move::Tighter),
            (_, None) => Some(Move::Looser),
        };
    }
    let upper = keyword.starts_with("max");
    // Without a bound a length starts at zero and a flag is off.
    let unbounded = match keyword {
        "minimum" => f64::NEG_INFINITY,
        _ if upper => f64::INFINITY,
        _ => 0.0,
    };
    let (old, new) = (old.unwrap_or(unbounded), new.unwrap_or(unbounded));
    if old == new {
        None
    } else if (new > old) != upper {
        Some(Move::Tighter)
    } else {
        Some(Move::Looser)
    }
}

fn number(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        value => value.as_f64(),
    }
}

/// Whether the new pattern provably matches all that the old one matched: it is
/// the old one but for wider `{least,most}` counts.
///
/// That holds as long as nothing in the pattern negates or looks back at a
/// group; anything that is not understood is not provable.
pub(super) fn is_looser(old: &str, new: &str) -> bool {
    let (Some(old), Some(new)) = (pieces(old), pieces(new)) else {
        return false;
    };
    old.len() == new.len()
        && old.iter().zip(&new).all(|pair| match pair {
            (Piece::Text(old), Piece::Text(new)) => old == new,
            (Piece::Count(least, most), Piece::Count(new_least, new_most)) => {
                new_least <= least && new_most >= most
            }
            _ => false,
        })
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Count(u64, u64),
}

fn pieces(pattern: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut in_class = false;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let escaped = characters.next()?;
                if escaped.is_ascii_digit() || matches!(escaped, 'k' | 'b' | 'B') {
                    return None;
                }
                text.extend([character, escaped]);
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '{' if !in_class => {
                let rest = characters.as_str();
                let (count, after) = rest.split_once('}')?;
                let (least, most) = count.split_once(',').unwrap_or((count, count));
                let least = least.parse().ok()?;
                let most = if most.is_empty() {
                    u64::MAX
                } else {
                    most.parse().ok()?
                };
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(Piece::Count(least, most));
                characters = after.chars();
                continue;
            }
            _ => {}
        }
        text.push(character);
        if text.ends_with("(?") {
            return None;
        }
    }
    pieces.push(Piece::Text(text));
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_limit_moves_towards_or_away_from_the_value() {
        for (keyword, old, new, expected) in [
            ("minLength", json!(1), json!(2), Some(Move::Tighter)),
            ("minLength", json!(2), json!(1), Some(Move::Looser)),
            ("minLength", Value::Null, json!(0), None),
            ("minLength", Value::Null, json!(1), Some(Move::Tighter)),
            ("maxLength", json!(90), json!(64), Some(Move::Tighter)),
            ("maxLength", json!(90), Value::Null, Some(Move::Looser)),
            ("maxItems", Value::Null, json!(3), Some(Move::Tighter)),
            ("minimum", Value::Null, json!(0), Some(Move::Tighter)),
            ("minimum", json!(-1), json!(-2), Some(Move::Looser)),
            ("maximum", json!(1), json!(1.0), None),
            ("exclusiveMinimum", json!(false), Value::Null, None),
            (
                "exclusiveMaximum",
                json!(false),
                json!(true),
                Some(Move::Tighter),
            ),
            ("uniqueItems", json!(true), Value::Null, Some(Move::Looser)),
            ("multipleOf", json!(4), json!(2), Some(Move::Looser)),
            ("multipleOf", json!(2), json!(3), Some(Move::Tighter)),
            ("multipleOf", Value::Null, json!(2), Some(Move::Tighter)),
        ] {
            assert_eq!(
                moved(keyword, Some(&old), Some(&new)),
                expected,
                "{keyword}: {old} to {new}"
            );
        }
    }

    #[test]
    fn only_wider_counts_are_provably_looser() {
        let old = "^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$";
        for looser in [
            "^[a-zA-Z0-9][a-zA-Z0-9_-]{2,64}$",
            "^[a-zA-Z0-9][a-zA-Z0-9_-]{0,}$",
        ] {
            assert!(is_looser(old, looser), "{looser}");
        }
        for other in [
            "^[a-zA-Z0-9][a-zA-Z0-9_-]{2,31}$",
            "^[a-zA-Z0-9][a-zA-Z0-9_-]{3,64}$",
            "^[a-zA-Z0-9][a-zA-Z0-9_.-]{2,32}$",
            "^[a-zA-Z0-9]$",
            "",
        ] {
            assert!(!is_looser(old, other), "{other}");
        }
        assert!(!is_looser("^(?!a{1,2})", "^(?!a{1,3})"));
        assert!(!is_looser("[{1,2}]", "[{1,3}]"));
        assert!(!is_looser(r"a\{1,2}", r"a\{1,3}"));
        assert!(!is_looser(r"(a{1,2})\1", r"(a{1,3})\1"));
        assert!(!is_looser("a{", "a{"));
    }
}
