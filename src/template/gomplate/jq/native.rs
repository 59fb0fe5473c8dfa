//! Which functions of Rust the names of jq's functions stand for. Names that begin with `core_` are for `definitions.jq` alone.

use jaq_core::box_iter::box_once;
use jaq_core::data::JustLut;
use jaq_core::native::{Filter, Fun, bome, run, v};
use jaq_core::{Error, Exn, Native, RunPtr};

use crate::template::gomplate::jq::arithmetic::{fail, split};
use crate::template::gomplate::jq::budget::charge;
use crate::template::gomplate::jq::value::Val;
use crate::template::gomplate::jq::{formats, functions, paths, patterns, places};

/// What programs run on.
pub(super) type Data = JustLut<Val>;

/// A function of the input alone.
macro_rules! of_input {
    ($name:literal, $body:expr) => {{
        let run: RunPtr<Data> = |cv| {
            let body: fn(&Val) -> jaq_core::ValR<Val> = $body;
            bome(body(&cv.1))
        };
        ($name, v(0), run)
    }};
}

/// A function of the input and one argument.
macro_rules! of_two {
    ($name:literal, $body:expr) => {{
        let run: RunPtr<Data> = |mut cv| {
            let body: fn(&Val, &Val) -> jaq_core::ValR<Val> = $body;
            let argument = cv.0.pop_var();
            bome(body(&cv.1, &argument))
        };
        ($name, v(1), run)
    }};
}

/// All functions that programs and definitions may call.
pub(super) fn all() -> impl Iterator<Item = Fun<Data>> {
    let own = [inputs(), texts(), pairs(), others()].into_iter().flatten();
    own.map(run::<Data>).chain(core()).chain([tick()])
}

/// What every loop does once in each round, and every comma: it ends a program that has used up its steps.
fn tick() -> Fun<Data> {
    let native = Native::new(|cv| box_once(if charge(1) { Ok(cv.1) } else { over() }))
        .with_paths(|cv| box_once(if charge(1) { Ok(cv.1) } else { over() }))
        .with_update(|cv, f| if charge(1) { f(cv.1) } else { box_once(over()) });
    ("core_tick", v(0), native)
}

/// An end that no `try` catches.
fn over<'a, T>() -> Result<T, Exn<'a, Val>> {
    Err(Exn::halt(1))
}

/// The library's own, under names that programs cannot have.
fn core() -> impl Iterator<Item = Fun<Data>> {
    let names = [
        ("first", "core_first"),
        ("last", "core_last"),
        ("limit", "core_limit"),
        ("skip", "core_skip"),
        ("range", "core_range"),
        ("path", "core_path"),
    ];
    jaq_core::funs().filter_map(move |(name, arguments, native)| {
        let (_, own) = names.iter().find(|(known, _)| *known == name)?;
        Some((*own, arguments, native))
    })
}

fn inputs() -> Vec<Filter<RunPtr<Data>>> {
    vec![
        of_input!("length", functions::length),
        of_input!("utf8bytelength", functions::byte_length),
        of_input!("abs", functions::absolute),
        of_input!("floor", |value| functions::rounded(value, f64::floor)),
        of_input!("ceil", |value| functions::rounded(value, f64::ceil)),
        of_input!("round", |value| functions::rounded(value, f64::round)),
        of_input!("sqrt", |value| functions::rounded(value, f64::sqrt)),
        of_input!("keys", functions::keys),
        of_input!("type", |value| Ok(Val::text(value.type_name()))),
        of_input!("add", functions::add),
        of_input!("tonumber", functions::to_number),
        of_input!("reverse", functions::reverse),
        of_input!("flatten", |value| functions::flatten(value, &Val::Null)),
        of_input!("sort", |value| functions::sort_by(value, value)),
        of_input!("unique", |value| functions::unique_by(value, value)),
        of_input!("min", |value| functions::extreme(value, value, true)),
        of_input!("max", |value| functions::extreme(value, value, false)),
        of_input!("from_entries", functions::from_entries),
        of_input!("transpose", functions::transpose),
        of_input!("explode", places::explode),
        of_input!("implode", places::implode),
    ]
}

