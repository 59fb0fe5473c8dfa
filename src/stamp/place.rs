//! Errors at a place in a template, as both stampers tell them. Knows nothing of what is wrong there.

use crate::error::Diagnostic;
use crate::template::TemplateError;

/// The diagnostic for a place in the file that users know as `path`: `line` from 1, and how many bytes of it stand before the
/// place, if that is known.
pub(super) fn diagnostic(
    path: String,
    content: &[u8],
    line: usize,
    before: Option<usize>,
    message: String,
) -> Diagnostic {
    // Columns count bytes, of which a text that is not UTF-8 has others when it is shown.
    let mut lines = content.split(|byte| *byte == b'\n');
    let text = lines.nth(line.saturating_sub(1)).unwrap_or_default();
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let column = before.map(|bytes| {
        let before = text.get(..bytes.min(text.len())).unwrap_or_default();
        String::from_utf8_lossy(before).chars().count()
    });
    let text = String::from_utf8_lossy(text);
    Diagnostic {
        message,
        path,
        line: line.max(1),
        width: column.map_or(1, |column| width(&text, column)),
        column: column.map(|column| column + 1),
        text: text.into_owned(),
        help: None,
    }
}

/// How many characters belong together at a column, from 0: those of a name or a chain of fields.
fn width(text: &str, column: usize) -> usize {
    let part = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$');
    text.chars().skip(column).take_while(part).count().max(1)
}

/// The message for the template of that name without the place that Go's begin with, which counts bytes from 0: it is shown beside it.
pub(super) fn without_place<'m>(name: &str, error: &'m TemplateError) -> &'m str {
    let message = error.message.as_str();
    let rest = message.strip_prefix(&format!("template: {name}:{}:", error.line));
    let Some(rest) = rest else { return message };
    let rest = match error.column {
        Some(_) => number(rest).map_or(rest, |(_, rest)| rest),
        None => rest,
    };
    rest.trim_start()
}

/// The number in front of a colon, and what follows.
pub(super) fn number(text: &str) -> Option<(usize, &str)> {
    let (digits, rest) = text.split_once(':')?;
    Some((digits.parse().ok()?, rest))
}
