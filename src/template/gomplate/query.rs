//! `coll.JQ` and `coll.JSONPath`: paths into values. Everything else of the two languages, and all that fails, is gomplate's.

use crate::template::gomplate::bounds::{VALUES, deeper};
use crate::template::gomplate::strings::plain;
use crate::template::gomplate::{Entry, fixed, handover};
use crate::template::kind::Type;
use crate::template::value::Value;

/// How deep values are looked into; deeper ones may contain themselves.
const DEPTH: usize = 100;

pub(super) fn entries() -> Vec<Entry> {
    const TWO: &[Type] = &[Type::Str, Type::Any];
    vec![
        fixed("JQ", Some("jq"), TWO, Type::Any, |_, args| {
            jq(plain(&args[0]), &args[1])
        }),
        fixed("JSONPath", Some("jsonpath"), TWO, Type::Any, |_, args| {
            json_path(plain(&args[0]), &args[1])
        }),
    ]
}

/// One step of a path.
enum Step {
    Key(Vec<u8>),
    At(i64),
    Each,
}

fn unusual<T>() -> Result<T, String> {
    handover("more than a path into a value")
}

fn jq(text: &[u8], value: &Value) -> Result<Value, String> {
    let mut left = VALUES;
    if !is_plain(value, DEPTH, &mut left) {
        return handover("a query on an unusual value");
    }
    let mut values = vec![value.clone()];
    for part in text.split(|byte| *byte == b'|') {
        let mut reader = Reader {
            rest: part.trim_ascii(),
        };
        for step in reader.jq()? {
            values = take(&step, values)?;
        }
    }
    Ok(match <[Value; 1]>::try_from(values) {
        Ok([only]) => only,
        Err(values) => Value::grown(values),
    })
}

/// Whether a value is one of those that JSON has, as gomplate's parsers make them.
fn is_plain(value: &Value, depth: usize, left: &mut usize) -> bool {
    let Ok(depth) = deeper(depth, left) else {
        return false;
    };
    match value {
        Value::Nil | Value::Bool(_) | Value::Int(_) => true,
        Value::Float(number) => number.is_finite(),
        Value::Str(text) => std::str::from_utf8(text).is_ok(),
        Value::List(list) if list.element() == Type::Any && !list.is_absent() => {
            list.items().iter().all(|item| is_plain(item, depth, left))
        }
        Value::Map(map) if map.element() == Type::Any => map
            .entries()
            .values()
            .all(|item| is_plain(item, depth, left)),
        _ => false,
    }
}

fn take(step: &Step, values: Vec<Value>) -> Result<Vec<Value>, String> {
    let mut taken = Vec::new();
    for value in values {
        match (step, value) {
            (Step::Key(_) | Step::At(_), Value::Nil) => taken.push(Value::Nil),
            (Step::Key(key), Value::Map(map)) => {
                taken.push(map.get(key).unwrap_or(Value::Nil));
            }
            (Step::At(at), Value::List(list)) => {
                taken.push(nth(&list.items(), *at).unwrap_or(Value::Nil));
            }
            (Step::Each, Value::List(list)) => taken.extend(list.items()),
            (Step::Each, Value::Map(map)) => taken.extend(map.entries().into_values()),
            _ => return unusual(),
        }
    }
    Ok(taken)
}

fn nth(items: &[Value], at: i64) -> Option<Value> {
    let length = i64::try_from(items.len()).ok()?;
    let at = if at < 0 { at + length } else { at };
    items.get(usize::try_from(at).ok()?).cloned()
}

/// Exactly one value, or it is gomplate's.
fn json_path(text: &[u8], value: &Value) -> Result<Value, String> {
    let mut reader = Reader {
        rest: text.strip_prefix(b"$").unwrap_or(text),
    };
    if matches!(value, Value::Nil) {
        return unusual();
    }
    let mut value = value.clone();
    for step in reader.json_path()? {
        let next = match (step, value) {
            (Step::Key(key), Value::Map(map)) => map.get(&key),
            (Step::At(at), Value::List(list)) => nth(&list.items(), at),
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => return unusual(),
        }
    }
    Ok(value)
}