fn texts() -> Vec<Filter<RunPtr<Data>>> {
    vec![
        of_input!("tostring", |value| Ok(Val::text(formats::shown(value)))),
        of_input!("tojson", |value| Ok(formats::json_text(value))),
        of_input!("ascii_downcase", |value| {
            Ok(Val::text(functions::text(value)?.to_ascii_lowercase()))
        }),
        of_input!("ascii_upcase", |value| {
            Ok(Val::text(functions::text(value)?.to_ascii_uppercase()))
        }),
        of_input!("trim", |value| Ok(Val::text(
            functions::text(value)?.trim()
        ))),
        of_input!("ltrim", |value| Ok(Val::text(
            functions::text(value)?.trim_start()
        ))),
        of_input!("rtrim", |value| Ok(Val::text(
            functions::text(value)?.trim_end()
        ))),
        of_input!("@text", |value| Ok(Val::text(formats::shown(value)))),
        of_input!("@json", |value| Ok(formats::json_text(value))),
        of_input!("@html", |value| Ok(formats::html(value))),
        of_input!("@uri", |value| Ok(formats::uri(value))),
        of_input!("@base64", |value| Ok(formats::base64(value))),
        of_input!("@base64d", formats::base64_decoded),
        of_input!("@csv", formats::csv),
        of_input!("@tsv", formats::tsv),
        of_input!("@sh", formats::shell),
    ]
}

fn pairs() -> Vec<Filter<RunPtr<Data>>> {
    vec![
        of_two!("has", functions::has),
        of_two!("contains", functions::contains),
        of_two!("join", functions::join),
        of_two!("flatten", |value, depth| match depth {
            Val::Null => fail(),
            depth => functions::flatten(value, depth),
        }),
        of_two!("split", |value, by| {
            Ok(split(functions::text(value)?, functions::text(by)?))
        }),
        of_two!("indices", |value, part| {
            Ok(places::all_indices(places::indices(value, part)?))
        }),
        of_two!("index", |value, part| {
            Ok(places::index(places::indices(value, part)?, false))
        }),
        of_two!("rindex", |value, part| {
            Ok(places::index(places::indices(value, part)?, true))
        }),
        of_two!("startswith", |value, part| {
            let text = functions::text(value)?;
            Ok(Val::Bool(text.starts_with(&**functions::text(part)?)))
        }),
        of_two!("endswith", |value, part| {
            let text = functions::text(value)?;
            Ok(Val::Bool(text.ends_with(&**functions::text(part)?)))
        }),
        of_two!("ltrimstr", |value, part| {
            let (text, part) = (functions::text(value)?, functions::text(part)?);
            Ok(Val::text(text.strip_prefix(&**part).unwrap_or(text)))
        }),
        of_two!("rtrimstr", |value, part| {
            let (text, part) = (functions::text(value)?, functions::text(part)?);
            Ok(Val::text(text.strip_suffix(&**part).unwrap_or(text)))
        }),
        of_two!("getpath", |value, path| paths::get(value.clone(), path)),
        of_two!("delpaths", paths::delete),
        of_two!("core_sort_by", functions::sort_by),
        of_two!("core_group_by", functions::group_by),
        of_two!("core_unique_by", functions::unique_by),
        of_two!("core_min_by", |value, keys| functions::extreme(
            value, keys, true
        )),
        of_two!("core_max_by", |value, keys| functions::extreme(
            value, keys, false
        )),
    ]
}

fn others() -> Vec<Filter<RunPtr<Data>>> {
    vec![
        ("core_fail", v(0), |cv| bome(Err(Error::new(cv.1)))),
        ("setpath", v(2), |mut cv| {
            let new = cv.0.pop_var();
            let path = cv.0.pop_var();
            bome(paths::set(&cv.1, &path, &new))
        }),
        ("core_test", v(2), |mut cv| {
            let flags = cv.0.pop_var();
            let expression = cv.0.pop_var();
            bome(patterns::is_match(&cv.1, &expression, &flags))
        }),
        ("core_match", v(2), |mut cv| {
            let flags = cv.0.pop_var();
            let expression = cv.0.pop_var();
            bome(patterns::matches(&cv.1, &expression, &flags))
        }),
        of_input!("core_named", patterns::named),
        ("core_check_range", v(3), |mut cv| {
            let bounds = [cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var()];
            let are_numbers = bounds.iter().all(|bound| bound.as_float().is_some());
            bome(if are_numbers { Ok(cv.1) } else { fail() })
        }),
    ]
}
