//! Errors as people read them: the message, the place with its line and a caret, and what to do.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::error::{Diagnostic, Error};
use crate::ui::color::{FAILED, WARNING, paint};

/// How much of a line is shown.
const WIDTH: usize = 200;

/// An error, as lines of text.
pub fn render(error: &Error, color: bool) -> String {
    let mut parts: Vec<String> = error
        .diagnostics()
        .iter()
        .map(|d| place(d, color))
        .collect();
    if parts.is_empty() {
        parts.push(format!(
            "{} {}",
            paint(color, FAILED, "error:"),
            printable(error.message())
        ));
    }
    let mut text = parts.join("\n\n");
    for hint in error.hints() {
        text.push_str("\nhelp: ");
        text.push_str(&printable(hint));
    }
    text.push('\n');
    text
}

/// A warning, as lines of text.
pub fn warning(message: &str, help: Option<&str>, color: bool) -> String {
    let mut text = format!(
        "{} {}\n",
        paint(color, WARNING, "warning:"),
        printable(message)
    );
    if let Some(help) = help {
        text.push_str("help: ");
        text.push_str(&printable(help));
        text.push('\n');
    }
    text
}

fn place(diagnostic: &Diagnostic, color: bool) -> String {
    let Diagnostic {
        message,
        path,
        line,
        column,
        width,
        text,
        help,
    } = diagnostic;
    let mut rendered = match column {
        Some(column) if !text.is_empty() => {
            snippet(message, path, *line, *column, *width, text, color)
        }
        _ => {
            let column = column
                .map(|column| format!(":{column}"))
                .unwrap_or_default();
            let mut rendered = format!(
                "{} {}\n --> {path}:{line}{column}",
                paint(color, FAILED, "error:"),
                printable(message)
            );
            if !text.trim().is_empty() {
                let gutter = " ".repeat(line.to_string().len());
                rendered.push_str(&format!("\n{gutter} |\n{line} | {}", printable(&cut(text))));
            }
            rendered
        }
    };
    if let Some(help) = help {
        rendered.push_str("\nhelp: ");
        rendered.push_str(&printable(help));
    }
    rendered
}

fn snippet(
    message: &str,
    path: &str,
    line: usize,
    column: usize,
    width: usize,
    text: &str,
    color: bool,
) -> String {
    // What cannot be printed takes one place, so that the caret stays where it belongs.
    let shown: String = text
        .chars()
        .map(|c| {
            if c == '\t' || !hidden(c) {
                c
            } else {
                '\u{fffd}'
            }
        })
        .take(WIDTH.max(column + width))
        .collect();
    let offset = |column: usize| {
        shown
            .char_indices()
            .nth(column)
            .map_or(shown.len(), |(offset, _)| offset)
    };
    let start = offset(column.saturating_sub(1));
    let end = offset(column.saturating_sub(1).saturating_add(width.max(1))).max(start);
    let message = printable(message);
    let annotation = AnnotationKind::Primary.span(start..end);
    let snippet = Snippet::source(shown.as_str())
        .line_start(line)
        .path(path)
        .annotation(annotation);
    let group = Level::ERROR
        .primary_title(message.as_str())
        .element(snippet);
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.render(&[group]).clone()
}

/// The start of a line, with tabs as wide as where there is a caret.
fn cut(text: &str) -> String {
    let cut: String = text.chars().take(WIDTH).collect();
    cut.replace('\t', "    ")
}

/// A text in which nothing can move a terminal's cursor, change its colours, or show letters in another order than they stand.
pub fn printable(text: &str) -> String {
    if !text.contains(hidden) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| if hidden(c) { '\u{fffd}' } else { c })
        .collect()
}

