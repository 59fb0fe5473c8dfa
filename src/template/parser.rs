//! From tokens to a template set, by Go's grammar. It knows no values and no world; of functions
//! it knows only which names exist.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::template::ast::{Body, Node};
use crate::template::error::{Phase, TemplateError};
use crate::template::lexer::{Delimiters, Lexer};
use crate::template::quote::{quote, unquote};
use crate::template::token::{Token, TokenKind};
use crate::template::value::Text;

/// How deep blocks and parentheses may nest. Go allows 10,000 parentheses on a stack that grows;
/// nothing that people write comes near this.
const MAX_NESTING: usize = 100;

pub(crate) type Parsed<T> = Result<T, TemplateError>;

/// The text that definitions were parsed from, for places in messages.
#[derive(Debug)]
pub struct Origin {
    /// The name that the text was parsed under.
    pub name: String,
    /// The text.
    pub text: Text,
}

/// One definition.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Where it comes from.
    pub origin: Arc<Origin>,
    /// What it does.
    pub body: Arc<Body>,
}

/// What a text defines: its own name, and the names of its `define` and `block` actions.
pub type Definitions = BTreeMap<Text, Definition>;

/// What ended a list of nodes.
pub(crate) enum Terminator {
    End,
    /// `else`, or `else if` and `else with`, whose keyword is the next token.
    Else,
}

impl Terminator {
    pub(crate) const fn describe(&self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

/// What one definition's parsing needs of its own; a `define` inside starts anew.
pub(crate) struct Scope {
    /// The lookahead: the last token read is the first.
    tokens: [Token; 3],
    peeked: usize,
    pub(crate) variables: Vec<Text>,
    pub(crate) ranges: usize,
    /// The line where the action began, 0 outside of one.
    action_line: usize,
}

impl Scope {
    fn new() -> Self {
        let none = Token {
            kind: TokenKind::Eof,
            at: 0,
            line: 0,
            text: Text::from(&b""[..]),
        };
        Self {
            tokens: [none.clone(), none.clone(), none],
            peeked: 0,
            variables: vec![Arc::from(&b"$"[..])],
            ranges: 0,
            action_line: 0,
        }
    }
}

pub(crate) struct Parser<'t> {
    lexer: Lexer<'t>,
    origin: Arc<Origin>,
    pub(crate) is_function: &'t dyn Fn(&str) -> bool,
    pub(crate) scope: Scope,
    definitions: Definitions,
    pub(crate) depth: usize,
}

/// Parses a text as the template `name`.
pub fn parse(
    name: &str,
    text: &[u8],
    delimiters: &Delimiters,
    is_function: &dyn Fn(&str) -> bool,
) -> Result<Definitions, TemplateError> {
    let mut lexer = Lexer::new(text, delimiters);
    lexer.break_is_keyword = !is_function("break");
    lexer.continue_is_keyword = !is_function("continue");
    let mut parser = Parser {
        lexer,
        origin: Arc::new(Origin {
            name: name.to_owned(),
            text: Arc::from(text),
        }),
        is_function,
        scope: Scope::new(),
        definitions: Definitions::new(),
        depth: 0,
    };
    let body = parser.top()?;
    parser.define(Arc::from(name.as_bytes()), body)?;
    Ok(parser.definitions)
}

impl Parser<'_> {
    pub(crate) fn fail<T>(&self, message: &str) -> Parsed<T> {
        let line = self.scope.tokens[0].line;
        let name = self.origin.name.clone();
        let message = format!("template: {name}:{line}: {message}");
        Err(TemplateError {
            phase: Phase::Parse,
            name,
            line,
            column: None,
            message,
        })
    }

    pub(crate) fn next(&mut self) -> Token {
        let scope = &mut self.scope;
        if scope.peeked > 0 {
            scope.peeked -= 1;
        } else {
            scope.tokens[0] = self.lexer.next();
        }
        scope
            .tokens
            .get(scope.peeked)
            .unwrap_or(&scope.tokens[0])
            .clone()
    }

    pub(crate) fn back_up(&mut self) {
        self.scope.peeked += 1;
    }

    pub(crate) fn back_up_two(&mut self, before: Token) {
        self.scope.tokens[1] = before;
        self.scope.peeked = 2;
    }

    pub(crate) fn back_up_three(&mut self, first: Token, second: Token) {
        self.scope.tokens[1] = second;
        self.scope.tokens[2] = first;
        self.scope.peeked = 3;
    }

    pub(crate) fn peek(&mut self) -> Token {
        let token = self.next();
        self.back_up();
        token
    }

