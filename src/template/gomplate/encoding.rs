//! `base64`: bytes as text.

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;

use crate::template::function::Functions;
use crate::template::gomplate::conv::text;
use crate::template::gomplate::{fixed, namespace};
use crate::template::kind::Type;
use crate::template::value::Value;

pub(super) fn add(functions: &mut Functions) {
    namespace(
        functions,
        "base64",
        "*funcs.Base64Funcs",
        vec![
            fixed("Encode", None, &[Type::Any], Type::Str, |_, args| {
                Ok(STANDARD.encode(bytes(&args[0])?).into())
            }),
            fixed("Decode", None, &[Type::Any], Type::Str, |_, args| {
                Ok(Value::text(decode(&text(&args[0])?)?))
            }),
            fixed("DecodeBytes", None, &[Type::Any], Type::BYTES, |_, args| {
                Ok(Value::bytes(decode(&text(&args[0])?)?))
            }),
        ],
    );
}

/// A value as bytes: as text, but nothing is empty.
pub(super) fn bytes(value: &Value) -> Result<Vec<u8>, String> {
    match value {
        Value::Nil => Ok(Vec::new()),
        value => text(value),
    }
}

/// Both alphabets of base64, the usual one first; the error is that of the second.
fn decode(text: &[u8]) -> Result<Vec<u8>, String> {
    decode_with(text, *b"+/")
        .or_else(|_| decode_with(text, *b"-_"))
        .map_err(|at| format!("illegal base64 data at input byte {at}"))
}

/// Decodes as Go does: line ends do not count, and padding bits may be anything. The error is where it fails.
fn decode_with(text: &[u8], last: [u8; 2]) -> Result<Vec<u8>, usize> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let (mut group, mut length) = ([0_u8; 4], 0);
        while length < 4 {
            let Some(byte) = text.get(at) else {
                if length == 0 {
                    return Ok(decoded);
                }
                return Err(at - length);
            };
            at += 1;
            if let Some(digit) = digit(*byte, last) {
                group[length] = digit;
                length += 1;
            } else if *byte == b'=' {
                at = padding(text, at, length)?;
                break;
            } else if !matches!(byte, b'\n' | b'\r') {
                return Err(at - 1);
            }
        }
        let [a, b, c, d] = group;
        let all = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
        decoded.extend_from_slice(all.get(..length.saturating_sub(1)).unwrap_or_default());
    }
    Ok(decoded)
}

/// Where the text goes on behind the padding, of which one sign was read; it has to be the end.
fn padding(text: &[u8], at: usize, length: usize) -> Result<usize, usize> {
    let past_lines = |mut at: usize| {
        while matches!(text.get(at), Some(b'\n' | b'\r')) {
            at += 1;
        }
        at
    };
    let mut at = at;
    if length < 2 {
        return Err(at - 1);
    }
    if length == 2 {
        at = past_lines(at);
        match text.get(at) {
            None => return Err(text.len()),
            Some(b'=') => at += 1,
            Some(_) => return Err(at - 1),
        }
    }
    at = past_lines(at);
    if at < text.len() { Err(at) } else { Ok(at) }
}

fn digit(byte: u8, last: [u8; 2]) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        byte if byte == last[0] => 62,
        byte if byte == last[1] => 63,
        _ => return None,
    })
}
