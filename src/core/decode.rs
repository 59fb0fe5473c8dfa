//! Bytes that come in pieces, as text: a character that is cut in two is not broken. Knows nothing of where they come from.

/// Decodes UTF-8 that comes in pieces; what is not UTF-8 becomes U+FFFD.
#[derive(Debug, Default)]
pub struct Decoder(Vec<u8>);

impl Decoder {
    /// Takes the next piece, and gives what is whole so far.
    pub fn feed(&mut self, piece: &[u8]) -> String {
        self.0.extend_from_slice(piece);
        let whole = self.0.len() - unfinished(&self.0);
        let text = String::from_utf8_lossy(self.0.get(..whole).unwrap_or_default()).into_owned();
        self.0.drain(..whole);
        text
    }

    /// The end has come: gives the rest.
    pub fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.0)).into_owned()
    }
}

/// How many bytes at the end may become a character when more come.
fn unfinished(bytes: &[u8]) -> usize {
    // A character has 4 bytes at most.
    let tail = bytes
        .get(bytes.len().saturating_sub(3)..)
        .unwrap_or_default();
    let begins = tail.iter().rposition(|byte| *byte >= 0xc0);
    let Some(last) = begins.and_then(|at| tail.get(at..)) else {
        return 0;
    };
    match std::str::from_utf8(last) {
        Err(error) if error.error_len().is_none() => last.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_that_are_cut_are_whole_and_others_do_not_wait() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed("a€".as_bytes().get(..2).unwrap()), "a");
        assert_eq!(decoder.feed(&"€".as_bytes()[1..2]), "");
        assert_eq!(decoder.feed(&"€b".as_bytes()[2..]), "€b");
        assert_eq!(decoder.feed(b"\xffx\xc3"), "\u{fffd}x");
        assert_eq!(decoder.finish(), "\u{fffd}");
        assert_eq!(decoder.feed(b"\x80\x80"), "\u{fffd}\u{fffd}");
    }

    proptest! {
        #[test]
        fn pieces_make_the_same_text(
            bytes in prop_oneof![
                "[aé€😀]{0,30}".prop_map(String::into_bytes),
                prop::collection::vec(any::<u8>(), 0..60),
            ],
            cut in 1_usize..5,
        ) {
            let mut decoder = Decoder::default();
            let mut text: String = bytes.chunks(cut).map(|piece| decoder.feed(piece)).collect();
            text.push_str(&decoder.finish());
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
        }
    }
}
