//! Writing of single values under the flags of a `printf` verb, by the rules of Go's fmt. It knows
//! neither format strings nor containers.

use crate::template::float::format_float;
use crate::template::quote::{Quoting, can_backquote, quote_rune, quote_with};
use crate::template::runes::{REPLACEMENT, characters, count, is_print};

/// What messages say of values whose form is only Go's: pointers, and structs by their fields.
pub const UNPRINTABLE: &str = "that only Go can print";

/// The flags between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are flags, each on its own"
)]
pub(crate) struct Flags {
    pub(crate) width: Option<usize>,
    pub(crate) precision: Option<usize>,
    pub(crate) minus: bool,
    pub(crate) plus: bool,
    pub(crate) sharp: bool,
    pub(crate) space: bool,
    pub(crate) zero: bool,
    /// `%#v`
    pub(crate) go_syntax: bool,
}

/// A text under construction, of bounded length.
pub(crate) struct Printer {
    out: Vec<u8>,
    limit: usize,
    /// How many values were looked at within others.
    pub(crate) values: usize,
    /// Set when the text would be too long, or a value too deep; the text is then not usable.
    pub(crate) overflowed: bool,
    /// Set when a value would show an address, or a struct's fields.
    pub(crate) unprintable: bool,
    pub(crate) flags: Flags,
    /// Set while a wrong verb is reported: objects then do not print themselves.
    pub(crate) reporting: bool,
}

impl Printer {
    pub(crate) fn new(limit: usize) -> Self {
        let flags = Flags::default();
        Self {
            out: Vec::new(),
            limit,
            values: 0,
            overflowed: false,
            unprintable: false,
            flags,
            reporting: false,
        }
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>, String> {
        if self.overflowed {
            return Err(
                "what can be printed is exceeded: text too long or value too deeply nested"
                    .to_owned(),
            );
        }
        if self.unprintable {
            return Err(format!("a value {UNPRINTABLE}"));
        }
        Ok(self.out)
    }

    pub(crate) fn write(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        if self.overflowed || self.out.len().saturating_add(text.len()) > self.limit {
            self.overflowed = true;
            return;
        }
        self.out.extend_from_slice(text);
    }

    fn padding(&mut self, amount: usize) {
        let zero = self.flags.zero && !self.flags.minus;
        self.write(vec![if zero { b'0' } else { b' ' }; amount]);
    }

    pub(crate) fn pad(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        let missing = match self.flags.width {
            None | Some(0) => 0,
            Some(width) => width.saturating_sub(count(text)),
        };
        if self.flags.minus {
            self.write(text);
            self.padding(missing);
        } else {
            self.padding(missing);
            self.write(text);
        }
    }

    fn pad_with_blanks(&mut self, text: impl AsRef<[u8]>) {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(text);
        self.flags.zero = zero;
    }

    fn truncate<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(precision) = self.flags.precision else {
            return text;
        };
        let length = characters(text)
            .take(precision)
            .map(|(_, length)| length)
            .sum();
        text.get(..length).unwrap_or(text)
    }

    /// `%s`
    pub(crate) fn plain(&mut self, text: &[u8]) {
        self.pad(self.truncate(text));
    }

    /// `%q` of a text
    pub(crate) fn quoted(&mut self, text: &[u8]) {
        let text = self.truncate(text);
        if self.flags.sharp && can_backquote(text) {
            self.pad([b"`", text, b"`"].concat());
        } else {
            self.pad(quote_with(
                text,
                Quoting {
                    quote: '"',
                    ascii: self.flags.plus,
                },
            ));
        }
    }

