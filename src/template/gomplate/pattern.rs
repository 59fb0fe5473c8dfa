//! Go's regular expressions in Rust's notation. It refuses what the two read differently; it matches nothing itself.

use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

use crate::template::gomplate::handover;

/// Compiles an expression of Go's. What is wrong in Rust may be right in Go, and the other way round: gomplate judges.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    let mut translation = Translation {
        rest: pattern.chars().peekable(),
        out: String::with_capacity(pattern.len()),
        repeats: false,
    };
    translation.whole()?;
    Regex::new(&translation.out).or_else(|_| odd())
}

fn odd<T>() -> Result<T, String> {
    handover("an unusual regular expression")
}

struct Translation<'p> {
    rest: Peekable<Chars<'p>>,
    out: String,
    /// Whether the last part was a repetition; Go allows no second one.
    repeats: bool,
}

impl Translation<'_> {
    fn whole(&mut self) -> Result<(), String> {
        while let Some(c) = self.rest.next() {
            let repeated = std::mem::take(&mut self.repeats);
            match c {
                '*' | '+' | '?' | '{' => {
                    if repeated {
                        return odd();
                    }
                    self.repetition(c)?;
                }
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.group()?,
                c => self.out.push(c),
            }
        }
        Ok(())
    }

    fn repetition(&mut self, c: char) -> Result<(), String> {
        self.out.push(c);
        self.repeats = true;
        if c == '{' {
            let mut digits = 0;
            let mut any = false;
            loop {
                match self.rest.next() {
                    Some(c @ '0'..='9') if digits < 3 => {
                        (digits, any) = (digits + 1, true);
                        self.out.push(c);
                    }
                    Some(',') if any => {
                        digits = 0;
                        self.out.push(',');
                    }
                    Some('}') if any => {
                        self.out.push('}');
                        break;
                    }
                    _ => return odd(),
                }
            }
        }
        if self.rest.peek() == Some(&'?') {
            self.out.extend(self.rest.next());
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        let Some(c) = self.rest.next() else {
            return odd();
        };
        match c {
            'd' => self.out.push_str("[0-9]"),
            'D' => self.out.push_str("[^0-9]"),
            's' => self.out.push_str("[\\t\\n\\f\\r ]"),
            'S' => self.out.push_str("[^\\t\\n\\f\\r ]"),
            'w' => self.out.push_str("[0-9A-Za-z_]"),
            'W' => self.out.push_str("[^0-9A-Za-z_]"),
            'b' if self.rest.peek() != Some(&'{') => self.out.push_str("(?-u:\\b)"),
            'A' | 'z' => self.out.extend(['\\', c]),
            c => self.character(c)?,
        }
        Ok(())
    }

    /// An escape that stands for one character, or a class by name.
    fn character(&mut self, c: char) -> Result<(), String> {
        match c {
            'a' | 'f' | 't' | 'n' | 'r' | 'v' => self.out.extend(['\\', c]),
            'p' | 'P' => match self.rest.next() {
                Some(kind @ ('L' | 'M' | 'N' | 'P' | 'S' | 'Z')) => {
                    self.out.extend(['\\', c, kind]);
                }
                _ => return odd(),
            },
            'x' => {
                let digits: Option<Vec<char>> = (0..2).map(|_| self.rest.next()).collect();
                match digits {
                    Some(digits) if digits.iter().all(char::is_ascii_hexdigit) => {
                        self.out.push_str("\\x");
                        self.out.extend(digits);
                    }
                    _ => return odd(),
                }
            }
            '<' | '>' | '_' => return odd(),
            c if c.is_ascii_punctuation() => self.out.extend(['\\', c]),
            _ => return odd(),
        }
        Ok(())
    }

    fn group(&mut self) -> Result<(), String> {
        self.out.push('(');
        if self.rest.peek() != Some(&'?') {
            return Ok(());
        }
        self.out.extend(self.rest.next());
        loop {
            let Some(c) = self.rest.next() else {
                return odd();
            };
            self.out.push(c);
            match c {
                'i' | 'm' | 's' | 'U' | '-' => {}
                ':' | ')' => return Ok(()),
                'P' if self.rest.peek() == Some(&'<') => {}
                '<' => return self.name(),
                _ => return odd(),
            }
        }
    }

    fn name(&mut self) -> Result<(), String> {
        loop {
            match self.rest.next() {
                Some('>') => {
                    self.out.push('>');
                    return Ok(());
                }
                Some(c) if c.is_ascii_alphanumeric() || c == '_' => self.out.push(c),
                _ => return odd(),
            }
        }
    }

    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.rest.peek() == Some(&'^') {
            self.out.extend(self.rest.next());
        }
        let mut first = true;
        // Whether a range may begin: not behind a range, nor behind a class by name.
        let mut may_begin = false;
        loop {
            let Some(c) = self.rest.next() else {
                return odd();
            };
            match c {
                ']' if !first => {
                    self.out.push(']');
                    return Ok(());
                }
                '-' if first || self.rest.peek() == Some(&']') => self.out.push_str("\\-"),
                '-' if may_begin => {
                    self.out.push('-');
                    self.range_end()?;
                    may_begin = false;
                    first = false;
                    continue;
                }
                '-' => return odd(),
                '[' if self.rest.peek() == Some(&':') => {
                    self.named_class()?;
                    may_begin = false;
                    first = false;
                    continue;
                }
                '\\' => {
                    let named = self.class_escape()?;
                    may_begin = !named;
                    first = false;
                    continue;
                }
                ']' | '[' | '&' | '~' | '^' => self.out.extend(['\\', c]),
                c => self.out.push(c),
            }
            may_begin = true;
            first = false;
        }
    }

    fn range_end(&mut self) -> Result<(), String> {
        match self.rest.next() {
            Some('\\') => {
                if self.class_escape()? {
                    return odd();
                }
            }
            Some(c @ ('[' | '&' | '~' | '^')) => self.out.extend(['\\', c]),
            Some(']' | '-') | None => return odd(),
            Some(c) => self.out.push(c),
        }
        Ok(())
    }

    /// An escape within a class, and whether it stands for several characters.
    fn class_escape(&mut self) -> Result<bool, String> {
        let Some(c) = self.rest.next() else {
            return odd();
        };
        match c {
            'd' => self.out.push_str("0-9"),
            's' => self.out.push_str("\\t\\n\\f\\r "),
            'w' => self.out.push_str("0-9A-Za-z_"),
            'D' | 'S' | 'W' => return odd(),
            c => {
                self.character(c)?;
                return Ok(matches!(c, 'p' | 'P'));
            }
        }
        Ok(true)
    }

    fn named_class(&mut self) -> Result<(), String> {
        let mut name = String::from("[");
        for c in self.rest.by_ref() {
            name.push(c);
            if c == ']' {
                break;
            }
        }
        let known = [
            "[:alnum:]",
            "[:alpha:]",
            "[:ascii:]",
            "[:blank:]",
            "[:cntrl:]",
            "[:digit:]",
            "[:graph:]",
            "[:lower:]",
            "[:print:]",
            "[:punct:]",
            "[:space:]",
            "[:upper:]",
            "[:word:]",
            "[:xdigit:]",
        ];
        let positive = name.replacen("[:^", "[:", 1);
        if !known.contains(&positive.as_str()) {
            return odd();
        }
        self.out.push_str(&name);
        Ok(())
    }
}
