//! `time`: the clock, times and durations, as Go has them. The host tells the time and knows the zones.
//!
//! Facts: gomplate v5.2.0 and Go's package `time`, by their documentation and by running them.

mod civil;
mod duration;
mod instant;
mod layout;
mod names;
mod read;
mod scan;
mod show;
mod zone;

use crate::template::function::Functions;
use crate::template::gomplate::conv::{text, to_int64};
use crate::template::gomplate::time::duration::{DURATION, Duration};
use crate::template::gomplate::time::instant::Instant;
pub(super) use crate::template::gomplate::time::instant::TIME;
use crate::template::gomplate::time::read::read;
use crate::template::gomplate::time::zone::Zone;
use crate::template::gomplate::{Entry, HANDOVER, fixed, handover, namespace, strconv};
use crate::template::host::{Host, LocalZone, Moment};
use crate::template::kind::Type;
use crate::template::value::Value;

/// Go's layouts by their names.
macro_rules! layouts {
    ($($name:literal = $layout:literal,)*) => {
        fn layouts() -> Vec<Entry> {
            vec![$(fixed($name, None, &[], Type::Str, |_, _| Ok($layout.into())),)*]
        }
    };
}

layouts! {
    "ANSIC" = "Mon Jan _2 15:04:05 2006",
    "UnixDate" = "Mon Jan _2 15:04:05 MST 2006",
    "RubyDate" = "Mon Jan 02 15:04:05 -0700 2006",
    "RFC822" = "02 Jan 06 15:04 MST",
    "RFC822Z" = "02 Jan 06 15:04 -0700",
    "RFC850" = "Monday, 02-Jan-06 15:04:05 MST",
    "RFC1123" = "Mon, 02 Jan 2006 15:04:05 MST",
    "RFC1123Z" = "Mon, 02 Jan 2006 15:04:05 -0700",
    "RFC3339" = "2006-01-02T15:04:05Z07:00",
    "RFC3339Nano" = "2006-01-02T15:04:05.999999999Z07:00",
    "Kitchen" = "3:04PM",
    "Stamp" = "Jan _2 15:04:05",
    "StampMilli" = "Jan _2 15:04:05.000",
    "StampMicro" = "Jan _2 15:04:05.000000",
    "StampNano" = "Jan _2 15:04:05.000000000",
}

fn expected(why: String) -> String {
    if why.starts_with(HANDOVER) {
        why
    } else {
        format!("expected a number: {why}")
    }
}

/// A function that makes a duration of a number of units.
macro_rules! unit {
    ($name:literal, $nanoseconds:literal) => {
        fixed($name, None, &[Type::Any], DURATION, |_, args| {
            let count = to_int64(&args[0]).map_err(expected)?;
            Ok(Duration(count.wrapping_mul($nanoseconds)).value())
        })
    };
}

pub(super) fn add(functions: &mut Functions) {
    let mut entries = layouts();
    entries.extend([
        unit!("Hour", 3_600_000_000_000),
        unit!("Minute", 60_000_000_000),
        unit!("Second", 1_000_000_000),
        unit!("Millisecond", 1_000_000),
        unit!("Microsecond", 1_000),
        unit!("Nanosecond", 1),
    ]);
    entries.extend(clock());
    entries.extend(parsing());
    namespace(functions, "time", "*funcs.TimeFuncs", entries);
}

/// What depends on the time now.
fn clock() -> Vec<Entry> {
    vec![
        fixed("Now", None, &[], TIME, |host, _| {
            Ok(now(host, "time.Now")?.value())
        }),
        fixed("Since", None, &[TIME], DURATION, |host, args| {
            Ok(now(host, "time.Since")?
                .since(Instant::of(&args[0])?)
                .value())
        }),
        fixed("Until", None, &[TIME], DURATION, |host, args| {
            let now = now(host, "time.Until")?;
            Ok(Instant::of(&args[0])?.since(&now).value())
        }),
        fixed("ZoneName", None, &[], Type::Str, |host, _| {
            Ok(now(host, "time.ZoneName")?.offset().abbreviation.into())
        }),
        fixed("ZoneOffset", None, &[], Type::Int, |host, _| {
            let offset = now(host, "time.ZoneOffset")?.offset();
            Ok(Value::Int(offset.seconds.into()))
        }),
    ]
}

