//! Which files of a tree gomplate leaves out: `.gomplateignore` files and lists of patterns, applied as gomplate applies them.
//!
//! It is not git's way: a file that a pattern matches itself is decided by that, whatever was said of its directory; ignore
//! files count even inside ignored directories. Knows nothing of the file system.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use crate::stamp::pattern::Pattern;

/// The name of an ignore file.
pub const IGNORE_FILE: &str = ".gomplateignore";

/// A line that is longer than this makes gomplate fail.
const LONGEST_LINE: usize = 64 * 1024;

/// A file or directory of a tree, symlinks followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path below the root.
    pub path: PathBuf,
    /// The path as patterns see it: every byte that is not UTF-8 is a U+FFFD.
    text: String,
    /// Whether it is a directory, or a symlink to one.
    pub is_directory: bool,
}

impl Entry {
    /// The entry at `path` below the root.
    pub fn new(path: PathBuf, is_directory: bool) -> Self {
        let text = decode(path.as_os_str().as_bytes());
        Self {
            path,
            text,
            is_directory,
        }
    }
}

/// The ignore files of a tree: the directory (empty for the root) and its file's content.
pub type IgnoreFiles = BTreeMap<PathBuf, Vec<u8>>;

/// The entries that are left out, by their path.
///
/// # Errors
/// A pattern that gomplate refuses too, with the ignore file it stands in.
pub fn ignored(
    entries: &[Entry],
    files: &IgnoreFiles,
    patterns: &[String],
) -> Result<BTreeSet<PathBuf>, Invalid> {
    let mut states = BTreeMap::new();
    let mut by_depth: Vec<_> = files.iter().collect();
    by_depth.sort_by_key(|(directory, _)| directory.components().count());
    for (directory, content) in by_depth {
        let file = directory.join(IGNORE_FILE);
        let invalid = |(line, message)| Invalid {
            place: Some((file.clone(), line)),
            message,
        };
        let patterns = read_ignore_file(content).map_err(invalid)?;
        let seen: Vec<_> = below(entries, &decode(directory.as_os_str().as_bytes())).collect();
        apply(&seen, &patterns, &mut states).map_err(|message| invalid((0, message)))?;
    }
    let alone = |message| Invalid {
        place: None,
        message,
    };
    let patterns = patterns.iter().map(|pattern| Pattern::new(pattern));
    let patterns: Vec<_> = patterns.collect::<Result<_, _>>().map_err(alone)?;
    let patterns: Vec<_> = patterns.into_iter().flatten().collect();
    let seen: Vec<_> = below(entries, "").collect();
    apply(&seen, &patterns, &mut states).map_err(alone)?;
    Ok(states
        .into_iter()
        .filter(|(_, ignored)| *ignored)
        .map(|(entry, _)| entries[entry].path.clone())
        .collect())
}

/// A pattern that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The ignore file below the root, and the line from 1 (0: not known); `None` for a list of patterns.
    pub place: Option<(PathBuf, usize)>,
    /// What is wrong.
    pub message: String,
}

/// An entry seen from the directory of an ignore file: its index and its path from there.
struct Seen<'a> {
    index: usize,
    path: &'a str,
    is_directory: bool,
}

fn below<'a>(entries: &'a [Entry], directory: &str) -> impl Iterator<Item = Seen<'a>> {
    entries
        .iter()
        .enumerate()
        .filter_map(move |(index, entry)| {
            let path = if directory.is_empty() {
                &entry.text
            } else {
                entry.text.strip_prefix(directory)?.strip_prefix('/')?
            };
            Some(Seen {
                index,
                path,
                is_directory: entry.is_directory,
            })
        })
}

/// Applies a list: later patterns win, but what matched an entry itself wins over what matched its directory.
fn apply(
    entries: &[Seen<'_>],
    patterns: &[Pattern],
    states: &mut BTreeMap<usize, bool>,
) -> Result<(), String> {
    let mut direct = BTreeMap::new();
    let mut for_directories = Vec::new();
    for pattern in patterns {
        for entry in entries.iter().filter(|entry| pattern.matches(entry.path)) {
            direct.insert(entry.index, !pattern.keeps());
            if entry.is_directory {
                for_directories.extend(pattern.below(entry.path)?);
            }
        }
    }
    for pattern in for_directories {
        for entry in entries.iter().filter(|entry| pattern.matches(entry.path)) {
            states.insert(entry.index, !pattern.keeps());
        }
    }
    states.extend(direct);
    Ok(())
}

/// The patterns of an ignore file, or the line that is wrong and why.
fn read_ignore_file(content: &[u8]) -> Result<Vec<Pattern>, (usize, String)> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut patterns = Vec::new();
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        if line.len() >= LONGEST_LINE {
            return Err((number + 1, "the line is too long".to_owned()));
        }
        let line = decode(line.strip_suffix(b"\r").unwrap_or(line));
        patterns.extend(Pattern::of_line(&line).map_err(|why| (number + 1, why))?);
    }
    Ok(patterns)
}