    pub(crate) fn next_word(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    pub(crate) fn peek_word(&mut self) -> Token {
        let token = self.next_word();
        self.back_up();
        token
    }

    pub(crate) fn expect(&mut self, kinds: &[TokenKind], context: &str) -> Parsed<Token> {
        let token = self.next_word();
        if kinds.contains(&token.kind) {
            Ok(token)
        } else {
            self.unexpected(&token, context)
        }
    }

    pub(crate) fn unexpected<T>(&self, token: &Token, context: &str) -> Parsed<T> {
        if token.kind != TokenKind::Error {
            return self.fail(&format!("unexpected {} in {context}", token.describe()));
        }
        let message = token.describe();
        let started = self.scope.action_line;
        if started == 0 || started == token.line {
            return self.fail(&message);
        }
        // Not "unclosed action in action".
        let action = if message.ends_with(" action") {
            ""
        } else {
            " in action"
        };
        self.fail(&format!(
            "{message}{action} started at {}:{started}",
            self.origin.name
        ))
    }

    /// Runs `parse` one level deeper.
    pub(crate) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_NESTING {
            return self.fail("max expression depth exceeded");
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn define(&mut self, name: Text, body: Body) -> Parsed<()> {
        let replaces = self
            .definitions
            .get(&name)
            .is_none_or(|known| known.body.is_blank());
        if replaces {
            let definition = Definition {
                origin: Arc::clone(&self.origin),
                body: Arc::new(body),
            };
            self.definitions.insert(name, definition);
        } else if !body.is_blank() {
            let name = quote(&name);
            return self.fail(&format!("template: multiple definition of template {name}"));
        }
        Ok(())
    }

    fn top(&mut self) -> Parsed<Body> {
        let mut body = Body::default();
        loop {
            let token = self.peek();
            if token.kind == TokenKind::Eof {
                return Ok(body);
            }
            if token.kind == TokenKind::LeftDelim {
                let delimiter = self.next();
                if self.next_word().kind == TokenKind::Define {
                    self.definition()?;
                    continue;
                }
                self.back_up_two(delimiter);
            }
            match self.text_or_action()? {
                Ok(node) => body.nodes.push(node),
                Err(end) => return self.fail(&format!("unexpected {}", end.describe())),
            }
        }
    }

    /// `{{define "name"}} ... {{end}}`, after the keyword.
    fn definition(&mut self) -> Parsed<()> {
        let outer = std::mem::replace(&mut self.scope, Scope::new());
        let context = "define clause";
        let token = self.expect(&[TokenKind::Str, TokenKind::RawString], context)?;
        let name = self.unquoted(&token.text)?;
        self.expect(&[TokenKind::RightDelim], context)?;
        let (body, end) = self.list()?;
        if let Terminator::Else = end {
            return self.fail(&format!("unexpected {} in {context}", end.describe()));
        }
        self.define(name, body)?;
        self.scope = outer;
        Ok(())
    }

    /// Parses and defines the body of a `block`.
    pub(crate) fn block_body(&mut self, name: Text) -> Parsed<()> {
        let outer = std::mem::replace(&mut self.scope, Scope::new());
        self.nested(|parser| {
            let (body, end) = parser.list()?;
            if let Terminator::Else = end {
                // Go reports this one from where the block began.
                parser.scope = outer;
                return parser.fail("unexpected {{else}} in block clause");
            }
            parser.define(name, body)?;
            parser.scope = outer;
            Ok(())
        })
    }

    /// Nodes up to `end` or `else`.
    pub(crate) fn list(&mut self) -> Parsed<(Body, Terminator)> {
        let mut body = Body::default();
        while self.peek_word().kind != TokenKind::Eof {
            match self.text_or_action()? {
                Ok(node) => body.nodes.push(node),
                Err(end) => return Ok((body, end)),
            }
        }
        self.fail("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Parsed<Result<Node, Terminator>> {
        let token = self.next_word();
        match token.kind {
            TokenKind::Text => Ok(Ok(Node::Text {
                at: token.at,
                text: token.text,
            })),
            TokenKind::LeftDelim => {
                self.scope.action_line = token.line;
                let node = self.action()?;
                self.scope.action_line = 0;
                Ok(node)
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    pub(crate) fn unquoted(&mut self, literal: &[u8]) -> Parsed<Text> {
        match unquote(literal) {
            Some(text) => Ok(Arc::from(text)),
            None => self.fail("invalid syntax"),
        }
    }
}
