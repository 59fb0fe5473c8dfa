//! Reading JSON, with places for mistakes.

use serde_json::Value;

use crate::error::{Diagnostic, Error, Result};
use crate::source::place::place;

/// The value that the bytes of a file spell, which users know as `path`.
pub(super) fn parse(bytes: &[u8], path: &str) -> Result<Value> {
    serde_json::from_slice(bytes).map_err(|error| {
        let text = String::from_utf8_lossy(bytes);
        let line_start: usize = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum();
        let line = text.get(line_start..).unwrap_or_default();
        let length = line.split('\n').next().unwrap_or_default().len();
        let at = line_start + error.column().saturating_sub(1).min(length);
        let told = error.to_string();
        let message = told.split(" at line ").next().unwrap_or(&told);
        Error::at(vec![Diagnostic {
            help: Some("the configuration must be JSON".to_owned()),
            ..place(path, &text, at..at + 1, message)
        }])
    })
}
