//! What gomplate's version 5 dropped, as version 4.3.3 has it: functions that libraries may still use.

use crate::template::function::{Function, Functions, Signature};
use crate::template::gomplate::conv::text;
use crate::template::gomplate::strings::{plain, split, utf8};
use crate::template::gomplate::{Entry, fixed, handover};
use crate::template::kind::Type;
use crate::template::value::{List, Value};

/// The names of what is here.
pub const DROPPED: &[&str] = &[
    "bool",
    "contains",
    "conv.Bool",
    "hasPrefix",
    "hasSuffix",
    "net.ParseIP",
    "net.ParseIPPrefix",
    "net.ParseIPRange",
    "split",
    "splitN",
    "strings.Sort",
    "trim",
];

const TEXTS: &[Type] = &[Type::Str, Type::Str];
const WITH_COUNT: &[Type] = &[Type::Str, Type::Str, Type::Int];

/// The names of the functions that have no namespace; their arguments are in the other order than those of `strings`.
pub(super) fn add(functions: &mut Functions) {
    let found = |text: &[u8], what: &[u8]| memchr::memmem::find(text, what).is_some();
    let test = |test: fn(&[u8], &[u8]) -> bool| {
        Function::new(Signature::new(TEXTS, Type::Bool), move |_, args| {
            Ok(test(plain(&args[0]), plain(&args[1])).into())
        })
    };
    functions.add("contains", test(found));
    functions.add("hasPrefix", test(<[u8]>::starts_with));
    functions.add("hasSuffix", test(<[u8]>::ends_with));
    let parts = Function::new(Signature::new(TEXTS, Type::STRINGS), |_, args| {
        split(plain(&args[0]), plain(&args[1]), -1)
    });
    functions.add("split", parts);
    let some = Function::new(Signature::new(WITH_COUNT, Type::STRINGS), |_, args| {
        let count = args[2].as_integer().unwrap_or_default();
        split(plain(&args[0]), plain(&args[1]), count)
    });
    functions.add("splitN", some);
    let trimmed = Function::new(Signature::new(TEXTS, Type::Str), |_, args| {
        let (input, cut) = (utf8(&args[0])?, utf8(&args[1])?);
        Ok(input.trim_matches(|c| cut.contains(c)).into())
    });
    functions.add("trim", trimmed);
}

/// `conv.Bool` and `bool`: only what Go reads as true.
pub(super) fn bool() -> Entry {
    fixed("Bool", Some("bool"), &[Type::Any], Type::Bool, |_, args| {
        let text = text(&args[0])?;
        let truths: [&[u8]; 6] = [b"1", b"t", b"T", b"TRUE", b"true", b"True"];
        Ok(truths.contains(&text.as_slice()).into())
    })
}

/// `strings.Sort`: texts in the order of their bytes. A list of texts is sorted in place.
pub(super) fn sort() -> Entry {
    fixed("Sort", None, &[Type::Any], Type::STRINGS, |_, args| {
        let Value::List(list) = &args[0] else {
            let found = args[0].type_name();
            return Err(format!(
                "wrong type for value; expected []string; got {found}"
            ));
        };
        if list.is_window() {
            return handover("a part of a list that is sorted in place");
        }
        if list.element() == Type::Str {
            list.update(|items| items.sort_by(|a, b| a.as_text().cmp(&b.as_text())));
            return Ok(Value::List(list.clone()));
        }
        if list.element() != Type::Any {
            let found = args[0].type_name();
            return Err(format!(
                "wrong type for value; expected []string; got {found}"
            ));
        }
        let texts: Result<Vec<_>, String> = list.items().iter().map(text).collect();
        let mut texts = texts?;
        texts.sort();
        let texts = texts.into_iter().map(Value::text).collect();
        Ok(Value::List(List::new(Type::Str, texts)))
    })
}
