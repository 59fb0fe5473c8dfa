//! A jsonnet value as JSON, byte for byte as go-jsonnet prints it.

use std::fmt::Write as _;

use rsjsonnet_lang::program::{Value, ValueKind};

/// A step on the way to a value.
pub(super) enum Step {
    Field(String),
    Element(usize),
}

/// The JSON of a value, indented, with a newline at its end.
///
/// # Errors
/// The way to a function, from the inside out: functions have no JSON.
pub(super) fn json(value: &Value<'_>) -> Result<String, Vec<Step>> {
    let mut out = String::new();
    write_value(&mut out, value, 0)?;
    out.push('\n');
    Ok(out)
}

fn write_value(out: &mut String, value: &Value<'_>, depth: usize) -> Result<(), Vec<Step>> {
    match value.kind() {
        ValueKind::Null => out.push_str("null"),
        ValueKind::Bool(true) => out.push_str("true"),
        ValueKind::Bool(false) => out.push_str("false"),
        ValueKind::Number(number) => write_number(out, number),
        ValueKind::String(text) => write_string(out, &text),
        ValueKind::Function => return Err(Vec::new()),
        ValueKind::Array(items) if items.is_empty() => out.push_str("[ ]"),
        ValueKind::Array(items) => {
            let mut before = "[";
            for (index, item) in items.iter().enumerate() {
                out.push_str(before);
                new_line(out, depth + 1);
                write_value(out, item, depth + 1)
                    .map_err(|way| onward(way, Step::Element(index)))?;
                before = ",";
            }
            new_line(out, depth);
            out.push(']');
        }
        ValueKind::Object(fields) if fields.is_empty() => out.push_str("{ }"),
        ValueKind::Object(mut fields) => {
            fields.sort_by(|(one, _), (other, _)| one.value().cmp(other.value()));
            let mut before = "{";
            for (name, field) in &fields {
                out.push_str(before);
                new_line(out, depth + 1);
                write_string(out, name.value());
                out.push_str(": ");
                write_value(out, field, depth + 1)
                    .map_err(|way| onward(way, Step::Field(name.value().to_owned())))?;
                before = ",";
            }
            new_line(out, depth);
            out.push('}');
        }
    }
    Ok(())
}

fn onward(mut way: Vec<Step>, step: Step) -> Vec<Step> {
    way.push(step);
    way
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str("   ");
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// Whole numbers with all their digits, others as C's `%.17g`.
fn write_number(out: &mut String, number: f64) {
    #[expect(clippy::float_cmp, reason = "is it exactly whole?")]
    if number == number.floor() {
        let _ = write!(out, "{number:.0}");
        return;
    }
    let scientific = format!("{number:.16e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..17).contains(&exponent) {
        let decimals = usize::try_from(16 - exponent).unwrap_or(0);
        let fixed = format!("{number:.decimals$}");
        out.push_str(fixed.trim_end_matches('0').trim_end_matches('.'));
    } else {
        out.push_str(digits.trim_end_matches('0').trim_end_matches('.'));
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "e{sign}{:02}", exponent.abs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (number, expected) in [
            (0.1, "0.10000000000000001"),
            (1e30, "1000000000000000019884624838656"),
            (-0.0, "-0"),
            (1.0 / 3.0, "0.33333333333333331"),
            (1e-7, "9.9999999999999995e-08"),
            (123_456_789.123, "123456789.123"),
            (5e-324, "4.9406564584124654e-324"),
            (1.234_567_89e-15, "1.23456789e-15"),
            (2.5e-5, "2.5000000000000001e-05"),
            (0.0001, "0.0001"),
            (-1.5, "-1.5"),
            (100.0, "100"),
            (4_503_599_627_370_495.5, "4503599627370495.5"),
        ] {
            let mut out = String::new();
            write_number(&mut out, number);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn strings() {
        let mut out = String::new();
        write_string(
            &mut out,
            "a\"\\/\u{8}\u{c}\n\r\t\u{1}\u{7f}\u{9f}\u{a0}\u{2028}é😀",
        );
        assert_eq!(
            out,
            "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\\u009f\u{a0}\u{2028}é😀\""
        );
    }
}
