//! From a template's bytes to tokens, by Go's rules for delimiters, trim markers and comments. It
//! knows no grammar.

use crate::template::quote::quote_rune;
use crate::template::runes::{decode, is_alphanumeric, is_print};
use crate::template::token::{Token, TokenKind};
use crate::template::value::Text;

const MARKER: usize = 2; // the trim marker and its blank

/// The delimiters of actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimiters {
    /// `{{`
    pub left: Vec<u8>,
    /// `}}`
    pub right: Vec<u8>,
}

impl Default for Delimiters {
    fn default() -> Self {
        Self::new(b"", b"")
    }
}

impl Delimiters {
    /// Empty ones are Go's own.
    pub fn new(left: &[u8], right: &[u8]) -> Self {
        let or = |given: &[u8], own: &[u8]| if given.is_empty() { own } else { given }.to_vec();
        Self {
            left: or(left, b"{{"),
            right: or(right, b"}}"),
        }
    }
}

pub(crate) struct Lexer<'t> {
    input: &'t [u8],
    delimiters: &'t Delimiters,
    pub(crate) at: usize,
    start: usize,
    line: usize,
    /// Up to where `line` has counted.
    counted: usize,
    parens: usize,
    inside: bool,
    failed: Option<Token>,
    /// `break` and `continue` are keywords, unless functions of that name exist.
    pub(crate) break_is_keyword: bool,
    pub(crate) continue_is_keyword: bool,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(input: &'t [u8], delimiters: &'t Delimiters) -> Self {
        Self {
            input,
            delimiters,
            at: 0,
            start: 0,
            line: 1,
            counted: 0,
            parens: 0,
            inside: false,
            failed: None,
            break_is_keyword: true,
            continue_is_keyword: true,
        }
    }

    /// The next token; after an error the same error again.
    pub(crate) fn next(&mut self) -> Token {
        if let Some(token) = &self.failed {
            return token.clone();
        }
        if self.inside {
            self.inside_action()
        } else {
            self.text()
        }
    }

    pub(crate) fn rest(&self) -> &'t [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn pending(&self) -> &'t [u8] {
        self.input.get(self.start..self.at).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<char> {
        decode(self.rest()).map(|(character, _)| character)
    }

    pub(crate) fn advance(&mut self) -> Option<char> {
        let (character, length) = decode(self.rest())?;
        self.at += length;
        Some(character)
    }

    fn start_line(&mut self) -> usize {
        let passed = self.input.get(self.counted..self.start).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count();
        self.counted = self.counted.max(self.start);
        self.line
    }

    pub(crate) fn emit(&mut self, kind: TokenKind) -> Token {
        let line = self.start_line();
        let token = Token {
            kind,
            at: self.start,
            line,
            text: Text::from(self.pending()),
        };
        self.start = self.at;
        token
    }

    pub(crate) fn fail(&mut self, message: impl Into<String>) -> Token {
        let line = self.start_line();
        let text = Text::from(message.into().into_bytes());
        let token = Token {
            kind: TokenKind::Error,
            at: self.start,
            line,
            text,
        };
        self.failed = Some(token.clone());
        token
    }

    fn text(&mut self) -> Token {
        loop {
            let Some(length) = memchr::memmem::find(self.rest(), &self.delimiters.left) else {
                self.at = self.input.len();
                let kind = if self.at > self.start {
                    TokenKind::Text
                } else {
                    TokenKind::Eof
                };
                return self.emit(kind);
            };
            if length > 0 {
                let text = self.rest().get(..length).unwrap_or_default();
                let after = self.rest().get(length + self.delimiters.left.len()..);
                let trimmed = if starts_trim(after.unwrap_or_default()) {
                    text.len() - trim_end(text).len()
                } else {
                    0
                };
                self.at += length - trimmed;
                if self.at > self.start {
                    let token = self.emit(TokenKind::Text);
                    self.at += trimmed;
                    self.start = self.at;
                    return token;
                }
                self.at += trimmed;
                self.start = self.at;
            }
            if let Some(token) = self.left_delimiter() {
                return token;
            }
        }
    }

    /// `None` when a comment was skipped and text follows.
    fn left_delimiter(&mut self) -> Option<Token> {
        self.at += self.delimiters.left.len();
        let marker = if starts_trim(self.rest()) { MARKER } else { 0 };
        if self
            .rest()
            .get(marker..)
            .unwrap_or_default()
            .starts_with(b"/*")
        {
            self.at += marker;
            self.start = self.at;
            return self.comment();
        }
        let token = self.emit(TokenKind::LeftDelim);
        self.inside = true;
        self.at += marker;
        self.start = self.at;
        self.parens = 0;
        Some(token)
    }

    fn comment(&mut self) -> Option<Token> {
        self.at += 2;
        let Some(length) = memchr::memmem::find(self.rest(), b"*/") else {
            return Some(self.fail("unclosed comment"));
        };
        self.at += length + 2;
        let Some(trim) = self.right_delimiter_here() else {
            return Some(self.fail("comment ends before closing delimiter"));
        };
        self.pass_right_delimiter(trim);
        self.start = self.at;
        None
    }

    /// Whether the right delimiter is here, and whether it trims.
    fn right_delimiter_here(&self) -> Option<bool> {
        let rest = self.rest();
        let right = &self.delimiters.right;
        if ends_trim(rest) && rest.get(MARKER..).unwrap_or_default().starts_with(right) {
            return Some(true);
        }
        rest.starts_with(right).then_some(false)
    }

    fn pass_right_delimiter(&mut self, trim: bool) {
        self.at += self.delimiters.right.len();
        if trim {
            self.at += MARKER;
            self.at += self.rest().len() - trim_start(self.rest()).len();
        }
    }

    fn right_delimiter(&mut self) -> Token {
        let trim = self.right_delimiter_here().unwrap_or(false);
        if trim {
            self.start = self.at + MARKER;
        }
        let end = self.start + self.delimiters.right.len();
        self.pass_right_delimiter(trim);
        let after = std::mem::replace(&mut self.at, end);
        let token = self.emit(TokenKind::RightDelim);
        self.at = after;
        self.start = after;
        self.inside = false;
        token
    }

    fn inside_action(&mut self) -> Token {
        if self.right_delimiter_here().is_some() {
            if self.parens == 0 {
                return self.right_delimiter();
            }
            return self.fail("unclosed left paren");
        }
        let before = self.at;
        let Some(character) = self.advance() else {
            return self.fail("unclosed action");
        };
        match character {
            ' ' | '\t' | '\r' | '\n' => self.space(),
            '=' => self.emit(TokenKind::Assign),
            ':' if self.advance() == Some('=') => self.emit(TokenKind::Declare),
            ':' => self.fail("expected :="),
            '|' => self.emit(TokenKind::Pipe),
            '"' => self.quoted('"', TokenKind::Str, "unterminated quoted string"),
            '\'' => self.quoted(
                '\'',
                TokenKind::CharConstant,
                "unterminated character constant",
            ),
            '`' => self.raw_quoted(),
            '$' => self.field_or_variable(TokenKind::Variable),
            '.' if self
                .rest()
                .first()
                .is_some_and(|byte| !byte.is_ascii_digit()) =>
            {
                self.field_or_variable(TokenKind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.at = before;
                self.number()
            }
            '(' => {
                self.parens += 1;
                self.emit(TokenKind::LeftParen)
            }
            ')' if self.parens == 0 => self.fail("unexpected right paren"),
            ')' => {
                self.parens -= 1;
                self.emit(TokenKind::RightParen)
            }
            _ if is_alphanumeric(character) => self.identifier(),
            _ if character.is_ascii() && is_print(character) => self.emit(TokenKind::Char),
            _ => self.fail(format!(
                "unrecognized character in action: {}",
                code_point(character)
            )),
        }
    }

    fn space(&mut self) -> Token {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
        let last = self.at - 1;
        let tail = self.input.get(last..).unwrap_or_default();
        let right = &self.delimiters.right;
        if ends_trim(tail) && tail.get(MARKER..).unwrap_or_default().starts_with(right) {
            self.at = last;
            if last == self.start {
                return self.right_delimiter();
            }
        }
        self.emit(TokenKind::Space)
    }

    fn identifier(&mut self) -> Token {
        while self.peek().is_some_and(is_alphanumeric) {
            self.advance();
        }
        if !self.at_terminator() {
            return self.bad_character();
        }
        match self.pending() {
            b"true" | b"false" => self.emit(TokenKind::Bool),
            b"break" if !self.break_is_keyword => self.emit(TokenKind::Identifier),
            b"continue" if !self.continue_is_keyword => self.emit(TokenKind::Identifier),
            word => self.emit(TokenKind::keyword(word).unwrap_or(TokenKind::Identifier)),
        }
    }

    fn field_or_variable(&mut self, kind: TokenKind) -> Token {
        if self.at_terminator() {
            let alone = if kind == TokenKind::Field {
                TokenKind::Dot
            } else {
                kind
            };
            return self.emit(alone);
        }
        while self.peek().is_some_and(is_alphanumeric) {
            self.advance();
        }
        if self.at_terminator() {
            self.emit(kind)
        } else {
            self.bad_character()
        }
    }

    fn bad_character(&mut self) -> Token {
        let shown = self.peek().map(code_point).unwrap_or_default();
        self.fail(format!("bad character {shown}"))
    }

    /// Whether what is here may follow an identifier.
    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(character) if is_space(character) => true,
            Some(_) => self.rest().starts_with(&self.delimiters.right),
        }
    }
}

const fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn is_blank(byte: u8) -> bool {
    is_space(char::from(byte))
}

fn starts_trim(text: &[u8]) -> bool {
    matches!(text, [b'-', blank, ..] if is_blank(*blank))
}

fn ends_trim(text: &[u8]) -> bool {
    matches!(text, [blank, b'-', ..] if is_blank(*blank))
}

fn trim_start(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_blank(**byte)).count();
    text.get(blanks..).unwrap_or_default()
}

fn trim_end(text: &[u8]) -> &[u8] {
    let blanks = text
        .iter()
        .rev()
        .take_while(|byte| is_blank(**byte))
        .count();
    text.get(..text.len() - blanks).unwrap_or_default()
}

/// Go's `%#U`.
pub(crate) fn code_point(character: char) -> String {
    let code = format!("U+{:04X}", u32::from(character));
    if is_print(character) {
        let quoted = quote_rune(character, false);
        // `%#U` does not escape: `U+005C '\'`.
        let plain = if matches!(character, '\\' | '\'') {
            format!("'{character}'")
        } else {
            quoted
        };
        return format!("{code} {plain}");
    }
    code
}
