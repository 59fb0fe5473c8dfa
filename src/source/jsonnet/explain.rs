//! Errors of jsonnet in the words and with the trace of the `jsonnet` command.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rsjsonnet_lang::program::{EvalError, EvalStackTraceItem, LoadError, Program};
use rsjsonnet_lang::span::{SourceId, SpanContext, SpanId, SpanManager};

use crate::source::jsonnet::manifest::Step;
use crate::source::jsonnet::reasons;

/// Longer lines are not shown, in bytes.
const LONGEST_LINE: usize = 300;

/// How deep brackets may be nested: what the evaluator's stack holds, several times over.
const DEEPEST: usize = 200_000;

/// The texts that spans point into.
pub(super) struct Sources(HashMap<SourceId, (PathBuf, Arc<[u8]>)>);

impl Sources {
    pub(super) fn new(program: &Program<'_>) -> Self {
        let (source, text) = program.get_stdlib_source();
        let stdlib = (PathBuf::from("<std>"), Arc::from(text));
        Self(HashMap::from([(source, stdlib)]))
    }

    pub(super) fn add(&mut self, source: SourceId, name: &Path, text: &Arc<[u8]>) {
        self.0.insert(source, (name.to_owned(), Arc::clone(text)));
    }

    pub(super) fn name(&self, source: SourceId) -> Option<&Path> {
        self.0.get(&source).map(|(name, _)| name.as_path())
    }

    /// The text at a span: its file, and its bytes with all that lies before them.
    fn at(&self, spans: &SpanManager, span: SpanId) -> Option<Place<'_>> {
        let (context, start, end) = spans.get_span(span);
        let SpanContext::Source(source) = spans.get_context(context);
        let (name, text) = self.0.get(source)?;
        let (start, end) = (
            Position::of(text, start),
            Position::of(text, end.max(start)),
        );
        Some(Place {
            name,
            text,
            start,
            end,
        })
    }
}

/// A line and a column, both from 1; columns are characters.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Position {
    line: usize,
    column: usize,
}

impl Position {
    fn of(text: &[u8], offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let line = before.split(|byte| *byte == b'\n').count();
        let in_line = before.get(line_start..).unwrap_or_default();
        let column = String::from_utf8_lossy(in_line).chars().count() + 1;
        Self { line, column }
    }
}

struct Place<'a> {
    name: &'a Path,
    text: &'a [u8],
    start: Position,
    end: Position,
}

impl Place<'_> {
    /// `file:1:2-5`, or `file:(1:2)-(3:4)` over several lines.
    fn range(&self) -> String {
        let (name, start, end) = (self.name.display(), self.start, self.end);
        if start.line != end.line {
            format!(
                "{name}:({}:{})-({}:{})",
                start.line, start.column, end.line, end.column
            )
        } else if end.column > start.column {
            format!("{name}:{}:{}-{}", start.line, start.column, end.column)
        } else {
            format!("{name}:{}:{}", start.line, start.column)
        }
    }

    fn line(&self) -> String {
        let line = self
            .text
            .split(|byte| *byte == b'\n')
            .nth(self.start.line - 1);
        String::from_utf8_lossy(line.unwrap_or_default())
            .trim_end()
            .to_owned()
    }
}

/// An error in the text of a program: its place, what is wrong, and the line with a caret.
pub(super) fn loading(spans: &SpanManager, sources: &Sources, error: &LoadError) -> String {
    let (span, message) = reasons::loading(error);
    let Some(place) = sources.at(spans, span) else {
        return message;
    };
    let width = if place.start.line == place.end.line {
        place.end.column.saturating_sub(place.start.column).max(1)
    } else {
        1
    };
    let margin = " ".repeat(place.start.column - 1);
    let caret = "^".repeat(width);
    let (range, line) = (place.range(), place.line());
    if line.len() > LONGEST_LINE {
        return format!("{range} {message}");
    }
    format!("{range} {message}\n\n{line}\n{margin}{caret}")
}

