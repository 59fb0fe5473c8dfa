//! Takes secrets out of what is printed: the values themselves and the forms in which they are passed on. Text may come in pieces.
//! Knows nothing of where secrets come from.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A value with fewer characters cannot be masked: it would be found everywhere.
pub const SHORTEST: usize = 6;

/// What stands for a secret.
const MASK: &[u8] = b"***";

/// The secrets of a run.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    patterns: Option<AhoCorasick>,
    longest: usize,
}

impl Secrets {
    /// The secrets of these values; those that are too short are not among them.
    pub fn new<'v>(values: impl IntoIterator<Item = &'v [u8]>) -> Self {
        let values = values.into_iter().filter(|value| is_maskable(value));
        let forms: BTreeSet<Vec<u8>> = values.flat_map(forms).collect();
        let longest = forms.iter().map(Vec::len).max().unwrap_or(0);
        let patterns = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(forms)
            .ok()
            .filter(|_| longest > 0);
        Self { patterns, longest }
    }

    /// Whether a secret occurs in a text.
    pub fn occur_in(&self, text: &[u8]) -> bool {
        self.patterns
            .as_ref()
            .is_some_and(|patterns| patterns.is_match(text))
    }

    /// A whole text without secrets.
    pub fn mask(&self, text: &[u8]) -> Vec<u8> {
        match &self.patterns {
            Some(patterns) => {
                patterns.replace_all_bytes(text, &vec![MASK; patterns.patterns_len()])
            }
            None => text.to_vec(),
        }
    }

    /// A whole text without secrets, as text.
    pub fn mask_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.mask(text.as_bytes())).into_owned()
    }

    /// Masks a text that comes in pieces.
    pub fn masker(&self) -> Masker<'_> {
        Masker {
            secrets: self,
            held: Vec::new(),
        }
    }
}

/// Masks a text that comes in pieces: what may be the beginning of a secret is held back until more has come.
#[derive(Debug)]
pub struct Masker<'a> {
    secrets: &'a Secrets,
    held: Vec<u8>,
}

impl Masker<'_> {
    /// Takes the next piece, and gives what can be shown so far.
    pub fn feed(&mut self, piece: &[u8]) -> Vec<u8> {
        let Some(patterns) = &self.secrets.patterns else {
            return piece.to_vec();
        };
        self.held.extend_from_slice(piece);
        let mut shown = Vec::with_capacity(self.held.len());
        let mut done = 0;
        // A match that ends where the text so far ends might be a part of a longer one.
        let safe = self.held.len().saturating_sub(self.secrets.longest - 1);
        for found in patterns.find_iter(&self.held) {
            if found.start() >= safe {
                break;
            }
            shown.extend_from_slice(self.held.get(done..found.start()).unwrap_or_default());
            shown.extend_from_slice(MASK);
            done = found.end();
        }
        let end = safe.max(done);
        shown.extend_from_slice(self.held.get(done..end).unwrap_or_default());
        self.held.drain(..end);
        shown
    }

    /// The end has come: gives the rest.
    pub fn finish(&mut self) -> Vec<u8> {
        let rest = self.secrets.mask(&self.held);
        self.held.clear();
        rest
    }
}

/// Whether a value is long enough to be masked.
pub fn is_maskable(value: &[u8]) -> bool {
    String::from_utf8_lossy(value).chars().count() >= SHORTEST
}

/// The value, each of its longer lines, and how they look in base64, in URLs and in JSON.
fn forms(value: &[u8]) -> Vec<Vec<u8>> {
    let lines = value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let whole = value.trim_ascii();
    let parts = std::iter::once(whole)
        .chain(lines)
        .filter(|part| is_maskable(part));
    let parts: BTreeSet<&[u8]> = parts.collect();
    let mut forms = Vec::new();
    for part in parts {
        forms.push(part.to_vec());
        forms.extend(encoded(part));
        forms.push(url_encoded(part, false));
        forms.push(url_encoded(part, true));
        if let Ok(text) = std::str::from_utf8(part)
            && let Ok(json) = serde_json::to_string(text)
        {
            forms.push(json.as_bytes()[1..json.len() - 1].to_vec());
        }
    }
    forms
}

/// A value in base64, wherever in a longer text it may stand: without the characters that its neighbours share.
fn encoded(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let mut text = vec![0; before];
        text.extend_from_slice(value);
        let skip = [0, 2, 3][before];
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&text);
            let shared = usize::from(text.len() % 3 != 0);
            let end = encoded.len() - shared;
            if let Some(own) = encoded.get(skip..end).filter(|own| own.len() >= SHORTEST) {
                forms.push(own.as_bytes().to_vec());
            }
        }
    }
    forms
}

fn url_encoded(value: &[u8], plus: bool) -> Vec<u8> {
    let mut text = Vec::new();
    for byte in value {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => text.push(*byte),
            b' ' if plus => text.push(b'+'),
            _ => text.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    fn masked(secrets: &[&str], text: &str) -> String {
        let secrets = Secrets::new(secrets.iter().map(|secret| secret.as_bytes()));
        String::from_utf8(secrets.mask(text.as_bytes())).unwrap()
    }

    #[test]
    fn every_form_is_masked() {
        let secret = "p@ss/word \"1\"";
        let url = "p%40ss%2Fword%20%221%22";
        let json = serde_json::to_string(secret).unwrap();
        for (text, expected) in [
            (format!("<{secret}>"), "<***>"),
            (format!("x={url}&y"), "x=***&y"),
            (format!("{{\"a\":{json}}}"), "{\"a\":\"***\"}"),
            ("nothing here".to_owned(), "nothing here"),
        ] {
            assert_eq!(masked(&[secret], &text), expected);
        }
        for before in ["", "a", "ab"] {
            let encoded = STANDARD.encode(format!("{before}{secret}:after"));
            let shown = masked(&[secret], &encoded);
            assert!(shown.contains("***"), "{encoded} {shown}");
        }
    }

    #[test]
    fn short_values_and_short_lines_are_left() {
        assert_eq!(masked(&["abc"], "abc abc"), "abc abc");
        assert_eq!(
            masked(&["first-line\nx\nsecond-line"], "first-line x second-line"),
            "*** x ***"
        );
    }

    proptest! {
        #[test]
        fn no_cutting_of_the_text_shows_a_secret(
            secret in "[a-z0-9+/]{6,20}",
            text in "[a-z \n]{0,30}",
            at in 0_usize..30,
            cuts in prop::collection::vec(1_usize..8, 1..40),
        ) {
            let mut whole = text.clone().into_bytes();
            let at = at.min(whole.len());
            whole.splice(at..at, secret.bytes());
            let secrets = Secrets::new([secret.as_bytes()]);
            let mut masker = secrets.masker();
            let mut shown = Vec::new();
            let mut rest = whole.as_slice();
            for cut in cuts.iter().cycle() {
                let (piece, more) = rest.split_at((*cut).min(rest.len()));
                shown.extend(masker.feed(piece));
                rest = more;
                if rest.is_empty() { break; }
            }
            shown.extend(masker.finish());
            prop_assert!(!shown.windows(secret.len()).any(|window| window == secret.as_bytes()));
            prop_assert_eq!(shown, secrets.mask(&whole));
        }
    }
}
