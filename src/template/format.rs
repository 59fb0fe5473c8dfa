//! Go's fmt for template values: `print`, `println`, `%v` and all other verbs of a value. It knows
//! no format strings.

use std::sync::Arc;

use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::printer::Printer;
pub use crate::template::printer::UNPRINTABLE;
use crate::template::value::{List, Map, Text, Value};

/// The longest text that printing makes, in bytes.
pub const MAX_TEXT: usize = 16 << 20;

/// How many values are printed at a time. Containers may share their parts, so that there are far more than in memory.
const MAX_VALUES: usize = 1 << 19;

/// How deep containers may nest to be printed; a map may contain itself.
const MAX_DEPTH: usize = 100;

/// Go addresses differ from run to run; betterform shows this one.
const ADDRESS: u64 = 0xc0_0000_0000;

/// Go's `fmt.Sprint`. Fails when the text is too long or a value is too deep.
pub fn print(values: &[Value]) -> Result<Vec<u8>, String> {
    let mut printer = Printer::new(MAX_TEXT);
    let mut after_text = true;
    for value in values {
        let text = matches!(value, Value::Str(_));
        if !text && !after_text {
            printer.write(" ");
        }
        printer.value(value, 'v');
        after_text = text;
    }
    printer.finish()
}

/// Go's `fmt.Sprintln`.
pub fn println(values: &[Value]) -> Result<Vec<u8>, String> {
    let mut printer = Printer::new(MAX_TEXT);
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            printer.write(" ");
        }
        printer.value(value, 'v');
    }
    printer.write("\n");
    printer.finish()
}

/// What `{{ value }}` writes: as [`print`], but a pointer is followed, and nil is `<no value>`.
/// `None` for a function, which cannot be printed.
pub fn display(value: &Value) -> Option<Result<Vec<u8>, String>> {
    match value {
        Value::Nil => Some(Ok(b"<no value>".to_vec())),
        Value::Func(_) => None,
        Value::Str(text) => Some(Ok(text.to_vec())),
        other => Some(print(&[followed(other)])),
    }
}

/// What a pointer without a text of its own points to; other values as they are.
pub fn followed(value: &Value) -> Value {
    match value {
        Value::Native(object) if object.kind() == Kind::Ptr && object.text().is_none() => {
            object.underlying().unwrap_or_else(|| value.clone())
        }
        other => other.clone(),
    }
}

impl Printer {
    /// One operand under a verb, with the flags that are set.
    pub(crate) fn value(&mut self, value: &Value, verb: char) {
        match (verb, value) {
            ('T' | 'v', Value::Nil) => self.pad("<nil>"),
            ('T', _) => self.plain(value.type_name().as_bytes()),
            ('p', Value::Map(_) | Value::List(_) | Value::Bytes(_) | Value::Func(_)) => {
                self.address(verb);
            }
            ('p', Value::Native(object)) if object.kind() == Kind::Ptr => self.address(verb),
            ('p' | 'w', _) | (_, Value::Nil) => self.wrong_verb(value, verb),
            (_, Value::Bytes(bytes)) => self.bytes(bytes, verb, "[]byte"),
            _ => self.nested(value, verb, 0),
        }
    }

