//! One pattern of a `.gomplateignore`: gomplate makes a regular expression of it, in Go's dialect, with rules that are not git's.
//!
//! The rules, quirks included, are those that gomplate 5.2.0 was seen to follow. Knows nothing of files.

use regex::Regex;

use crate::stamp::regexp;

/// A pattern, ready to match.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    keeps: bool,
}

impl Pattern {
    /// Reads a pattern as it stands on the command line or in `excludes`; `None` if it is empty, which matches nothing.
    ///
    /// # Errors
    /// The expression that gomplate makes of it is not valid, in gomplate either.
    pub fn new(text: &str) -> Result<Option<Self>, String> {
        let (keeps, glob) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if glob.is_empty() {
            return Ok(None);
        }
        let regex = regexp::compile(&expression(glob))
            .map_err(|why| format!("`{text}` is not a valid pattern: {why}"))?;
        Ok(Some(Self { regex, keeps }))
    }

    /// Reads a line of an ignore file, without its end.
    ///
    /// # Errors
    /// As [`Pattern::new`].
    pub fn of_line(line: &str) -> Result<Option<Self>, String> {
        if line.starts_with('#') {
            return Ok(None);
        }
        let line = line.trim_end_matches(' ');
        match line.strip_prefix('!') {
            Some(rest) => match rest.trim_end_matches(' ') {
                "" => Ok(None),
                rest => Self::new(&format!("!{}", clean(rest))),
            },
            None if line.is_empty() => Ok(None),
            None => Self::new(&clean(line)),
        }
    }

    /// The pattern for all that lies below the directory `path`, which this one matched.
    ///
    /// # Errors
    /// The directory's name makes an expression that is not valid; gomplate then fails too.
    pub fn below(&self, path: &str) -> Result<Option<Self>, String> {
        let bang = if self.keeps { "!" } else { "" };
        Self::new(&format!("{bang}{path}/**"))
    }

    /// Whether it matches a path, relative to its root, or the bare name of that path.
    pub fn matches(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.regex.is_match(&format!("/{path}")) || self.regex.is_match(name)
    }

    /// Whether it keeps what it matches (`!`) rather than ignoring it.
    pub fn keeps(&self) -> bool {
        self.keeps
    }
}

/// The expression, in Go's dialect, for a glob that is not empty.
fn expression(glob: &str) -> String {
    let mut regex = String::from("^");
    // A byte order mark in front is skipped, and then, as in front of any character that is longer than one byte, the
    // root is not optional: such a pattern matches bare names only.
    let glob_without_mark = glob.strip_prefix('\u{feff}').unwrap_or(glob);
    let short = glob.chars().next().is_some_and(|c| c.len_utf8() == 1);
    if short && !glob.starts_with('/') {
        regex.push_str("/?");
    }
    let mut chars = glob_without_mark.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                chars.next_if_eq(&'/');
                regex.push_str(if chars.peek().is_none() {
                    ".*"
                } else {
                    "(.*/)?"
                });
            }
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            '.' | '$' => regex.extend(['\\', c]),
            '\\' => {
                regex.push('\\');
                regex.extend(chars.next());
            }
            c => regex.push(c),
        }
    }
    regex.push('$');
    regex
}

/// The shortest path that means the same, by its text alone.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.join("/")) {
        (true, rest) => format!("/{rest}"),
        (false, rest) if rest.is_empty() => ".".to_owned(),
        (false, rest) => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, clean, expression};

    fn case(line: &str, matching: &[&str], others: &[&str]) {
        let pattern = Pattern::of_line(line).unwrap().unwrap();
        for path in matching {
            assert!(pattern.matches(path), "`{line}` should match `{path}`");
        }
        for path in others {
            assert!(!pattern.matches(path), "`{line}` should not match `{path}`");
        }
    }

    #[test]
    fn matches_paths_and_bare_names() {
        case("*.log", &["a.log", "x/y/a.log"], &["a.logs", "a.log/b"]);
        case("world.txt", &["world.txt", "a/world.txt"], &["worldxtxt"]);
        case("f[o]o/bar", &["foo/bar"], &["x/foo/bar", "bar"]);
        case("/1.txt", &["1.txt"], &["a/1.txt"]);
        case("rules/*.txt", &["rules/a.txt"], &["rules/a/b.txt"]);
        case("**/x", &["x", "a/x", "a/b/x"], &["ax"]);
        case("a/**", &["a/b", "a/b/c"], &["a"]);
        case("a/**/z", &["a/z", "a/b/z", "a/b/c/z"], &["az"]);
        case("a?c", &["abc"], &["a/c", "ac"]);
        case("a/", &["a", "x/a"], &["a/b"]);
        case("./a//b/../c", &["a/c"], &["a/b/c"]);
        case("  x", &["  x"], &["x"]);
        case("x  ", &["x"], &["x  "]);
        case("\\#x", &["#x"], &["x"]);
        case("a\\*", &["a*"], &["ab"]);
    }

    #[test]
    fn keeps_the_quirks() {
        // Go's expressions shine through.
        case("f{1,2}", &["f", "ff"], &["f{1,2}"]);
        case("{a,b}.txt", &["{a,b}.txt"], &["a.txt"]);
        case("(a|b)", &["a", "b"], &["(a|b)"]);
        case("[!x]t", &["!t", "xt"], &["at"]);
        case("[^x]t", &["at"], &["xt"]);
        case("\\d", &["7", "x/7"], &["d"]);
        // Not matched from the root, only by name.
        case("été.txt", &["été.txt", "a/été.txt"], &[]);
        case("é/x", &[], &["é/x", "x"]);
        case("!keep", &["keep"], &["!keep"]);
        case("a\\", &["a$", "a$more"], &["a"]);
    }

    #[test]
    fn knows_lines_without_a_pattern() {
        for line in ["", "   ", "# x", "!", "!  "] {
            assert!(Pattern::of_line(line).unwrap().is_none(), "{line:?}");
        }
        assert!(Pattern::of_line("!x").unwrap().unwrap().keeps());
    }

    #[test]
    fn refuses_what_gomplate_refuses() {
        for line in ["+", "a(", "a)", "[b", "\\y", "a**+", "[z-a]"] {
            assert!(Pattern::of_line(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn makes_expressions() {
        let cases = [
            ("a.b", "^/?a\\.b$"),
            ("/a", "^/a$"),
            ("**/a", "^/?(.*/)?a$"),
            ("***", "^/?(.*/)?[^/]*$"),
            ("é", "^é$"),
        ];
        for (glob, regex) in cases {
            assert_eq!(expression(glob), regex);
        }
    }

    #[test]
    fn cleans_paths() {
        let cases = [
            ("a/", "a"),
            ("/", "/"),
            ("./a", "a"),
            ("a//b", "a/b"),
            ("..", ".."),
            ("/../a", "/a"),
            ("a/..", "."),
            ("../../a", "../../a"),
        ];
        for (path, expected) in cases {
            assert_eq!(clean(path), expected);
        }
    }
}
