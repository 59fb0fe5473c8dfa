//! Characters as Go sees them: decoding of bytes that need not be UTF-8, and Unicode classes. It
//! knows nothing of templates.

use std::sync::LazyLock;

use regex::Regex;

/// What Go decodes an invalid byte to.
pub const REPLACEMENT: char = '\u{FFFD}';

// The tables are regex's. `ok()`: a pattern that did not compile would make everything non-ASCII
// a non-letter, and the unit test below fail.
static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{L}$").ok());
static DIGIT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Nd}$").ok());
static PRINT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[\p{L}\p{M}\p{N}\p{P}\p{S}]$").ok());

/// The first character and its length in bytes; an invalid byte is [`REPLACEMENT`] of length 1.
pub fn decode(bytes: &[u8]) -> Option<(char, usize)> {
    let first = *bytes.first()?;
    let length = match first {
        0..=0x7f => return Some((char::from(first), 1)),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((REPLACEMENT, 1)),
    };
    let character = bytes
        .get(..length)
        .and_then(|part| std::str::from_utf8(part).ok())
        .and_then(|part| part.chars().next());
    Some(character.map_or((REPLACEMENT, 1), |character| (character, length)))
}

/// All characters with their lengths.
pub fn characters(mut bytes: &[u8]) -> impl Iterator<Item = (char, usize)> {
    std::iter::from_fn(move || {
        let (character, length) = decode(bytes)?;
        bytes = bytes.get(length..).unwrap_or_default();
        Some((character, length))
    })
}

/// Go's `utf8.RuneCount`.
pub fn count(bytes: &[u8]) -> usize {
    if bytes.is_ascii() {
        return bytes.len();
    }
    characters(bytes).count()
}

/// Go's `unicode.IsLetter`.
pub fn is_letter(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphabetic();
    }
    matches(&LETTER, character)
}

/// Go's `unicode.IsDigit`.
pub fn is_digit(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_digit();
    }
    matches(&DIGIT, character)
}

/// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
pub fn is_print(character: char) -> bool {
    if character.is_ascii() {
        return (' '..='~').contains(&character);
    }
    matches(&PRINT, character)
}

/// What may stand in a template's identifier.
pub fn is_alphanumeric(character: char) -> bool {
    character == '_' || is_letter(character) || is_digit(character)
}

fn matches(class: &LazyLock<Option<Regex>>, character: char) -> bool {
    let mut buffer = [0; 4];
    let text = character.encode_utf8(&mut buffer);
    class.as_ref().is_some_and(|class| class.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        assert!(is_letter('é') && is_letter('世') && !is_letter('1') && !is_letter('\u{301}'));
        assert!(is_digit('٣') && !is_digit('²'));
        assert!(
            is_print('😀') && is_print('\u{301}') && !is_print('\u{a0}') && !is_print('\u{200b}')
        );
    }

    #[test]
    fn decoding() {
        for (bytes, expected) in [
            (&b"a"[..], Some(('a', 1))),
            ("é!".as_bytes(), Some(('é', 2))),
            (&[0xff], Some((REPLACEMENT, 1))),
            (&[0xc3], Some((REPLACEMENT, 1))),
            (&[0xed, 0xa0, 0x80], Some((REPLACEMENT, 1))),
            (&[], None),
        ] {
            assert_eq!(decode(bytes), expected, "{bytes:?}");
        }
    }
}