struct Reader<'t> {
    rest: &'t [u8],
}

impl Reader<'_> {
    /// `.a.b[0]["c"].[]`
    fn jq(&mut self) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        if self.rest == b"." {
            return Ok(steps);
        }
        if self.rest.first() != Some(&b'.') {
            return unusual();
        }
        while !self.rest.is_empty() {
            let dotted = self.skip(b'.');
            match self.rest {
                [b'[', b']', ..] => {
                    self.skip(b'[');
                    self.skip(b']');
                    steps.push(Step::Each);
                }
                [b'[', b'"', ..] => {
                    self.skip(b'[');
                    steps.push(Step::Key(self.quoted(b'"')?));
                    if !self.skip(b']') {
                        return unusual();
                    }
                }
                [b'[', ..] => steps.push(self.index()?),
                [b'"', ..] if dotted => steps.push(Step::Key(self.quoted(b'"')?)),
                [first, ..] if dotted && !first.is_ascii_digit() => {
                    steps.push(Step::Key(self.name(false)?));
                }
                _ => return unusual(),
            }
        }
        Ok(steps)
    }

    /// `.a.b[0]['c']`
    fn json_path(&mut self) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        while !self.rest.is_empty() {
            match self.rest {
                [b'.', ..] => {
                    self.skip(b'.');
                    steps.push(Step::Key(self.name(true)?));
                }
                [b'[', b'\'', ..] => {
                    self.skip(b'[');
                    steps.push(Step::Key(self.quoted(b'\'')?));
                    if !self.skip(b']') {
                        return unusual();
                    }
                }
                [b'[', ..] => steps.push(self.index()?),
                _ => return unusual(),
            }
        }
        Ok(steps)
    }

    fn skip(&mut self, byte: u8) -> bool {
        let after = self.rest.strip_prefix(&[byte]);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn name(&mut self, hyphens: bool) -> Result<Vec<u8>, String> {
        let is_part = |byte: &&u8| {
            byte.is_ascii_alphanumeric() || **byte == b'_' || hyphens && **byte == b'-'
        };
        let length = self.rest.iter().take_while(is_part).count();
        let (name, rest) = self.rest.split_at(length);
        self.rest = rest;
        if name.is_empty() {
            return unusual();
        }
        Ok(name.to_vec())
    }

    /// A text in quotes, without any escapes.
    fn quoted(&mut self, quote: u8) -> Result<Vec<u8>, String> {
        self.skip(quote);
        let Some(end) = memchr::memchr(quote, self.rest) else {
            return unusual();
        };
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.skip(quote);
        let is_simple = |byte: &u8| {
            byte.is_ascii_alphanumeric() || matches!(*byte, b' ' | b'_' | b'-' | b'.' | b'/' | b':')
        };
        // gomplate takes other characters in single quotes for the end of a name.
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(*byte, b'_' | b'-');
        let fits = text.iter().all(is_simple) && (quote == b'"' || text.iter().all(is_part));
        if text.is_empty() || !fits {
            return unusual();
        }
        Ok(text.to_vec())
    }

    fn index(&mut self) -> Result<Step, String> {
        self.skip(b'[');
        let end = memchr::memchr(b']', self.rest).unwrap_or(0);
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        let digits = std::str::from_utf8(digits).unwrap_or_default();
        let is_number = digits.len() < 7
            && digits
                .strip_prefix('-')
                .unwrap_or(digits)
                .bytes()
                .all(|byte| byte.is_ascii_digit());
        match digits.parse() {
            Ok(at) if is_number && self.skip(b']') => Ok(Step::At(at)),
            _ => unusual(),
        }
    }
}
