//! Takes secrets out of what is printed: the values themselves and the forms in which they are passed on. Text may come in pieces.
//! Knows nothing of where secrets come from.

mod forms;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::core::mask::forms::forms;

/// A value with fewer characters cannot be masked: it would be found everywhere.
pub const SHORTEST: usize = 6;

/// What stands for a secret.
const MASK: &[u8] = b"***";

/// The secrets of a run.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Option<Patterns>);

#[derive(Clone)]
struct Patterns {
    automaton: AhoCorasick,
    /// The patterns, sorted.
    sorted: Vec<Vec<u8>>,
    longest: usize,
    /// With which bytes patterns begin.
    first: [bool; 256],
}

/// The values must not be shown, here least of all.
impl std::fmt::Debug for Patterns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} patterns", self.sorted.len())
    }
}

impl Secrets {
    /// The secrets of these values; those that are too short are not among them.
    pub fn new<'v>(values: impl IntoIterator<Item = &'v [u8]>) -> Self {
        let values = values.into_iter().filter(|value| is_maskable(value));
        let forms: BTreeSet<Vec<u8>> = values.flat_map(forms).collect();
        if forms.is_empty() {
            return Self(None);
        }
        let sorted: Vec<Vec<u8>> = forms.into_iter().collect();
        let mut first = [false; 256];
        for byte in sorted.iter().filter_map(|form| form.first()) {
            first[usize::from(*byte)] = true;
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&sorted);
        let longest = sorted.iter().map(Vec::len).max().unwrap_or(0);
        Self(automaton.ok().map(|automaton| Patterns {
            automaton,
            sorted,
            longest,
            first,
        }))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether a secret occurs in a text.
    pub fn occur_in(&self, text: &[u8]) -> bool {
        self.0
            .as_ref()
            .is_some_and(|patterns| patterns.automaton.is_match(text))
    }

    /// A whole text without secrets.
    pub fn mask(&self, text: &[u8]) -> Vec<u8> {
        let mut masker = self.masker();
        let mut masked = masker.feed(text);
        masked.extend(masker.finish());
        masked
    }

    /// A whole text without secrets. Masking cannot make it anything else than text, since what is masked begins and ends
    /// between characters wherever the secrets do.
    pub fn mask_text(&self, text: &str) -> String {
        match self.0 {
            Some(_) => String::from_utf8_lossy(&self.mask(text.as_bytes())).into_owned(),
            None => text.to_owned(),
        }
    }

    /// Masks a text that comes in pieces.
    pub fn masker(&self) -> Masker<'_> {
        Masker {
            secrets: self,
            held: Vec::new(),
            covered: 0,
        }
    }
}

impl Patterns {
    /// Where secrets stand, in order; those that overlap are one.
    fn found(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let mut found: Vec<(usize, usize)> = self
            .automaton
            .find_overlapping_iter(text)
            .map(|found| (found.start(), found.end()))
            .collect();
        found.sort_unstable();
        let mut joined: Vec<(usize, usize)> = Vec::new();
        for (start, end) in found {
            match joined.last_mut() {
                Some(last) if start < last.1 => last.1 = last.1.max(end),
                _ => joined.push((start, end)),
            }
        }
        joined
    }

    /// Where the last part of a text begins that may become a secret when more text comes; the text's end if nothing may.
    fn open(&self, text: &[u8]) -> usize {
        let earliest = text.len().saturating_sub(self.longest.saturating_sub(1));
        let candidates = (earliest..text.len()).filter(|at| self.first[usize::from(text[*at])]);
        let mut open = candidates.filter(|at| self.is_beginning(&text[*at..]));
        open.next().unwrap_or(text.len())
    }

    fn is_beginning(&self, text: &[u8]) -> bool {
        let at = self.sorted.partition_point(|form| form.as_slice() <= text);
        self.sorted
            .get(at)
            .is_some_and(|form| form.starts_with(text))
    }
}

/// Masks a text that comes in pieces: what may be the beginning of a secret is held back until more has come.
#[derive(Debug)]
pub struct Masker<'a> {
    secrets: &'a Secrets,
    held: Vec<u8>,
    /// How much at the beginning of what is held belongs to a secret for which the mask was shown already.
    covered: usize,
}

impl Masker<'_> {
    /// Takes the next piece, and gives what can be shown so far.
    pub fn feed(&mut self, piece: &[u8]) -> Vec<u8> {
        let Some(patterns) = &self.secrets.0 else {
            return piece.to_vec();
        };
        self.held.extend_from_slice(piece);
        let open = patterns.open(&self.held);
        self.show(open)
    }

    /// The end has come: gives the rest.
    pub fn finish(&mut self) -> Vec<u8> {
        self.show(self.held.len())
    }

    /// Shows the first `end` bytes of what is held. No secret begins among them that is not all there.
    fn show(&mut self, end: usize) -> Vec<u8> {
        let found = self.secrets.0.as_ref();
        let found = found.map(|patterns| patterns.found(&self.held));
        let mut shown = Vec::with_capacity(end);
        let mut done = self.covered;
        for (from, to) in found.unwrap_or_default() {
            if from >= end && from >= done {
                break;
            }
            if from < done {
                // It goes on where another one is masked already.
                done = done.max(to);
                continue;
            }
            shown.extend_from_slice(self.held.get(done..from).unwrap_or_default());
            shown.extend_from_slice(MASK);
            done = to;
        }
        if done < end {
            shown.extend_from_slice(self.held.get(done..end).unwrap_or_default());
            done = end;
        }
        self.covered = done - end;
        self.held.drain(..end);
        shown
    }
}

/// Whether a value is long enough to be masked.
pub fn is_maskable(value: &[u8]) -> bool {
    String::from_utf8_lossy(value).chars().count() >= SHORTEST
}
