//! Floating-point numbers as text, in all the forms of Go's `strconv.FormatFloat`. It knows no
//! flags and no widths.

/// Decimal digits and where the point stands: `0.DIGITS * 10^point`.
struct Decimal {
    digits: String,
    point: i32,
}

/// Go's `strconv.FormatFloat(value, verb, precision, 64)`; `None` is the shortest text that reads
/// back as the same number. `verb` is one of `b e E f g G x X`; others are taken for `g`.
pub(crate) fn format_float(value: f64, verb: u8, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let magnitude = value.abs();
    let text = match verb {
        b'b' => binary(magnitude),
        b'x' => hexadecimal(magnitude, precision),
        b'X' => hexadecimal(magnitude, precision).to_uppercase(),
        b'e' => exponential(magnitude, precision),
        b'E' => exponential(magnitude, precision).to_uppercase(),
        b'f' => plain(magnitude, precision),
        b'G' => general(magnitude, precision).to_uppercase(),
        _ => general(magnitude, precision),
    };
    format!("{sign}{text}")
}

/// No number has more digits than this; what a larger precision adds are zeros, added by hand
/// because Rust's formatting takes no such precision.
const DIGITS: usize = 1100;

fn more_zeros(precision: usize) -> String {
    "0".repeat(precision.saturating_sub(DIGITS))
}

/// The fewest digits that stand for the number alone, `1.5e0`. Of two that are equally near, Go takes the even one.
fn shortest(magnitude: f64) -> String {
    let text = format!("{magnitude:e}");
    let digits = text.bytes().take_while(|byte| *byte != b'e').count();
    let rounded = format!("{magnitude:.*e}", digits.saturating_sub(2));
    #[expect(clippy::float_cmp, reason = "whether it is the very number")]
    match rounded.parse::<f64>() {
        Ok(same) if digits > 1 && same == magnitude => rounded,
        _ => text,
    }
}

