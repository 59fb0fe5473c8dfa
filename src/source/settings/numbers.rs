//! Numbers in `betterform.toml`: lengths of time, sizes and whole numbers, and how they are spelled.
//! Knows nothing of the keys that hold them.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// A length of time, spelled `30m`, `5s`, `1h30m` or `500ms`; units are `ms`, `s`, `m`, `h` and `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(
    rename = "duration",
    extend("pattern" = "^(0|([0-9]+(ms|s|m|h|d))+)$")
)]
pub struct Timespan(pub Duration);

const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// The longest time that may be asked for: ten years.
const LONGEST_MS: u64 = 3_650 * 86_400_000;

impl Timespan {
    /// The length of time that `text` spells, or what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is not a duration such as `30m`, `5s`, `1h30m` or `500ms`");
        if text == "0" {
            return Ok(Self(Duration::ZERO));
        }
        let mut rest = text;
        let mut total = 0_u64;
        while !rest.is_empty() || text.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let (number, tail) = rest.split_at(digits);
            let letters = tail
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            let (_, factor) = UNITS
                .iter()
                .find(|(name, _)| *name == unit)
                .ok_or_else(wrong)?;
            let number: u64 = number.parse().map_err(|_| wrong())?;
            total = number
                .checked_mul(*factor)
                .and_then(|part| total.checked_add(part))
                .filter(|total| *total <= LONGEST_MS)
                .ok_or_else(|| format!("`{text}` is longer than ten years"))?;
            rest = tail;
        }
        Ok(Self(Duration::from_millis(total)))
    }
}

impl TryFrom<String> for Timespan {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

/// A number of bytes, spelled as a number or as `16MiB`, `500kB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

const SIZES: [(&str, u64); 10] = [
    ("", 1),
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

impl Size {
    /// The number of bytes that `text` spells, or what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a size such as `16MiB`, `500kB` or `4096`");
        let digits = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let unit = unit.strip_prefix(' ').unwrap_or(unit);
        let (_, factor) = SIZES
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(wrong)?;
        number.checked_mul(*factor).map(Self).ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Expected;
        impl Visitor<'_> for Expected {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bytes, or a size such as `\"16MiB\"`")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Size, E> {
                u64::try_from(number)
                    .map(Size)
                    .map_err(|_| E::custom(format!("`{number}` is negative: a size is not")))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Size, E> {
                Ok(Size(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                Size::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Expected)
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of bytes, or a size such as `16MiB` or `500kB`.",
            "type": ["integer", "string"],
            "minimum": 0,
            "pattern": "^[0-9]+ ?(B|kB|KB|MB|GB|KiB|MiB|GiB|TiB)?$",
        })
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole<const MIN: u32, const MAX: u32>(pub u32);

impl<const MIN: u32, const MAX: u32> Whole<MIN, MAX> {
    /// The number that `text` spells, or what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .ok()
            .filter(|number| (MIN..=MAX).contains(number))
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a whole number from {MIN} to {MAX}"))
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Expected<const MIN: u32, const MAX: u32>;
        impl<const MIN: u32, const MAX: u32> Visitor<'_> for Expected<MIN, MAX> {
            type Value = Whole<MIN, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from {MIN} to {MAX}")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                Whole::parse(&number.to_string()).map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                Whole::parse(&number.to_string()).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Expected::<MIN, MAX>)
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Whole<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("from{MIN}to{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

/// How many stages may run at a time.
pub type Jobs = Whole<1, 10_000>;

/// How often a failed `ctl up` is tried again.
pub type Retries = Whole<0, 1_000>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let wrong = |text: &str| {
            Err(format!(
                "`{text}` is not a duration such as `30m`, `5s`, `1h30m` or `500ms`"
            ))
        };
        for (text, expected) in [
            ("5s", Ok(5_000)),
            ("1h30m", Ok(5_400_000)),
            ("500ms", Ok(500)),
            ("2d", Ok(172_800_000)),
            ("0", Ok(0)),
            ("0s", Ok(0)),
            ("", wrong("")),
            ("5", wrong("5")),
            ("s", wrong("s")),
            ("5 s", wrong("5 s")),
            ("-5s", wrong("-5s")),
            ("1.5h", wrong("1.5h")),
            ("5sec", wrong("5sec")),
            ("5é", wrong("5é")),
            ("9999d", Err("`9999d` is longer than ten years".to_owned())),
            (
                "18446744073709551615d",
                Err("`18446744073709551615d` is longer than ten years".to_owned()),
            ),
        ] {
            let expected = expected.map(|ms| Timespan(Duration::from_millis(ms)));
            assert_eq!(Timespan::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("16MiB", Some(16 << 20)),
            ("16 MiB", Some(16 << 20)),
            ("500kB", Some(500_000)),
            ("4096", Some(4096)),
            ("0", Some(0)),
            ("", None),
            ("MiB", None),
            ("1.5MiB", None),
            ("1mib", None),
            ("99999999999TiB", None),
        ] {
            assert_eq!(Size::parse(text).ok(), expected.map(Size), "{text}");
        }
    }

    #[test]
    fn whole_numbers_keep_their_range() {
        for (text, expected) in [
            ("1", Ok(Whole::<1, 8>(1))),
            ("8", Ok(Whole(8))),
            ("0", Err("`0` is not a whole number from 1 to 8".to_owned())),
            ("9", Err("`9` is not a whole number from 1 to 8".to_owned())),
            ("x", Err("`x` is not a whole number from 1 to 8".to_owned())),
        ] {
            assert_eq!(Whole::parse(text), expected);
        }
    }
}
