//! `tmpl` and `tpl`: templates that render templates.

use crate::template::function::{Function, Functions, Signature};
use crate::template::gomplate::handover;
use crate::template::kind::Type;
use crate::template::value::Value;

pub(super) fn add(functions: &mut Functions) {
    let exec = Function::rendering(
        Signature::variadic(&[Type::Str], Type::Any, Type::Str),
        |engine, args| {
            let name = String::from_utf8_lossy(args[0].as_text().unwrap_or_default()).into_owned();
            let data = match args.get(1) {
                Some(data) => data.clone(),
                None => engine.root(),
            };
            engine.execute(&name, data).map(Value::text)
        },
    );
    let inline = Function::rendering(
        Signature::variadic(&[Type::Any], Type::Any, Type::Str),
        |engine, args| {
            let (name, text, data) = match args {
                [text] => ("<inline>".to_owned(), text, engine.root()),
                [name, text @ Value::Str(_)] => (shown(name), text, engine.root()),
                [text, data] => ("<inline>".to_owned(), text, data.clone()),
                [name, text, data] => (shown(name), text, data.clone()),
                _ => return handover("unusual arguments of tpl"),
            };
            let Some(text) = text.as_text() else {
                return handover("unusual arguments of tpl");
            };
            engine.execute_text(&name, text, data).map(Value::text)
        },
    );
    functions.add("tpl", inline.clone());
    functions.add_namespace(
        "tmpl",
        "*tmpl.Template",
        [("Exec", exec), ("Inline", inline)],
    );
}

fn shown(value: &Value) -> String {
    String::from_utf8_lossy(value.as_text().unwrap_or_default()).into_owned()
}