/// Times and durations from text and numbers.
fn parsing() -> Vec<Entry> {
    const TEXT: &[Type] = &[Type::Str, Type::Any];
    vec![
        fixed("Parse", None, TEXT, TIME, |host, args| {
            let local = local(host)?;
            parse(&args[0], &args[1], Zone::utc(), &local)
        }),
        fixed("ParseLocal", None, TEXT, TIME, |host, args| {
            let zone = match host.env(b"TZ") {
                Some(name) if !name.is_empty() => located(host, &name)?,
                _ if host.env(b"TZ_FILE").is_some_and(|path| !path.is_empty()) => {
                    return handover("a time zone whose name is read from a file");
                }
                _ => local(host)?,
            };
            parse(&args[0], &args[1], zone.clone(), &zone)
        }),
        fixed(
            "ParseInLocation",
            None,
            &[Type::Str, Type::Str, Type::Any],
            TIME,
            |host, args| {
                let zone = located(host, args[1].as_text().unwrap_or_default())?;
                parse(&args[0], &args[2], zone.clone(), &zone)
            },
        ),
        fixed("ParseDuration", None, &[Type::Any], DURATION, |_, args| {
            let text = text(&args[0])?;
            Ok(Duration::parse(&String::from_utf8_lossy(&text))?.value())
        }),
        fixed("Unix", None, &[Type::Any], TIME, |host, args| {
            let (seconds, nanoseconds) = unix(&args[0])?;
            let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
            let seconds = i64::try_from(total.div_euclid(1_000_000_000));
            let nanoseconds = u32::try_from(total.rem_euclid(1_000_000_000));
            match (seconds, nanoseconds) {
                // Beyond, years are no usual numbers.
                (Ok(seconds), Ok(nanoseconds)) if seconds.unsigned_abs() < 1 << 55 => {
                    Ok(Instant::new(seconds, nanoseconds, local(host)?).value())
                }
                _ => handover("a time that is far away"),
            }
        }),
    ]
}

fn now(host: &mut dyn Host, function: &str) -> Result<Instant, String> {
    host.note_unrepeatable(function);
    let zone = local(host)?;
    let now = host.now();
    Ok(Instant::of_clock(now.seconds, now.nanoseconds, zone))
}

/// A moment as a value, in the zone of the machine.
pub(super) fn moment(host: &mut dyn Host, moment: Moment) -> Result<Value, String> {
    let zone = local(host)?;
    Ok(Instant::new(moment.seconds, moment.nanoseconds, zone).value())
}

/// The zone of the machine.
fn local(host: &mut dyn Host) -> Result<Zone, String> {
    Ok(match host.local_zone()? {
        LocalZone::Utc => Zone::utc().local(),
        LocalZone::Data { name, data } => Zone::table(&name, &data)?.local(),
    })
}

/// The zone of a name.
fn located(host: &mut dyn Host, name: &[u8]) -> Result<Zone, String> {
    match std::str::from_utf8(name) {
        Ok("" | "UTC") => Ok(Zone::utc()),
        Ok("Local") => local(host),
        Ok(name) if name.contains("..") || name.starts_with(['/', '\\']) => {
            Err("time: invalid location name".to_owned())
        }
        Ok(name) => Zone::table(name, &host.zone(name)?),
        Err(_) => handover("the name of a time zone that is not UTF-8"),
    }
}

fn parse(layout: &Value, value: &Value, zone: Zone, local: &Zone) -> Result<Value, String> {
    let layout = layout.as_text().unwrap_or_default();
    Ok(read(layout, &text(value)?, zone, local)?.value())
}

/// Seconds and nanoseconds of a number, or of its text. Other values are 0.
fn unix(value: &Value) -> Result<(i64, i64), String> {
    let integer = |text: &[u8]| strconv::parse_int(text, 0, 64);
    let of_text = |text: &[u8]| match text.split(|byte| *byte == b'.').collect::<Vec<_>>()[..] {
        [whole] => Ok((integer(whole)?, 0)),
        [whole, fraction] => {
            let zeros = std::iter::repeat_n(&b'0', 9);
            let digits: Vec<u8> = fraction.iter().chain(zeros).take(9).copied().collect();
            Ok((integer(whole)?, integer(&digits)?))
        }
        _ => {
            let text = String::from_utf8_lossy(text);
            Err(format!(
                "can not parse '{text}' as a number - too many decimal points"
            ))
        }
    };
    match value {
        Value::Str(text) => of_text(text),
        Value::Native(object) => object.text().map_or(Ok((0, 0)), |text| of_text(&text)),
        Value::Int(seconds) => Ok((*seconds, 0)),
        Value::Uint64(seconds) => i64::try_from(*seconds)
            .map(|seconds| (seconds, 0))
            .map_err(|_| format!("can not parse {seconds} - would overflow int64")),
        Value::Float(number) => Err(format!(
            "can not parse floating point number ({number:.6}) - use a string instead"
        )),
        _ => Ok((0, 0)),
    }
}

/// A text in quotes, as the errors of Go's package have it: control characters and what is not ASCII are written as `\xNN`.
fn quote(text: &[u8]) -> String {
    let mut quoted = String::from('"');
    for byte in text {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            b' '..=0x7f => quoted.push(char::from(*byte)),
            _ => quoted.push_str(&format!("\\x{byte:02x}")),
        }
    }
    quoted.push('"');
    quoted
}
