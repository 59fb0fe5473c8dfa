//! The functions of jq that are certain to do here what they do in gojq: what they take, and how many results they give.

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// A value; if there are several, the function is called with each.
    Value,
    /// A program of any kind.
    Program,
    /// A program with exactly one result.
    One,
    /// A path.
    Path,
}

/// How many results there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    /// Exactly one.
    One,
    /// One or none.
    Some,
    /// Any number.
    Many,
}

/// What is known of a function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Its arguments.
    pub(super) takes: &'static [Takes],
    /// Its results.
    pub(super) gives: Gives,
    /// Whether it is a path, as far as its arguments are.
    pub(super) is_path: bool,
}

const V: Takes = Takes::Value;
const P: Takes = Takes::Program;
const ONE: Takes = Takes::One;
const PATH: Takes = Takes::Path;

/// Functions by what they take and give; the last row of each kind are paths.
const TABLE: &[(&[Takes], Gives, bool, &str)] = &[
    (
        &[],
        Gives::One,
        false,
        "null true false not length utf8bytelength abs floor ceil round sqrt keys type add tonumber reverse flatten sort unique \
         min max from_entries to_entries transpose explode implode tostring tojson ascii_downcase ascii_upcase trim ltrim rtrim \
         @text @json @html @uri @base64 @base64d @csv @tsv @sh all any",
    ),
    (&[], Gives::Some, false, "error"),
    (
        &[],
        Gives::Some,
        true,
        "empty arrays objects iterables booleans numbers strings nulls values scalars",
    ),
    (&[], Gives::One, true, "first last"),
    (&[], Gives::Many, true, "recurse"),
    (&[], Gives::Many, false, "paths"),
    (
        &[V],
        Gives::One,
        false,
        "has contains inside join flatten split indices index rindex startswith endswith ltrimstr rtrimstr getpath delpaths",
    ),
    (&[V], Gives::One, true, "nth"),
    (&[V], Gives::Some, false, "error"),
    (&[V], Gives::Many, false, "range in"),
    (&[V, V], Gives::One, false, "setpath"),
    (&[V, V], Gives::Many, false, "range"),
    (&[V, V, V], Gives::Many, false, "range"),
    (
        &[P],
        Gives::One,
        false,
        "map add sort_by group_by unique_by min_by max_by with_entries isempty all any IN",
    ),
    (&[P, P], Gives::One, false, "all any"),
    (&[ONE], Gives::One, false, "map_values walk"),
    (&[ONE], Gives::Some, true, "select"),
    (&[P], Gives::Some, true, "first last"),
    (&[P], Gives::Many, true, "recurse"),
    (&[P, P], Gives::Many, true, "recurse"),
    (&[V, P], Gives::Many, true, "limit skip"),
    (&[V, P], Gives::Some, true, "nth"),
    (&[ONE], Gives::Many, false, "repeat"),
    (&[ONE, ONE], Gives::Many, false, "while"),
    (&[ONE, ONE], Gives::One, false, "until"),
    (&[V], Gives::One, false, "test"),
    (&[V, V], Gives::One, false, "test split"),
    (&[V], Gives::Many, false, "match capture scan splits"),
    (&[V, V], Gives::Many, false, "match capture scan splits"),
    (&[V, ONE], Gives::One, false, "sub gsub"),
    (&[V, ONE, V], Gives::One, false, "sub gsub"),
    (&[PATH], Gives::Many, false, "path"),
    (&[P], Gives::Many, false, "paths"),
    (&[PATH], Gives::One, false, "del pick"),
];

/// What is known of the function of that name with so many arguments.
pub(super) fn known(name: &str, arguments: usize) -> Option<Known> {
    let row = TABLE.iter().find(|(takes, _, _, names)| {
        takes.len() == arguments && names.split_whitespace().any(|known| known == name)
    });
    row.map(|(takes, gives, is_path, _)| Known {
        takes,
        gives: *gives,
        is_path: *is_path,
    })
}
