//! Number literals: what a template's number is as each of Go's types. It knows no templates.

use crate::template::quote::{quote, unquote_character};

/// A number and its value in every type that can hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// As written.
    pub text: String,
    /// As a signed integer.
    pub int: Option<i64>,
    /// As an unsigned integer.
    pub uint: Option<u64>,
    /// As a floating-point number.
    pub float: Option<f64>,
    /// As a complex number, for imaginary literals.
    pub complex: Option<(f64, f64)>,
}

impl Number {
    fn empty(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            int: None,
            uint: None,
            float: None,
            complex: None,
        }
    }

    /// A character constant, the quotes included.
    pub(crate) fn character(literal: &[u8]) -> Result<Self, String> {
        let code = u32::from(unquote_character(literal)?);
        let mut number = Self::empty(&String::from_utf8_lossy(literal));
        number.int = Some(i64::from(code));
        number.uint = Some(u64::from(code));
        number.float = Some(f64::from(code));
        Ok(number)
    }

    /// A constant of two parts, `1+2i`.
    pub(crate) fn complex(text: &str) -> Result<Self, String> {
        let split = text
            .char_indices()
            .skip(1)
            .filter(|(at, character)| {
                let before = text.get(..*at).unwrap_or_default().chars().next_back();
                matches!(character, '+' | '-') && !matches!(before, Some('e' | 'E' | 'p' | 'P'))
            })
            .map(|(at, _)| at)
            .last();
        let parts = split.and_then(|at| {
            let real = parse_float(text.get(..at)?)?;
            let imaginary = parse_float(text.get(at..)?.strip_suffix('i')?)?;
            Some((real, imaginary))
        });
        let (real, imaginary) = parts.ok_or("syntax error scanning complex number")?;
        Ok(Self::of_complex(text, real, imaginary))
    }

    fn of_complex(text: &str, real: f64, imaginary: f64) -> Self {
        let mut number = Self::empty(text);
        number.complex = Some((real, imaginary));
        if imaginary == 0.0 {
            number.float = Some(real);
            number.int = float_to_int(real);
            number.uint = float_to_uint(real);
        }
        number
    }

    /// Any other number.
    pub(crate) fn plain(text: &str) -> Result<Self, String> {
        if let Some(imaginary) = text.strip_suffix('i').and_then(parse_float) {
            return Ok(Self::of_complex(text, 0.0, imaginary));
        }
        let mut number = Self::empty(text);
        number.uint = parse_uint(text);
        number.int = parse_int(text);
        if number.int == Some(0) {
            number.uint = Some(0); // `-0`
        }
        #[expect(clippy::cast_precision_loss, reason = "Go rounds here, too")]
        if let Some(int) = number.int {
            number.float = Some(int as f64);
        } else if let Some(uint) = number.uint {
            number.float = Some(uint as f64);
        } else if let Some(float) = parse_float(text) {
            if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                return Err(format!("integer overflow: {}", quote(text.as_bytes())));
            }
            number.float = Some(float);
            number.int = float_to_int(float);
            number.uint = float_to_uint(float);
        } else {
            return Err(format!("illegal number syntax: {}", quote(text.as_bytes())));
        }
        Ok(number)
    }
}

const TWO_63: f64 = 9_223_372_036_854_775_808.0;

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn float_to_int(float: f64) -> Option<i64> {
    ((-TWO_63..TWO_63).contains(&float) && float.fract() == 0.0).then_some(float as i64)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "range is checked"
)]
fn float_to_uint(float: f64) -> Option<u64> {
    ((0.0..2.0 * TWO_63).contains(&float) && float.fract() == 0.0).then_some(float as u64)
}

/// Go's `strconv.ParseUint(text, 0, 64)`.
pub(crate) fn parse_uint(text: &str) -> Option<u64> {
    if !underscores_fit(text) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, lower.get(2..)?),
        [b'0', b'b', ..] => (2, lower.get(2..)?),
        [b'0', b'o', ..] => (8, lower.get(2..)?),
        [b'0', _, ..] => (8, lower.get(1..)?),
        _ => (10, lower.as_str()),
    };
    let digits: String = digits.chars().filter(|digit| *digit != '_').collect();
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    u64::from_str_radix(&digits, radix).ok()
}

/// Go's `strconv.ParseInt(text, 0, 64)`.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    if let Some(rest) = text.strip_prefix('-') {
        return 0_i64.checked_sub_unsigned(parse_uint(rest)?);
    }
    i64::try_from(parse_uint(text.strip_prefix('+').unwrap_or(text))?).ok()
}

