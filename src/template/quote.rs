//! Go's quoted literals: reading those in templates, writing those of `%q`. It knows no templates.

use std::fmt::{self, Write};

use crate::template::runes::{REPLACEMENT, characters, decode, is_print};

/// How a quoted text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoting {
    /// The quote, `"` or `'`.
    pub quote: char,
    /// Escape everything that is not ASCII.
    pub ascii: bool,
}

/// Go's `strconv.Quote`.
pub fn quote(text: &[u8]) -> String {
    quote_with(
        text,
        Quoting {
            quote: '"',
            ascii: false,
        },
    )
}

/// Quotes with any quote, optionally in ASCII alone.
pub fn quote_with(text: &[u8], style: Quoting) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    out.push(style.quote);
    let mut rest = text;
    while let Some((character, length)) = decode(rest) {
        match rest.first() {
            Some(byte) if character == REPLACEMENT && length == 1 => {
                append(&mut out, format_args!("\\x{byte:02x}"));
            }
            _ => escape(&mut out, character, style),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    out.push(style.quote);
    out
}

/// Go's `strconv.QuoteRune`, and `QuoteRuneToASCII`.
pub fn quote_rune(character: char, ascii: bool) -> String {
    let mut out = String::from("'");
    escape(&mut out, character, Quoting { quote: '\'', ascii });
    out.push('\'');
    out
}

/// Writing to a `String` cannot fail.
fn append(out: &mut String, text: fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

fn escape(out: &mut String, character: char, style: Quoting) {
    let code = u32::from(character);
    match character {
        '\\' => out.push_str("\\\\"),
        _ if character == style.quote => {
            out.push('\\');
            out.push(character);
        }
        _ if is_print(character) && (character.is_ascii() || !style.ascii) => out.push(character),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        _ if code < 0x20 || code == 0x7f => append(out, format_args!("\\x{code:02x}")),
        _ if code < 0x1_0000 => append(out, format_args!("\\u{code:04x}")),
        _ => append(out, format_args!("\\U{code:08x}")),
    }
}

/// Go's `strconv.CanBackquote`: whether the text can stand between back quotes.
pub fn can_backquote(text: &[u8]) -> bool {
    characters(text).all(|(character, length)| {
        !(character == REPLACEMENT && length == 1
            || character == '\u{feff}'
            || (character < ' ' && character != '\t')
            || character == '`'
            || character == '\x7f')
    })
}

/// Go's `strconv.Unquote` for a literal in `"` or back quotes; `None` is Go's `invalid syntax`.
pub fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (quote, rest) = literal.split_first()?;
    let (last, inner) = rest.split_last()?;
    if quote != last {
        return None;
    }
    if *quote == b'`' {
        let plain = !inner.contains(&b'`');
        return plain.then(|| {
            inner
                .iter()
                .copied()
                .filter(|byte| *byte != b'\r')
                .collect()
        });
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        let (unit, after) = unquote_unit(rest, *quote)?;
        match unit {
            Unit::Byte(byte) => out.push(byte),
            Unit::Rune(character) => {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        rest = after;
    }
    Some(out)
}

/// The value of a character constant, the quotes included.
pub fn unquote_character(literal: &[u8]) -> Result<char, String> {
    let inner = literal.get(1..).unwrap_or_default();
    let (unit, rest) = unquote_unit(inner, b'\'').ok_or("invalid syntax")?;
    if rest != b"'" {
        let shown = String::from_utf8_lossy(literal);
        return Err(format!("malformed character constant: {shown}"));
    }
    Ok(match unit {
        Unit::Byte(byte) => char::from(byte),
        Unit::Rune(character) => character,
    })
}

enum Unit {
    Byte(u8),
    Rune(char),
}

/// One character or escape, and what follows it.
fn unquote_unit(text: &[u8], quote: u8) -> Option<(Unit, &[u8])> {
    let (character, length) = decode(text)?;
    if character == char::from(quote) || character == '\n' {
        return None;
    }
    if character != '\\' {
        return Some((Unit::Rune(character), text.get(length..)?));
    }
    let letter = *text.get(1)?;
    let rest = text.get(2..)?;
    let plain = |byte| Some((Unit::Byte(byte), rest));
    match letter {
        b'a' => plain(7),
        b'b' => plain(8),
        b'f' => plain(12),
        b'n' => plain(b'\n'),
        b'r' => plain(b'\r'),
        b't' => plain(b'\t'),
        b'v' => plain(11),
        b'\\' => plain(b'\\'),
        b'\'' | b'"' if letter == quote => plain(letter),
        b'x' => coded(rest, 2, 16, false),
        b'u' => coded(rest, 4, 16, true),
        b'U' => coded(rest, 8, 16, true),
        b'0'..=b'7' => coded(text.get(1..)?, 3, 8, false),
        _ => None,
    }
}

fn coded(text: &[u8], digits: usize, radix: u32, rune: bool) -> Option<(Unit, &[u8])> {
    let part = std::str::from_utf8(text.get(..digits)?).ok()?;
    if !part.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let code = u32::from_str_radix(part, radix).ok()?;
    let rest = text.get(digits..)?;
    if rune {
        return Some((Unit::Rune(char::from_u32(code)?), rest));
    }
    Some((Unit::Byte(u8::try_from(code).ok()?), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting() {
        for (text, expected) in [
            (&b"a\"b'\\"[..], r#""a\"b'\\""#),
            (b"\n\t\x00\x7f\xff", r#""\n\t\x00\x7f\xff""#),
            ("é\u{200b}😀".as_bytes(), "\"é\\u200b😀\""),
        ] {
            assert_eq!(quote(text), expected);
        }
        let ascii = Quoting {
            quote: '"',
            ascii: true,
        };
        assert_eq!(quote_with("é😀".as_bytes(), ascii), r#""\u00e9\U0001f600""#);
        assert_eq!(quote_rune('\'', false), r"'\''");
    }

    #[test]
    fn unquoting() {
        for (literal, expected) in [
            (r#""a\nb""#, Some(&b"a\nb"[..])),
            (r#""\xff\377\u00e9\"""#, Some(b"\xff\xff\xc3\xa9\"")),
            ("`a\\n\r\n`", Some(b"a\\n\n")),
            (r#""\q""#, None),
            (r#""\'""#, None),
            (r#""\ud800""#, None),
            (r#""\400""#, None),
            ("\"", None),
        ] {
            assert_eq!(
                unquote(literal.as_bytes()).as_deref(),
                expected,
                "{literal}"
            );
        }
        assert_eq!(unquote_character(br"'\''"), Ok('\''));
        assert_eq!(unquote_character(b"''"), Err("invalid syntax".to_owned()));
        assert_eq!(
            unquote_character(b"'ab'"),
            Err("malformed character constant: 'ab'".to_owned())
        );
    }
}
