//! jq's formats, `@base64` and the like, as gojq has them.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jaq_core::ValR;

use crate::template::gomplate::jq::arithmetic::{fail, unsure};
use crate::template::gomplate::jq::budget::charge;
use crate::template::gomplate::jq::json::json;
use crate::template::gomplate::jq::value::Val;

/// What `tostring` gives.
pub(super) fn shown(value: &Val) -> String {
    charge(value.size());
    match value {
        Val::Text(text) => text.to_string(),
        other => json(other),
    }
}

/// What `tojson` gives.
pub(super) fn json_text(value: &Val) -> Val {
    charge(value.size());
    Val::text(json(value))
}

pub(super) fn html(value: &Val) -> Val {
    let mut escaped = String::new();
    for c in shown(value).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\'' => escaped.push_str("&apos;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    Val::text(escaped)
}

pub(super) fn uri(value: &Val) -> Val {
    let mut escaped = String::new();
    for byte in shown(value).bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    Val::text(escaped)
}

pub(super) fn base64(value: &Val) -> Val {
    Val::text(base64::engine::general_purpose::STANDARD.encode(shown(value)))
}

pub(super) fn base64_decoded(value: &Val) -> ValR<Val> {
    let text = shown(value);
    if text.contains(['\r', '\n']) {
        return unsure("lines in base64 in a query");
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    let text = text.split('=').next().unwrap_or_default();
    match GeneralPurpose::new(&STANDARD, config).decode(text) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Val::text(text)),
            Err(_) => unsure("text in a query that is not UTF-8"),
        },
        Err(_) => fail(),
    }
}

pub(super) fn csv(value: &Val) -> ValR<Val> {
    row(value, ",", false, |text| {
        let escaped = text.replace('"', "\"\"").replace('\0', "\\0");
        format!("\"{escaped}\"")
    })
}

pub(super) fn tsv(value: &Val) -> ValR<Val> {
    row(value, "\t", false, |text| {
        let text = text.replace('\\', "\\\\").replace('\t', "\\t");
        let text = text.replace('\r', "\\r").replace('\n', "\\n");
        text.replace('\0', "\\0")
    })
}

pub(super) fn shell(value: &Val) -> ValR<Val> {
    let words = match value {
        Val::Array(_) => value.clone(),
        other => Val::array(vec![other.clone()]),
    };
    row(&words, " ", true, |text| {
        let escaped = text.replace('\'', "'\\''").replace('\0', "\\0");
        format!("'{escaped}'")
    })
}

/// The scalars of an array in a row.
fn row(value: &Val, by: &str, nulls: bool, escape: fn(&str) -> String) -> ValR<Val> {
    let Val::Array(array) = value else {
        return fail();
    };
    charge(value.size());
    let mut cells = Vec::new();
    for item in &array.items {
        cells.push(match item {
            Val::Array(_) | Val::Object(_) => return fail(),
            Val::Text(text) => escape(text),
            other => match json(other) {
                null if null == "null" && !nulls => String::new(),
                shown => shown,
            },
        });
    }
    Ok(Val::text(cells.join(by)))
}
