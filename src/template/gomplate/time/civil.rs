//! Days of the Gregorian calendar as numbers: no zones, no texts.

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: u8,
    /// From 1.
    pub(super) day: u8,
}

/// Days from 1970-01-01 to the first of a month. The month, from 1, may lie in another year.
pub(super) fn first_of_month(year: i64, month: i64) -> i64 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12);
    // Years begin with March here, so that the leap day is their last.
    let (year, month) = if month < 2 {
        (year - 1, month + 10)
    } else {
        (year, month - 2)
    };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let days_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100;
    era * 146_097 + days_of_era + (153 * month + 2) / 5 - 719_468
}

impl Date {
    /// The day so many days after 1970-01-01.
    pub(super) fn of_days(days: i64) -> Self {
        let days = days + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let of_month = day - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 {
            (month + 3, 0)
        } else {
            (month - 9, 1)
        };
        let small = |number| u8::try_from(number).unwrap_or_default();
        Self {
            year: era * 400 + year + next,
            month: small(month),
            day: small(of_month),
        }
    }

    /// The day of the year, from 1.
    pub(super) fn day_of_year(self) -> i64 {
        let first = first_of_month(self.year, 1);
        first_of_month(self.year, self.month.into()) - first + i64::from(self.day)
    }
}

/// The day of the week, Sunday as 0.
pub(super) fn weekday(days: i64) -> usize {
    usize::try_from((days + 4).rem_euclid(7)).unwrap_or_default()
}

/// How many days a month, from 1, has.
pub(super) fn days_in(year: i64, month: i64) -> i64 {
    first_of_month(year, month + 1) - first_of_month(year, month)
}

#[cfg(test)]
mod tests {
    use super::{Date, days_in, first_of_month, weekday};

    #[test]
    fn days_and_dates_are_the_same() {
        for days in (-1_000_000..1_000_000).step_by(97) {
            let date = Date::of_days(days);
            let first = first_of_month(date.year, date.month.into());
            assert_eq!(first + i64::from(date.day) - 1, days, "{date:?}");
        }
        assert_eq!(first_of_month(2024, 3), 19_783);
        assert_eq!(first_of_month(2023, 15), 19_783);
        assert_eq!((weekday(0), weekday(-1)), (4, 3));
        assert_eq!(
            (days_in(2024, 2), days_in(1900, 2), days_in(2023, 12)),
            (29, 28, 31)
        );
    }
}
