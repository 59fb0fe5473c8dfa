//! `coll.JQ` and `coll.JSONPath`, whose languages are read and run elsewhere.

use crate::template::gomplate::jq::jq;
use crate::template::gomplate::jsonpath::json_path;
use crate::template::gomplate::strings::plain;
use crate::template::gomplate::{Entry, fixed};
use crate::template::kind::Type;
use crate::template::root::data;

pub(super) fn entries() -> Vec<Entry> {
    const TWO: &[Type] = &[Type::Str, Type::Any];
    vec![
        fixed("JQ", Some("jq"), TWO, Type::Any, |_, args| {
            jq(plain(&args[0]), &data(&args[1]))
        }),
        fixed("JSONPath", Some("jsonpath"), TWO, Type::Any, |_, args| {
            json_path(plain(&args[0]), &data(&args[1]))
        }),
    ]
}
