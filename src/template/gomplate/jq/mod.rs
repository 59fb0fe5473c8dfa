//! `coll.JQ`: jq programs, run by the interpreter of jaq on values that follow gojq, which gomplate has. A program that fails, that
//! may run for ever, or that uses something of which the two may think differently, is handed over.
//!
//! Facts: gomplate v5.2.0 and gojq v0.12.19, by their source and by running them.

mod access;
mod arithmetic;
mod budget;
mod check;
mod formats;
mod functions;
mod json;
mod known;
mod native;
mod paths;
mod patterns;
mod places;
mod shape;
mod syntax;
mod value;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jaq_core::load::parse::{Def, Term};
use jaq_core::load::{Arena, File, Loader, parse};
use jaq_core::{Compiler, Ctx, Vars};

use crate::template::gomplate::bounds::VALUES;
use crate::template::gomplate::handover;
use crate::template::gomplate::jq::native::Data;
use crate::template::gomplate::jq::value::Val;
use crate::template::value::Value;

/// How deep values are looked into: functions that walk through them need stack for each level.
const DEPTH: usize = 32;

/// One of jq's functions that are programs themselves.
struct Definition {
    parsed: Def<&'static str>,
    words: BTreeSet<&'static str>,
}

/// Each in a line of its own, behind those that it calls.
static DEFINITIONS: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    let lines = include_str!("definitions.jq").lines();
    let definition = |line: &'static str| {
        let parsed = parse(line, |parser| parser.defs())?.pop()?;
        let words = words(line).collect();
        Some(Definition { parsed, words })
    };
    lines.filter_map(definition).collect()
});

/// All that may be names in a program.
fn words(program: &str) -> impl Iterator<Item = &str> {
    program.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

/// The definitions that a program may need: to read all of them takes longer than most programs run.
fn definitions(program: &str) -> Vec<Def<&'static str>> {
    let mut needed: BTreeSet<&str> = words(program).collect();
    let mut found = Vec::new();
    for definition in DEFINITIONS.iter().rev() {
        if needed.contains(definition.parsed.name) {
            needed.extend(&definition.words);
            found.push(definition.parsed.clone());
        }
    }
    found.reverse();
    found
}

/// What a program makes of a value: its one result, or the list of them.
///
/// # Errors
/// The mark that hands it over.
pub(super) fn jq(program: &[u8], value: &Value) -> Result<Value, String> {
    let Ok(program) = std::str::from_utf8(program) else {
        return handover("a query that is not UTF-8");
    };
    let Some(term) = check::parsed(program) else {
        return handover("a query that gomplate may read otherwise");
    };
    let Some(input) = Val::from_value(value, DEPTH, &mut { VALUES }) else {
        return handover("a query on an unusual value");
    };
    let (results, why) = budget::within(|| results(definitions(program), term, input));
    match (results, why) {
        (_, Some(why)) => handover(why),
        (None, None) => handover("a query that fails"),
        (Some(mut results), None) if results.len() == 1 => {
            Ok(results.pop().map_or(Value::Nil, Val::into_value))
        }
        (Some(results), None) => {
            let values = results.into_iter().map(Val::into_value);
            Ok(Value::grown(values.collect()))
        }
    }
}

/// All results, if the program does not fail.
fn results<'s>(
    mut definitions: Vec<Def<&'s str>>,
    term: Term<&'s str>,
    input: Val,
) -> Option<Vec<Val>> {
    definitions.push(Def {
        name: "core_main",
        args: Vec::new(),
        body: term,
    });
    let arena = Arena::default();
    let code = File {
        code: "core_main",
        path: (),
    };
    let modules = Loader::new(definitions).load(&arena, code).ok()?;
    let compiler = Compiler::default().with_funs(native::all());
    let program = compiler.compile(modules).ok()?;
    let context = Ctx::<Data>::new(&program.lut, Vars::new([]));
    let mut results = Vec::new();
    for result in program.id.run((context, input)) {
        results.push(result.ok()?);
        if !budget::charge(1) {
            return None;
        }
    }
    Some(results)
}
