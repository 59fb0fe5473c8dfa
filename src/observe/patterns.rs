//! Lists of file patterns, such as `["*.json", "reports/**", "!reports/tmp/**"]`, relative to a directory.
//!
//! `*` and `?` do not cross a `/`, `**` does; the last pattern that fits a name decides. Knows nothing of which files exist.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};

use crate::error::{Error, Result};

/// Patterns, in the order in which they are written.
#[derive(Clone, Debug, Default)]
pub struct Patterns(Vec<Pattern>);

#[derive(Clone, Debug)]
struct Pattern {
    glob: GlobMatcher,
    /// The directories that the pattern names in full, before the first that holds a special character.
    fixed: String,
    /// The whole pattern, if it holds no special character.
    plain: Option<String>,
    taken_out: bool,
}

impl Patterns {
    /// Reads patterns.
    ///
    /// # Errors
    /// The first that is none, or that is absolute or leads out of the directory with `..`.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        patterns
            .into_iter()
            .map(pattern)
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all of them are names written in full.
    pub fn are_plain(&self) -> bool {
        self.0.iter().all(|pattern| pattern.plain.is_some())
    }

    /// Whether a relative name is among those that are meant.
    pub fn matches(&self, name: &[u8]) -> bool {
        let name = Path::new(OsStr::from_bytes(name));
        let last = self
            .0
            .iter()
            .rev()
            .find(|pattern| pattern.glob.is_match(name));
        last.is_some_and(|pattern| !pattern.taken_out)
    }

    /// Whether a file that is meant may lie below a directory.
    pub fn may_be_below(&self, directory: &[u8]) -> bool {
        self.0
            .iter()
            .filter(|pattern| !pattern.taken_out)
            .any(|pattern| {
                let fixed = pattern.fixed.as_bytes();
                is_within(directory, fixed) || is_within(fixed, directory)
            })
    }

    /// The names that are written in full and meant, whether such files exist or not.
    pub fn plain(&self) -> impl Iterator<Item = &str> {
        let plain = self.0.iter().filter_map(|pattern| pattern.plain.as_deref());
        plain.filter(|name| self.matches(name.as_bytes()))
    }
}

/// Whether a relative path is a directory or lies in it; everything lies in the directory with the empty name.
fn is_within(path: &[u8], directory: &[u8]) -> bool {
    let rest = path.strip_prefix(directory);
    directory.is_empty() || matches!(rest, Some([] | [b'/', ..]))
}

fn pattern(text: &str) -> Result<Pattern> {
    let (glob, taken_out) = text
        .strip_prefix('!')
        .map_or((text, false), |rest| (rest, true));
    let glob = glob.strip_prefix("./").unwrap_or(glob);
    if glob.starts_with('/') || glob.split('/').any(|component| component == "..") {
        let error = Error::failed(format!("the pattern `{text}` leads out of its directory"));
        return Err(error.hint("write it relative to the directory, without `..`"));
    }
    let compiled = GlobBuilder::new(glob).literal_separator(true).build();
    let compiled = compiled
        .map_err(|error| Error::failed(format!("`{text}` is not a pattern: {}", error.kind())))?;
    let special = ['*', '?', '[', '{', '\\'];
    let fixed = glob
        .split('/')
        .take_while(|component| !component.contains(special));
    let fixed: Vec<_> = fixed.collect();
    let plain = (!glob.contains(special)).then(|| glob.to_owned());
    let directories = if plain.is_some() {
        fixed.len().saturating_sub(1)
    } else {
        fixed.len()
    };
    Ok(Pattern {
        glob: compiled.compile_matcher(),
        fixed: fixed.get(..directories).unwrap_or_default().join("/"),
        plain,
        taken_out,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_meant() {
        let cases: [(&[&str], &str, bool); 14] = [
            (&["*.json"], "a.json", true),
            (&["*.json"], "d/a.json", false),
            (&["**/*.json"], "d/e/a.json", true),
            (&["**/*.json"], "a.json", true),
            (&["d/**"], "d/e/f", true),
            (&["d/**"], "e/f", false),
            (&["d/**", "!d/x"], "d/x", false),
            (&["!d/x", "d/**"], "d/x", true),
            (&["top.json"], "top.json", true),
            (&["./top.json"], "top.json", true),
            (&["top.json"], "sub/top.json", false),
            (&["{a,b}.txt"], "b.txt", true),
            (&[], "a", false),
            (&["*"], ".hidden", true),
        ];
        for (patterns, name, meant) in cases {
            let patterns = Patterns::new(patterns.iter().copied()).unwrap();
            assert_eq!(
                patterns.matches(name.as_bytes()),
                meant,
                "{patterns:?} {name}"
            );
        }
        assert!(Patterns::new(["*"]).unwrap().matches(b"\xff"));
    }

    #[test]
    fn directories_that_need_not_be_read() {
        let cases = [
            ("a/b/*.json", "a", true),
            ("a/b/*.json", "a/b", true),
            ("a/b/*.json", "a/b/c", true),
            ("a/b/*.json", "a/c", false),
            ("a/b/*.json", "ab", false),
            ("top.json", "a", true),
            ("a/top.json", "b", false),
            ("**", "b", true),
        ];
        for (pattern, directory, may_be) in cases {
            let patterns = Patterns::new([pattern]).unwrap();
            assert_eq!(
                patterns.may_be_below(directory.as_bytes()),
                may_be,
                "{pattern} {directory}"
            );
        }
    }

    #[test]
    fn patterns_that_are_none() {
        let cases = [
            ("/etc/*", "the pattern `/etc/*` leads out of its directory"),
            (
                "!a/../b",
                "the pattern `!a/../b` leads out of its directory",
            ),
            (
                "a[",
                "`a[` is not a pattern: unclosed character class; missing ']'",
            ),
        ];
        for (pattern, message) in cases {
            assert_eq!(Patterns::new([pattern]).unwrap_err().message(), message);
        }
    }

    #[test]
    fn names_in_full() {
        let patterns = Patterns::new(["top.json", "*.json", "a/b", "c", "!c"]).unwrap();
        assert_eq!(patterns.plain().collect::<Vec<_>>(), ["top.json", "a/b"]);
        assert!(!patterns.are_plain());
        assert!(Patterns::new(["a", "!b"]).unwrap().are_plain());
    }
}
