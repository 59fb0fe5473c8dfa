//! One template on the stack: walking its nodes, its variables, and where it is for messages. How
//! pipelines are evaluated is not known here.

use std::fmt;
use std::sync::Arc;

use crate::template::ast::{Body, Branch, BranchKind, Command, Expr, Node, Pipe};
use crate::template::error::{Phase, TemplateError};
use crate::template::format::display;
use crate::template::kind::Kind;
use crate::template::operand::Operand;
use crate::template::parser::Definition;
use crate::template::quote::quote;
use crate::template::run::Run;
use crate::template::value::Text;

pub(crate) type Done<T> = Result<T, TemplateError>;

/// What the engine is at, which is what a message shows.
#[derive(Clone, Copy)]
pub(crate) enum Place<'t> {
    Start,
    Node(&'t Node),
    Branch(&'t Branch),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Expr(&'t Expr),
}

impl Place<'_> {
    fn at(self) -> usize {
        match self {
            Self::Start => 0,
            Self::Node(node) => match node {
                Node::Text { at, .. }
                | Node::Action { at, .. }
                | Node::Template { at, .. }
                | Node::Break { at }
                | Node::Continue { at } => *at,
                Node::Branch(branch) => branch.at,
            },
            Self::Branch(branch) => branch.at,
            Self::Pipe(pipe) => pipe.at,
            Self::Command(command) => command.at,
            Self::Expr(expr) => expr.at(),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(Node::Action { pipe, .. }) => write!(f, "{{{{{pipe}}}}}"),
            Self::Node(Node::Template { name, pipe, .. }) => {
                write!(f, "{{{{template {}", quote(name))?;
                if let Some(pipe) = pipe {
                    write!(f, " {pipe}")?;
                }
                f.write_str("}}")
            }
            Self::Pipe(pipe) => pipe.fmt(f),
            Self::Command(command) => command.fmt(f),
            Self::Expr(expr) => expr.fmt(f),
            Self::Start | Self::Node(_) | Self::Branch(_) => Ok(()),
        }
    }
}

/// Whether a loop goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    On,
    Break,
    Continue,
}

pub(crate) struct Frame<'t, 'r, 'h> {
    pub(crate) run: &'r mut Run<'h>,
    name: &'t [u8],
    definition: &'t Definition,
    pub(crate) variables: Vec<(Text, Operand)>,
    pub(crate) place: Place<'t>,
}

impl<'t, 'r, 'h> Frame<'t, 'r, 'h> {
    pub(crate) fn new(
        run: &'r mut Run<'h>,
        name: &'t [u8],
        definition: &'t Definition,
        data: Operand,
    ) -> Self {
        let variables = vec![(Arc::from(&b"$"[..]), data)];
        Self {
            run,
            name,
            definition,
            variables,
            place: Place::Start,
        }
    }

    pub(crate) fn execute(mut self) -> Done<()> {
        let dot = self
            .variables
            .first()
            .map_or_else(Operand::missing, |(_, data)| data.clone());
        let definition = self.definition;
        self.body(&dot, &definition.body).map(|_| ())
    }

    /// An error at the current place.
    pub(crate) fn fail<T>(&self, cause: &str) -> Done<T> {
        let origin = &self.definition.origin;
        let before = origin.text.get(..self.place.at()).unwrap_or(&origin.text);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let (name, shown) = (origin.name.clone(), quote(self.name));
        let message = format!(
            "template: {name}:{line}:{column}: executing {shown} at <{}>: {cause}",
            self.place
        );
        Err(TemplateError {
            phase: Phase::Execute,
            name,
            line,
            column: Some(column),
            message,
        })
    }

    pub(crate) fn step(&mut self) -> Done<()> {
        self.charge(1)
    }

    pub(crate) fn charge(&mut self, steps: u64) -> Done<()> {
        if self.run.step(steps) {
            Ok(())
        } else {
            self.fail("the limit is exceeded: too many steps")
        }
    }

