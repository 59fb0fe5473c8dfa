//! How YAML texts are written: plain, quoted, or as blocks. It knows no containers.

use crate::template::gomplate::handover;
use crate::template::number::{parse_float, parse_int, parse_uint};

/// Where a text stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The columns before further lines of a block.
    pub(super) indent: usize,
    /// Keys have one line.
    pub(super) is_key: bool,
}

/// What the emitter knows of a text before it chooses a style.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the emitter's criteria"
)]
struct Traits {
    lines: bool,
    indicators: bool,
    edges: bool,
    /// Ends with a blank, or has what no block can hold.
    no_block: bool,
    /// Has what single quotes cannot hold.
    no_single: bool,
}

/// A text as YAML. A block has its line ends, all others have none.
pub(super) fn scalar(text: &[u8], place: Place) -> Result<String, String> {
    let Ok(text) = std::str::from_utf8(text) else {
        return handover("YAML of text that is not UTF-8");
    };
    if text.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        return handover("YAML of unusual line ends");
    }
    let traits = traits(text);
    if place.is_key && (traits.lines || text.len() > 128) {
        return handover("YAML of an unusual key");
    }
    if traits.lines {
        return if traits.no_block {
            Ok(double_quoted(text))
        } else {
            block(text, place.indent)
        };
    }
    if is_other(text)? {
        return Ok(double_quoted(text));
    }
    Ok(
        if !(traits.indicators || traits.edges || traits.no_single) {
            text.to_owned()
        } else if traits.no_single {
            double_quoted(text)
        } else {
            format!("'{}'", text.replace('\'', "''"))
        },
    )
}

fn traits(text: &str) -> Traits {
    let mut traits = Traits {
        indicators: text.starts_with("---") || text.starts_with("..."),
        edges: text.starts_with([' ', '\n']) || text.ends_with([' ', '\n']),
        no_block: text.ends_with(' ') || text.contains(" \n"),
        no_single: text.contains("\n ") || text.contains(" \n"),
        ..Traits::default()
    };
    let mut before: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let blank_follows = chars.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
        traits.indicators |= match (c, before) {
            (
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
                | '@' | '`',
                None,
            ) => true,
            ('?' | '-', None) | (':', _) => blank_follows,
            ('#', Some(before)) => matches!(before, ' ' | '\t' | '\n'),
            _ => false,
        };
        match c {
            '\n' => traits.lines = true,
            '\t' => traits.no_single = true,
            c if !is_printable(c) => (traits.no_single, traits.no_block) = (true, true),
            _ => {}
        }
        before = Some(c);
    }
    traits
}

fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}') && c != '\u{feff}'
}

/// Whether the plain text would be no text, or was none in YAML 1.1.
fn is_other(text: &str) -> Result<bool, String> {
    let words = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", ".nan", ".inf", "+.inf",
        "-.inf",
    ];
    if matches!(text, "" | "~") {
        return Ok(true);
    }
    let lower = text.to_ascii_lowercase();
    if words.contains(&lower.as_str()) {
        // `yEs` is a text.
        let mut capital = lower.clone();
        if let Some(first) = capital.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let dotted = matches!(
            text,
            ".NaN" | ".NAN" | ".Inf" | ".INF" | "+.Inf" | "+.INF" | "-.Inf" | "-.INF"
        );
        return Ok(text == lower
            || dotted
            || !text.contains('.') && (text == capital || text == text.to_ascii_uppercase()));
    }
    match text.as_bytes().first() {
        Some(b'.') => Ok(parse_float(text).is_some()),
        Some(b'0'..=b'9' | b'+' | b'-') => is_number_or_time(text),
        _ => Ok(false),
    }
}

fn is_number_or_time(text: &str) -> Result<bool, String> {
    let year = text.bytes().take_while(u8::is_ascii_digit).count();
    if year == 4 && text.as_bytes().get(4) == Some(&b'-') {
        return is_date(text);
    }
    let bare = text.replace('_', "");
    if parse_int(&bare).is_some() || parse_uint(&bare).is_some() {
        return Ok(true);
    }
    if bare
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
        && is_decimal(&bare)
        && parse_float(&bare).is_some()
    {
        return Ok(true);
    }
    let odd = bare.trim_start_matches(['-', '+']);
    if odd.starts_with("0b") || odd.starts_with("0o") {
        return handover("YAML of text that is nearly a number");
    }
    Ok(is_sexagesimal(text))
}

/// `1`, `1.`, `.5`, `1.5e-3`, with a sign or without.
pub(super) fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let all = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && all(fraction),
        Some((whole, fraction)) => all(whole) && all(fraction),
        None => !mantissa.is_empty() && all(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && all(digits)
    });
    mantissa_fits && exponent_fits
}

/// Dates are quoted. What goes on after one may be a time or not: gomplate decides.
fn is_date(text: &str) -> Result<bool, String> {
    if text.contains([':', 'T', 't', ' ']) {
        return handover("YAML of text that may be a time");
    }
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return Ok(false);
    };
    let number = |text: &str| {
        let fits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (Some(month), Some(day)) = (number(month), number(day)) else {
        return Ok(false);
    };
    let year = year.parse::<u32>().unwrap_or_default();
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    Ok((1..=days).contains(&day))
}

/// Numbers to the base 60, as YAML 1.1 had them: `12:30:45.5`.
fn is_sexagesimal(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let mut rest = parts.peekable();
    first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && digits(fraction)
        && rest.peek().is_some()
        && rest.all(|part| match part.as_bytes() {
            [a] => a.is_ascii_digit(),
            [a, b] => (b'0'..=b'5').contains(a) && b.is_ascii_digit(),
            _ => false,
        })
}

fn double_quoted(text: &str) -> String {
    let mut shown = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => shown.push_str("\\\""),
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\0' => shown.push_str("\\0"),
            '\u{7}' => shown.push_str("\\a"),
            '\u{8}' => shown.push_str("\\b"),
            '\u{b}' => shown.push_str("\\v"),
            '\u{c}' => shown.push_str("\\f"),
            '\u{1b}' => shown.push_str("\\e"),
            c if is_printable(c) => shown.push(c),
            c => {
                let code = u32::from(c);
                shown.push_str(&match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                });
            }
        }
    }
    shown.push('"');
    shown
}

/// A literal block, its line ends included.
fn block(text: &str, indent: usize) -> Result<String, String> {
    if text.starts_with([' ', '\n']) || text.starts_with('\t') {
        return handover("YAML of text that begins with a blank");
    }
    let chomping = if !text.ends_with('\n') {
        "-"
    } else if text.ends_with("\n\n") {
        "+"
    } else {
        ""
    };
    let mut shown = format!("|{chomping}\n");
    for line in text.split_inclusive('\n') {
        if line != "\n" {
            shown.push_str(&" ".repeat(indent));
        }
        shown.push_str(line);
    }
    Ok(shown)
}
