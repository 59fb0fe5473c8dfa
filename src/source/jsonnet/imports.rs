//! Where imports are found, and a record of every file that was looked for.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::core::fingerprint::Digest;
use crate::source::disk;

/// The files that an evaluation reads, each read once.
pub(super) struct Files {
    directory: PathBuf,
    library_path: Vec<PathBuf>,
    seen: BTreeMap<PathBuf, Option<Content>>,
    /// The same files by the names under which they were asked for, if those are others: a link in one may lead elsewhere later.
    asked: BTreeMap<PathBuf, Option<Digest>>,
}

/// What a file holds.
type Content = (Digest, Arc<[u8]>);

/// A file that was found: its name as jsonnet knows it, and its bytes.
pub(super) struct Found {
    pub(super) name: PathBuf,
    pub(super) bytes: Arc<[u8]>,
}

impl Files {
    /// Files named relative to a directory, and looked up along a library path.
    pub(super) fn new(directory: &Path, library_path: &[PathBuf]) -> Self {
        Self {
            directory: directory.to_owned(),
            library_path: library_path.to_vec(),
            seen: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    /// Finds what a file imports: beside it, then along the library path.
    ///
    /// # Errors
    /// Says why in jsonnet's words.
    pub(super) fn find(&mut self, from: &Path, import: &str) -> Result<Found, String> {
        if import.is_empty() {
            return Err("the path of an import is empty".to_owned());
        }
        let beside = from.parent().unwrap_or(Path::new(""));
        let places: Vec<PathBuf> = if import.starts_with('/') {
            vec![clean(Path::new(import))]
        } else {
            let directories =
                std::iter::once(beside).chain(self.library_path.iter().map(PathBuf::as_path));
            directories
                .map(|directory| clean(&directory.join(import)))
                .collect()
        };
        for name in places {
            match self.read(&name) {
                Ok(Some(bytes)) => return Ok(Found { name, bytes }),
                Ok(None) => {}
                Err(error) => return Err(format!("cannot read `{}`: {error}", name.display())),
            }
        }
        Err(format!(
            "couldn't open import \"{import}\": no match locally or in the jsonnet library path"
        ))
    }

    /// The bytes of a file, or nothing if there is no such file.
    pub(super) fn read(&mut self, name: &Path) -> io::Result<Option<Arc<[u8]>>> {
        let path = self.place(name);
        let asked = self.directory.join(name);
        if let Some(seen) = self.seen.get(&path) {
            let digest = seen.as_ref().map(|(digest, _)| *digest);
            self.asked.insert(asked, digest);
            return Ok(seen.as_ref().map(|(_, bytes)| Arc::clone(bytes)));
        }
        let found = match std::fs::read(&path) {
            Ok(bytes) => Some((Digest::of(&bytes), Arc::from(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let bytes = found.as_ref().map(|(_, bytes)| Arc::clone(bytes));
        let digest = found.as_ref().map(|(digest, _)| *digest);
        self.asked.insert(asked, digest);
        self.seen.insert(path, found);
        Ok(bytes)
    }

    /// Where a file lies. As for any program, `..` leads up from where a directory really is.
    fn place(&self, name: &Path) -> PathBuf {
        let path = self.directory.join(name);
        if name.components().any(|it| it == Component::ParentDir) {
            disk::real(&path)
        } else {
            path
        }
    }

    /// Every file that was looked for, and the digests of those that were there.
    pub(super) fn recorded(self) -> Vec<(PathBuf, Option<Digest>)> {
        let seen = self.seen.into_iter();
        let mut all = self.asked;
        all.extend(seen.map(|(path, found)| (path, found.map(|(digest, _)| digest))));
        all.into_iter().collect()
    }
}

/// A path without `.`, and with `..` only in front: as go-jsonnet names what it found.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        let last = clean.components().next_back();
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(last, Some(Component::Normal(_))) => {
                clean.pop();
            }
            Component::ParentDir if matches!(last, Some(Component::RootDir)) => {}
            other => clean.push(other),
        }
    }
    clean
}

/// Bytes as text, each byte that is not UTF-8 as one replacement character, as Go does it.
pub(super) fn text(mut bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    loop {
        match std::str::from_utf8(bytes) {
            Ok(rest) => {
                text.push_str(rest);
                return text;
            }
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                text.push_str(&String::from_utf8_lossy(valid));
                text.push(char::REPLACEMENT_CHARACTER);
                bytes = rest.get(1..).unwrap_or_default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        for (path, expected) in [
            ("a/./b", "a/b"),
            ("a/../b", "b"),
            ("../a/../../b", "../../b"),
            ("/../a", "/a"),
            ("./a", "a"),
        ] {
            assert_eq!(clean(Path::new(path)), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn bytes_become_text_as_in_go() {
        for (bytes, expected) in [
            (&b"a\xc3\xa9"[..], "aé"),
            (b"\xff\x00a", "\u{fffd}\0a"),
            (b"\xe2\x82", "\u{fffd}\u{fffd}"),
            (b"", ""),
        ] {
            assert_eq!(text(bytes), expected);
        }
    }
}