/// Text in which every byte that is not UTF-8 became a U+FFFD of its own.
fn decode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    text
}

/// Whether gomplate would write no file for this content: it is nothing but space, tab, line feed, carriage return and
/// vertical tab.
pub fn is_blank(content: &[u8]) -> bool {
    content
        .iter()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b))
}

/// Whether a file of this name is an ignore file.
pub fn is_ignore_file(name: &OsStr) -> bool {
    name.as_bytes() == IGNORE_FILE.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::{Entry, IgnoreFiles, Invalid, decode, ignored, is_blank};
    use std::path::PathBuf;

    const TREE: &[&str] = &[
        ".gomplateignore",
        "1.log",
        "loss.txt/",
        "loss.txt/1.log",
        "loss.txt/2.log",
        "sub/",
        "sub/.gomplateignore",
        "sub/1.log",
        "sub/keep",
        "été/",
        "été/f",
    ];

    fn left_out(root: &str, sub: &str, patterns: &[&str]) -> Result<Vec<String>, Invalid> {
        let entries: Vec<_> = TREE
            .iter()
            .map(|path| Entry::new(path.trim_end_matches('/').into(), path.ends_with('/')))
            .collect();
        let files = IgnoreFiles::from([
            (PathBuf::new(), root.into()),
            (PathBuf::from("sub"), sub.into()),
        ]);
        let patterns: Vec<_> = patterns.iter().map(|p| (*p).to_owned()).collect();
        let ignored = ignored(&entries, &files, &patterns)?;
        Ok(ignored
            .iter()
            .map(|p| p.to_str().unwrap().to_owned())
            .collect())
    }

    fn case(root: &str, sub: &str, patterns: &[&str], expected: &[&str]) {
        let actual = left_out(root, sub, patterns).unwrap();
        assert_eq!(actual, expected, "{root:?} {sub:?} {patterns:?}");
    }

    #[test]
    fn decides_file_by_file() {
        case("", "", &[], &[]);
        case(
            "*.log\n",
            "",
            &[],
            &["1.log", "loss.txt/1.log", "loss.txt/2.log", "sub/1.log"],
        );
        // A direct match beats that of the directory, whatever the order.
        case(
            "!2.log\nloss.txt\n",
            "",
            &[],
            &["loss.txt", "loss.txt/1.log"],
        );
        case("loss.txt/\n!loss.txt", "", &[], &[]);
        // Deeper files override, and count inside ignored directories.
        case(
            "sub\n",
            "!keep\n!.gomplateignore\n",
            &[],
            &["sub", "sub/1.log"],
        );
        case("", "/1.log\n", &[], &["sub/1.log"]);
        // The list comes last and is relative to the root.
        case("1.log\n", "", &["!/sub/*"], &["1.log", "loss.txt/1.log"]);
        // The directory itself matches, what is in it does not.
        case("été\n", "", &[], &["été"]);
        case("\u{feff}#x\r\nkeep\r\n", "", &[], &["sub/keep"]);
    }

    #[test]
    fn says_where_a_pattern_is_wrong() {
        let wrong = left_out("", "a\n+\n", &[]).unwrap_err();
        assert_eq!(wrong.place, Some(("sub/.gomplateignore".into(), 2)));
        assert_eq!(
            wrong.message,
            "`+` is not a valid pattern: `+` repeats a repetition"
        );
        assert_eq!(left_out("", "", &["a("]).unwrap_err().place, None);
    }

    #[test]
    fn decodes_bytes_one_by_one() {
        assert_eq!(decode(b"a\xe2\x82b\xff"), "a\u{fffd}\u{fffd}b\u{fffd}");
    }

    #[test]
    fn knows_what_is_blank() {
        assert!(is_blank(b"") && is_blank(b" \t\r\n\x0b"));
        assert!(!is_blank(b"\x0c") && !is_blank("\u{a0}".as_bytes()));
    }
}
