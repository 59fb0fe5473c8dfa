//! Where a deployment lies must not count: paths of the wave variables are replaced by the variables' names.
//!
//! A path counts only as a whole: it starts where no other path goes on (at the beginning, after a character that cannot
//! be part of a path, after `://`, after a one-letter option like `-I`) and ends with a component. The longest path that
//! fits wins. In normalised text a path is `\0betterform:NAME\0`; where the text itself holds `\0betterform:`, a colon is
//! put behind it, so that two different texts never become the same.
//!
//! Knows nothing of which files hold such text.

use std::borrow::Cow;

/// What a path is replaced by starts with this.
pub const TOKEN: &[u8] = b"\0betterform:";

/// The absolute paths that wave variables have at one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locations {
    /// Path and name; the longest path first, equal paths by name. No path ends with `/`.
    places: Vec<(Vec<u8>, String)>,
}

/// A path of [`Locations`] that stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// The variables that have this path: one, or several that are the same place.
    pub names: &'a [(Vec<u8>, String)],
    /// Where the path ends in the text.
    pub end: usize,
}

impl<'a> Found<'a> {
    /// The name that the path is replaced by: the first of those that have it.
    pub fn name(&self) -> &'a str {
        self.names.first().map_or("", |(_, name)| name)
    }
}

impl Locations {
    /// The places of variables, by name. Paths that are not absolute, and `/` itself, are left out: they say nothing.
    pub fn new<N: Into<String>, P: Into<Vec<u8>>>(
        variables: impl IntoIterator<Item = (N, P)>,
    ) -> Self {
        let mut places = Vec::new();
        for (name, path) in variables {
            let (name, mut path) = (name.into(), path.into());
            while path.last() == Some(&b'/') {
                path.pop();
            }
            if path.first() == Some(&b'/') && !name.is_empty() && !name.contains('\0') {
                places.push((path, name));
            }
        }
        places.sort_by(|(path, name), (path2, name2)| {
            (path2.len(), path, name).cmp(&(path.len(), path2, name2))
        });
        places.dedup();
        Self { places }
    }

    /// The same with one more variable, such as one that only one stage's templates read.
    #[must_use]
    pub fn with(&self, name: &str, path: &[u8]) -> Self {
        let known = self.places.iter().cloned().map(|(path, name)| (name, path));
        Self::new(known.chain([(name.to_owned(), path.to_vec())]))
    }

