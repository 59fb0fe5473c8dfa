//! Regular expressions in Go's dialect, as they come out of ignore patterns, compiled by the `regex` crate.
//!
//! The two dialects differ where a pattern of file names can reach: nested repetitions, literal braces, classes that hold
//! `[` or `&&`, and what an escape means. What Go refuses is refused; so are Go's octal escapes and `\Q`, which nobody needs
//! in the name of a file.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

/// Compiles an expression in Go's dialect.
///
/// # Errors
/// Says what Go would refuse, or what is not supported.
pub(crate) fn compile(expression: &str) -> Result<Regex, String> {
    let mut translation = Translation {
        input: expression.chars().peekable(),
        output: String::new(),
        after_repetition: false,
    };
    translation.run()?;
    Regex::new(&translation.output).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the expression is too big".to_owned(),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        }
    })
}

struct Translation<'a> {
    input: Peekable<Chars<'a>>,
    output: String,
    after_repetition: bool,
}

impl Translation<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(c) = self.input.next() {
            let repetition = match c {
                '*' | '+' | '?' => self.repetition(&c.to_string())?,
                '{' => self.counted()?,
                '[' => {
                    self.class()?;
                    false
                }
                '\\' => {
                    let escaped = escape(&mut self.input)?;
                    self.output.push_str(&escaped);
                    false
                }
                '(' => {
                    self.group()?;
                    false
                }
                '^' | '$' | '|' | ')' | '.' => {
                    self.output.push(c);
                    false
                }
                c => {
                    self.output.push_str(&literal(c));
                    false
                }
            };
            self.after_repetition = repetition;
        }
        Ok(())
    }

    /// `operator`, and a `?` after it that makes it lazy.
    fn repetition(&mut self, operator: &str) -> Result<bool, String> {
        if self.after_repetition {
            return Err(format!("`{operator}` repeats a repetition"));
        }
        self.output.push_str(operator);
        if self.input.next_if_eq(&'?').is_some() {
            self.output.push('?');
        }
        Ok(true)
    }

    /// `{n}`, `{n,}`, `{n,m}`; any other brace stands for itself.
    fn counted(&mut self) -> Result<bool, String> {
        let rest: String = self.input.clone().take_while(|c| *c != '}').collect();
        let closed = self.input.clone().nth(rest.chars().count()) == Some('}');
        let (low, high) = rest.split_once(',').unwrap_or((&rest, ""));
        let number = |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
        let plain = |n: &str| number(n) && (n == "0" || !n.starts_with('0'));
        if !closed || !plain(low) || !(high.is_empty() || plain(high)) {
            self.output.push_str("\\{");
            return Ok(false);
        }
        let small = |n: &str| n.parse::<u16>().is_ok_and(|n| n <= 1000);
        if !small(low) || !(high.is_empty() || small(high)) {
            return Err(format!("`{{{rest}}}` repeats too often"));
        }
        for _ in 0..=rest.chars().count() {
            self.input.next();
        }
        self.repetition(&format!("{{{rest}}}"))
    }

    /// A group's opening, after its parenthesis.
    fn group(&mut self) -> Result<(), String> {
        self.output.push('(');
        if self.input.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        self.output.push('?');
        while let Some(c) = self.input.next_if(|c| !matches!(c, ')' | '[' | '\\' | '(')) {
            if !(c.is_ascii_alphanumeric() || matches!(c, '_' | '<' | '>' | ':' | '-')) {
                return Err("a group is not valid".to_owned());
            }
            if matches!(c, 'x' | 'u' | 'R') && !self.output.ends_with('<') {
                return Err("a group is not valid".to_owned());
            }
            self.output.push(c);
            if matches!(c, ':' | '>') {
                break;
            }
        }
        Ok(())
    }

    /// A character class, after its opening bracket.
    fn class(&mut self) -> Result<(), String> {
        self.output.push('[');
        if self.input.next_if_eq(&'^').is_some() {
            self.output.push('^');
        }
        let mut first = true;
        loop {
            match self.input.next() {
                None => return Err("a `[` has no `]`".to_owned()),
                Some(']') if !first => break,
                Some('[') if self.input.peek() == Some(&':') => self.named_class()?,
                Some(c) => self.class_item(c)?,
            }
            first = false;
        }
        self.output.push(']');
        Ok(())
    }

    /// A character, range or escape of a class, whose first character is `c`.
    fn class_item(&mut self, c: char) -> Result<(), String> {
        let low = self.class_character(c)?;
        self.output.push_str(&low);
        let mut ahead = self.input.clone();
        if ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']') {
            self.input = ahead;
            let c = self.input.next().unwrap_or(']');
            let high = self.class_character(c)?;
            self.output.push('-');
            self.output.push_str(&high);
        }
        Ok(())
    }

    fn class_character(&mut self, c: char) -> Result<String, String> {
        match c {
            '\\' => escape(&mut self.input),
            c => Ok(literal(c)),
        }
    }

    /// `[:alpha:]` and the like; without its end, a bracket that stands for itself.
    fn named_class(&mut self) -> Result<(), String> {
        let rest: String = self.input.clone().collect();
        let Some((name, _)) = rest.get(1..).and_then(|rest| rest.split_once(":]")) else {
            return self.class_item('[');
        };
        let known = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print",
            "punct", "space", "upper", "word", "xdigit",
        ];
        if !known.contains(&name.trim_start_matches('^')) {
            return Err(format!("`[:{name}:]` is not a class"));
        }
        let _ = write!(self.output, "[:{name}:]");
        for _ in 0..name.chars().count() + 3 {
            self.input.next();
        }
        Ok(())
    }
}

