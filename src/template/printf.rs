//! Go's `fmt.Sprintf`: format strings and which operand each verb takes. It knows no value's form.

use crate::template::format::MAX_TEXT;
use crate::template::printer::{Flags, Printer};
use crate::template::runes::{REPLACEMENT, decode};
use crate::template::value::Value;

/// The largest width or precision, either way.
const LARGEST: i64 = 1_000_000;

/// Go's `fmt.Sprintf`. Fails only when the text is too long or a value too deep.
pub fn printf(format: &[u8], operands: &[Value]) -> Result<Vec<u8>, String> {
    let mut run = Run {
        printer: Printer::new(MAX_TEXT),
        format,
        at: 0,
        operands,
        operand: 0,
        reordered: false,
        good: true,
    };
    while run.literal() {
        if !run.verb() {
            break;
        }
    }
    run.extra();
    run.printer.finish()
}

struct Run<'f> {
    printer: Printer,
    format: &'f [u8],
    at: usize,
    operands: &'f [Value],
    operand: usize,
    /// Whether an index such as `%[2]d` was used.
    reordered: bool,
    /// Whether the current verb's indexes make sense.
    good: bool,
}

impl Run<'_> {
    fn byte(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.format.get(self.at..).unwrap_or_default()
    }

    /// Copies up to the next `%` and passes it; false at the end.
    fn literal(&mut self) -> bool {
        let rest = self.format.get(self.at..).unwrap_or_default();
        let length = memchr::memchr(b'%', rest);
        self.printer
            .write(rest.get(..length.unwrap_or(rest.len())).unwrap_or_default());
        self.at += length.map_or(rest.len(), |length| length + 1);
        length.is_some()
    }

    /// One verb with its flags; false when the format ends within it.
    fn verb(&mut self) -> bool {
        self.good = true;
        self.flags();
        let mut indexed = self.index();
        self.width(&mut indexed);
        self.precision(&mut indexed);
        if !indexed {
            self.index();
        }
        let Some((verb, length)) = decode(self.rest()) else {
            self.printer.write("%!(NOVERB)");
            return false;
        };
        self.at += length;
        let operand = self.operands.get(self.operand);
        match (verb, operand) {
            ('%', _) => self.printer.write("%"),
            _ if !self.good => self.printer.write(format!("%!{verb}(BADINDEX)")),
            (_, None) => self.printer.write(format!("%!{verb}(MISSING)")),
            (_, Some(operand)) => {
                let flags = &mut self.printer.flags;
                if matches!(verb, 'v' | 'w') {
                    flags.go_syntax = std::mem::replace(&mut flags.sharp, false);
                    flags.plus = false;
                }
                self.printer.value(
                    operand,
                    if verb == REPLACEMENT {
                        REPLACEMENT
                    } else {
                        verb
                    },
                );
                self.operand += 1;
            }
        }
        true
    }

    fn flags(&mut self) {
        self.printer.flags = Flags::default();
        while let Some(byte) = self.byte() {
            let flags = &mut self.printer.flags;
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
    }

    /// Reads `[n]`; true when one was there and well formed.
    fn index(&mut self) -> bool {
        if self.byte() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = self.rest();
        let close = memchr::memchr(b']', rest).filter(|_| rest.len() >= 3);
        let Some(close) = close else {
            self.at += 1;
            self.good = false;
            return false;
        };
        let inner = rest.get(1..close).unwrap_or_default();
        let (number, length) = digits(inner);
        let number = number.filter(|_| length == inner.len());
        self.at += close + 1;
        let index = number.and_then(|number| number.checked_sub(1));
        match index {
            Some(index) if index < self.operands.len() => {
                self.operand = index;
                return true;
            }
            _ => self.good = false,
        }
        number.is_some()
    }

    fn width(&mut self, indexed: &mut bool) {
        if self.byte() == Some(b'*') {
            self.at += 1;
            let width = self.integer_operand();
            let flags = &mut self.printer.flags;
            flags.width = width
                .map(i64::unsigned_abs)
                .and_then(|width| width.try_into().ok());
            if width.is_some_and(i64::is_negative) {
                flags.minus = true;
                flags.zero = false;
            }
            if width.is_none() {
                self.printer.write("%!(BADWIDTH)");
            }
            *indexed = false;
            return;
        }
        self.printer.flags.width = self.number();
        if *indexed && self.printer.flags.width.is_some() {
            self.good = false;
        }
    }

    fn precision(&mut self, indexed: &mut bool) {
        // A point at the very end is taken for the verb, as in Go.
        if self.byte() != Some(b'.') || self.at + 1 >= self.format.len() {
            return;
        }
        self.at += 1;
        if *indexed {
            self.good = false;
        }
        *indexed = self.index();
        if self.byte() == Some(b'*') {
            self.at += 1;
            let precision = self
                .integer_operand()
                .and_then(|value| usize::try_from(value).ok());
            self.printer.flags.precision = precision;
            if precision.is_none() {
                self.printer.write("%!(BADPREC)");
            }
            *indexed = false;
        } else {
            self.printer.flags.precision = Some(self.number().unwrap_or(0));
        }
    }

    fn number(&mut self) -> Option<usize> {
        let (number, length) = digits(self.rest());
        self.at += length;
        number
    }

    /// The operand of a `*`.
    fn integer_operand(&mut self) -> Option<i64> {
        let value = self.operands.get(self.operand)?;
        self.operand += 1;
        value
            .as_integer()
            .filter(|value| (-LARGEST..=LARGEST).contains(value))
    }

    fn extra(&mut self) {
        let extra = self.operands.get(self.operand..).unwrap_or_default();
        if self.reordered || extra.is_empty() {
            return;
        }
        self.printer.flags = Flags::default();
        self.printer.write("%!(EXTRA ");
        for (at, value) in extra.iter().enumerate() {
            if at > 0 {
                self.printer.write(", ");
            }
            if !matches!(value, Value::Nil) {
                self.printer.write(value.type_name());
                self.printer.write("=");
            }
            self.printer.value(value, 'v');
        }
        self.printer.write(")");
    }
}

/// A decimal number at the start and its length. One that is too long eats all that follows, as
/// in Go.
fn digits(text: &[u8]) -> (Option<usize>, usize) {
    let mut number = 0;
    let mut length = 0;
    for byte in text.iter().take_while(|byte| byte.is_ascii_digit()) {
        if number > 1_000_000 {
            return (None, text.len());
        }
        number = number * 10 + usize::from(byte - b'0');
        length += 1;
    }
    ((length > 0).then_some(number), length)
}
