//! `time.Duration`: nanoseconds that print as `1h30m0s`.

use std::any::Any;
use std::sync::Arc;

use crate::template::function::Signature;
use crate::template::gomplate::time::quote;
use crate::template::host::Reentry;
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::value::Value;

/// Go's type of durations.
pub(super) const DURATION: Type = Type::Named("time.Duration", Kind::Int64);

/// The units, in nanoseconds, the largest first.
const UNITS: [(&str, u64); 8] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("us", 1_000),
    ("ns", 1),
];

/// A duration in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Duration(pub(super) i64);

impl Duration {
    pub(super) fn value(self) -> Value {
        Value::Native(Arc::new(self))
    }

    /// An argument of Go's type.
    pub(super) fn of(value: &Value) -> Self {
        Self(value.as_integer().unwrap_or_default())
    }

    /// Reads `1h30m`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let invalid = || format!("time: invalid duration {}", quote(text.as_bytes()));
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self(0));
        }
        let mut sum: u64 = 0;
        if rest.is_empty() {
            return Err(invalid());
        }
        while !rest.is_empty() {
            let (part, after) = next_part(rest).map_err(|why| match why {
                None => invalid(),
                Some(why) => format!("time: {why} in duration {}", quote(text.as_bytes())),
            })?;
            sum = sum
                .checked_add(part)
                .filter(|sum| *sum <= LIMIT)
                .ok_or_else(invalid)?;
            rest = after;
        }
        match (negative, i64::try_from(sum)) {
            (true, _) => Ok(Self(0_i64.wrapping_sub_unsigned(sum))),
            (false, Ok(sum)) => Ok(Self(sum)),
            (false, Err(_)) => Err(invalid()),
        }
    }

    fn round(self, to: i64) -> i64 {
        if to <= 0 {
            return self.0;
        }
        let rest = i128::from(self.0 % to);
        let (all, to) = (i128::from(self.0), i128::from(to));
        let rounded = match (rest.abs() * 2 < to, all < 0) {
            (true, _) => all - rest,
            (false, true) => all - rest - to,
            (false, false) => all - rest + to,
        };
        let limits = (i128::from(i64::MIN), i128::from(i64::MAX));
        i64::try_from(rounded.clamp(limits.0, limits.1)).unwrap_or_default()
    }

    /// As whole units and a fraction, in Go's order of steps.
    #[expect(clippy::cast_precision_loss, reason = "Go has it this way")]
    fn in_units(self, unit: i64) -> f64 {
        (self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64
    }

    fn shown(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let all = self.0.unsigned_abs();
        let with_fraction = |all: u64, unit: u64| {
            let digits = unit.ilog10() as usize;
            let fraction = format!("{:0digits$}", all % unit);
            let fraction = if digits == 0 {
                ""
            } else {
                fraction.trim_end_matches('0')
            };
            let point = if fraction.is_empty() { "" } else { "." };
            format!("{}{point}{fraction}", all / unit)
        };
        match all {
            0 => "0s".to_owned(),
            1..=999 => format!("{sign}{all}ns"),
            1_000..=999_999 => format!("{sign}{}µs", with_fraction(all, 1_000)),
            1_000_000..=999_999_999 => format!("{sign}{}ms", with_fraction(all, 1_000_000)),
            _ => {
                let minutes = all / 60_000_000_000;
                let seconds = with_fraction(all % 60_000_000_000, 1_000_000_000);
                match (minutes / 60, minutes % 60) {
                    (0, 0) => format!("{sign}{seconds}s"),
                    (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                    (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
                }
            }
        }
    }
}

/// The size of the smallest duration.
const LIMIT: u64 = 1 << 63;

/// The nanoseconds of the first number with its unit, and what is behind them. The error is what is wrong with the unit, if
/// anything is.
fn next_part(text: &str) -> Result<(u64, &str), Option<String>> {
    let is_digit = |c: char| c.is_ascii_digit();
    let end = |text: &str| text.find(|c| !is_digit(c)).unwrap_or(text.len());
    let (whole, rest) = text.split_at(end(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(end(rest)),
        None => ("", rest),
    };
    let name_end = rest
        .find(|c: char| c == '.' || is_digit(c))
        .unwrap_or(rest.len());
    let (name, rest) = rest.split_at(name_end);
    if whole.is_empty() && fraction.is_empty() {
        return Err(None);
    }
    let number: u64 = match whole {
        "" => 0,
        whole => whole
            .parse()
            .ok()
            .filter(|number| *number <= LIMIT)
            .ok_or(None)?,
    };
    if name.is_empty() {
        return Err(Some("missing unit".to_owned()));
    }
    let unit = UNITS.iter().find(|(known, _)| *known == name);
    let Some((_, unit)) = unit else {
        return Err(Some(format!("unknown unit {}", quote(name.as_bytes()))));
    };
    if number > LIMIT / unit {
        return Err(None);
    }
    let sum = number * unit + of_fraction(fraction, *unit);
    if sum > LIMIT {
        Err(None)
    } else {
        Ok((sum, rest))
    }
}

/// A fraction of a unit. Digits that make it too large are left out.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go has it this way"
)]
fn of_fraction(digits: &str, unit: u64) -> u64 {
    let (mut number, mut scale) = (0_u64, 1.0_f64);
    for digit in digits.bytes() {
        if number > (LIMIT - 1) / 10 {
            break;
        }
        let next = number * 10 + u64::from(digit - b'0');
        if next > LIMIT {
            break;
        }
        number = next;
        scale *= 10.0;
    }
    (number as f64 * (unit as f64 / scale)) as u64
}

impl Object for Duration {
    fn type_name(&self) -> &'static str {
        "time.Duration"
    }

    fn kind(&self) -> Kind {
        Kind::Int64
    }

    fn method(&self, name: &str) -> Option<Signature> {
        Some(match name {
            "Hours" | "Minutes" | "Seconds" => Signature::new(&[], Type::Float64),
            "Milliseconds" | "Microseconds" | "Nanoseconds" => Signature::new(&[], Type::Int64),
            "Round" | "Truncate" => Signature::new(&[DURATION], DURATION),
            "Abs" => Signature::new(&[], DURATION),
            "String" => Signature::new(&[], Type::Str),
            _ => return None,
        })
    }

    fn call(&self, name: &str, _: &mut dyn Reentry, args: &[Value]) -> Result<Value, String> {
        let argument = args.first().map_or(0, |value| Self::of(value).0);
        Ok(match name {
            "Hours" => self.in_units(3_600_000_000_000).into(),
            "Minutes" => self.in_units(60_000_000_000).into(),
            "Seconds" => self.in_units(1_000_000_000).into(),
            "Milliseconds" => Value::Int64(self.0 / 1_000_000),
            "Microseconds" => Value::Int64(self.0 / 1_000),
            "Nanoseconds" => Value::Int64(self.0),
            "Round" => Self(self.round(argument)).value(),
            "Truncate" if argument > 0 => Self(self.0 - self.0 % argument).value(),
            "Truncate" => self.value(),
            "Abs" => Self(self.0.checked_abs().unwrap_or(i64::MAX)).value(),
            _ => self.shown().into(),
        })
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::Int64(self.0))
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.shown().into_bytes())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