/// An error of evaluation: what is wrong, and the trace from the inside out. `last` says what was being done.
pub(super) fn evaluation(
    spans: &SpanManager,
    sources: &Sources,
    error: &EvalError,
    refusal: Option<String>,
    last: &str,
) -> String {
    let (span, message) = reasons::evaluation(&error.kind, refusal);
    let mut out = format!("RUNTIME ERROR: {message}");
    let range = |span: SpanId| sources.at(spans, span).map(|place| place.range());
    let mut lines: Vec<String> = Vec::new();
    let first = span.and_then(range);
    lines.extend(first.iter().map(|place| format!("{place}\t")));
    for item in error.stack_trace.iter().rev() {
        let (span, what) = describe(item);
        let place = span.and_then(range).unwrap_or_default();
        // The place of the error is the innermost one as well.
        if lines.len() == 1 && first.as_ref() == Some(&place) {
            lines.clear();
        }
        lines.push(format!("{place}\t{what}"));
    }
    lines.push(format!("{last}\t"));
    // A deep recursion is understood from its two ends.
    for (index, line) in lines.iter().enumerate() {
        if lines.len() <= 20 || index < 10 || index >= lines.len() - 10 {
            let line = line.trim_matches('\t');
            let _ = write!(out, "\n\t{line}");
        } else if index == 10 {
            out.push_str("\n\t...");
        }
    }
    out
}

fn describe(item: &EvalStackTraceItem) -> (Option<SpanId>, String) {
    match item {
        EvalStackTraceItem::Expr { span } => (Some(*span), String::new()),
        EvalStackTraceItem::Call { span, name } => {
            let name = name.as_deref().unwrap_or("anonymous");
            (*span, format!("function <{name}>"))
        }
        EvalStackTraceItem::Variable { span, name } => (Some(*span), format!("variable <{name}>")),
        EvalStackTraceItem::ArrayItem { span, index } => (*span, element(*index)),
        EvalStackTraceItem::ObjectField { span, name } => (*span, field(name)),
        EvalStackTraceItem::CompareArrayItem { index } => {
            (None, format!("Comparing element {index}"))
        }
        EvalStackTraceItem::CompareObjectField { name } => {
            (None, format!("Comparing field {name:?}"))
        }
        EvalStackTraceItem::ManifestArrayItem { index } => (None, element(*index)),
        EvalStackTraceItem::ManifestObjectField { name } => (None, field(name)),
        EvalStackTraceItem::Import { span } => (Some(*span), "import".to_owned()),
    }
}

fn element(index: usize) -> String {
    format!("Array element {index}")
}

fn field(name: &str) -> String {
    format!("Field {name:?}")
}

/// The error that the result holds a function.
pub(super) fn function(way: &[Step]) -> String {
    let mut out = "RUNTIME ERROR: couldn't manifest function as JSON".to_owned();
    for step in way {
        let step = match step {
            Step::Field(name) => field(name),
            Step::Element(index) => element(*index),
        };
        let _ = write!(out, "\n\t{step}");
    }
    out.push_str("\n\tDuring manifestation");
    out
}

/// Where the innermost known place of a stack is, as `file:line`.
pub(super) fn innermost(
    spans: &SpanManager,
    sources: &Sources,
    stack: &[EvalStackTraceItem],
) -> String {
    let mut places = stack
        .iter()
        .rev()
        .filter_map(|item| sources.at(spans, describe(item).0?));
    let place = places.next();
    place.map_or_else(String::new, |it| {
        format!("{}:{}", it.name.display(), it.start.line)
    })
}

/// Refuses a text whose brackets are nested so deep that the evaluator would run out of stack.
pub(super) fn check_nesting(name: &Path, text: &[u8]) -> Result<(), String> {
    let mut depth = 0_usize;
    for byte in text {
        match byte {
            b'[' | b'{' | b'(' => depth += 1,
            b']' | b'}' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            let name = name.display();
            return Err(format!(
                "{name}: brackets are nested more than {DEEPEST} deep"
            ));
        }
    }
    Ok(())
}
