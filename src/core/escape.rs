//! Bytes of any kind, such as a file's name, as text from which they can be had again.
//!
//! Text stays as it is, but for a backslash, which is doubled. A byte that belongs to no UTF-8 character becomes `\xHH`.
//! So almost every name looks like itself, and no two different names look alike.

/// The text for some bytes.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' {
                text.push('\\');
            }
            text.push(c);
        }
        for byte in chunk.invalid() {
            const HEX: &[char; 16] = &[
                '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
            ];
            text.push_str("\\x");
            text.push(HEX[usize::from(byte >> 4)]);
            text.push(HEX[usize::from(byte & 15)]);
        }
    }
    text
}

/// The bytes that [`encode`] made `text` of. In a text that it did not make, an escape that is none stands for itself.
pub fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        bytes.extend_from_slice(before.as_bytes());
        if let Some(byte) = hexadecimal(escape) {
            bytes.push(byte);
            rest = escape.get(4..).unwrap_or_default();
        } else {
            bytes.push(b'\\');
            let length = if escape.starts_with(r"\\") { 2 } else { 1 };
            rest = escape.get(length..).unwrap_or_default();
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

fn hexadecimal(escape: &str) -> Option<u8> {
    let digits = escape.strip_prefix("\\x")?.get(..2)?;
    let only_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    only_digits.then(|| u8::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_looks_like_itself() {
        let cases: [(&[u8], &str); 6] = [
            (b"", ""),
            (b"main.tf", "main.tf"),
            ("größe/ä".as_bytes(), "größe/ä"),
            (br"a\b", r"a\\b"),
            (br"\xff", r"\\xff"),
            (b"caf\xe9.txt", r"caf\xe9.txt"),
        ];
        for (bytes, text) in cases {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text), bytes, "{text}");
        }
    }

    #[test]
    fn foreign_escapes_stand_for_themselves() {
        for text in [r"\", r"\x", r"\x1", r"\xg0", r"\n", r"\x+1", "\\xä"] {
            assert_eq!(decode(text), text.as_bytes(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_name_comes_back(bytes: Vec<u8>) {
            proptest::prop_assert_eq!(decode(&encode(&bytes)), bytes);
        }

        #[test]
        fn every_name_made_of_escapes_comes_back(text in r"[\\x0-9a-fé]{0,12}") {
            proptest::prop_assert_eq!(decode(&encode(text.as_bytes())), text.as_bytes());
        }
    }
}