/// Go's `strconv.ParseFloat(text, 64)`; out of range is `None`, as an error is there.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    scan_float(text).filter(|value| value.is_finite())
}

/// As [`parse_float`]; what is out of range is infinite.
pub(crate) fn scan_float(text: &str) -> Option<f64> {
    if !underscores_fit(text) {
        return None;
    }
    let clean: String = text.chars().filter(|character| *character != '_').collect();
    let unsigned = clean.strip_prefix(['+', '-']).unwrap_or(&clean);
    let value = if unsigned.starts_with("0x") || unsigned.starts_with("0X") {
        parse_hex_float(unsigned.get(2..)?)?
    } else {
        // Rust accepts `inf` and `nan` as well; those do not start like a number.
        if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            return None;
        }
        unsigned.parse().ok()?
    };
    Some(if clean.starts_with('-') {
        -value
    } else {
        value
    })
}

fn parse_hex_float(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let (mantissa, exponent) = lower.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() || !exponent.ends_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    let mut value: u128 = 0;
    let mut scale: i64 = 0;
    for (at, digit) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = digit.to_digit(16)?;
        let in_fraction = at >= whole.len();
        if value >> 120 == 0 {
            value = value << 4 | u128::from(digit);
            scale -= if in_fraction { 4 } else { 0 };
        } else {
            value |= u128::from(digit != 0); // sticky: only the rounding needs it
            scale += if in_fraction { 0 } else { 4 };
        }
    }
    // An exponent too long for an integer is infinity or zero just as a large one is.
    let negative = exponent.starts_with('-');
    let exponent = exponent
        .parse::<i64>()
        .unwrap_or(if negative { -100_000 } else { 100_000 });
    let mut power = exponent.saturating_add(scale).clamp(-100_000, 100_000);
    #[expect(clippy::cast_precision_loss, reason = "this is the rounding")]
    let mut result = value as f64;
    while power != 0 && result != 0.0 && result.is_finite() {
        let step = power.clamp(-500, 500);
        result *= 2_f64.powi(i32::try_from(step).ok()?);
        power -= step;
    }
    Some(result)
}

/// Whether underscores stand only between digits, or after a base prefix.
pub(crate) fn underscores_fit(text: &str) -> bool {
    if !text.contains('_') {
        return true;
    }
    let unsigned = text
        .strip_prefix(['+', '-'])
        .unwrap_or(text)
        .to_ascii_lowercase();
    let prefixed = ["0x", "0b", "0o"]
        .iter()
        .any(|prefix| unsigned.starts_with(prefix));
    let hex = unsigned.starts_with("0x");
    let digits = if prefixed {
        unsigned.get(2..).unwrap_or_default()
    } else {
        &unsigned
    };
    // What came before: a digit (or prefix), an underscore, or something else.
    let mut last = if prefixed { '0' } else { '^' };
    for character in digits.chars() {
        let digit = character.is_ascii_digit() || hex && character.is_ascii_hexdigit();
        if character == '_' {
            if last != '0' {
                return false;
            }
            last = '_';
        } else {
            if last == '_' && !digit {
                return false;
            }
            last = if digit { '0' } else { '!' };
        }
    }
    last != '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        for (text, expected) in [
            ("0x1F", Some(31)),
            ("0b101", Some(5)),
            ("0o17", Some(15)),
            ("017", Some(15)),
            ("08", None),
            ("1_000", Some(1000)),
            ("1__0", None),
            ("0x_1", Some(1)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
        ] {
            assert_eq!(parse_int(text), expected, "{text}");
        }
    }

    #[test]
    fn floats() {
        for (text, expected) in [
            ("1e3", Some(1000.0)),
            (".5", Some(0.5)),
            ("1.", Some(1.0)),
            ("0x1p4", Some(16.0)),
            ("0x1.8p1", Some(3.0)),
            ("-0x1p-2", Some(-0.25)),
            ("0x1", None),
            ("1e400", None),
            ("1_0.5", Some(10.5)),
            ("1_.5", None),
            (".", None),
        ] {
            assert_eq!(parse_float(text), expected, "{text}");
        }
    }

    #[test]
    fn literals() {
        let three = Number::plain("1e3").unwrap();
        assert_eq!((three.int, three.float), (Some(1000), Some(1000.0)));
        assert_eq!(
            Number::plain("99999999999999999999").unwrap_err(),
            "integer overflow: \"99999999999999999999\""
        );
        assert_eq!(Number::plain("08").unwrap_err(), "integer overflow: \"08\"");
        assert_eq!(Number::complex("1+2i").unwrap().complex, Some((1.0, 2.0)));
        assert_eq!(Number::plain("0i").unwrap().int, Some(0));
    }
}
