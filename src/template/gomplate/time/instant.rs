//! `time.Time`: a moment, and the zone that it is shown in.

use std::any::Any;
use std::sync::Arc;

use crate::template::function::Signature;
use crate::template::gomplate::handover;
use crate::template::gomplate::time::civil::{DAY, Date, first_of_month, weekday};
use crate::template::gomplate::time::duration::{DURATION, Duration};
use crate::template::gomplate::time::local;
use crate::template::gomplate::time::names::{self, LOCATION};
use crate::template::gomplate::time::show::{Clock, show};
use crate::template::gomplate::time::zone::{Offset, Zone};
use crate::template::host::Reentry;
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::value::Value;

/// Go's type of times.
pub(in crate::template::gomplate) const TIME: Type = Type::Named("time.Time", Kind::Struct);

/// Nanoseconds of a second.
const SECOND: i128 = 1_000_000_000;

/// Seconds from the first day of the year 1 to 1970-01-01: Go's zero time is that day.
const ZERO: i64 = -62_135_596_800;

/// How far years may be from ours for calendars to be computed.
const YEARS: i64 = 1_000_000_000;

/// A time as Go has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Instant {
    /// Since 1970-01-01 00:00 UTC.
    seconds: i64,
    nanoseconds: u32,
    zone: Zone,
    /// It is of a clock that runs on when the time is set, which Go prints too.
    is_of_clock: bool,
}

/// A date and a time of day, with each number in its usual place or beyond.
pub(super) struct Shown {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    /// Of the day.
    pub(super) seconds: i64,
    pub(super) nanoseconds: u32,
}

impl Instant {
    pub(super) fn new(seconds: i64, nanoseconds: u32, zone: Zone) -> Self {
        Self {
            seconds,
            nanoseconds,
            zone,
            is_of_clock: false,
        }
    }

    /// The time now.
    pub(super) fn of_clock(seconds: i64, nanoseconds: u32, zone: Zone) -> Self {
        Self {
            is_of_clock: true,
            ..Self::new(seconds, nanoseconds, zone)
        }
    }

    /// The time that clocks in a zone show so.
    pub(super) fn of_shown(shown: &Shown, zone: Zone) -> Result<Self, String> {
        let far = |number: i64| number.unsigned_abs() > YEARS.unsigned_abs();
        if far(shown.year) || far(shown.month) || far(shown.day) {
            return handover("a time that is far away");
        }
        let days = first_of_month(shown.year, shown.month) + shown.day - 1;
        let seconds = zone.moment(days * DAY + shown.seconds);
        Ok(Self::new(seconds, shown.nanoseconds, zone))
    }

    pub(super) fn value(self) -> Value {
        Value::Native(Arc::new(self))
    }

    /// An argument of Go's type.
    pub(super) fn of(value: &Value) -> Result<&Self, String> {
        let time = match value {
            Value::Native(object) => object.as_any().downcast_ref::<Self>(),
            _ => None,
        };
        time.map_or_else(|| handover("an unusual time"), Ok)
    }

    /// The same moment in another zone.
    pub(super) fn within(&self, zone: Zone) -> Self {
        Self::new(self.seconds, self.nanoseconds, zone)
    }

    pub(super) fn seconds(&self) -> i64 {
        self.seconds
    }

    pub(super) fn nanoseconds(&self) -> u32 {
        self.nanoseconds
    }

    pub(super) fn offset(&self) -> Offset {
        self.zone.at(self.seconds)
    }

    /// What clocks in its zone show.
    pub(super) fn clock(&self) -> Clock {
        let shown = self.seconds.saturating_add(self.offset().seconds.into());
        let (days, seconds) = (shown.div_euclid(DAY), shown.rem_euclid(DAY));
        let date = Date::of_days(days);
        Clock {
            year: date.year,
            month: date.month,
            day: date.day,
            day_of_year: date.day_of_year(),
            weekday: weekday(days),
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
        }
    }

    /// Nanoseconds since 1970-01-01 00:00 UTC.
    fn total(&self) -> i128 {
        i128::from(self.seconds) * SECOND + i128::from(self.nanoseconds)
    }

    fn plus(&self, nanoseconds: i128) -> Self {
        let total = self.total() + nanoseconds;
        Self {
            seconds: i64::try_from(total.div_euclid(SECOND)).unwrap_or(i64::MAX),
            nanoseconds: u32::try_from(total.rem_euclid(SECOND)).unwrap_or_default(),
            ..self.clone()
        }
    }

    /// The duration since another time, as far as there are durations.
    pub(super) fn since(&self, other: &Self) -> Duration {
        let between = self.total() - other.total();
        let limits = (i128::from(i64::MIN), i128::from(i64::MAX));
        Duration(i64::try_from(between.clamp(limits.0, limits.1)).unwrap_or_default())
    }

    /// The multiple of a duration, since Go's zero time, at or before this time; the nearest one if it is to be rounded.
    fn multiple(&self, of: i64, rounded: bool) -> Self {
        let plain = self.within(self.zone.clone());
        if of <= 0 {
            return plain;
        }
        let of = i128::from(of);
        let rest = (self.total() - i128::from(ZERO) * SECOND).rem_euclid(of);
        let up = rounded && rest * 2 >= of;
        plain.plus(if up { of - rest } else { -rest })
    }

