//! The forms in which a secret is passed on: in base64, in URLs, in JSON, quoted for a shell, line by line.
//! Knows nothing of the texts in which they stand.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::core::mask::{SHORTEST, is_maskable};

/// Where tools break lines of base64: `base64` itself, and PEM.
const WIDTHS: [usize; 2] = [76, 64];

/// The value, each of its longer lines, and how they look elsewhere.
pub(super) fn forms(value: &[u8]) -> Vec<Vec<u8>> {
    let lines = value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let parts: BTreeSet<&[u8]> = [value, value.trim_ascii()]
        .into_iter()
        .chain(lines)
        .filter(|part| is_maskable(part))
        .collect();
    let mut forms = Vec::new();
    for part in parts {
        forms.push(part.to_vec());
        forms.extend(encoded(part));
        forms.extend(url_encoded(part));
        forms.extend(std::str::from_utf8(part).into_iter().flat_map(json));
        forms.push(shell_quoted(part));
    }
    // A form that is as long as its value at least has as many characters.
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

/// A value in base64: alone, and wherever in a longer text it may stand.
fn encoded(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![STANDARD.encode(value), URL_SAFE.encode(value)];
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        let alone = engine.encode(value);
        for width in WIDTHS.into_iter().filter(|width| alone.len() > *width) {
            // The last line may be short, and then it is no secret by itself.
            let lines = alone.as_bytes().chunks(width);
            forms.extend(lines.map(|line| String::from_utf8_lossy(line).into_owned()));
        }
        forms.push(alone);
        for before in 0..3 {
            forms.extend(embedded(value, before, engine));
        }
    }
    forms.into_iter().map(String::into_bytes).collect()
}

/// A value in base64 as it looks behind `before` bytes and in front of others: without the characters that depend on them.
fn embedded(
    value: &[u8],
    before: usize,
    engine: &base64::engine::GeneralPurpose,
) -> Option<String> {
    let mut text = vec![0; before];
    text.extend_from_slice(value);
    // Six bits a character.
    let first = (before * 8).div_ceil(6);
    let end = text.len() * 8 / 6;
    engine.encode(&text).get(first..end).map(str::to_owned)
}

/// A value in URLs, as the various libraries write them.
fn url_encoded(value: &[u8]) -> Vec<Vec<u8>> {
    // The characters that stay, besides letters and digits: RFC 3986; JavaScript; paths; forms; nothing.
    let kept: [&[u8]; 5] = [b"-_.~", b"-_.~!*'()", b"-_.~$&+,/:;=@!*'()", b"-_.*", b""];
    let mut forms = Vec::new();
    for kept in kept {
        for (plus, upper) in [(false, true), (false, false), (true, true), (true, false)] {
            let mut text = Vec::new();
            for byte in value {
                match byte {
                    b' ' if plus => text.push(b'+'),
                    _ if byte.is_ascii_alphanumeric() || kept.contains(byte) => text.push(*byte),
                    _ if upper => text.extend_from_slice(format!("%{byte:02X}").as_bytes()),
                    _ => text.extend_from_slice(format!("%{byte:02x}").as_bytes()),
                }
            }
            forms.push(text);
        }
    }
    forms
}

/// A value inside a JSON string: as short as possible; with `<`, `>`, `&` escaped, as Go does; with slashes escaped; in ASCII alone.
fn json(value: &str) -> Vec<Vec<u8>> {
    let plain = json_string(value);
    let html = plain
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    let mut ascii = String::new();
    for c in plain.chars() {
        if c.is_ascii() {
            ascii.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    let slashes = plain.replace('/', "\\/");
    // JSON inside JSON, as in the events' output.
    let twice = json_string(&plain);
    [plain, html, ascii, slashes, twice]
        .map(String::into_bytes)
        .into()
}

/// A text in a JSON string, without the quotes around it.
fn json_string(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    let inner = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}

/// A value between single quotes, as `set -x` shows it.
fn shell_quoted(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for byte in value {
        match byte {
            b'\'' => text.extend_from_slice(b"'\\''"),
            _ => text.push(*byte),
        }
    }
    text
}
