//! `uuid`: what is the same each time. Those by chance or time are gomplate's.

use crate::template::function::Functions;
use crate::template::gomplate::conv::text;
use crate::template::gomplate::{fixed, namespace};
use crate::template::kind::Type;

pub(super) fn add(functions: &mut Functions) {
    namespace(
        functions,
        "uuid",
        "*funcs.UUIDFuncs",
        vec![
            fixed("Nil", None, &[], Type::Str, |_, _| {
                Ok("00000000-0000-0000-0000-000000000000".into())
            }),
            fixed("IsValid", None, &[Type::Any], Type::Bool, |_, args| {
                Ok(is_valid(&text(&args[0])?).into())
            }),
        ],
    );
}

/// With hyphens, with `urn:uuid:` before it, with a character on either side, or hexadecimal digits alone.
fn is_valid(text: &[u8]) -> bool {
    let all_hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    let plain = match text.len() {
        36 => text,
        45 if text
            .get(..9)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"urn:uuid:")) =>
        {
            text.get(9..).unwrap_or_default()
        }
        38 => text.get(1..37).unwrap_or_default(),
        32 => return all_hex(text),
        _ => return false,
    };
    plain.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}