    /// All variables with their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.places
            .iter()
            .map(|(path, name)| (name.as_str(), path.as_slice()))
    }

    /// The path of a variable.
    pub fn path(&self, name: &str) -> Option<&[u8]> {
        let place = self.places.iter().find(|(_, known)| known == name)?;
        Some(&place.0)
    }

    /// All paths with their variables, the longest path first.
    pub fn places(&self) -> impl Iterator<Item = (&[u8], &str)> {
        self.places
            .iter()
            .map(|(path, name)| (path.as_slice(), name.as_str()))
    }

    /// The text with each path replaced by its variable's name, in an encoding of which the text can be read again.
    pub fn normalise<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut normal = Vec::new();
        let mut copied = 0;
        let mut at = 0;
        while let Some(next) = text.get(at..).and_then(|rest| memchr2(b'/', b'\0', rest)) {
            at += next;
            if text[at..].starts_with(TOKEN) {
                at += TOKEN.len();
                normal.extend_from_slice(&text[copied..at]);
                normal.push(b':');
                copied = at;
            } else if let Some(found) = self.at(text, at) {
                normal.extend_from_slice(&text[copied..at]);
                push_token(&mut normal, found.name());
                at = found.end;
                copied = at;
            } else {
                at += 1;
            }
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        normal.extend_from_slice(&text[copied..]);
        Cow::Owned(normal)
    }

    /// The text of which [`Self::normalise`] made `normal`, with the paths of this place.
    /// `None` if it names a variable that has no path here, or is not normalised text.
    pub fn expand(&self, normal: &[u8]) -> Option<Vec<u8>> {
        let mut text = Vec::with_capacity(normal.len());
        let mut rest = normal;
        while let Some(start) = find(rest, TOKEN) {
            text.extend_from_slice(rest.get(..start)?);
            let after = rest.get(start + TOKEN.len()..)?;
            if let Some(after) = after.strip_prefix(b":") {
                text.extend_from_slice(TOKEN);
                rest = after;
            } else {
                let end = after.iter().position(|byte| *byte == 0)?;
                let name = std::str::from_utf8(after.get(..end)?).ok()?;
                text.extend_from_slice(self.path(name)?);
                rest = after.get(end + 1..)?;
            }
        }
        text.extend_from_slice(rest);
        Some(text)
    }

    /// Rewrites a text that was written at the place `from` for the place `to`, so that it says there what it said here.
    ///
    /// `None` where that cannot be known, and the text has to be made again: it holds a path of `from` as a part of
    /// something else (`/gen.bak` for `/gen`), or already one of `to`, or two variables had one path and now have two.
    pub fn relocate(text: &[u8], from: &Self, to: &Self) -> Option<Vec<u8>> {
        let normal = from.normalise(text);
        if from.leaves_traces(text) {
            return None;
        }
        let moved = to.expand(&normal)?;
        let faithful = to.normalise(&moved) == normal && from.agrees(to);
        faithful.then_some(moved)
    }

    /// The longest of the paths that stands, as a whole, at `at` in `text`.
    pub fn at(&self, text: &[u8], at: usize) -> Option<Found<'_>> {
        let rest = text.get(at..)?;
        let first = self.places.iter().position(|(path, _)| {
            rest.starts_with(path) && ends_component(rest.get(path.len()..).unwrap_or_default())
        })?;
        if !starts_path(text.get(..at)?) {
            return None;
        }
        let path = &self.places.get(first)?.0;
        let same = self.places[first..].iter().take_while(|(p, _)| p == path);
        Some(Found {
            names: &self.places[first..first + same.count()],
            end: at + path.len(),
        })
    }

    /// Whether a path occurs in the text other than as a whole.
    fn leaves_traces(&self, text: &[u8]) -> bool {
        let mut at = 0;
        while let Some(next) = text.get(at..).and_then(|rest| memchr2(b'/', b'/', rest)) {
            at += next;
            if let Some(found) = self.at(text, at) {
                at = found.end;
            } else if self
                .places
                .iter()
                .any(|(path, _)| text[at..].starts_with(path))
            {
                return true;
            } else {
                at += 1;
            }
        }
        false
    }

    /// Whether variables that are the same place here are the same place there.
    fn agrees(&self, there: &Self) -> bool {
        self.places.windows(2).all(|pair| match pair {
            [(path, name), (path2, name2)] => {
                path != path2 || there.path(name) == there.path(name2)
            }
            _ => true,
        })
    }
}

fn push_token(text: &mut Vec<u8>, name: &str) {
    text.extend_from_slice(TOKEN);
    text.extend_from_slice(name.as_bytes());
    text.push(0);
}

/// Whether a byte is commonly part of a component of a path in text.
pub fn in_component(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'-' | b'.' | b'~' | b'+' | b'@' | b'%')
        || byte >= 0x80
}

/// Whether an absolute path may start behind `before`.
pub fn starts_path(before: &[u8]) -> bool {
    let word = |byte: u8| in_component(byte) || matches!(byte, b'/' | b'}' | b')');
    match before {
        [] | [.., b':', b'/', b'/'] => true,
        [.., last] if !word(*last) => true,
        [.., option, b'-', letter] if letter.is_ascii_alphabetic() => !word(*option),
        [b'-', letter] => letter.is_ascii_alphabetic(),
        _ => false,
    }
}

/// Whether a component of a path ends before `after`. A full stop at the end of a sentence does not belong to the path.
fn ends_component(after: &[u8]) -> bool {
    match after {
        [] | [b'.'] => true,
        [b'.', next, ..] => !in_component(*next) && *next != b'/',
        [next, ..] => !in_component(*next),
    }
}

fn memchr2(one: u8, other: u8, text: &[u8]) -> Option<usize> {
    memchr::memchr2(one, other, text)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

#[cfg(test)]
mod tests;
