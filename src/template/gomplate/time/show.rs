//! Times as text, by Go's layouts.

use crate::template::gomplate::time::instant::Instant;
use crate::template::gomplate::time::layout::{Part, next};
use crate::template::gomplate::time::names::{MONTHS, WEEKDAYS};
use crate::template::gomplate::time::zone::Offset;

/// A time by a layout.
pub(super) fn show(time: &Instant, layout: &[u8]) -> Vec<u8> {
    let clock = time.clock();
    let offset = time.offset();
    let mut shown = Vec::new();
    let mut rest = layout;
    loop {
        let (before, part, after) = next(rest);
        shown.extend_from_slice(before);
        let Some(part) = part else {
            return shown;
        };
        shown.extend_from_slice(show_part(part, time, &clock, &offset).as_bytes());
        rest = after;
    }
}

/// What a clock and a calendar on the wall show.
pub(super) struct Clock {
    pub(super) year: i64,
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) day_of_year: i64,
    pub(super) weekday: usize,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
}

fn show_part(part: Part, time: &Instant, clock: &Clock, offset: &Offset) -> String {
    let month = MONTHS
        .get(usize::from(clock.month) - 1)
        .copied()
        .unwrap_or_default();
    let weekday = WEEKDAYS.get(clock.weekday).copied().unwrap_or_default();
    let half = if clock.hour >= 12 { "PM" } else { "AM" };
    let hour12 = match clock.hour % 12 {
        0 => 12,
        hour => hour,
    };
    match part {
        Part::ShortYear => format!("{:02}", clock.year.max(0) % 100),
        Part::Year if clock.year < 0 => format!("-{:04}", -clock.year),
        Part::Year => format!("{:04}", clock.year),
        Part::MonthShort => month[..3].to_owned(),
        Part::MonthLong => month.to_owned(),
        Part::MonthNumber => clock.month.to_string(),
        Part::MonthPadded => format!("{:02}", clock.month),
        Part::WeekdayShort => weekday[..3].to_owned(),
        Part::WeekdayLong => weekday.to_owned(),
        Part::Day => clock.day.to_string(),
        Part::DaySpaced => format!("{:2}", clock.day),
        Part::DayPadded => format!("{:02}", clock.day),
        Part::DayOfYearSpaced => format!("{:3}", clock.day_of_year),
        Part::DayOfYear => format!("{:03}", clock.day_of_year),
        Part::Hour => format!("{:02}", clock.hour),
        Part::Hour12 => hour12.to_string(),
        Part::Hour12Padded => format!("{hour12:02}"),
        Part::Minute => clock.minute.to_string(),
        Part::MinutePadded => format!("{:02}", clock.minute),
        Part::Second => clock.second.to_string(),
        Part::SecondPadded => format!("{:02}", clock.second),
        Part::UpperHalf => half.to_owned(),
        Part::LowerHalf => half.to_lowercase(),
        Part::Abbreviation if offset.abbreviation.is_empty() => numbers(offset.seconds, false, 2),
        Part::Abbreviation => offset.abbreviation.clone(),
        Part::Offset { zulu: true, .. } if offset.seconds == 0 => "Z".to_owned(),
        Part::Offset {
            colons, numbers: n, ..
        } => numbers(offset.seconds, colons, n),
        Part::Fraction {
            separator,
            digits,
            trimmed,
        } => fraction(time.nanoseconds(), char::from(separator), digits, trimmed),
    }
}

/// An offset as `+hh`, `+hhmm` or `+hhmmss`. Its sign is that of its minutes.
fn numbers(seconds: i32, colons: bool, count: u8) -> String {
    let minutes = seconds / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    // Go leaves the sign of the seconds where there are no minutes.
    let left = if minutes < 0 { -seconds } else { seconds } % 60;
    let minutes = minutes.abs();
    let between = if colons { ":" } else { "" };
    let mut shown = format!("{sign}{:02}", minutes / 60);
    if count > 1 {
        shown.push_str(&format!("{between}{:02}", minutes % 60));
    }
    if count > 2 {
        let sign = if left < 0 { "-" } else { "" };
        shown.push_str(&format!("{between}{sign}{:02}", left.abs()));
    }
    shown
}

fn fraction(nanoseconds: u32, separator: char, digits: usize, trimmed: bool) -> String {
    let all = format!("{nanoseconds:09}");
    let mut shown: String = all.chars().take(digits).collect();
    // Behind the ninth digit Go writes none.
    if trimmed {
        shown.truncate(shown.trim_end_matches('0').len());
        if shown.is_empty() {
            return shown;
        }
    }
    format!("{separator}{shown}")
}
