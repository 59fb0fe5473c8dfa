//! `random`: texts, numbers and elements by chance. The host has the chance; a stage that uses it is not reproducible.
//!
//! Facts: gomplate v5.2.0, by its documentation and by running it.

use std::sync::LazyLock;

use regex::Regex;

use crate::template::function::Functions;
use crate::template::gomplate::conv::{list, text, to_float64, to_int64};
use crate::template::gomplate::{Entry, fixed, handover, namespace, open, pattern, strconv};
use crate::template::host::Host;
use crate::template::kind::Type;
use crate::template::quote::quote_rune;
use crate::template::runes::{count, decode};
use crate::template::value::Value;

/// The characters of `random.String` unless others are asked for.
const USUAL: &str = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LETTERS_AND_DIGITS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many characters Go cannot even ask for memory for.
const TOO_MANY: i64 = (1 << 46) + 1;

/// The longest text that is made, in characters.
const LONGEST: i64 = 16 << 20;

/// All characters that have a form, in order: Go's `unicode.IsGraphic`.
static GRAPHIC: LazyLock<Vec<char>> = LazyLock::new(|| {
    // A pattern that did not compile would leave no characters, and the unit test below fail.
    let class = Regex::new(r"[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]").ok();
    let all: String = ('\0'..=char::MAX).collect();
    let found = class.iter().flat_map(|class| class.find_iter(&all));
    found.flat_map(|found| found.as_str().chars()).collect()
});

pub(super) fn add(functions: &mut Functions) {
    let mut entries = texts();
    entries.extend([
        fixed("Item", None, &[Type::Any], Type::Any, |host, args| {
            host.note_unrepeatable("random.Item");
            let items = list(&args[0])?.items();
            if let [only] = items.as_slice() {
                return Ok(only.clone());
            }
            let most = u64::try_from(items.len()).unwrap_or(u64::MAX);
            let found = below(host, most)?;
            let found = usize::try_from(found).ok().and_then(|at| items.get(at));
            let found = found.cloned();
            found.ok_or_else(|| "expected a non-empty array or slice".to_owned())
        }),
        open("Number", None, &[], Type::Any, Type::Int64, |host, args| {
            host.note_unrepeatable("random.Number");
            let (low, high) = limits(args, (0, 100), to_int64)?;
            Ok(Value::Int64(number(host, low, high)?))
        }),
        open(
            "Float",
            None,
            &[],
            Type::Any,
            Type::Float64,
            |host, args| {
                host.note_unrepeatable("random.Float");
                let (low, high) = limits(args, (0.0, 1.0), to_float64)?;
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "it has no more bits than a float"
                )]
                let part = (bits(host)? >> 11) as f64 / (1_u64 << 53) as f64;
                Ok(Value::Float(low + part * (high - low)))
            },
        ),
    ]);
    namespace(functions, "random", "*funcs.RandomFuncs", entries);
}

fn texts() -> Vec<Entry> {
    vec![
        fixed("ASCII", None, &[Type::Any], Type::Str, |host, args| {
            host.note_unrepeatable("random.ASCII");
            let length = length(&args[0])?;
            chosen(host, length, &(' '..='~').collect::<Vec<char>>())
        }),
        fixed("Alpha", None, &[Type::Any], Type::Str, |host, args| {
            host.note_unrepeatable("random.Alpha");
            let length = length(&args[0])?;
            chosen(host, length, &LETTERS.chars().collect::<Vec<char>>())
        }),
        fixed("AlphaNum", None, &[Type::Any], Type::Str, |host, args| {
            host.note_unrepeatable("random.AlphaNum");
            let length = length(&args[0])?;
            let characters: Vec<char> = LETTERS_AND_DIGITS.chars().collect();
            chosen(host, length, &characters)
        }),
        open(
            "String",
            None,
            &[Type::Any],
            Type::Any,
            Type::Str,
            |host, args| {
                host.note_unrepeatable("random.String");
                let length = length(&args[0])?;
                if length == 0 {
                    return Err("count must be greater than 0".to_owned());
                }
                let characters = alphabet(&args[1..])?;
                chosen(host, length, &characters)
            },
        ),
    ]
}

fn length(value: &Value) -> Result<i64, String> {
    to_int64(value).map_err(|why| format!("count must be an integer: {why}"))
}

/// The characters that the further arguments of `random.String` ask for: one is an expression, two are the first and the last.
fn alphabet(args: &[Value]) -> Result<Vec<char>, String> {
    match args {
        [expression] => matching(&text(expression)?),
        [Value::Str(low), Value::Str(high)] => {
            let (low, high) = code_points(low, high)?;
            between(low, high)
        }
        [low, high] => {
            let end = |name: &str, value: &Value| {
                let number = to_int64(value);
                let number = number.map_err(|why| format!("{name} must be an integer: {why}"));
                number.map(code)
            };
            between(end("lower", low)?, end("upper", high)?)
        }
        _ => Ok(USUAL.chars().collect()),
    }
}

/// The lower half of a number, as Go converts to a `rune`.
#[expect(clippy::cast_possible_truncation, reason = "Go truncates as well")]
fn code(number: i64) -> i32 {
    number as i32
}

