//! The grammar inside actions: control structures, pipelines, operands. It knows neither how
//! tokens are read nor how definitions are kept.

use std::sync::Arc;

use crate::template::ast::{Body, Branch, BranchKind, Command, Expr, Node, Pipe, Variable};
use crate::template::number::Number;
use crate::template::parser::{Parsed, Parser, Terminator};
use crate::template::quote::quote;
use crate::template::token::{Token, TokenKind};
use crate::template::value::Text;

impl Parser<'_> {
    /// An action after its left delimiter.
    pub(crate) fn action(&mut self) -> Parsed<Result<Node, Terminator>> {
        let token = self.next_word();
        let node = match token.kind {
            TokenKind::Block => self.block()?,
            TokenKind::Break => {
                self.loop_control("{{break}}")?;
                Node::Break { at: token.at }
            }
            TokenKind::Continue => {
                self.loop_control("{{continue}}")?;
                Node::Continue { at: token.at }
            }
            TokenKind::Else => {
                if !matches!(self.peek_word().kind, TokenKind::If | TokenKind::With) {
                    self.expect(&[TokenKind::RightDelim], "else")?;
                }
                return Ok(Err(Terminator::Else));
            }
            TokenKind::End => {
                self.expect(&[TokenKind::RightDelim], "end")?;
                return Ok(Err(Terminator::End));
            }
            TokenKind::If => self.nested(|parser| parser.branch(BranchKind::If))?,
            TokenKind::Range => self.nested(|parser| parser.branch(BranchKind::Range))?,
            TokenKind::With => self.nested(|parser| parser.branch(BranchKind::With))?,
            TokenKind::Template => self.template()?,
            _ => {
                self.back_up();
                let at = self.peek().at;
                Node::Action {
                    at,
                    pipe: self.pipeline("command", TokenKind::RightDelim)?,
                }
            }
        };
        Ok(Ok(node))
    }

    fn loop_control(&mut self, shown: &str) -> Parsed<()> {
        let token = self.next_word();
        if token.kind != TokenKind::RightDelim {
            return self.unexpected(&token, shown);
        }
        if self.scope.ranges == 0 {
            return self.fail(&format!("{shown} outside {{{{range}}}}"));
        }
        Ok(())
    }

    fn block(&mut self) -> Parsed<Node> {
        let context = "block clause";
        let token = self.next_word();
        let name = self.template_name(&token, context)?;
        let pipe = self.pipeline(context, TokenKind::RightDelim)?;
        self.block_body(Arc::clone(&name))?;
        Ok(Node::Template {
            at: token.at,
            name,
            pipe: Some(pipe),
        })
    }

    fn template(&mut self) -> Parsed<Node> {
        let context = "template clause";
        let token = self.next_word();
        let name = self.template_name(&token, context)?;
        let mut pipe = None;
        if self.next_word().kind != TokenKind::RightDelim {
            self.back_up();
            pipe = Some(self.pipeline(context, TokenKind::RightDelim)?);
        }
        Ok(Node::Template {
            at: token.at,
            name,
            pipe,
        })
    }

    fn template_name(&mut self, token: &Token, context: &str) -> Parsed<Text> {
        match token.kind {
            TokenKind::Str | TokenKind::RawString => self.unquoted(&token.text),
            _ => self.unexpected(token, context),
        }
    }

    /// `if`, `with` or `range` after the keyword. A chain of `else if` needs no `end` of its own
    /// and is read in a row, so that its length costs no stack.
    fn branch(&mut self, kind: BranchKind) -> Parsed<Node> {
        let (context, keyword) = match kind {
            BranchKind::If => ("if", Some(TokenKind::If)),
            BranchKind::With => ("with", Some(TokenKind::With)),
            BranchKind::Range => ("range", None),
        };
        let variables = self.scope.variables.len();
        let mut arms = Vec::new();
        let mut otherwise = None;
        loop {
            let pipe = self.pipeline(context, TokenKind::RightDelim)?;
            let (body, end) = self.branch_body(kind)?;
            arms.push((pipe, body));
            match end {
                Terminator::End => break,
                Terminator::Else if keyword == Some(self.peek().kind) => {
                    self.next();
                }
                Terminator::Else => {
                    otherwise = Some(self.else_body()?);
                    break;
                }
            }
        }
        self.scope.variables.truncate(variables);
        let at = arms.first().map_or(0, |(pipe, _)| pipe.at);
        Ok(Node::Branch(Branch {
            at,
            kind,
            arms,
            otherwise,
        }))
    }

    fn branch_body(&mut self, kind: BranchKind) -> Parsed<(Body, Terminator)> {
        let within = usize::from(kind == BranchKind::Range);
        self.scope.ranges += within;
        let list = self.list()?;
        self.scope.ranges -= within;
        Ok(list)
    }

    fn else_body(&mut self) -> Parsed<Body> {
        match self.list()? {
            (body, Terminator::End) => Ok(body),
            (_, end) => self.fail(&format!("expected end; found {}", end.describe())),
        }
    }

    fn pipeline(&mut self, context: &str, end: TokenKind) -> Parsed<Pipe> {
        let at = self.peek_word().at;
        let mut pipe = Pipe {
            at,
            assigns: false,
            variables: Vec::new(),
            commands: Vec::new(),
        };
        while self.declaration(context, &mut pipe)? {}
        loop {
            let token = self.next_word();
            match token.kind {
                kind if kind == end => break,
                TokenKind::Bool
                | TokenKind::CharConstant
                | TokenKind::Complex
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::RawString
                | TokenKind::Str
                | TokenKind::Variable
                | TokenKind::LeftParen => {
                    self.back_up();
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
        self.check(&pipe, context)?;
        Ok(pipe)
    }

    /// Reads `$x :=`, `$x =` or `$x,`; true when another variable may follow.
    fn declaration(&mut self, context: &str, pipe: &mut Pipe) -> Parsed<bool> {
        let token = self.peek_word();
        if token.kind != TokenKind::Variable {
            return Ok(false);
        }
        self.next();
        // In `$x foo` three tokens are needed to see that nothing is declared.
        let adjacent = self.peek();
        let following = self.peek_word();
        match following.kind {
            TokenKind::Assign | TokenKind::Declare => {
                pipe.assigns = following.kind == TokenKind::Assign;
                self.next_word();
                self.declare(&token, pipe);
                Ok(false)
            }
            TokenKind::Char if *following.text == *b"," => {
                self.next_word();
                self.declare(&token, pipe);
                if context == "range" && pipe.variables.len() < 2 {
                    return match self.peek_word().kind {
                        TokenKind::Variable | TokenKind::RightDelim | TokenKind::RightParen => {
                            Ok(true)
                        }
                        _ => self.fail("range can only initialize variables"),
                    };
                }
                self.fail(&format!("too many declarations in {context}"))
            }
            _ => {
                if adjacent.kind == TokenKind::Space {
                    self.back_up_three(token, adjacent);
                } else {
                    self.back_up_two(token);
                }
                Ok(false)
            }
        }
    }

    fn declare(&mut self, token: &Token, pipe: &mut Pipe) {
        let name: Text = Arc::clone(&token.text);
        self.scope.variables.push(Arc::clone(&name));
        pipe.variables.push(Variable {
            at: token.at,
            name,
            path: Vec::new(),
        });
    }

    fn check(&mut self, pipe: &Pipe, context: &str) -> Parsed<()> {
        if pipe.commands.is_empty() {
            return self.fail(&format!("missing value for {context}"));
        }
        for (stage, command) in pipe.commands.iter().enumerate().skip(1) {
            if let Some(
                Expr::Bool { .. }
                | Expr::Dot { .. }
                | Expr::Nil { .. }
                | Expr::Number { .. }
                | Expr::Str { .. },
            ) = command.args.first()
            {
                let stage = stage + 1;
                return self.fail(&format!("non executable command in pipeline stage {stage}"));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<Command> {
        let at = self.peek_word().at;
        let mut args = Vec::new();
        loop {
            self.peek_word();
            if let Some(operand) = self.operand()? {
                args.push(operand);
            }
            let token = self.next();
            match token.kind {
                TokenKind::Space => {}
                TokenKind::RightDelim | TokenKind::RightParen => {
                    self.back_up();
                    break;
                }
                TokenKind::Pipe => break,
                _ => return self.unexpected(&token, "operand"),
            }
        }
        if args.is_empty() {
            return self.fail("empty command");
        }
        Ok(Command { at, args })
    }

    /// A term and the fields after it.
    fn operand(&mut self) -> Parsed<Option<Expr>> {
        let Some(term) = self.term()? else {
            return Ok(None);
        };
        let first = self.peek();
        if first.kind != TokenKind::Field {
            return Ok(Some(term));
        }
        let mut more = Vec::new();
        while self.peek().kind == TokenKind::Field {
            more.push(field_name(&self.next()));
        }
        let at = first.at;
        Ok(Some(match term {
            Expr::Field { mut path, .. } => {
                path.append(&mut more);
                Expr::Field { at, path }
            }
            Expr::Variable(variable) => Expr::Variable(Variable {
                at,
                path: more,
                ..variable
            }),
            Expr::Identifier { .. } | Expr::Pipe(_) | Expr::Chain { .. } => Expr::Chain {
                at,
                base: Box::new(term),
                path: more,
            },
            literal => {
                let shown = quote(literal.to_string().as_bytes());
                return self.fail(&format!("unexpected . after term {shown}"));
            }
        }))
    }

    fn term(&mut self) -> Parsed<Option<Expr>> {
        let token = self.next_word();
        let at = token.at;
        let text = || String::from_utf8_lossy(&token.text);
        Ok(Some(match token.kind {
            TokenKind::Identifier => {
                let name = text();
                if !(self.is_function)(&name) {
                    return self.fail(&format!("function {} not defined", quote(&token.text)));
                }
                Expr::Identifier {
                    at,
                    name: Arc::from(&*name),
                }
            }
            TokenKind::Dot => Expr::Dot { at },
            TokenKind::Nil => Expr::Nil { at },
            TokenKind::Variable => self.variable(&token)?,
            TokenKind::Field => Expr::Field {
                at,
                path: vec![field_name(&token)],
            },
            TokenKind::Bool => Expr::Bool {
                at,
                value: *token.text == *b"true",
            },
            TokenKind::CharConstant => self.number(at, Number::character(&token.text))?,
            TokenKind::Complex => self.number(at, Number::complex(&text()))?,
            TokenKind::Number => self.number(at, Number::plain(&text()))?,
            TokenKind::LeftParen => {
                let context = "parenthesized pipeline";
                let pipe = self.nested(|parser| parser.pipeline(context, TokenKind::RightParen))?;
                Expr::Pipe(Box::new(pipe))
            }
            TokenKind::Str | TokenKind::RawString => {
                let value = self.unquoted(&token.text)?;
                Expr::Str {
                    at,
                    quoted: Arc::clone(&token.text),
                    value,
                }
            }
            _ => {
                self.back_up();
                return Ok(None);
            }
        }))
    }

    fn variable(&mut self, token: &Token) -> Parsed<Expr> {
        let name: Text = Arc::clone(&token.text);
        if !self.scope.variables.contains(&name) {
            return self.fail(&format!("undefined variable {}", quote(&name)));
        }
        Ok(Expr::Variable(Variable {
            at: token.at,
            name,
            path: Vec::new(),
        }))
    }

    fn number(&mut self, at: usize, number: Result<Number, String>) -> Parsed<Expr> {
        match number {
            Ok(number) => Ok(Expr::Number {
                at,
                number: Box::new(number),
            }),
            Err(message) => self.fail(&message),
        }
    }
}

fn field_name(token: &Token) -> Text {
    Arc::from(token.text.get(1..).unwrap_or_default())
}
