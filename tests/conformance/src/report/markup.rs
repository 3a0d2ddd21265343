//! Texts from outside within XML, HTML and on a terminal.

use std::fmt::{self, Write};

/// A text within XML or HTML, in an attribute or between tags.
///
/// What XML 1.0 has no way to write, and what changes the direction of other text, becomes U+FFFD.
pub(super) struct Escaped<'t>(pub(super) &'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // An attribute would lose them.
                '\t' | '\n' | '\r' => write!(f, "&#{};", u32::from(character))?,
                it if steers(it) => f.write_char(char::REPLACEMENT_CHARACTER)?,
                it => f.write_char(it)?,
            }
        }
        Ok(())
    }
}

/// A text on a terminal, which it cannot steer.
pub(super) struct Plain<'t>(pub(super) &'t str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match steers(character) {
                true => write!(f, "{}", character.escape_unicode())?,
                false => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// Control characters, signs of direction, and what is no character at all.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
                | '\u{fffe}' | '\u{ffff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_survives_an_xml_parser_or_is_replaced() {
        for character in '\0'..=char::MAX {
            let text = format!("a{character}b");
            let xml = format!("<x y=\"{0}\">{0}</x>", Escaped(&text));
            // A parser for each of a million characters takes long; these are the interesting ones.
            if character > '\u{3000}' && !('\u{d000}'..='\u{ffff}').contains(&character) {
                continue;
            }
            let document = roxmltree::Document::parse(&xml).unwrap();
            let root = document.root_element();
            let replaced = format!("a{}b", char::REPLACEMENT_CHARACTER);
            for read in [root.attribute("y"), root.text()] {
                let read = read.unwrap();
                assert!(read == text || read == replaced, "{character:?}: {read:?}");
                assert!(read == text || steers(character), "{character:?}");
            }
        }
    }

    #[test]
    fn a_terminal_is_not_steered() {
        let hostile = "\u{1b}]0;x\u{7}\u{1b}[2J\u{9b}31m\r\u{202e}";
        let shown = Plain(hostile).to_string();
        assert!(!shown.chars().any(steers), "{shown}");
        assert_eq!(Plain("Größe 日本").to_string(), "Größe 日本");
    }
}