    /// `%x` and `%X` of a text
    pub(crate) fn hexadecimal(&mut self, text: &[u8], upper: bool) {
        let length = self.flags.precision.unwrap_or(usize::MAX).min(text.len());
        let text = text.get(..length).unwrap_or_default();
        let prefix = if upper { "0X" } else { "0x" };
        let mut out = String::new();
        for (at, byte) in text.iter().enumerate() {
            if self.flags.space && at > 0 {
                out.push(' ');
            }
            if self.flags.sharp && (at == 0 || self.flags.space) {
                out.push_str(prefix);
            }
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                out.push(if upper {
                    digit.to_ascii_uppercase()
                } else {
                    digit
                });
            }
        }
        self.pad(out);
    }

    /// `%c`
    pub(crate) fn character(&mut self, code: u64) {
        self.pad(rune(code).encode_utf8(&mut [0; 4]));
    }

    /// `%q` of a number
    pub(crate) fn quoted_character(&mut self, code: u64) {
        self.pad(quote_rune(rune(code), self.flags.plus));
    }

    /// `%U`
    pub(crate) fn code_point(&mut self, code: u64) {
        let digits = self.flags.precision.unwrap_or(4).max(4);
        let number = format!("{code:X}");
        let mut out = format!(
            "U+{}{number}",
            "0".repeat(digits.saturating_sub(number.len()))
        );
        let character = u32::try_from(code).ok().and_then(char::from_u32);
        let character = character.filter(|character| self.flags.sharp && is_print(*character));
        if let Some(character) = character {
            out.extend([' ', '\'', character, '\'']);
        }
        self.pad_with_blanks(out);
    }

    /// Integers in a base; `verb` is `O` for the prefix `0o`, `X` for capital digits.
    pub(crate) fn integer(&mut self, negative: bool, magnitude: u64, base: u32, verb: char) {
        let flags = self.flags;
        let mut least = 0;
        if let Some(precision) = flags.precision {
            least = precision;
            if precision == 0 && magnitude == 0 {
                self.pad_with_blanks("");
                return;
            }
        } else if let Some(width) = flags.width.filter(|_| flags.zero && !flags.minus) {
            least = width.saturating_sub(usize::from(negative || flags.plus || flags.space));
        }
        let mut out = match (base, verb) {
            (2, _) => format!("{magnitude:b}"),
            (8, _) => format!("{magnitude:o}"),
            (16, 'X') => format!("{magnitude:X}"),
            (16, _) => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        out.insert_str(0, &"0".repeat(least.saturating_sub(out.len())));
        if flags.sharp {
            let prefix = match base {
                2 => "0b",
                8 if !out.starts_with('0') => "0",
                16 if verb == 'X' => "0X",
                16 => "0x",
                _ => "",
            };
            out.insert_str(0, prefix);
        }
        if verb == 'O' {
            out.insert_str(0, "0o");
        }
        match (negative, flags.plus, flags.space) {
            (true, _, _) => out.insert(0, '-'),
            (_, true, _) => out.insert(0, '+'),
            (_, _, true) => out.insert(0, ' '),
            _ => {}
        }
        self.pad_with_blanks(out);
    }

    /// A floating-point number; `precision` is the verb's own, unless one is given.
    pub(crate) fn float(&mut self, value: f64, verb: u8, precision: Option<usize>) {
        let flags = self.flags;
        let precision = flags.precision.or(precision);
        let mut text = format_float(value, verb, precision);
        if !text.starts_with(['-', '+']) {
            text.insert(0, '+');
        }
        if flags.space && text.starts_with('+') && !flags.plus {
            text.replace_range(..1, " ");
        }
        if !value.is_finite() {
            // `+Inf` keeps its sign; `NaN` has one only when asked for.
            let start = usize::from(value.is_nan() && !flags.space && !flags.plus);
            self.pad_with_blanks(text.get(start..).unwrap_or_default());
            return;
        }
        if flags.sharp && verb != b'b' {
            text = keep_zeros(&text, verb, precision);
        }
        if !flags.plus && text.starts_with('+') {
            self.pad(text.get(1..).unwrap_or_default());
            return;
        }
        let missing = flags.width.unwrap_or(0).saturating_sub(text.len());
        if flags.zero && !flags.minus && missing > 0 {
            self.write(text.get(..1).unwrap_or_default());
            self.padding(missing);
            self.write(text.get(1..).unwrap_or_default());
        } else {
            self.pad(text);
        }
    }
}

fn rune(code: u64) -> char {
    u32::try_from(code)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or(REPLACEMENT)
}

/// What `#` does to a number with a sign in front: a decimal point always, and the zeros that `g`
/// leaves out.
fn keep_zeros(text: &str, verb: u8, precision: Option<usize>) -> String {
    let hexadecimal = matches!(verb, b'x' | b'X');
    let mut digits = match verb {
        b'g' | b'G' | b'x' => precision.map_or(6, |digits| i64::try_from(digits).unwrap_or(6)),
        _ => 0,
    };
    let exponent = text.find(|character| match character {
        'p' | 'P' => true,
        'e' | 'E' => !hexadecimal,
        _ => false,
    });
    let (number, tail) = text.split_at(exponent.unwrap_or(text.len()));
    let mut out = number.to_owned();
    let mut significant = false;
    for character in number.chars().skip(1).filter(|character| *character != '.') {
        significant |= character != '0';
        digits -= i64::from(significant);
    }
    if !number.contains('.') {
        if number.len() == 2 && number.ends_with('0') {
            digits -= 1;
        }
        out.push('.');
    }
    out.extend(std::iter::repeat_n(
        '0',
        usize::try_from(digits).unwrap_or(0),
    ));
    out + tail
}
