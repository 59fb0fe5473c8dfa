//! A parsed template. It knows neither how it came about nor how it is executed.
//!
//! `at` is always the byte offset in the text, at the place that Go's messages name.

use std::sync::Arc;

use crate::template::number::Number;
use crate::template::value::Text;

/// A sequence of nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// In the order of the text.
    pub nodes: Vec<Node>,
}

impl Body {
    /// Whether it holds nothing but blanks; such a definition does not replace another.
    pub fn is_blank(&self) -> bool {
        self.nodes.iter().all(|node| match node {
            Node::Text { text, .. } => String::from_utf8_lossy(text).trim().is_empty(),
            _ => false,
        })
    }
}

/// One piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Text that is copied.
    Text {
        /// Where it starts.
        at: usize,
        /// The bytes.
        text: Text,
    },
    /// A pipeline that is printed, unless it declares or assigns.
    Action {
        /// Where the pipeline starts.
        at: usize,
        /// The pipeline.
        pipe: Pipe,
    },
    /// `if`, `with`, `range`.
    Branch(Branch),
    /// `template`, and `block` after its definition.
    Template {
        /// Where the name starts.
        at: usize,
        /// The name.
        name: Text,
        /// The new dot.
        pipe: Option<Pipe>,
    },
    /// `break`
    Break {
        /// Where the keyword starts.
        at: usize,
    },
    /// `continue`
    Continue {
        /// Where the keyword starts.
        at: usize,
    },
}

/// Which control structure a branch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BranchKind {
    /// `if`
    If,
    /// `with`
    With,
    /// `range`
    Range,
}

/// `if`, `with` or `range`, with all its `else if` or `else with` in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Where the first pipeline starts.
    pub at: usize,
    /// Which.
    pub kind: BranchKind,
    /// The first pipeline that is true is taken; `range` has exactly one arm.
    pub arms: Vec<(Pipe, Body)>,
    /// `else`
    pub otherwise: Option<Body>,
}

/// `$x := a | b`
#[derive(Clone, Debug, PartialEq)]
pub struct Pipe {
    /// Where it starts.
    pub at: usize,
    /// `=` rather than `:=`.
    pub assigns: bool,
    /// The variables that are set, `$` included.
    pub variables: Vec<Variable>,
    /// What is piped from left to right.
    pub commands: Vec<Command>,
}

/// A variable with the fields after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Where it (or, with fields written apart from it, the first such field) starts.
    pub at: usize,
    /// With its `$`.
    pub name: Text,
    /// The fields after it.
    pub path: Vec<Text>,
}

/// A function or value, and its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Where it starts.
    pub at: usize,
    /// What is called or given, then the arguments; never empty.
    pub args: Vec<Expr>,
}

/// One operand.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A function's name.
    Identifier {
        /// Where it starts.
        at: usize,
        /// The name.
        name: Arc<str>,
    },
    /// `.a.b`
    Field {
        /// The place of the second field, if there is one, else of the first.
        at: usize,
        /// The names.
        path: Vec<Text>,
    },
    /// `$x.a`
    Variable(Variable),
    /// `(pipe).a`, `f.a`
    Chain {
        /// The place of the first field.
        at: usize,
        /// What the fields are taken of.
        base: Box<Expr>,
        /// The names.
        path: Vec<Text>,
    },
    /// `.`
    Dot {
        /// Where it is.
        at: usize,
    },
    /// `nil`
    Nil {
        /// Where it starts.
        at: usize,
    },
    /// `true`, `false`
    Bool {
        /// Where it starts.
        at: usize,
        /// Which.
        value: bool,
    },
    /// A number or character constant.
    Number {
        /// Where it starts.
        at: usize,
        /// Its values.
        number: Box<Number>,
    },
    /// A string.
    Str {
        /// Where it starts.
        at: usize,
        /// As written.
        quoted: Text,
        /// What it stands for.
        value: Text,
    },
    /// `(pipe)`
    Pipe(Box<Pipe>),
}

impl Expr {
    /// The place that messages name.
    pub fn at(&self) -> usize {
        match self {
            Self::Identifier { at, .. }
            | Self::Field { at, .. }
            | Self::Chain { at, .. }
            | Self::Dot { at }
            | Self::Nil { at }
            | Self::Bool { at, .. }
            | Self::Number { at, .. }
            | Self::Str { at, .. } => *at,
            Self::Variable(variable) => variable.at,
            Self::Pipe(pipe) => pipe.at,
        }
    }
}
