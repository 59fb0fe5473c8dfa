//! Why a template could not be parsed or executed. It knows nothing of either.

use std::fmt;

/// When a template failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// While parsing.
    Parse,
    /// While executing.
    Execute,
}

/// A failure of a template, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// When it failed.
    pub phase: Phase,
    /// The name that the failing text was parsed under.
    pub name: String,
    /// From 1; 0 where there is no place.
    pub line: usize,
    /// Bytes before the place in its line, as Go counts; parse errors have none.
    pub column: Option<usize>,
    /// The full text: `template: NAME:LINE:COL: executing "NAME" at <EXPR>: CAUSE`.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TemplateError {}