/// What follows a backslash.
fn escape(input: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let Some(c) = input.next() else {
        return Err("it ends with a backslash".to_owned());
    };
    Ok(match c {
        // Go's are ASCII.
        'd' => "[0-9]".to_owned(),
        'D' => "[^0-9]".to_owned(),
        's' => r"[\t\n\x0C\r ]".to_owned(),
        'S' => r"[^\t\n\x0C\r ]".to_owned(),
        'w' => "[0-9A-Za-z_]".to_owned(),
        'W' => "[^0-9A-Za-z_]".to_owned(),
        'b' => r"(?-u:\b)".to_owned(),
        'B' => r"(?-u:\B)".to_owned(),
        'a' => r"\x07".to_owned(),
        'f' => r"\x0C".to_owned(),
        'v' => r"\x0B".to_owned(),
        'A' | 'z' | 'n' | 'r' | 't' => format!("\\{c}"),
        'p' | 'P' | 'x' => format!("\\{c}{}", braced(input)),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => literal(c),
        c => return Err(format!("the escape `\\{c}` is not supported")),
    })
}

/// What stands in braces, with them, if anything does.
fn braced(input: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(c) = input.next_if(|c| *c == '{' || text.starts_with('{')) {
        text.push(c);
        if c == '}' {
            break;
        }
    }
    text
}

/// A character that stands for itself, in a class and outside.
fn literal(c: char) -> String {
    if c.is_ascii() && !c.is_ascii_alphanumeric() {
        format!("\\x{:02X}", u32::from(c))
    } else {
        c.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn means_what_it_means_in_go() {
        let cases: &[(&str, &str, bool)] = &[
            ("^a{2}$", "aa", true),
            ("^a{,2}$", "a{,2}", true),
            ("^a{x}$", "a{x}", true),
            ("^[a&&b]$", "&", true),
            ("^[[]$", "[", true),
            ("^[]a]$", "]", true),
            ("^[[:alpha:]_]$", "_", true),
            ("^[[:x]$", "x", true),
            (r"^[\d-]$", "-", true),
            (r"^\d$", "\u{0663}", false),
            (r"^\w$", "é", false),
            ("^(?i)A$", "a", true),
            ("^(?P<n>a)$", "a", true),
            ("^a+?$", "aa", true),
            (r"^\x41\x{42}$", "AB", true),
            (r"^\p{Greek}\pL$", "αa", true),
            (r"^a\ b~$", "a b~", true),
        ];
        for (expression, text, expected) in cases {
            let regex = compile(expression).unwrap();
            assert_eq!(regex.is_match(text), *expected, "{expression} {text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for expression in [
            "a**",
            "a?+",
            "a{2}{3}",
            "+a",
            "(a",
            "a)",
            "[a",
            r"\y",
            r"\é",
            "[[:foo:]]",
            "a{1001}",
            "[b-a]",
            "(?x)a",
            "a\\",
        ] {
            assert!(compile(expression).is_err(), "{expression}");
        }
    }
}
