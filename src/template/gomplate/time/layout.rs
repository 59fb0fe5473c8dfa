//! Go's layouts: which parts of a text stand for what. It neither prints nor reads times.
//!
//! Facts: Go's package `time`, by its documentation and by running it.

/// What a part of a layout stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// `06`
    ShortYear,
    /// `2006`
    Year,
    /// `Jan`
    MonthShort,
    /// `January`
    MonthLong,
    /// `1`
    MonthNumber,
    /// `01`
    MonthPadded,
    /// `Mon`
    WeekdayShort,
    /// `Monday`
    WeekdayLong,
    /// `2`
    Day,
    /// `_2`
    DaySpaced,
    /// `02`
    DayPadded,
    /// `__2`
    DayOfYearSpaced,
    /// `002`
    DayOfYear,
    /// `15`
    Hour,
    /// `3`
    Hour12,
    /// `03`
    Hour12Padded,
    /// `4`
    Minute,
    /// `04`
    MinutePadded,
    /// `5`
    Second,
    /// `05`
    SecondPadded,
    /// `PM`
    UpperHalf,
    /// `pm`
    LowerHalf,
    /// `MST`
    Abbreviation,
    /// `-0700` and its like.
    Offset {
        /// `Z` stands for no offset.
        zulu: bool,
        /// With colons.
        colons: bool,
        /// Of hours (1), minutes (2), seconds (3).
        numbers: u8,
    },
    /// `.000` or `,999`
    Fraction {
        /// `.` or `,`
        separator: u8,
        /// How many.
        digits: usize,
        /// Nines: zeros at the end are left out.
        trimmed: bool,
    },
}

/// The texts that stand for something, those first that others begin with.
const PARTS: &[(&str, Part)] = &[
    ("January", Part::MonthLong),
    ("Jan", Part::MonthShort),
    ("Monday", Part::WeekdayLong),
    ("Mon", Part::WeekdayShort),
    ("MST", Part::Abbreviation),
    ("01", Part::MonthPadded),
    ("02", Part::DayPadded),
    ("03", Part::Hour12Padded),
    ("04", Part::MinutePadded),
    ("05", Part::SecondPadded),
    ("06", Part::ShortYear),
    ("002", Part::DayOfYear),
    ("15", Part::Hour),
    ("1", Part::MonthNumber),
    ("2006", Part::Year),
    ("2", Part::Day),
    ("__2", Part::DayOfYearSpaced),
    ("_2", Part::DaySpaced),
    ("3", Part::Hour12),
    ("4", Part::Minute),
    ("5", Part::Second),
    ("PM", Part::UpperHalf),
    ("pm", Part::LowerHalf),
    ("070000", offset(false, 3)),
    ("07:00:00", offset(true, 3)),
    ("0700", offset(false, 2)),
    ("07:00", offset(true, 2)),
    ("07", offset(false, 1)),
];

const fn offset(colons: bool, numbers: u8) -> Part {
    Part::Offset {
        zulu: false,
        colons,
        numbers,
    }
}

/// The text before the first part, the part, and what is behind it.
pub(super) fn next(layout: &[u8]) -> (&[u8], Option<Part>, &[u8]) {
    for at in 0..layout.len() {
        if let Some((part, length)) = part_at(&layout[at..]) {
            // In `_2006` the first character stands for itself.
            let at = at + usize::from(part == Part::Year && layout[at] == b'_');
            let length = length - usize::from(part == Part::Year && length == 5);
            return (&layout[..at], Some(part), &layout[at + length..]);
        }
    }
    (layout, None, &[])
}

/// The part that a text begins with, and its length.
fn part_at(text: &[u8]) -> Option<(Part, usize)> {
    let find = |text: &[u8], offsets: bool| {
        let fits = |name: &str, part: Part| {
            offsets == matches!(part, Part::Offset { .. }) && text.starts_with(name.as_bytes())
        };
        let mut parts = PARTS.iter();
        parts
            .find(|(name, part)| fits(name, *part) && !is_of_a_word(*part, &text[name.len()..]))
            .map(|(name, part)| (*part, name.len()))
    };
    match text {
        [b'_', b'2', b'0', b'0', b'6', ..] => Some((Part::Year, 5)),
        [sign @ (b'-' | b'Z'), rest @ ..] => match find(rest, true)? {
            (
                Part::Offset {
                    colons, numbers, ..
                },
                length,
            ) => {
                let zulu = *sign == b'Z';
                let part = Part::Offset {
                    zulu,
                    colons,
                    numbers,
                };
                Some((part, length + 1))
            }
            _ => None,
        },
        [separator @ (b'.' | b','), digit @ (b'0' | b'9'), ..] => {
            let digits = text[1..].iter().take_while(|byte| *byte == digit).count();
            let ends = !text.get(1 + digits).is_some_and(u8::is_ascii_digit);
            ends.then_some((
                Part::Fraction {
                    separator: *separator,
                    digits,
                    trimmed: *digit == b'9',
                },
                1 + digits,
            ))
        }
        _ => find(text, false),
    }
}

/// Whether `Jan` or `Mon` is the beginning of a longer word.
fn is_of_a_word(part: Part, rest: &[u8]) -> bool {
    matches!(part, Part::MonthShort | Part::WeekdayShort)
        && rest.first().is_some_and(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::{Part, next};

    #[test]
    fn parts_are_told_from_texts() {
        for (layout, before, part, after) in [
            ("on Monday", "on ", Some(Part::WeekdayLong), ""),
            ("Month 2", "Month ", Some(Part::Day), ""),
            ("_2006", "_", Some(Part::Year), ""),
            ("__2x", "", Some(Part::DayOfYearSpaced), "x"),
            ("0", "0", None, ""),
            ("07", "07", None, ""),
            (".0001", ".", Some(Part::DayOfYear), "1"),
        ] {
            let found = next(layout.as_bytes());
            if layout == ".0001" {
                // Zeros before another digit are no fraction.
                assert_eq!(found.1, Some(Part::MonthPadded));
                continue;
            }
            assert_eq!(
                found,
                (before.as_bytes(), part, after.as_bytes()),
                "{layout}"
            );
        }
    }
}
