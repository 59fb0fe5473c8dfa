//! Calls of functions with arguments by chance: of the types that the functions declare, and of others.

use super::methods::chained;
use betterform::template::gomplate::DROPPED;
use betterform::template::{Functions, Signature, Type};

/// Values of all kinds, as templates write them.
const ANY: [&str; 54] = [
    "nil",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "42",
    "7",
    "1.5",
    "-0.5",
    "1.0",
    "1e21",
    "2.5e-7",
    "'x'",
    "\"\"",
    "\"a\"",
    "\"héllo wörld\"",
    "\"日本語\"",
    "\"\\xff\\xfe\"",
    "\"a\\xc3b\"",
    "\"1\"",
    "\"0x1F\"",
    "\"1,000.5\"",
    "\"3.7\"",
    "\"-12\"",
    "\"017\"",
    "\"NaN\"",
    "\"true\"",
    "\"yes\"",
    "\"Hello big World\"",
    "\" a b  c \"",
    "\"a,b;c\"",
    "\"foo_bar-baz.quxQuux\"",
    "\"It's a \\\"test\\\" & <more>\"",
    "\"line1\\nline2\\n\\nline4\\n\"",
    "(coll.Slice)",
    "(coll.Slice 1 \"b\" nil)",
    "(coll.Slice \"b\" \"a\" \"b\")",
    "(coll.Slice 3 1 2)",
    "(coll.Slice (coll.Slice 1 2) (coll.Slice 3 (coll.Slice 4)))",
    "(dict)",
    "(dict \"a\" 1 \"b\" (coll.Slice 1 2))",
    "(dict \"k\" nil \"b\" (dict \"x\" \"y\"))",
    "(conv.ToInts 3 1 2)",
    "(keys (dict \"y\" 1 \"x\" 2))",
    "(base64.DecodeBytes \"aGk=\")",
    "(conv.ParseUint \"18446744073709551615\" 10 64)",
    "(conv.ToInt64 7)",
    "(net.ParseAddr \"1.2.3.4\")",
    "(net.ParsePrefix \"fe80::/10\")",
    "(net.ParseRange \"1.2.3.4-1.2.3.9\").Prefixes",
    "(net.ParseAddr \"1.2.3.4\").As4",
    "(uuid.Parse \"6ba7b810-9dad-11d1-80b4-00c04fd430c8\")",
    "(uuid.Parse \"6ba7b810-9dad-11d1-80b4-00c04fd430c8\").Version",
];

const TEXTS: [&str; 24] = [
    "\"\"",
    "\"a\"",
    "\"b\"",
    "\" \"",
    "\"-\"",
    "\",\"",
    "\"é\"",
    "\"ö\"",
    "\"\\n\"",
    "\"x\"",
    "\"k\"",
    "\"ll\"",
    "\"lo w\"",
    "\"He\"",
    "\"\\xff\"",
    "\"a b\"",
    "\"'\"",
    "\"日\"",
    "\"1\"",
    "\"  \"",
    "\"ab\"",
    "\"o\"",
    "\"string\"",
    "\"number\"",
];

const WHOLES: [&str; 14] = [
    "0", "1", "2", "3", "4", "5", "7", "8", "10", "16", "64", "-1", "100", "32",
];

const LISTS: [&str; 10] = [
    "(coll.Slice)",
    "(coll.Slice \"b\" \"a\" \"c\" \"a\")",
    "(coll.Slice 3 1 2 1)",
    "(coll.Slice 1.5 -1.0 0.0)",
    "(coll.Slice 1 \"a\" nil true)",
    "(coll.Slice (dict \"a\" 2 \"b\" \"x\") (dict \"a\" 1) (dict \"a\" 2 \"b\" \"y\"))",
    "(coll.Slice (coll.Slice 1 2) (coll.Slice 3 (coll.Slice 4)))",
    "(conv.ToStrings 1 \"b\" nil)",
    "(conv.ToInts 3 1 2)",
    "(coll.Slice true false true)",
];

const MAPS: [&str; 6] = [
    "(dict)",
    "(dict \"a\" 1)",
    "(dict \"a\" 2 \"b\" (dict \"x\" 1 \"y\" 2))",
    "(dict \"b\" (dict \"x\" 9 \"z\" nil) \"c\" (coll.Slice 1))",
    "(dict \"b\" \"no map\" \"k\" nil)",
    "(dict \"é\" 1 \"\" 2 \"A\" 3)",
];

/// Numbers that follow from a seed.
pub(crate) struct Row(pub(crate) u64);

