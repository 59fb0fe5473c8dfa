//! File names and variable names as text, whatever bytes they hold, and back.
//!
//! Printable UTF-8 stands for itself, a backslash is `\\`, every other byte is `\xff`. Knows nothing of what is named.

use std::fmt::Write as _;

/// Writes `bytes` as printable text that says exactly which bytes they are.
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => text.push_str("\\\\"),
                c if c.is_control() => {
                    escape_bytes(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                c => text.push(c),
            }
        }
        escape_bytes(&mut text, chunk.invalid());
    }
    text
}

fn escape_bytes(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "\\x{byte:02x}");
    }
}

/// The bytes that [`escape`] wrote as `text`; `None` if it cannot have written that.
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        rest = if let Some(rest) = after.strip_prefix('\\') {
            bytes.push(b'\\');
            rest
        } else {
            let digits = after.strip_prefix('x')?.get(..2)?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            after.get(3..)?
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_printable() {
        let cases: [(&[u8], &str); 6] = [
            (b"a/b c.txt", "a/b c.txt"),
            ("für/ß".as_bytes(), "für/ß"),
            (b"a\xff\xfeb", "a\\xff\\xfeb"),
            (b"a\\b", "a\\\\b"),
            (b"line\nend\x1b[m", "line\\x0aend\\x1b[m"),
            ("\u{85}".as_bytes(), "\\xc2\\x85"),
        ];
        for (bytes, text) in cases {
            assert_eq!(escape(bytes), text);
            assert_eq!(unescape(text).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn what_was_not_escaped_is_not_read() {
        for text in ["\\", "\\x", "\\xf", "\\q", "\\xgg", "\\xé"] {
            assert_eq!(unescape(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(unescape(&escape(&bytes)), Some(bytes));
        }
    }
}