/// Two characters, or the numbers of two.
fn code_points(low: &[u8], high: &[u8]) -> Result<(i32, i32), String> {
    if count(low) == 1 && count(high) == 1 {
        let of = |text| decode(text).map_or(0, |(character, _)| u32::from(character).cast_signed());
        return Ok((of(low), of(high)));
    }
    let number = |text: &[u8]| strconv::parse_int(text, 0, 32).map(code);
    Ok((number(low)?, number(high)?))
}

fn between(low: i32, high: i32) -> Result<Vec<char>, String> {
    let code = |character: &char| u32::from(*character).cast_signed();
    let within = |character: &&char| (low..=high).contains(&code(character));
    let found: Vec<char> = GRAPHIC.iter().filter(within).copied().collect();
    if found.is_empty() {
        let shown = |code: i32| {
            let character = u32::try_from(code).ok().and_then(char::from_u32);
            quote_rune(character.unwrap_or(char::REPLACEMENT_CHARACTER), false)
        };
        let (low, high) = (shown(low), shown(high));
        return Err(format!(
            "no printable codepoints found between U{low} and U{high}"
        ));
    }
    Ok(found)
}

/// The characters that an expression matches; none asks for the usual ones.
fn matching(expression: &[u8]) -> Result<Vec<char>, String> {
    if expression.is_empty() {
        return Ok(USUAL.chars().collect());
    }
    let Ok(expression) = std::str::from_utf8(expression) else {
        return handover("a regular expression that is not UTF-8");
    };
    let expression = pattern::compile(expression)?;
    let fits = |character: &&char| expression.is_match(character.encode_utf8(&mut [0; 4]));
    Ok(GRAPHIC.iter().filter(fits).copied().collect())
}

/// So many of the characters, each by chance.
fn chosen(host: &mut dyn Host, length: i64, characters: &[char]) -> Result<Value, String> {
    if !(0..TOO_MANY).contains(&length) {
        return Err("runtime error: makeslice: len out of range".to_owned());
    }
    if length > LONGEST {
        return handover("a very long text");
    }
    let most = u64::try_from(characters.len()).unwrap_or_default();
    if most == 0 && length > 0 {
        return Err("invalid argument to IntN".to_owned());
    }
    let mut shown = String::new();
    for _ in 0..length {
        let at = usize::try_from(below(host, most)?).unwrap_or_default();
        shown.extend(characters.get(at));
    }
    Ok(shown.into())
}

/// The least and the greatest number that the arguments ask for: none, the greatest, or both; more are as none.
fn limits<T: Copy>(
    args: &[Value],
    usual: (T, T),
    convert: fn(&Value) -> Result<T, String>,
) -> Result<(T, T), String> {
    let end = |name: &str, value: &Value| {
        convert(value).map_err(|why| format!("{name} must be a number: {why}"))
    };
    Ok(match args {
        [high] => (usual.0, end("max", high)?),
        [low, high] => (end("min", low)?, end("max", high)?),
        _ => usual,
    })
}

/// A number from `low` to `high`, both included. Differences overflow as in Go.
fn number(host: &mut dyn Host, low: i64, high: i64) -> Result<i64, String> {
    if low > high {
        return Err(format!(
            "min must not be greater than max (was {low}, {high})"
        ));
    }
    let low = low.max(-i64::MAX);
    let spread = high.wrapping_sub(low);
    if spread >= i64::MAX >> 1 {
        return Err(format!(
            "spread between min and max too high - must not be greater than 63-bit maximum ({high} - {low} = {spread})"
        ));
    }
    let Ok(spread @ 0..) = u64::try_from(spread) else {
        return Err("invalid argument to Int64N".to_owned());
    };
    let above = below(host, spread + 1)?;
    Ok(low.wrapping_add(above.cast_signed()))
}

fn bits(host: &mut dyn Host) -> Result<u64, String> {
    let mut bytes = [0; 8];
    host.random(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// A number below another one, each as likely; 0 below 0. What is above the last multiple is drawn again.
fn below(host: &mut dyn Host, most: u64) -> Result<u64, String> {
    if most == 0 {
        return Ok(0);
    }
    let beyond = u64::MAX - u64::MAX % most;
    loop {
        let bits = bits(host)?;
        if bits < beyond {
            return Ok(bits % most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{GRAPHIC, between, matching};

    #[test]
    fn characters_with_a_form() {
        assert!(GRAPHIC.len() > 140_000, "{}", GRAPHIC.len());
        for (character, expected) in [
            (' ', true),
            ('~', true),
            ('\u{a0}', true),
            ('\u{7f}', false),
            ('\u{200b}', false),
        ] {
            assert_eq!(GRAPHIC.contains(&character), expected, "{character:?}");
        }
    }

    #[test]
    fn sets() {
        let set = |characters: Vec<char>| characters.into_iter().collect::<String>();
        assert_eq!(set(between(-5, 0x23).unwrap()), " !\"#");
        assert_eq!(set(matching(b"[a-c]").unwrap()), "abc");
        assert_eq!(
            set(matching(b"^[^\\x00-`]$")
                .unwrap()
                .into_iter()
                .take(3)
                .collect()),
            "abc"
        );
        assert_eq!(
            between(0, 31).unwrap_err(),
            "no printable codepoints found between U'\\x00' and U'\\x1f'"
        );
    }
}