    /// One level deeper; every call is matched by [`Frame::leave`] unless it fails.
    pub(crate) fn enter(&mut self) -> Done<()> {
        let limit = self.run.templates.settings.budget.depth;
        if self.run.depth >= limit {
            return self.fail(&format!("exceeded maximum template depth ({limit})"));
        }
        self.run.depth += 1;
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.run.depth -= 1;
    }

    fn write(&mut self, text: &[u8]) -> Done<()> {
        if self.run.write(text) {
            Ok(())
        } else {
            self.fail("the limit is exceeded: too much output")
        }
    }

    pub(crate) fn body(&mut self, dot: &Operand, body: &'t Body) -> Done<Flow> {
        self.enter()?;
        let mut flow = Flow::On;
        for node in &body.nodes {
            flow = self.node(dot, node)?;
            if flow != Flow::On {
                break;
            }
        }
        self.leave();
        Ok(flow)
    }

    fn node(&mut self, dot: &Operand, node: &'t Node) -> Done<Flow> {
        self.place = Place::Node(node);
        self.step()?;
        match node {
            Node::Text { text, .. } => self.write(text)?,
            Node::Action { pipe, .. } => {
                let value = self.pipeline(dot, pipe)?;
                if pipe.variables.is_empty() {
                    self.place = Place::Node(node);
                    self.print(&value)?;
                }
            }
            Node::Branch(branch) if branch.kind == BranchKind::Range => {
                return self.range(dot, branch);
            }
            Node::Branch(branch) => return self.condition(dot, branch),
            Node::Template { name, pipe, .. } => self.template(dot, name, pipe.as_ref())?,
            Node::Break { .. } => return Ok(Flow::Break),
            Node::Continue { .. } => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn print(&mut self, operand: &Operand) -> Done<()> {
        self.note_whole(operand);
        match display(&operand.value) {
            Some(Ok(text)) => self.write(&text),
            Some(Err(cause)) => self.fail(&cause),
            None => {
                let cause = format!("can't print {} of type {}", self.place, operand.type_name());
                self.fail(&cause)
            }
        }
    }

    /// Tells the host when the root is used as a whole.
    pub(crate) fn note_whole(&mut self, operand: &Operand) {
        if operand.root {
            self.run.host.read_everything();
        }
    }

    fn truth(&mut self, operand: &Operand) -> bool {
        if operand.value.kind() != Kind::Ptr {
            self.note_whole(operand); // a pointer is true whatever it points to
        }
        operand.value.truth()
    }

    fn condition(&mut self, dot: &Operand, branch: &'t Branch) -> Done<Flow> {
        let mark = self.variables.len();
        for (pipe, body) in &branch.arms {
            let value = self.pipeline(dot, pipe)?;
            if self.truth(&value) {
                let inner = if branch.kind == BranchKind::With {
                    &value
                } else {
                    dot
                };
                let flow = self.body(inner, body)?;
                self.variables.truncate(mark);
                return Ok(flow);
            }
        }
        let flow = match &branch.otherwise {
            Some(body) => self.body(dot, body)?,
            None => Flow::On,
        };
        self.variables.truncate(mark);
        Ok(flow)
    }

    pub(crate) fn assign(&mut self, name: &Text, value: Operand) -> Done<()> {
        match self
            .variables
            .iter_mut()
            .rev()
            .find(|(known, _)| known == name)
        {
            Some((_, slot)) => {
                *slot = value;
                Ok(())
            }
            None => self.fail(&format!(
                "undefined variable: {}",
                String::from_utf8_lossy(name)
            )),
        }
    }

    fn template(&mut self, dot: &Operand, name: &'t Text, pipe: Option<&'t Pipe>) -> Done<()> {
        let Some(definition) = self.run.templates.definitions.get(name).cloned() else {
            return self.fail(&format!("template {} not defined", quote(name)));
        };
        self.enter()?;
        let data = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Operand::missing(),
        };
        Frame::new(self.run, name, &definition, data).execute()?;
        self.leave();
        Ok(())
    }
}
