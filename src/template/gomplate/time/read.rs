//! Times from text, by Go's layouts.
//!
//! Facts: Go's package `time`, by its documentation and source, and by running it.

use crate::template::gomplate::handover;
use crate::template::gomplate::time::civil::{Date, days_in, first_of_month};
use crate::template::gomplate::time::instant::{Instant, Shown};
use crate::template::gomplate::time::layout::{Part, next};
use crate::template::gomplate::time::names::{MONTHS, WEEKDAYS};
use crate::template::gomplate::time::quote;
use crate::template::gomplate::time::scan::{
    Wrong, exactly, in_range, name, number, number_of, skip,
};
use crate::template::gomplate::time::zone::Zone;

/// What was found in a text so far.
#[derive(Default)]
struct Found {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: u32,
    /// Whether it is after noon.
    half: Option<bool>,
    utc: bool,
    offset: Option<i32>,
    abbreviation: String,
}

/// The time that a text says. Without a zone in it, it is of `zone`; offsets and abbreviations are those of `local` where they fit.
pub(super) fn read(
    layout: &[u8],
    text: &[u8],
    zone: Zone,
    local: &Zone,
) -> Result<Instant, String> {
    let mut found = Found::default();
    let (mut rest, mut value) = (layout, text);
    let says = |what: &str| format!("parsing time {}{what}", quote(text));
    let cannot = |value: &[u8], part: &[u8]| {
        let (layout, value, part) = (quote(layout), quote(value), quote(part));
        says(&format!(" as {layout}: cannot parse {value} as {part}"))
    };
    loop {
        let (before, part, after) = next(rest);
        value = skip(value, before).map_err(|value| cannot(value, before))?;
        let Some(part) = part else {
            break;
        };
        value = found
            .part(part, value, after)
            .map_err(|wrong| match wrong {
                Wrong::Form => cannot(value, &rest[before.len()..rest.len() - after.len()]),
                Wrong::Range(what) => says(&format!(": {what} out of range")),
                Wrong::Handover(why) => handover::<()>(why).err().unwrap_or_default(),
            })?;
        rest = after;
    }
    if !value.is_empty() {
        return Err(says(&format!(": extra text: {}", quote(value))));
    }
    found.finish(zone, local).map_err(|wrong| match wrong {
        Wrong::Handover(why) => handover::<()>(why).err().unwrap_or_default(),
        Wrong::Range(what) => says(&format!(": {what}")),
        Wrong::Form => cannot(value, layout),
    })
}