impl Row {
    pub(crate) fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.next(from.len())]
    }
}

/// Arguments that some functions are about: for one of them a list of choices per place; an empty list stands for anything.
fn known(name: &str) -> &'static [&'static [&'static str]] {
    super::arguments::OF
        .iter()
        .find(|(names, _)| names.split(' ').any(|known| known == name))
        .map_or(&[], |(_, choices)| *choices)
}

fn argument(row: &mut Row, kind: Type) -> &'static str {
    // Now and then a value of any other type.
    if row.next(12) == 0 {
        return row.pick(&ANY);
    }
    match kind {
        Type::Str => row.pick(&TEXTS),
        Type::Int | Type::Int64 => row.pick(&WHOLES),
        Type::Map(_) => row.pick(&MAPS),
        _ => match row.next(8) {
            0 => row.pick(&LISTS),
            1 => row.pick(&MAPS),
            2 => row.pick(&TEXTS),
            3 => row.pick(&WHOLES),
            _ => row.pick(&ANY),
        },
    }
}

pub(crate) fn call(row: &mut Row, name: &str, signature: Signature) -> String {
    let mut call = name.to_owned();
    let choices = known(name);
    if !choices.is_empty() && row.next(10) > 0 {
        for choice in choices {
            let argument = if choice.is_empty() {
                self::argument(row, Type::Any)
            } else {
                row.pick(choice)
            };
            call.push(' ');
            call.push_str(argument);
        }
        return call;
    }
    let more = signature.variadic.map_or(0, |_| row.next(4));
    let kinds = signature.params.iter().copied();
    let rest = std::iter::repeat_n(signature.variadic.unwrap_or(Type::Any), more);
    for kind in kinds.chain(rest) {
        call.push(' ');
        call.push_str(argument(row, kind));
    }
    call
}

/// Whether a function can be called by chance: it reads nothing of the world.
pub(crate) fn is_called(name: &str) -> bool {
    let (namespace, method) = name.split_once('.').unwrap_or(("", name));
    let exceptions = [
        "file.Read",
        "file.ReadDir",
        "file.Stat",
        "file.Walk",
        "env.Env",
    ];
    !matches!(namespace, "time" | "tmpl" | "_datasource")
        && !matches!(
            method,
            "tpl"
                | "include"
                | "datasource"
                | "ds"
                | "listDatasources"
                | "defineDatasource"
                | "datasourceExists"
                | "datasourceReachable"
                | "slice"
        )
        && !exceptions.contains(&name)
}

/// Whether a function gives another result each time: then only what is always the same of it is compared.
pub(crate) fn is_by_chance(name: &str) -> bool {
    name.starts_with("random.") || matches!(name, "uuid.V1" | "uuid.V4" | "crypto.Bcrypt")
}

/// A template that tells the type and the length of a result, or only that there is one.
fn shape(name: &str, call: &str) -> String {
    let shown = if name == "random.Item" {
        "one"
    } else {
        "{{ printf \"%T\" $v }}{{ if isKind \"string\" $v }} {{ strings.RuneCount $v }}{{ end }}"
    };
    format!("{{{{ $v := {call} }}}}{shown}")
}

/// Templates with a call, and the name of the function: one that is gomplate's, or one that only its version 4 has.
pub(crate) fn templates(
    functions: &Functions,
    dropped: bool,
    only: Option<&str>,
    seed: u64,
    count: usize,
) -> Vec<(String, String)> {
    let mut row = Row(seed);
    let all = functions.signatures();
    let all: Vec<(&String, &Signature)> = all
        .iter()
        .filter(|(name, _)| only.is_none_or(|only| name.contains(only)))
        .filter(|(name, _)| is_called(name) && DROPPED.contains(&name.as_str()) == dropped)
        .collect();
    let count = if all.is_empty() { 0 } else { count };
    (0..count)
        .map(|at| {
            let (name, signature) = all[at % all.len()];
            let call = call(&mut row, name, *signature);
            let call = chained(&mut row, &call, &signature.result.to_string());
            let template = match row.next(6) {
                _ if is_by_chance(name) => shape(name, &call),
                0 => format!("{{{{ $v := {call} }}}}{{{{ printf \"%T %#v\" $v $v }}}}"),
                1 | 2 => format!("{{{{ $v := {call} }}}}{{{{ printf \"%T %v\" $v $v }}}}"),
                3 => format!("{{{{ {call} | toJSON }}}}"),
                _ => format!("{{{{ {call} }}}}"),
            };
            (template, name.clone())
        })
        .collect()
}
