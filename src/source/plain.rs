//! The parser of plain DAG files: comments, blank lines, and calls of `define_stage` and `dag_deps`. It never guesses: a file in
//! which anything else stands, or anything of which GNU make might make something else, is not plain.

use std::iter::Peekable;
use std::str::Chars;

use crate::source::dag::{Call, Macro, Place, Word};

/// The calls of a plain file; `None` if it is not plain.
pub fn parse(file: &str, text: &str) -> Option<Vec<Call>> {
    let mut cursor = Cursor::new(file, text);
    let mut calls = Vec::new();
    while cursor.peek().is_some() {
        // To make, a line that begins with a tab may belong to a rule.
        if cursor.peek() == Some('\t') {
            return None;
        }
        line(&mut cursor, &mut calls)?;
    }
    Some(calls)
}

fn line(cursor: &mut Cursor<'_>, calls: &mut Vec<Call>) -> Option<()> {
    loop {
        cursor.skip_blanks();
        match cursor.peek() {
            None => return Some(()),
            Some('\n') => {
                cursor.next();
                return Some(());
            }
            Some('#') => return comment(cursor),
            Some('$') => calls.push(call(cursor)?),
            Some(_) => return None,
        }
    }
}

/// A comment goes on in the next line after a backslash.
fn comment(cursor: &mut Cursor<'_>) -> Option<()> {
    let mut backslashes = 0;
    while let Some(c) = cursor.next() {
        match c {
            '\n' if backslashes % 2 == 0 => return Some(()),
            '\r' => return None,
            '\\' => backslashes += 1,
            _ => backslashes = 0,
        }
        if c == '\n' {
            backslashes = 0;
        }
    }
    Some(())
}

fn call(cursor: &mut Cursor<'_>) -> Option<Call> {
    let place = cursor.place();
    cursor.next();
    let close = match cursor.next()? {
        '(' => ')',
        '{' => '}',
        _ => return None,
    };
    for expected in "call".chars() {
        if cursor.next()? != expected {
            return None;
        }
    }
    if !matches!(cursor.peek()?, ' ' | '\t') {
        return None;
    }
    cursor.skip_blanks();
    let mut name = String::new();
    while matches!(cursor.peek()?, 'a'..='z' | '_') {
        name.push(cursor.next()?);
    }
    let macro_name = Macro::named(&name)?;
    let mut arguments = Vec::new();
    loop {
        match cursor.next()? {
            ',' => arguments.push(words(cursor, close)?),
            c if c == close => break,
            _ => return None,
        }
    }
    Some(Call {
        macro_name,
        arguments,
        place,
    })
}

/// The words up to the next comma or the end of the call.
fn words(cursor: &mut Cursor<'_>, close: char) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    loop {
        cursor.skip_blanks();
        let place = cursor.place();
        let mut text = String::new();
        loop {
            match cursor.peek()? {
                c if c == ',' || c == close || c == ' ' || c == '\t' => break,
                '\\' if cursor.continues() => break,
                '$' | '(' | ')' | '{' | '}' | '#' | '\\' | '=' | ':' | '\n' | '%' => return None,
                c if c.is_control() || c.is_whitespace() => return None,
                c => text.push(c),
            }
            cursor.next();
        }
        if !text.is_empty() {
            words.push(Word { text, place });
        } else if matches!(cursor.peek()?, c if c == ',' || c == close) {
            return Some(words);
        }
    }
}

struct Cursor<'a> {
    file: &'a str,
    rest: Peekable<Chars<'a>>,
    line: usize,
    column: usize,
}

impl<'a> Cursor<'a> {
    fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            rest: text.chars().peekable(),
            line: 1,
            column: 1,
        }
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn place(&self) -> Place {
        Place {
            file: self.file.to_owned(),
            line: self.line,
            column: Some(self.column),
        }
    }

    /// Whether a backslash stands at the end of a line.
    fn continues(&self) -> bool {
        let mut ahead = self.rest.clone();
        ahead.next() == Some('\\') && ahead.next() == Some('\n')
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t') => drop(self.next()),
                Some('\\') if self.continues() => {
                    self.next();
                    self.next();
                }
                _ => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<String> {
        let calls = parse("f", text)?;
        let calls = calls.iter().map(|call| {
            let arguments = call.arguments.iter().map(|words| {
                let words: Vec<_> = words
                    .iter()
                    .map(|word| {
                        format!(
                            "{}@{}:{}",
                            word.text,
                            word.place.line,
                            word.place.column.unwrap_or(0)
                        )
                    })
                    .collect();
                words.join(" ")
            });
            format!(
                "{}[{}]",
                call.macro_name.as_str(),
                arguments.collect::<Vec<_>>().join("|")
            )
        });
        Some(calls.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn plain_files_are_read_with_places() {
        for (text, expected) in [
            ("", ""),
            ("# a comment\n\n  \n", ""),
            ("# a comment \\\n$(call x)\n", ""),
            ("$(call define_stage, a, )\n", "define_stage[a@1:22|]"),
            (
                "$(call define_stage, a, b  c)",
                "define_stage[a@1:22|b@1:25 c@1:28]",
            ),
            ("${call define_stage,a}# comment", "define_stage[a@1:21]"),
            (
                "$(call define_stage, a, \\\n   b \\\n c)",
                "define_stage[a@1:22|b@2:4 c@3:2]",
            ),
            ("$(call dag_deps, a b, c)", "dag_deps[a@1:18 b@1:20|c@1:23]"),
            (
                "$(call define_stage, a,) $(call define_stage, é/x, a)",
                "define_stage[a@1:22|] define_stage[é/x@1:47|a@1:52]",
            ),
        ] {
            assert_eq!(told(text).as_deref(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn whatever_make_might_see_otherwise_is_not_plain() {
        for text in [
            "X = 1",
            "$(call define_stage, $(X), )",
            "include x.mk",
            "\t$(call define_stage, a, )",
            "$(call define_stage, a",
            "$(call define_stage, (a), )",
            "$(call define_stage, a, b # c\n)",
            "$(call define_stage, a, )\r\n",
            "$(call other, a)",
            "$(call define_stage , a)",
            "$(call define_stage, a, ) x",
            "$(info x)",
            "$(call define_stage, a=b, )",
            "\u{feff}# bom",
        ] {
            assert_eq!(told(text), None, "{text:?}");
        }
    }
}