/// Whether a character is not shown as it is: a control character, or a mark that is invisible or turns text round.
fn hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => true,
        _ => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(column: Option<usize>) -> Diagnostic {
        Diagnostic {
            message: "unknown stage `netwrok`".into(),
            path: "betterform_dag.mk".into(),
            line: 3,
            column,
            width: 7,
            text: "$(call define_stage, a, netwrok)".into(),
            help: Some("did you mean `network`?".into()),
        }
    }

    #[test]
    fn a_place_is_shown_with_its_line_and_a_caret() {
        let error = Error::at(vec![diagnostic(Some(25))]);
        let expected = "\
error: unknown stage `netwrok`
 --> betterform_dag.mk:3:25
  |
3 | $(call define_stage, a, netwrok)
  |                         ^^^^^^^
help: did you mean `network`?
";
        assert_eq!(render(&error, false), expected);
    }

    #[test]
    fn without_a_column_there_is_no_caret() {
        let error = Error::at(vec![diagnostic(None)]);
        let expected = "\
error: unknown stage `netwrok`
 --> betterform_dag.mk:3
  |
3 | $(call define_stage, a, netwrok)
help: did you mean `network`?
";
        assert_eq!(render(&error, false), expected);
    }

    #[test]
    fn terminal_sequences_do_not_get_through() {
        let error = Error::failed("odd \x1b[2J name").hint("do \x07 this");
        assert_eq!(
            render(&error, false),
            "error: odd \u{fffd}[2J name\nhelp: do \u{fffd} this\n"
        );
        // Nor what shows a text in another order, or not at all.
        let mut diagnostic = diagnostic(Some(3));
        diagnostic.text = "a\u{202e}bcdefgh".into();
        diagnostic.help = Some("\u{feff}\u{200b}".into());
        let shown = render(&Error::at(vec![diagnostic]), false);
        assert!(
            shown.contains("\n3 | a\u{fffd}bcdefgh\n  |   ^^^^^^^\n"),
            "{shown}"
        );
        assert!(shown.ends_with("help: \u{fffd}\u{fffd}\n"), "{shown}");
    }

    fn shown(column: Option<usize>, width: usize, text: &str) -> String {
        let text = text.to_owned();
        let diagnostic = Diagnostic {
            column,
            width,
            text,
            help: None,
            ..diagnostic(None)
        };
        let text = render(&Error::at(vec![diagnostic]), false);
        text.lines().skip(3).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn carets_stand_below_what_they_mean() {
        for (column, width, text, expected) in [
            (Some(1), 1, "ab", "3 | ab\n  | ^"),
            (Some(2), 1, "\tab", "3 |     ab\n  |     ^"),
            (Some(3), 2, "a\tbc", "3 | a    bc\n  |      ^^"),
            (Some(3), 1, "日本x", "3 | 日本x\n  |     ^"),
            (Some(1), 2, "日本x", "3 | 日本x\n  | ^^^^"),
            (Some(9), 5, "ab", "3 | ab\n  |   ^"),
            (Some(1), 1, "", ""),
            (None, 1, "", ""),
            (None, 1, "\tab", "3 |     ab"),
        ] {
            assert_eq!(shown(column, width, text), expected, "{text} {column:?}");
        }
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let long = format!("{}bad{}", "a ".repeat(10_000), "y".repeat(10_000));
        let text = shown(Some(20_001), 3, &long);
        let (line, caret) = text.split_once('\n').unwrap();
        assert!(line.chars().count() < 160, "{line}");
        assert_eq!(line.find("bad"), caret.find("^^^"));
        assert!(shown(None, 1, &long).chars().count() < 210);
    }

    proptest::proptest! {
        #[test]
        fn no_place_is_too_odd(
            column in 0usize..40, width in 0usize..40, line in 0usize..2000, text in "\\PC{0,30}|.{0,30}|[ \t日\u{301}\u{1f600}a]{0,30}"
        ) {
            let odd = Diagnostic { column: Some(column), width, line, text, ..diagnostic(None) };
            let text = render(&Error::at(vec![odd]), false);
            proptest::prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
        }
    }
}
