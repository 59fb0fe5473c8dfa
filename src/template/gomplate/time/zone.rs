//! Time zones: which offset and abbreviation hold at a moment. Where their data comes from is not known here.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::template::gomplate::handover;

/// A zone, as Go's `*time.Location`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Zone {
    name: Arc<str>,
    rules: Rules,
    is_local: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Rules {
    Fixed {
        abbreviation: Arc<str>,
        seconds: i32,
    },
    Table(TimeZone),
}

/// What holds in a zone at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// Seconds east of UTC.
    pub(super) seconds: i32,
    /// As `CET`; may be empty.
    pub(super) abbreviation: String,
    /// Whether it is summer time.
    pub(super) is_summer: bool,
}

/// Seconds of 400 years, after which the calendar is the same again.
const CYCLE: i64 = 146_097 * 86_400;

impl Zone {
    pub(super) fn utc() -> Self {
        Self::fixed("UTC", 0)
    }

    /// A zone without rules: the offset holds always.
    pub(super) fn fixed(name: &str, seconds: i32) -> Self {
        Self {
            name: name.into(),
            rules: Rules::Fixed {
                abbreviation: name.into(),
                seconds,
            },
            is_local: false,
        }
    }

    /// A zone of the database: its name, and its data in the format `TZif`.
    pub(super) fn table(name: &str, data: &[u8]) -> Result<Self, String> {
        let rules = if is_utc(data) {
            Self::utc().rules
        } else {
            let zone = TimeZone::tzif(name, data);
            Rules::Table(zone.or_else(|_| handover("an unusual time zone"))?)
        };
        Ok(Self {
            name: name.into(),
            rules,
            is_local: false,
        })
    }

    /// The same as the zone of the machine.
    pub(super) fn local(self) -> Self {
        Self {
            is_local: true,
            ..self
        }
    }

    /// As `Europe/Berlin`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether one offset holds always.
    pub(super) fn is_fixed(&self) -> bool {
        matches!(self.rules, Rules::Fixed { .. })
    }

    /// What holds so many seconds after 1970-01-01 00:00 UTC.
    pub(super) fn at(&self, seconds: i64) -> Offset {
        match &self.rules {
            Rules::Fixed {
                abbreviation,
                seconds,
            } => Offset {
                seconds: *seconds,
                abbreviation: abbreviation.to_string(),
                is_summer: false,
            },
            Rules::Table(zone) => {
                let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
                let near = if seconds >= last {
                    last - CYCLE + (seconds - last).rem_euclid(CYCLE)
                } else {
                    seconds.max(first)
                };
                let moment = Timestamp::from_second(near).unwrap_or_default();
                let info = zone.to_offset_info(moment);
                Offset {
                    seconds: info.offset().seconds(),
                    abbreviation: info.abbreviation().to_owned(),
                    is_summer: info.dst().is_dst(),
                }
            }
        }
    }

    /// The seconds after 1970-01-01 00:00 UTC of a time that clocks in this zone show, given as if it were of UTC. Where clocks are
    /// put forward or back, it is Go's choice.
    pub(super) fn moment(&self, shown: i64) -> i64 {
        let first = i64::from(self.at(shown).seconds);
        if first == 0 {
            return shown;
        }
        shown - i64::from(self.at(shown - first).seconds)
    }
}

/// Whether data has nothing but UTC in it (RFC 9636: a second header, the counts of changes and of offsets, and the rule at the
/// end).
fn is_utc(data: &[u8]) -> bool {
    let mut headers = memchr::memmem::find_iter(data, b"TZif");
    let counts = headers.nth(1).and_then(|at| data.get(at + 32..at + 40));
    counts == Some(&[0, 0, 0, 0, 0, 0, 0, 1]) && data.ends_with(b"\nUTC0\n")
}

#[cfg(test)]
mod tests {
    use super::Zone;

    #[test]
    fn clocks_that_are_put_forward_and_back() {
        let Ok(data) = std::fs::read("/usr/share/zoneinfo/Europe/Berlin") else {
            eprintln!("SKIPPED: no time zones on this machine");
            return;
        };
        let zone = Zone::table("Europe/Berlin", &data).unwrap();
        for (seconds, abbreviation, offset) in [
            (1_711_846_799, "CET", 3600),
            (1_711_846_800, "CEST", 7200),
            (-3_000_000_000, "LMT", 3208),
            (1 << 50, "CEST", 7200),
        ] {
            let found = zone.at(seconds);
            assert_eq!(
                (&*found.abbreviation, found.seconds),
                (abbreviation, offset),
                "{seconds}"
            );
        }
        assert_eq!(zone.moment(1_711_850_400), 1_711_846_800);
        assert!(!zone.is_fixed());
    }
}
