//! Files of environment variables (`.env`) as data.
//!
//! Facts: godotenv v1.5.1, which gomplate v5.2.0 reads them with, by its source and by running it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::template::gomplate::handover;
use crate::template::value::{Text, Value};

/// Reads the text of a file. Variables may use those above them.
pub(super) fn parse(text: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(text).or_else(|_| handover("a `.env` that is not UTF-8"))?;
    let mut found = Variables::new();
    let text = text.replace("\r\n", "\n");
    let mut rest = text.as_str();
    while let Some(statement) = statement(rest) {
        let (name, after) = name(statement)?;
        let (value, after) = value(after, &found)?;
        found.insert(name, value);
        rest = after;
    }
    let entries = found.into_iter();
    let entry = |(name, value): (String, String)| (Text::from(name.as_bytes()), value.into());
    Ok(Value::map(entries.map(entry).collect()))
}

type Variables = BTreeMap<String, String>;

/// From the next statement on: behind white space and comments.
fn statement(mut text: &str) -> Option<&str> {
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return None;
        }
        if !text.starts_with('#') {
            return Some(text);
        }
        text = &text[text.find('\n')?..];
    }
}

/// A name, and what stands behind its `=` or `:`.
fn name(text: &str) -> Result<(String, &str), String> {
    let text = match text.strip_prefix("export") {
        Some(after) if after.starts_with(is_blank) => after.trim_start_matches(is_blank),
        _ => text,
    };
    let Some(end) = text.find(['=', ':']) else {
        // Without it, everything to the end of the file may be one name, which is given no value.
        return handover("a line of a `.env` without a value");
    };
    let name = &text[..end];
    if !name.is_ascii() {
        return handover("a name in a `.env` that is not ASCII");
    }
    let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.') || is_blank(c));
    if let Some(odd) = name.chars().find(|c| odd(*c)) {
        return Err(format!(
            "unexpected character `{odd}` in the name of a variable"
        ));
    }
    let after = text[end + 1..].trim_start_matches(is_blank);
    Ok((name.trim_end().to_owned(), after))
}

/// A value, and what stands behind it.
fn value<'t>(text: &'t str, known: &Variables) -> Result<(String, &'t str), String> {
    if let Some(quote @ ('"' | '\'')) = text.chars().next() {
        return quoted(text, quote, known);
    }
    let (line, rest) = text.split_at(text.find(['\n', '\r']).unwrap_or(text.len()));
    let value = without_comment(line).trim_matches(is_blank);
    Ok((expand(value, known), rest))
}

/// The part of a line before the last `#` that has a blank before it.
fn without_comment(line: &str) -> &str {
    let comment = line
        .rmatch_indices('#')
        .find(|(at, _)| line[..*at].ends_with(is_blank));
    comment.map_or(line, |(at, _)| &line[..at])
}

fn quoted<'t>(text: &'t str, quote: char, known: &Variables) -> Result<(String, &'t str), String> {
    let closes = |at: usize| at > 0 && !text[..at].ends_with('\\');
    let end = text.match_indices(quote).find(|(at, _)| closes(*at));
    let Some((end, _)) = end else {
        // The value may be a secret.
        return Err("unterminated quoted value".to_owned());
    };
    let value = text[..end].trim_matches(quote);
    let value = match quote {
        '"' => expand(&unescape(value), known),
        _ => value.to_owned(),
    };
    Ok((value, &text[end + 1..]))
}

/// `\n` and `\r` become line ends; other backslashes go, unless they are before a dollar.
fn unescape(value: &str) -> String {
    let ends = ESCAPED.replace_all(value, |found: &Captures<'_>| match &found[0] {
        r"\n" => "\n".to_owned(),
        r"\r" => "\r".to_owned(),
        other => other.to_owned(),
    });
    NOT_DOLLAR.replace_all(&ends, "$1").into_owned()
}

/// `$NAME` and `${NAME}` of known variables; others are empty.
fn expand(value: &str, known: &Variables) -> String {
    let expanded = VARIABLE.replace_all(value, |found: &Captures<'_>| {
        let whole = &found[0];
        if found.get(1).is_some() {
            return whole[1..].to_owned();
        }
        match found.get(2) {
            Some(name) => known.get(name.as_str()).cloned().unwrap_or_default(),
            None => whole.to_owned(),
        }
    });
    expanded.into_owned()
}

/// White space within a line.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}'
    )
}

fn regex(expression: &str) -> Regex {
    #[expect(
        clippy::expect_used,
        reason = "the expressions below are constants, and a test compiles them all"
    )]
    Regex::new(expression).expect("a constant expression is valid")
}

static ESCAPED: LazyLock<Regex> = LazyLock::new(|| regex(r"\\."));
static NOT_DOLLAR: LazyLock<Regex> = LazyLock::new(|| regex(r"(?s)\\([^$])"));
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| regex(r"(\\)?\$\(?\{?([A-Z0-9_]+)?\}?"));

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::template::format::print;

    fn shown(text: &str) -> Result<String, String> {
        let value = parse(text.as_bytes())?;
        Ok(String::from_utf8(print(&[value]).unwrap()).unwrap())
    }

    #[test]
    fn reads_as_the_library_does() {
        for (text, expected) in [
            ("", "map[]"),
            ("# c\n\nA=1\n B : two words # c\n", "map[A:1 B:two words]"),
            ("export A=1\nexportB=2", "map[A:1 exportB:2]"),
            ("A='$X \\n'\nB=\"a\\nb\\$c\"", "map[A:$X \\n B:a\nb$c]"),
            (
                "X=1\nA=$X${X}$NO-b\nB=\\$X $(x) $(X)",
                "map[A:11-b B:$X $(x) 1) X:1]",
            ),
            ("A=a#b\nB=#c\nC= # d\nD=", "map[A:a#b B:#c C:# d D:]"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(expected), "{text}");
        }
        for wrong in ["A-B=1", "A='x", "A"] {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }
}