    fn nested(&mut self, value: &Value, verb: char, depth: usize) {
        self.values += 1;
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            self.overflowed = true;
        }
        if self.overflowed {
            return;
        }
        match value {
            Value::Nil if self.flags.go_syntax => self.write("interface {}(nil)"),
            Value::Nil => self.write("<nil>"),
            Value::Bool(flag) if matches!(verb, 't' | 'v') => self.pad(flag.to_string()),
            Value::Bool(_) => self.wrong_verb(value, verb),
            Value::Int(number) | Value::Int64(number) => self.signed(*number, value, verb),
            Value::Int32(number) => self.signed(i64::from(*number), value, verb),
            Value::Uint(number) | Value::Uint64(number) => self.unsigned(*number, value, verb),
            Value::Uint8(number) => self.unsigned(u64::from(*number), value, verb),
            Value::Float(number) => self.any_float(*number, value, verb),
            Value::Complex(real, imaginary) => self.complex(*real, *imaginary, value, verb),
            Value::Str(text) => self.text(text, value, verb),
            Value::Bytes(bytes) if matches!(verb, 's' | 'q' | 'x' | 'X') => {
                self.bytes(bytes, verb, "[]uint8");
            }
            Value::Bytes(bytes) => {
                let items: Vec<Value> = bytes.iter().map(|byte| Value::Uint8(*byte)).collect();
                self.row("[]uint8", &items, verb, depth);
            }
            Value::List(list) => self.list(list, verb, depth),
            Value::Map(map) => self.map(map, verb, depth),
            Value::Native(object) => self.object(object, value, verb, depth),
            Value::Func(_) => self.address(verb),
        }
    }

    /// `%!d(string=a)`
    fn wrong_verb(&mut self, value: &Value, verb: char) {
        let reporting = std::mem::replace(&mut self.reporting, true);
        self.write(format!("%!{verb}("));
        if matches!(value, Value::Nil) {
            self.write("<nil>");
        } else {
            self.write(value.type_name());
            self.write("=");
            self.value(value, 'v');
        }
        self.write(")");
        self.reporting = reporting;
    }

    fn signed(&mut self, number: i64, value: &Value, verb: char) {
        let bits = number.cast_unsigned();
        self.any_integer(number < 0, number.unsigned_abs(), bits, value, verb);
    }

    fn unsigned(&mut self, number: u64, value: &Value, verb: char) {
        if verb == 'v' && self.flags.go_syntax {
            self.with_prefix(number);
        } else {
            self.any_integer(false, number, number, value, verb);
        }
    }

    fn with_prefix(&mut self, number: u64) {
        let sharp = std::mem::replace(&mut self.flags.sharp, true);
        self.integer(false, number, 16, 'v');
        self.flags.sharp = sharp;
    }

    fn any_integer(&mut self, negative: bool, size: u64, bits: u64, value: &Value, verb: char) {
        match verb {
            'v' | 'd' => self.integer(negative, size, 10, verb),
            'b' => self.integer(negative, size, 2, verb),
            'o' | 'O' => self.integer(negative, size, 8, verb),
            'x' | 'X' => self.integer(negative, size, 16, verb),
            'c' => self.character(bits),
            'q' => self.quoted_character(bits),
            'U' => self.code_point(bits),
            _ => self.wrong_verb(value, verb),
        }
    }

    fn any_float(&mut self, number: f64, value: &Value, verb: char) {
        match verb {
            'v' => self.float(number, b'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => {
                self.float(number, u8::try_from(verb).unwrap_or(b'g'), None);
            }
            'f' | 'F' => self.float(number, b'f', Some(6)),
            'e' => self.float(number, b'e', Some(6)),
            'E' => self.float(number, b'E', Some(6)),
            _ => self.wrong_verb(value, verb),
        }
    }

    fn complex(&mut self, real: f64, imaginary: f64, value: &Value, verb: char) {
        if !matches!(
            verb,
            'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E'
        ) {
            return self.wrong_verb(value, verb);
        }
        let plus = self.flags.plus;
        self.write("(");
        self.any_float(real, value, verb);
        self.flags.plus = true;
        self.any_float(imaginary, value, verb);
        self.write("i)");
        self.flags.plus = plus;
    }

    fn text(&mut self, text: &[u8], value: &Value, verb: char) {
        match verb {
            'v' if self.flags.go_syntax => self.quoted(text),
            'v' | 's' => self.plain(text),
            'x' => self.hexadecimal(text, false),
            'X' => self.hexadecimal(text, true),
            'q' => self.quoted(text),
            _ => self.wrong_verb(value, verb),
        }
    }

    fn bytes(&mut self, bytes: &Text, verb: char, type_name: &str) {
        match verb {
            'v' | 'd' => {
                let go = self.flags.go_syntax;
                self.write(if go {
                    format!("{type_name}{{")
                } else {
                    "[".to_owned()
                });
                for (at, byte) in bytes.iter().enumerate() {
                    if at > 0 {
                        self.write(if go { ", " } else { " " });
                    }
                    if go {
                        self.with_prefix(u64::from(*byte));
                    } else {
                        self.integer(false, u64::from(*byte), 10, verb);
                    }
                }
                self.write(if go { "}" } else { "]" });
            }
            's' => self.plain(bytes),
            'x' => self.hexadecimal(bytes, false),
            'X' => self.hexadecimal(bytes, true),
            'q' => self.quoted(bytes),
            _ => self.nested(&Value::Bytes(Arc::clone(bytes)), verb, 0),
        }
    }

    /// An array of bytes.
    fn array(&mut self, type_name: &str, list: &List, verb: char, depth: usize) {
        let bytes = |item| match item {
            Value::Uint8(byte) => Some(byte),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = list.items().into_iter().map(bytes).collect();
        match bytes {
            Some(bytes) if matches!(verb, 's' | 'q' | 'x' | 'X') => {
                self.bytes(&Arc::from(bytes), verb, type_name);
            }
            _ => self.row(type_name, &list.items(), verb, depth),
        }
    }

    fn list(&mut self, list: &List, verb: char, depth: usize) {
        let items = list.items();
        if list.element() == Type::Uint8 && matches!(verb, 's' | 'q' | 'x' | 'X') {
            let bytes: Option<Vec<u8>> = items
                .iter()
                .map(|item| {
                    if let Value::Uint8(byte) = item {
                        Some(*byte)
                    } else {
                        None
                    }
                })
                .collect();
            if let Some(bytes) = bytes {
                return self.bytes(&Arc::from(bytes), verb, "[]uint8");
            }
        }
        if list.is_absent() && self.flags.go_syntax && verb == 'v' {
            return self.write(format!("[]{}(nil)", list.element()));
        }
        self.row(&format!("[]{}", list.element()), &items, verb, depth);
    }

    fn row(&mut self, type_name: &str, items: &[Value], verb: char, depth: usize) {
        let go = self.flags.go_syntax;
        self.write(if go {
            format!("{type_name}{{")
        } else {
            "[".to_owned()
        });
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.write(if go { ", " } else { " " });
            }
            self.nested(item, verb, depth + 1);
        }
        self.write(if go { "}" } else { "]" });
    }

    fn map(&mut self, map: &Map, verb: char, depth: usize) {
        let go = self.flags.go_syntax;
        let start = format!("map[string]{}{{", map.element());
        self.write(if go { start } else { "map[".to_owned() });
        for (at, (key, item)) in map.entries().into_iter().enumerate() {
            if at > 0 {
                self.write(if go { ", " } else { " " });
            }
            self.text(&key, &Value::Str(Arc::clone(&key)), verb);
            self.write(":");
            self.nested(&item, verb, depth + 1);
        }
        self.write(if go { "}" } else { "]" });
    }

    fn object(&mut self, object: &Arc<dyn Object>, value: &Value, verb: char, depth: usize) {
        let shows_itself = matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') && !self.flags.go_syntax;
        if shows_itself
            && !self.reporting
            && let Some(text) = object.text()
        {
            return self.text(&text, value, verb);
        }
        match object.underlying() {
            Some(Value::List(list)) if object.kind() == Kind::Array => {
                self.array(object.type_name(), &list, verb, depth);
            }
            Some(beneath) if object.kind() != Kind::Ptr => self.nested(&beneath, verb, depth + 1),
            Some(beneath) if depth == 0 => {
                self.write("&");
                self.nested(&beneath, verb, depth + 1);
            }
            _ => self.unprintable = true,
        }
    }

    fn address(&mut self, verb: char) {
        let sharp = self.flags.sharp;
        self.flags.sharp = !sharp;
        self.integer(false, ADDRESS, 16, verb);
        self.flags.sharp = sharp;
    }
}
