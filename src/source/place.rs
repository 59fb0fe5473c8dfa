//! From bytes of a text to the line and column that users see.

use std::ops::Range;

use crate::error::Diagnostic;

/// A diagnostic about some bytes of a text.
pub(crate) fn place(path: &str, text: &str, span: Range<usize>, message: &str) -> Diagnostic {
    // The TOML reader's spans lie between characters; should one not, then this is the end of the text.
    let (before, rest) = text.split_at_checked(span.start).unwrap_or((text, ""));
    let start = before.len();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text.get(line_start..).unwrap_or_default();
    let line = line.split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    let marked = rest.get(..span.end.saturating_sub(start)).unwrap_or(rest);
    let marked = marked.lines().next().unwrap_or_default();
    Diagnostic {
        message: message.to_owned(),
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: Some(before.get(line_start..).unwrap_or_default().chars().count() + 1),
        width: marked.chars().count().max(1),
        text: line.to_owned(),
        help: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_characters() {
        let text = "one\r\nöäü = \"ß\"\r\nthree";
        let start = text.find('ß').unwrap();
        let place = place("f", text, start..start + 2, "m");
        assert_eq!((place.line, place.column, place.width), (2, Some(8), 1));
        assert_eq!(place.text, "öäü = \"ß\"");
    }
}