fn decimal(magnitude: f64, significant: Option<usize>) -> Decimal {
    let text = match significant {
        Some(count) => format!("{magnitude:.*e}", count.saturating_sub(1).min(DIGITS)),
        None => shortest(magnitude),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let digits = digits.trim_end_matches('0').to_owned();
    let point = if digits.is_empty() { 0 } else { point };
    Decimal { digits, point }
}

fn exponential(magnitude: f64, precision: Option<usize>) -> String {
    let text = match precision {
        Some(precision) => format!("{magnitude:.*e}", precision.min(DIGITS)),
        None => shortest(magnitude),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = format!("{mantissa}{}", more_zeros(precision.unwrap_or(0)));
    with_exponent(&mantissa, 'e', exponent.parse().unwrap_or(0))
}

fn with_exponent(mantissa: &str, letter: char, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}{letter}{sign}{:02}", exponent.unsigned_abs())
}

fn plain(magnitude: f64, precision: Option<usize>) -> String {
    let Some(precision) = precision else {
        let Decimal { digits, point } = decimal(magnitude, None);
        return place_point(&digits, point);
    };
    let zeros = more_zeros(precision);
    format!("{magnitude:.*}{zeros}", precision.min(DIGITS))
}

fn general(magnitude: f64, precision: Option<usize>) -> String {
    let significant = precision.map(|precision| precision.max(1));
    let Decimal { digits, point } = decimal(magnitude, significant);
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let limit = match significant {
        None => 6,
        Some(wanted) => {
            let wanted = i32::try_from(wanted).unwrap_or(i32::MAX);
            if wanted > count && count >= point {
                count
            } else {
                wanted
            }
        }
    };
    let exponent = point - 1;
    if exponent < -4 || exponent >= limit {
        let (first, rest) = digits.split_at_checked(1).unwrap_or(("0", ""));
        let dot = if rest.is_empty() { "" } else { "." };
        let exponent = if digits.is_empty() { 0 } else { exponent };
        return with_exponent(&format!("{first}{dot}{rest}"), 'e', exponent);
    }
    place_point(&digits, point)
}

fn place_point(digits: &str, point: i32) -> String {
    let Ok(whole) = usize::try_from(point) else {
        let zeros = usize::try_from(point.unsigned_abs()).unwrap_or(0);
        return format!("0.{}{digits}", "0".repeat(zeros));
    };
    match digits.split_at_checked(whole) {
        Some(("", "")) => "0".to_owned(),
        Some(("", fraction)) => format!("0.{fraction}"),
        Some((whole, "")) => whole.to_owned(),
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
        None => format!("{digits}{}", "0".repeat(whole - digits.len())),
    }
}

/// Mantissa with 52 bits after its first, and the exponent of that first bit; 0 has neither.
fn parts(magnitude: f64) -> (u64, i32) {
    let bits = magnitude.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let biased = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    if biased == 0 {
        (fraction, -1022)
    } else {
        (fraction | 1 << 52, biased - 1023)
    }
}

fn binary(magnitude: f64) -> String {
    let (mantissa, exponent) = parts(magnitude);
    let exponent = exponent - 52;
    format!(
        "{mantissa}p{}{}",
        if exponent < 0 { '-' } else { '+' },
        exponent.unsigned_abs()
    )
}

fn hexadecimal(magnitude: f64, precision: Option<usize>) -> String {
    let (mut mantissa, mut exponent) = parts(magnitude);
    if mantissa == 0 {
        exponent = 0;
    }
    while mantissa != 0 && mantissa >> 52 == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(digits) = precision.filter(|digits| *digits < 13) {
        let drop = u32::try_from(52 - digits * 4).unwrap_or(0);
        let (half, kept) = (1_u64 << (drop - 1), mantissa >> drop);
        let rest = mantissa & ((1 << drop) - 1);
        let up = rest > half || rest == half && kept & 1 == 1;
        mantissa = (kept + u64::from(up)) << drop;
        if mantissa >> 53 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let fraction = format!("{:013x}", mantissa & ((1 << 52) - 1));
    let fraction = match precision {
        None => fraction.trim_end_matches('0').to_owned(),
        Some(digits) if digits <= 13 => fraction.get(..digits).unwrap_or_default().to_owned(),
        Some(digits) => fraction + &"0".repeat(digits - 13),
    };
    let dot = if fraction.is_empty() { "" } else { "." };
    with_exponent(
        &format!("0x{}{dot}{fraction}", mantissa >> 52),
        'p',
        exponent,
    )
}

#[cfg(test)]
#[expect(clippy::approx_constant, reason = "numbers as people write them")]
mod tests {
    use super::*;

    // Expected texts are Go's.
    #[test]
    fn forms() {
        for (value, verb, precision, expected) in [
            (3.14, b'g', None, "3.14"),
            (1e6, b'g', None, "1e+06"),
            (100_000.0, b'g', None, "100000"),
            (0.000_01, b'g', None, "1e-05"),
            (0.000_1, b'g', None, "0.0001"),
            (1e21, b'g', None, "1e+21"),
            (-0.0, b'g', None, "-0"),
            (0.0, b'g', Some(3), "0"),
            (100.0, b'g', Some(3), "100"),
            (1234.5, b'g', Some(2), "1.2e+03"),
            (2.5, b'f', Some(0), "2"),
            (1e6, b'e', Some(6), "1.000000e+06"),
            (1.0, b'b', None, "4503599627370496p-52"),
            (1.0, b'x', None, "0x1p+00"),
            (3.14, b'x', Some(3), "0x1.91fp+01"),
            (f64::INFINITY, b'g', None, "+Inf"),
        ] {
            let verb_text = char::from(verb);
            let text = format_float(value, verb, precision);
            assert_eq!(text, expected, "{value} {verb_text} {precision:?}");
        }
    }
}
