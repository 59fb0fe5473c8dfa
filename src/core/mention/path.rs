//! Paths as they stand in text: what belongs to one, and what it stands for.
//!
//! A path is kept as escaped text in which `${NAME}` is a variable. Knows nothing of which files exist.

use crate::core::location::in_component;
use crate::core::mention::word::{name, reference, word};
use crate::core::name::{escape, unescape};

/// Directories of the operating system, whose files are nobody's input.
const SYSTEM: [&str; 22] = [
    "bin",
    "boot",
    "dev",
    "etc",
    "lib",
    "lib32",
    "lib64",
    "libx32",
    "nix",
    "proc",
    "run",
    "sbin",
    "snap",
    "sys",
    "tmp",
    "usr",
    "var",
    "Applications",
    "Library",
    "System",
    "private",
    "cores",
];

/// Whether an absolute path, as it stands in a text, belongs to the operating system: `/usr/bin/env`, `/tmp/x`.
/// (A path that only *becomes* one when a variable is expanded may still be somebody's.)
pub fn is_system(path: &[u8]) -> bool {
    let first = path
        .strip_prefix(b"/")
        .and_then(|rest| rest.split(|byte| *byte == b'/').next());
    first.is_some_and(|first| SYSTEM.iter().any(|system| system.as_bytes() == first))
}

/// The path that `text` stands for, with variables written `${NAME}` or `$NAME`; `None` if a variable in it is not set, or if it
/// is not escaped as it should be. `lookup` gives the value of a variable.
pub fn expand<'a>(text: &str, lookup: impl Fn(&str) -> Option<&'a [u8]>) -> Option<Vec<u8>> {
    let mut path = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        path.extend(unescape(before)?);
        let (name, after) = match after.strip_prefix('{') {
            Some(braced) => braced.split_once('}')?,
            None => bare_name(after),
        };
        if name.is_empty() {
            path.push(b'$');
        } else {
            path.extend_from_slice(lookup(name)?);
        }
        rest = after;
    }
    path.extend(unescape(rest)?);
    Some(path)
}

/// The name of a variable that a text starts with, empty if it starts with none, and what follows.
fn bare_name(text: &str) -> (&str, &str) {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let end = text.bytes().position(|byte| !is_part(byte));
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return ("", text);
    }
    (name, rest)
}

/// What follows in a path at `at`, which is at a `/` or at its first component; variables in it are written `${NAME}`.
/// `None` if the text does not say which file is meant (`*.json`, `$(date)`), or if it is a directory's.
pub(super) fn tail(text: &[u8], at: usize) -> Option<String> {
    let mut tail = String::new();
    let mut at = at;
    loop {
        let plain = text.get(at..)?;
        let end = plain
            .iter()
            .position(|byte| !in_component(*byte) && *byte != b'/');
        let plain = plain.get(..end.unwrap_or(plain.len()))?;
        match std::str::from_utf8(plain) {
            // What may stand in a component, and is ASCII, stands for itself.
            Ok(plain) if plain.is_ascii() => tail.push_str(plain),
            _ => tail.push_str(&escape(plain)),
        }
        at += plain.len();
        let Some((name, end)) = variable(text, at) else {
            break;
        };
        tail.push_str("${");
        tail.push_str(name);
        tail.push('}');
        at = end;
    }
    let dynamic = matches!(
        text.get(at),
        Some(b'$' | b'*' | b'?' | b'{' | b'[' | b'(' | b'<' | b'`')
    );
    let named = tail.trim_end_matches('.');
    let file = !dynamic && !named.ends_with('/') && !named.is_empty();
    file.then(|| named.to_owned())
}

/// The variable that stands at `at` in a path, and where it ends: `$NAME`, `${NAME}`, `{{ .Env.NAME }}`.
fn variable(text: &[u8], at: usize) -> Option<(&str, usize)> {
    if text.get(at) == Some(&b'$') {
        let found = reference(text, at)?;
        // `${NAME%x}` is not the value of `NAME`.
        let plain =
            matches!(found.end - at - found.name.len(), 1 | 3) && text.get(at + 1) != Some(&b'(');
        return plain.then_some((found.name, found.end));
    }
    let action = text.get(at..)?.strip_prefix(b"{{")?;
    let inside = action
        .strip_prefix(b"-")
        .unwrap_or(action)
        .trim_ascii_start();
    let inside = inside
        .strip_prefix(b"$")
        .unwrap_or(inside)
        .strip_prefix(b".Env.")?;
    let found = word(inside, 0);
    let name = name(found)?;
    let close = inside.get(found.len()..)?.trim_ascii_start();
    let close = close
        .strip_prefix(b"-")
        .unwrap_or(close)
        .strip_prefix(b"}}")?;
    Some((name, text.len() - close.len()))
}

/// Behind whatever closes a mention of a variable, so that a path may go on there: `"`, `}`, `"]`, ` }}`.
pub(super) fn close(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let spaces = rest
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    let action = rest.get(spaces..).unwrap_or_default();
    for end in [&b"-}}"[..], b"}}"] {
        if action.starts_with(end) {
            return at + spaces + end.len();
        }
    }
    at + rest
        .iter()
        .take_while(|byte| matches!(byte, b'"' | b'\'' | b'}' | b')' | b']'))
        .count()
}

/// Whether nothing but the stage's own directory is meant by what follows a mention of `GENFILES` that ends at `at`:
/// `/$STAGE_NAME`, in any spelling, or `/` and the `stage`'s name, and nothing that leads out of it again.
pub(super) fn own(text: &[u8], at: usize, stage: Option<&str>) -> bool {
    let rest = text.get(close(text, at)..).unwrap_or_default();
    let Some(rest) = slash(rest) else {
        return false;
    };
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let named = variable(rest, 0)
        .filter(|(name, _)| *name == "STAGE_NAME")
        .map(|(_, end)| end);
    let word = || {
        rest.strip_prefix(b".Env.STAGE_NAME")
            .map(|after| rest.len() - after.len())
    };
    let literal = || {
        stage
            .filter(|stage| rest.starts_with(stage.as_bytes()))
            .map(str::len)
    };
    let Some(end) = named.or_else(word).or_else(literal) else {
        return false;
    };
    let behind = rest.get(end..).unwrap_or_default();
    let line = behind
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let whole = match line.trim_ascii_start() {
        // The next argument of a template's `print`.
        [b'"' | b'`', next, ..] if named.is_none() => *next == b'/',
        _ => !line
            .first()
            .is_some_and(|byte| in_component(*byte) || matches!(byte, b'$' | b'{')),
    };
    whole && !line.windows(2).any(|pair| pair == b"..")
}

/// Behind the `/` that follows, as it stands or as the template's string `"/"`.
fn slash(text: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b"/") {
        return Some(rest);
    }
    let rest = text.trim_ascii_start();
    [&b"\"/\""[..], b"`/`"]
        .iter()
        .find_map(|quoted| rest.strip_prefix(*quoted))
        .map(<[u8]>::trim_ascii_start)
}
