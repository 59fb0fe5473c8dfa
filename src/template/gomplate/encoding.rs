//! `base64` and `crypto`: bytes as text, and digests.

use ::base64::Engine;
use ::base64::engine::general_purpose::{STANDARD, URL_SAFE};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::template::function::Functions;
use crate::template::gomplate::conv::text;
use crate::template::gomplate::{Entry, fixed, handover, namespace};
use crate::template::kind::Type;
use crate::template::value::Value;

pub(super) fn add(functions: &mut Functions) {
    namespace(
        functions,
        "base64",
        "*funcs.Base64Funcs",
        vec![
            fixed("Encode", None, &[Type::Any], Type::Str, |_, args| {
                let bytes = match &args[0] {
                    Value::Nil => Vec::new(),
                    value => text(value)?,
                };
                Ok(STANDARD.encode(bytes).into())
            }),
            fixed("Decode", None, &[Type::Any], Type::Str, |_, args| {
                Ok(Value::text(decode(&args[0])?))
            }),
            fixed("DecodeBytes", None, &[Type::Any], Type::BYTES, |_, args| {
                Ok(Value::bytes(decode(&args[0])?))
            }),
        ],
    );
    namespace(
        functions,
        "crypto",
        "*funcs.CryptoFuncs",
        vec![
            digest("SHA1", |bytes| hex(&Sha1::digest(bytes))),
            digest("SHA224", |bytes| hex(&Sha224::digest(bytes))),
            digest("SHA256", |bytes| hex(&Sha256::digest(bytes))),
            digest("SHA384", |bytes| hex(&Sha384::digest(bytes))),
            digest("SHA512", |bytes| hex(&Sha512::digest(bytes))),
        ],
    );
}

/// Go skips line ends, and takes padding bits that are not zero; what a stricter decoder refuses is gomplate's to judge.
fn decode(value: &Value) -> Result<Vec<u8>, String> {
    let text = text(value)?;
    STANDARD
        .decode(&text)
        .or_else(|_| URL_SAFE.decode(&text))
        .or_else(|_| handover("unusual base64"))
}

fn digest(name: &'static str, shown: fn(&[u8]) -> String) -> Entry {
    let body = move |input: &Value| Ok(Value::from(shown(&text(input)?)));
    Entry {
        name,
        alias: None,
        function: crate::template::function::Function::new(
            crate::template::function::Signature::new(&[Type::Any], Type::Str),
            move |_, args| match &args[0] {
                Value::Str(_) | Value::Bytes(_) => body(&args[0]),
                _ => handover("a digest of what is no text"),
            },
        ),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        shown.push_str(&format!("{byte:02x}"));
    }
    shown
}