    fn plus_date(&self, years: i64, months: i64, days: i64) -> Result<Self, String> {
        let clock = self.clock();
        let shown = Shown {
            year: clock.year.saturating_add(years),
            month: i64::from(clock.month).saturating_add(months),
            day: i64::from(clock.day).saturating_add(days),
            seconds: clock.hour * 3600 + clock.minute * 60 + clock.second,
            nanoseconds: self.nanoseconds,
        };
        Self::of_shown(&shown, self.zone.clone())
    }

    fn text(&self) -> Vec<u8> {
        let mut shown = show(self, b"2006-01-02 15:04:05.999999999 -0700 MST");
        if self.is_of_clock {
            // Since the program started, which was just now.
            shown.extend_from_slice(b" m=+0.000000001");
        }
        shown
    }

    /// A method that gives a number or a name of what clocks show.
    fn part(&self, name: &str) -> Option<Value> {
        let clock = self.clock();
        Some(match name {
            "Year" => Value::Int(clock.year),
            "Month" => names::month(clock.month),
            "Day" => Value::Int(clock.day.into()),
            "YearDay" => Value::Int(clock.day_of_year),
            "Weekday" => names::weekday(clock.weekday),
            "Hour" => Value::Int(clock.hour),
            "Minute" => Value::Int(clock.minute),
            "Second" => Value::Int(clock.second),
            "Nanosecond" => Value::Int(self.nanoseconds.into()),
            _ => return None,
        })
    }

    /// A method that says how it stands to another time.
    fn compared(&self, name: &str, other: &Value) -> Result<Value, String> {
        let other = Self::of(other)?;
        let order = self.total().cmp(&other.total());
        Ok(match name {
            "After" => order.is_gt().into(),
            "Before" => order.is_lt().into(),
            "Equal" => order.is_eq().into(),
            "Compare" => Value::Int(order as i64),
            _ => self.since(other).value(),
        })
    }

    /// A method that gives a number of units since 1970. Far away the number overflows, as in Go.
    fn unix(&self, name: &str) -> Value {
        let (units, nanoseconds) = match name {
            "Unix" => (1, 1_000_000_000),
            "UnixMilli" => (1_000, 1_000_000),
            "UnixMicro" => (1_000_000, 1_000),
            _ => (1_000_000_000, 1),
        };
        let rest = i64::from(self.nanoseconds) / nanoseconds;
        Value::Int64(self.seconds.wrapping_mul(units).wrapping_add(rest))
    }
}

impl Object for Instant {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn method(&self, name: &str) -> Option<Signature> {
        const INTS: &[Type] = &[Type::Int, Type::Int, Type::Int];
        Some(match name {
            "Add" | "Round" | "Truncate" => Signature::new(&[DURATION], TIME),
            "AddDate" => Signature::new(INTS, TIME),
            "After" | "Before" | "Equal" => Signature::new(&[TIME], Type::Bool),
            "Compare" => Signature::new(&[TIME], Type::Int),
            "Sub" => Signature::new(&[TIME], DURATION),
            "Format" => Signature::new(&[Type::Str], Type::Str),
            "In" => Signature::new(&[LOCATION], TIME),
            "UTC" | "Local" => Signature::new(&[], TIME),
            "IsDST" | "IsZero" => Signature::new(&[], Type::Bool),
            "Location" => Signature::new(&[], LOCATION),
            "Month" => Signature::new(&[], Type::Named("time.Month", Kind::Int)),
            "Weekday" => Signature::new(&[], Type::Named("time.Weekday", Kind::Int)),
            "String" => Signature::new(&[], Type::Str),
            "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" => Signature::new(&[], Type::Int64),
            "Year" | "Day" | "YearDay" | "Hour" | "Minute" | "Second" | "Nanosecond" => {
                Signature::new(&[], Type::Int)
            }
            _ => return None,
        })
    }

    fn call(&self, name: &str, engine: &mut dyn Reentry, args: &[Value]) -> Result<Value, String> {
        let integer = |at: usize| args.get(at).and_then(Value::as_integer).unwrap_or_default();
        Ok(match (name, args) {
            ("Add", [duration]) => self.plus(Duration::of(duration).0.into()).value(),
            ("Round" | "Truncate", [to]) => {
                self.multiple(Duration::of(to).0, name == "Round").value()
            }
            ("AddDate", _) => self.plus_date(integer(0), integer(1), integer(2))?.value(),
            (_, [other]) if matches!(name, "After" | "Before" | "Equal" | "Compare" | "Sub") => {
                self.compared(name, other)?
            }
            ("Format", [layout]) => Value::text(show(self, layout.as_text().unwrap_or_default())),
            ("In", [Value::Native(zone)]) => match zone.as_any().downcast_ref::<Zone>() {
                Some(zone) => self.within(zone.clone()).value(),
                None => return handover("an unusual time zone"),
            },
            ("In", _) => return Err("time: missing Location in call to Time.In".to_owned()),
            ("UTC", _) => self.within(Zone::utc()).value(),
            ("Local", _) => self.within(local(engine.host())?).value(),
            ("IsDST", _) => self.offset().is_summer.into(),
            ("IsZero", _) => ((self.seconds, self.nanoseconds) == (ZERO, 0)).into(),
            ("Location", _) => Value::Native(Arc::new(self.zone.clone())),
            ("String", _) => Value::text(self.text()),
            ("Unix" | "UnixMilli" | "UnixMicro" | "UnixNano", _) => self.unix(name),
            _ => match self.part(name) {
                Some(part) => part,
                None => return handover("an unusual method of a time"),
            },
        })
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(Self::text(self))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
