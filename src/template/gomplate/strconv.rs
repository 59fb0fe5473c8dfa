//! Numbers as Go's `strconv` reads them from text, with its errors. It knows no values.

use crate::template::number::scan_float;
use crate::template::quote::quote;

const SYNTAX: &str = "invalid syntax";
const RANGE: &str = "value out of range";

/// The error of a function of `strconv`, in its words.
fn failed(function: &str, text: &[u8], why: &str) -> String {
    format!("strconv.{function}: parsing {}: {why}", quote(text))
}

/// `strconv.ParseInt`.
pub(super) fn parse_int(text: &[u8], base: i64, bits: i64) -> Result<i64, String> {
    signed(text, base, bits).map_err(|why| failed("ParseInt", text, &why))
}

/// `strconv.ParseUint`.
pub(super) fn parse_uint(text: &[u8], base: i64, bits: i64) -> Result<u64, String> {
    unsigned(text, base, bits).map_err(|why| failed("ParseUint", text, &why))
}

/// `strconv.Atoi`.
pub(super) fn atoi(text: &[u8]) -> Result<i64, String> {
    signed(text, 10, 64).map_err(|why| failed("Atoi", text, &why))
}

/// `strconv.ParseFloat`; a size other than 32 counts as 64.
pub(super) fn parse_float(text: &[u8], bits: i64) -> Result<f64, String> {
    float(text, bits).map_err(|why| failed("ParseFloat", text, why))
}

fn signed(text: &[u8], base: i64, bits: i64) -> Result<i64, String> {
    let (negative, digits) = match text {
        [b'+', rest @ ..] => (false, rest),
        [b'-', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let number = unsigned(digits, base, bits)?;
    let limit = 1_u64 << (if bits == 0 { 64 } else { bits } - 1).clamp(0, 63);
    if negative && number <= limit {
        return Ok(0_i64.wrapping_sub_unsigned(number));
    }
    if negative || number >= limit {
        return Err(RANGE.into());
    }
    Ok(number.cast_signed())
}

fn unsigned(text: &[u8], base: i64, bits: i64) -> Result<u64, String> {
    if text.is_empty() {
        return Err(SYNTAX.into());
    }
    let (radix, digits) = match (base, text) {
        (2..=36, _) => (u32::try_from(base).unwrap_or(10), text),
        (0, [b'0', mark, rest @ ..]) if !rest.is_empty() && b"bBoOxX".contains(mark) => {
            match mark.to_ascii_lowercase() {
                b'b' => (2, rest),
                b'o' => (8, rest),
                _ => (16, rest),
            }
        }
        (0, [b'0', rest @ ..]) => (8, rest),
        (0, _) => (10, text),
        _ => return Err(format!("invalid base {base}")),
    };
    let max = match bits {
        0 | 64 => u64::MAX,
        1..=63 => (1_u64 << bits) - 1,
        _ => return Err(format!("invalid bit size {bits}")),
    };
    let mut number = 0_u64;
    for byte in digits {
        if *byte == b'_' && base == 0 {
            continue;
        }
        let digit = char::from(*byte).to_digit(radix).ok_or(SYNTAX)?;
        number = number
            .checked_mul(u64::from(radix))
            .and_then(|number| number.checked_add(u64::from(digit)))
            .filter(|number| *number <= max)
            .ok_or(RANGE)?;
    }
    let text = String::from_utf8_lossy(text);
    if crate::template::number::underscores_fit(&text) {
        Ok(number)
    } else {
        Err(SYNTAX.into())
    }
}

fn float(text: &[u8], bits: i64) -> Result<f64, &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| SYNTAX)?;
    let lower = text.to_ascii_lowercase();
    let value = match lower.as_str() {
        "nan" => return Ok(f64::NAN),
        "inf" | "+inf" | "infinity" | "+infinity" => return Ok(f64::INFINITY),
        "-inf" | "-infinity" => return Ok(f64::NEG_INFINITY),
        _ => scan_float(text).ok_or(SYNTAX)?,
    };
    let value = if bits == 32 && value.is_finite() {
        // Rounding twice can differ from rounding once, so the text is read again.
        let bare = text.replace('_', "");
        bare.parse::<f32>()
            .map_or_else(|_| narrow(value), f64::from)
    } else {
        value
    };
    if value.is_finite() {
        Ok(value)
    } else {
        Err(RANGE)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "this is the rounding")]
fn narrow(value: f64) -> f64 {
    f64::from(value as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        for (text, base, bits, expected) in [
            ("12", 10, 64, Ok(12)),
            ("-0x1F", 0, 64, Ok(-31)),
            ("0o17", 0, 64, Ok(15)),
            ("017", 0, 64, Ok(15)),
            ("1_000", 0, 64, Ok(1000)),
            ("-128", 10, 8, Ok(-128)),
            ("128", 10, 8, Err("value out of range")),
            ("-9223372036854775808", 10, 64, Ok(i64::MIN)),
            ("9223372036854775808", 10, 0, Err("value out of range")),
            ("0x", 0, 64, Err("invalid syntax")),
            ("1_0", 10, 64, Err("invalid syntax")),
            ("1", 1, 64, Err("invalid base 1")),
            ("1", 10, 65, Err("invalid bit size 65")),
        ] {
            let expected =
                expected.map_err(|why| format!("strconv.ParseInt: parsing \"{text}\": {why}"));
            assert_eq!(parse_int(text.as_bytes(), base, bits), expected);
        }
    }

    #[test]
    fn floats() {
        for (text, expected) in [
            ("1e3", Ok(1000.0)),
            ("-Inf", Ok(f64::NEG_INFINITY)),
            ("0x1p4", Ok(16.0)),
            ("1e400", Err("value out of range")),
            ("x", Err("invalid syntax")),
            ("+nan", Err("invalid syntax")),
        ] {
            let expected =
                expected.map_err(|why| format!("strconv.ParseFloat: parsing \"{text}\": {why}"));
            assert_eq!(parse_float(text.as_bytes(), 64), expected);
        }
    }
}