impl Found {
    /// Takes one part off the text. `after` is the rest of the layout.
    fn part<'t>(&mut self, part: Part, text: &'t [u8], after: &[u8]) -> Result<&'t [u8], Wrong> {
        let unspaced = text.strip_prefix(b" ").unwrap_or(text);
        match part {
            Part::ShortYear if matches!(text.first(), Some(b'+' | b'-')) => {
                Err(Wrong::Handover("a year with a sign"))
            }
            Part::ShortYear => {
                let (year, rest) = exactly(text, 2)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
                Ok(rest)
            }
            Part::Year => Ok(into(&mut self.year, exactly(text, 4)?)),
            Part::MonthShort => Ok(into_some(&mut self.month, name(&MONTHS, Some(3), text)?)),
            Part::MonthLong => Ok(into_some(&mut self.month, name(&MONTHS, None, text)?)),
            Part::MonthNumber | Part::MonthPadded => {
                let month = number(text, part == Part::MonthPadded)?;
                in_range(month.0, 1, 13, "month")?;
                Ok(into_some(&mut self.month, month))
            }
            Part::WeekdayShort => Ok(name(&WEEKDAYS, Some(3), text)?.1),
            Part::WeekdayLong => Ok(name(&WEEKDAYS, None, text)?.1),
            Part::Day => Ok(into_some(&mut self.day, number(text, false)?)),
            Part::DaySpaced => Ok(into_some(&mut self.day, number(unspaced, false)?)),
            Part::DayPadded => Ok(into_some(&mut self.day, number(text, true)?)),
            Part::DayOfYear => Ok(into_some(&mut self.day_of_year, number_of(text, 3, true)?)),
            Part::DayOfYearSpaced => {
                let unspaced = unspaced.strip_prefix(b" ").unwrap_or(unspaced);
                let day = number_of(unspaced, 3, false)?;
                Ok(into_some(&mut self.day_of_year, day))
            }
            Part::UpperHalf => self.half(text, b"AM", b"PM"),
            Part::LowerHalf => self.half(text, b"am", b"pm"),
            Part::Abbreviation => self.abbreviation(text),
            Part::Offset { .. } => self.offset(part, text),
            Part::Fraction {
                digits, trimmed, ..
            } => self.fraction(text, digits, trimmed),
            clock => self.clock(clock, text, after),
        }
    }

    fn clock<'t>(&mut self, part: Part, text: &'t [u8], after: &[u8]) -> Result<&'t [u8], Wrong> {
        let padded = matches!(
            part,
            Part::Hour12Padded | Part::MinutePadded | Part::SecondPadded
        );
        let found = number(text, padded)?;
        match part {
            Part::Hour => in_range(found.0, 0, 24, "hour")?,
            Part::Hour12 | Part::Hour12Padded => in_range(found.0, 0, 13, "hour")?,
            Part::Minute | Part::MinutePadded => in_range(found.0, 0, 60, "minute")?,
            _ => in_range(found.0, 0, 60, "second")?,
        }
        match part {
            Part::Minute | Part::MinutePadded => Ok(into(&mut self.minute, found)),
            Part::Second | Part::SecondPadded => {
                let rest = into(&mut self.second, found);
                // A fraction may be there without being asked for.
                match next(after).1 {
                    Some(Part::Fraction { .. }) => Ok(rest),
                    _ => self.fraction(rest, 0, true),
                }
            }
            _ => Ok(into(&mut self.hour, found)),
        }
    }

    fn half<'t>(&mut self, text: &'t [u8], am: &[u8], pm: &[u8]) -> Result<&'t [u8], Wrong> {
        let (half, rest) = text.split_at_checked(2).ok_or(Wrong::Form)?;
        if half == pm {
            self.half = Some(true);
        } else if half == am {
            // After a `PM`, Go keeps that.
            self.half = Some(self.half.unwrap_or(false));
        } else {
            return Err(Wrong::Form);
        }
        Ok(rest)
    }

    /// `.123`: exactly so many digits, or any number of them, or none.
    fn fraction<'t>(
        &mut self,
        text: &'t [u8],
        digits: usize,
        any: bool,
    ) -> Result<&'t [u8], Wrong> {
        let is_fraction = matches!(text, [b'.' | b',', digit, ..] if digit.is_ascii_digit());
        if any && !is_fraction {
            return Ok(text);
        }
        let count = if any {
            let digits = text.iter().skip(1);
            digits.take_while(|byte| byte.is_ascii_digit()).count()
        } else {
            digits
        };
        let (fraction, rest) = text.split_at_checked(1 + count).ok_or(Wrong::Form)?;
        let digits = fraction.get(1..).unwrap_or_default();
        if !matches!(fraction, [b'.' | b',', ..]) || !digits.iter().all(u8::is_ascii_digit) {
            return Err(Wrong::Form);
        }
        let padded = digits.iter().map(|digit| u32::from(digit - b'0'));
        let padded = padded.chain(std::iter::repeat(0)).take(9);
        self.nanoseconds = padded.fold(0, |number, digit| number * 10 + digit);
        Ok(rest)
    }

    fn offset<'t>(&mut self, part: Part, text: &'t [u8]) -> Result<&'t [u8], Wrong> {
        let Part::Offset {
            zulu,
            colons,
            numbers,
        } = part
        else {
            return Err(Wrong::Form);
        };
        if let (true, Some(rest)) = (zulu, text.strip_prefix(b"Z")) {
            self.utc = true;
            return Ok(rest);
        }
        let (sign, mut rest) = text.split_first().ok_or(Wrong::Form)?;
        let mut seconds = 0;
        for (at, (limit, what)) in [
            (24, "time zone offset hour"),
            (60, "time zone offset minute"),
            (60, "time zone offset second"),
        ]
        .into_iter()
        .enumerate()
        {
            let mut number = 0;
            if at < usize::from(numbers) {
                if colons && at > 0 {
                    rest = rest.strip_prefix(b":").ok_or(Wrong::Form)?;
                }
                (number, rest) = exactly(rest, 2)?;
                in_range(number, 0, limit + 1, what)?;
            }
            seconds = seconds * 60 + i32::try_from(number).unwrap_or_default();
        }
        self.offset = Some(match sign {
            b'+' => seconds,
            b'-' => -seconds,
            _ => return Err(Wrong::Form),
        });
        Ok(rest)
    }

    fn abbreviation<'t>(&mut self, text: &'t [u8]) -> Result<&'t [u8], Wrong> {
        if let Some(rest) = text.strip_prefix(b"UTC") {
            self.utc = true;
            return Ok(rest);
        }
        if text.starts_with(b"GMT") && matches!(text.get(3), Some(b'+' | b'-'))
            || matches!(text.first(), Some(b'+' | b'-'))
        {
            return Err(Wrong::Handover("a time zone that is an offset"));
        }
        let length = match text {
            [b'C', b'h', b'S', b'T', ..] | [b'M', b'e', b'S', b'T', ..] => 4,
            [b'G', b'M', b'T', ..] => 3,
            _ => {
                let upper = text.iter().take(6);
                match upper.take_while(|byte| byte.is_ascii_uppercase()).count() {
                    5 if text[4] == b'T' => 5,
                    4 if text[3] == b'T' || text.starts_with(b"WITA") => 4,
                    3 => 3,
                    _ => return Err(Wrong::Form),
                }
            }
        };
        let (name, rest) = text.split_at(length);
        self.abbreviation = String::from_utf8_lossy(name).into_owned();
        Ok(rest)
    }

    /// The month and the day that were found.
    fn date(&self) -> Result<(i64, i64), Wrong> {
        let Some(day_of_year) = self.day_of_year else {
            let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
            return if (1..=days_in(self.year, month)).contains(&day) {
                Ok((month, day))
            } else {
                Err(Wrong::Range("day out of range"))
            };
        };
        let first = first_of_month(self.year, 1);
        let date = Date::of_days(first + day_of_year - 1);
        let (month, day) = (i64::from(date.month), i64::from(date.day));
        if date.year != self.year {
            Err(Wrong::Range("day-of-year out of range"))
        } else if self.month.is_some_and(|known| known != month) {
            Err(Wrong::Range("day-of-year does not match month"))
        } else if self.day.is_some_and(|known| known != day) {
            Err(Wrong::Range("day-of-year does not match day"))
        } else {
            Ok((month, day))
        }
    }

    fn finish(&self, zone: Zone, local: &Zone) -> Result<Instant, Wrong> {
        let (month, day) = self.date()?;
        let hour = match (self.half, self.hour) {
            (Some(true), hour) if hour < 12 => hour + 12,
            (Some(false), 12) => 0,
            (_, hour) => hour,
        };
        let shown = Shown {
            year: self.year,
            month,
            day,
            seconds: hour * 3600 + self.minute * 60 + self.second,
            nanoseconds: self.nanoseconds,
        };
        let far = |_| Wrong::Handover("a time that is far away");
        let within = |zone: Zone| Instant::of_shown(&shown, zone).map_err(far);
        if self.utc {
            return within(Zone::utc());
        }
        let name = self.abbreviation.as_str();
        if let Some(offset) = self.offset {
            let time = within(Zone::fixed(name, offset))?;
            let held = local.at(time.seconds());
            let fits = held.seconds == offset && (name.is_empty() || held.abbreviation == name);
            return Ok(if fits {
                time.within(local.clone())
            } else {
                time
            });
        }
        match (name.is_empty(), local.is_fixed()) {
            (true, _) => within(zone),
            // No zone is known by this name, so Go makes one up.
            (false, true) => within(Zone::fixed(name, 0)),
            (false, false) => {
                let why = "an abbreviation of a time zone that may be one of the machine's";
                Err(Wrong::Handover(why))
            }
        }
    }
}

fn into<'t>(slot: &mut i64, (number, rest): (i64, &'t [u8])) -> &'t [u8] {
    *slot = number;
    rest
}

fn into_some<'t>(slot: &mut Option<i64>, (number, rest): (i64, &'t [u8])) -> &'t [u8] {
    *slot = Some(number);
    rest
}
