//! What random templates are made of, by kind: fields of the case's data, literals, functions.

/// What a value is, as far as it matters to functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// A small whole number that is not negative.
    Whole,
    Float,
    Truth,
    Texts,
    Wholes,
    /// Text to whole numbers or texts.
    Map,
    /// Anything, lists of lists, `nil`.
    Nested,
    /// gomplate's root.
    Root,
}

use Kind::{Float, Map, Nested, Text, Texts, Truth, Whole, Wholes};

/// Fields of the root, and expressions that work anywhere.
pub(crate) fn fields_of(kind: Kind) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        Text => (
            &[
                ".cfg.name",
                ".cfg.empty",
                ".cfg.text",
                ".cfg.html",
                ".cfg.uni",
                ".Env.REGION",
                ".Env.ODD",
                ".Env.BLANK",
                ".cfg.users.zoe.role",
                ".cfg.tags.k1",
            ],
            &[
                "(ds \"conf\").host",
                "(ds \"conf\").text",
                "(ds \"tool\").owner.name",
                "(include \"note\")",
                "(getenv \"REGION\")",
                "(env.Getenv \"NONE\" \"other\")",
                "(ds \"people\").x",
                "(ds \"note\")",
                "(index (index (ds \"table\") 1) 0)",
                "(ds \"cfg\").name",
            ],
        ),
        Whole => (
            &[".cfg.n", ".cfg.zero", ".cfg.users.adam.age", ".cfg.map.a"],
            &[
                "(ds \"tool\").n",
                "(ds \"people\").bob.age",
                "(index (ds \"conf\").ports 0)",
            ],
        ),
        Float => (
            &[".cfg.ratio", ".cfg.float", ".cfg.neg", ".cfg.big"],
            &["(ds \"conf\").ratio"],
        ),
        Truth => (&[".cfg.on", ".cfg.off"], &["(ds \"conf\").on"]),
        Texts => (
            &[".cfg.strs", ".cfg.none"],
            &["(ds \"people\").ann.likes", "(index (ds \"table\") 1)"],
        ),
        Wholes => (
            &[".cfg.list", ".cfg.none"],
            &["(ds \"tool\").owner.list", "(ds \"conf\").ports"],
        ),
        Map => (
            &[
                ".cfg.map",
                ".cfg.nomap",
                ".cfg.tags",
                ".cfg.users",
                ".cfg.users.zoe",
            ],
            &[
                "(ds \"tool\").owner",
                "(ds \"people\").ann",
                "(ds \"conf\")",
            ],
        ),
        Nested => (
            &[
                ".cfg.mixed",
                ".cfg.matrix",
                ".cfg.rows",
                ".cfg.deep.x.y",
                ".cfg.nothing",
                ".cfg",
                ".cfg.deep.x.y.z",
            ],
            &[
                "(ds \"conf\").nested.a.b",
                "(ds \"table\")",
                "(ds \"conf\").nothing",
            ],
        ),
        Kind::Root => (&["."], &[]),
    }
}

pub(crate) fn literals_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Text => &[
            "\"\"",
            "\"a b\"",
            "\"hello World\"",
            "`raw\\`",
            r#""q\"\\é\x41\u00e9\n""#,
            "\"1\"",
            "\"-\"",
            "\"a\"",
            "\"é\"",
            "\"x,y\"",
            "\"two\\nlines\"",
        ],
        Whole => &[
            "0", "1", "2", "3", "0x1F", "'a'", "1_0", "0b11", "0o17", "7",
        ],
        Float => &[
            "1.5",
            "-0.25",
            "1e3",
            "-3",
            "0x1p4",
            "2.0",
            "1e30",
            "-1",
            "9007199254740993",
            "9223372036854775807",
        ],
        Truth => &["true", "false"],
        Texts => &[
            "(coll.Slice \"b\" \"a\")",
            "(coll.Slice)",
            "(strings.Split \",\" \"x,y,,z\")",
        ],
        Wholes => &["(coll.Slice 3 1 2)", "(seq 3)", "(math.Seq 1 7 2)"],
        Map => &[
            "(dict \"k\" 1 \"l\" \"m\")",
            "(dict)",
            "(coll.Dict \"a\" \"x\")",
        ],
        Nested => &[
            "nil",
            "(coll.Slice 1 (coll.Slice 2 nil))",
            "1+2i",
            "\"\\xff\"",
            "(dict \"x\" (dict \"y\" nil))",
        ],
        Kind::Root => &["$", "."],
    }
}

/// Functions that give the kind, with the kinds of their arguments.
pub(crate) fn calls_of(kind: Kind) -> &'static [(&'static str, &'static [Kind])] {
    match kind {
        Text => TEXT_CALLS,
        Whole => WHOLE_CALLS,
        Float => FLOAT_CALLS,
        Truth => TRUTH_CALLS,
        Texts => TEXTS_CALLS,
        Wholes => WHOLES_CALLS,
        Map => MAP_CALLS,
        Nested => NESTED_CALLS,
        Kind::Root => &[],
    }
}

const TEXT_CALLS: &[(&str, &[Kind])] = &[
    ("printf", &[]),
    ("printf", &[]),
    ("printf", &[]),
    ("print", &[Whole, Nested]),
    ("print", &[Text, Float, Map]),
    ("println", &[Text, Truth]),
    ("html", &[Text]),
    ("js", &[Text]),
    ("urlquery", &[Text]),
    ("strings.ToUpper", &[Text]),
    ("toLower", &[Text]),
    ("title", &[Text]),
    ("strings.Repeat", &[Whole, Text]),
    ("strings.ReplaceAll", &[Text, Text, Text]),
    ("strings.Trim", &[Text, Text]),
    ("strings.TrimPrefix", &[Text, Text]),
    ("strings.TrimSpace", &[Text]),
    ("strings.Trunc", &[Whole, Text]),
    ("strings.Abbrev 6", &[Text]),
    ("indent 3", &[Text]),
    ("indent 2 \"> \"", &[Text]),
    ("quote", &[Text]),
    ("squote", &[Text]),
    ("shellQuote", &[Text]),
    ("strings.Slug", &[Text]),
    ("strings.SnakeCase", &[Text]),
    ("strings.CamelCase", &[Text]),
    ("strings.KebabCase", &[Text]),
    ("strings.WordWrap", &[Whole, Text]),
    ("strings.SkipLines", &[Whole, Text]),
    ("join", &[Texts, Text]),
    ("conv.Join", &[Wholes, Text]),
    ("conv.ToString", &[Nested]),
    ("toJSON", &[Nested]),
    ("toJSON", &[Map]),
    ("toJSONPretty \"  \"", &[Map]),
    ("toYAML", &[Nested]),
    ("toYAML", &[Map]),
    ("toTOML", &[Map]),
    ("base64.Encode", &[Text]),
    ("crypto.SHA1", &[Text]),
    ("regexp.Replace `[a-e]+` \"<$0>\"", &[Text]),
    ("regexp.ReplaceLiteral `.` `x$`", &[Text]),
    ("regexp.Find `\\w+`", &[Text]),
    ("regexp.QuoteMeta", &[Text]),
    ("test.Kind", &[Nested]),
    ("kind", &[Map]),
    ("ternary", &[Text, Text, Truth]),
    ("default", &[Text, Text]),
    ("path.Base", &[Text]),
    ("path.Join", &[Text, Text]),
    ("filepath.Dir", &[Text]),
    ("index (strings.Split \",\" \"x,y,z,w\")", &[Whole]),
    ("slice `0123456789é`", &[Whole]),
    ("required", &[Text]),
    ("env.ExpandEnv", &[Text]),
    ("tpl `<{{ . }}>`", &[Text]),
    (
        "tpl `{{ len . }}{{ if has . \"x\" }}{{ .x }}{{ end }}`",
        &[Map],
    ),
    ("tmpl.Exec \"t1\"", &[Nested]),
    ("tmpl.Inline `[{{ . | toJSON }}]`", &[Map]),
    ("(time.Unix 86400).UTC.Format \"Jan _2\"", &[]),
    ("(time.Unix 86400).UTC.Format", &[Text]),
    (
        "(time.ParseDuration \"1h5m\").Round (time.Hour 1) | print",
        &[],
    ),
    ("and", &[Truth, Text]),
    ("or", &[Text, Text]),
];

const WHOLE_CALLS: &[(&str, &[Kind])] = &[
    ("len", &[Text]),
    ("len", &[Map]),
    ("len", &[Wholes]),
    ("strings.RuneCount", &[Text]),
    ("add", &[Whole, Whole]),
    ("mul", &[Whole, Whole]),
    ("sub", &[Whole, Whole]),
    ("rem 7", &[Whole]),
    ("conv.ToInt", &[Whole]),
    ("conv.Atoi \"17\"", &[]),
    ("math.Max", &[Whole, Whole]),
    ("math.Abs", &[Whole]),
    ("index (seq 9)", &[Whole]),
    ("coll.Index 0 (coll.Slice 4 5)", &[]),
    ("ternary", &[Whole, Whole, Truth]),
    ("default", &[Whole, Whole]),
];

const FLOAT_CALLS: &[(&str, &[Kind])] = &[
    ("div", &[Float, Whole]),
    ("add", &[Float, Float]),
    ("mul", &[Float, Whole]),
    ("sub", &[Whole, Float]),
    ("math.Round", &[Float]),
    ("math.Ceil", &[Float]),
    ("math.Floor", &[Float]),
    ("math.Abs", &[Float]),
    ("math.Min", &[Float, Whole]),
    ("pow", &[Whole, Whole]),
    ("conv.ToFloat64", &[Whole]),
];

const TRUTH_CALLS: &[(&str, &[Kind])] = &[
    ("eq", &[Text, Text]),
    ("eq", &[Whole, Whole, Whole]),
    ("ne", &[Whole, Whole]),
    ("lt", &[Whole, Whole]),
    ("le", &[Text, Text]),
    ("gt", &[Float, Float]),
    ("ge", &[Whole, Whole]),
    ("not", &[Nested]),
    ("and", &[Truth, Truth]),
    ("or", &[Truth, Truth]),
    ("has", &[Map, Text]),
    ("has", &[Texts, Text]),
    ("strings.Contains", &[Text, Text]),
    ("strings.HasPrefix", &[Text, Text]),
    ("strings.HasSuffix", &[Text, Text]),
    ("regexp.Match `^[a-z]`", &[Text]),
    ("conv.ToBool", &[Text]),
    ("conv.ToBool", &[Whole]),
    ("isKind \"string\"", &[Nested]),
    ("test.IsKind \"number\"", &[Float]),
    ("datasourceExists", &[Text]),
    ("math.IsInt", &[Text]),
    ("path.IsAbs", &[Text]),
    ("semver.CheckConstraint \"> 1.0\" \"1.2.3\"", &[]),
];

const TEXTS_CALLS: &[(&str, &[Kind])] = &[
    ("strings.Split", &[Text, Text]),
    ("strings.SplitN", &[Text, Whole, Text]),
    ("keys", &[Map]),
    ("append", &[Text, Texts]),
    ("prepend", &[Text, Texts]),
    ("reverse", &[Texts]),
    ("uniq", &[Texts]),
    ("sort", &[Texts]),
    ("coll.Sort", &[Texts]),
    ("conv.ToStrings", &[Whole, Text]),
    ("regexp.FindAll `[a-z]`", &[Text]),
    ("regexp.Split `\\W` -1", &[Text]),
    ("slice (strings.Split \" \" \"x y z w\")", &[Whole]),
    ("yamlArray \"[a, 1, b c]\"", &[]),
];

const WHOLES_CALLS: &[(&str, &[Kind])] = &[
    ("seq", &[Whole]),
    ("seq", &[Whole, Whole]),
    ("append", &[Whole, Wholes]),
    ("reverse", &[Wholes]),
    ("uniq", &[Wholes]),
    ("sort", &[Wholes]),
    ("conv.ToInts", &[Whole, Float]),
    ("coll.Slice", &[Whole, Whole]),
    ("slice (seq 1 20) 0", &[Whole]),
    ("coll.Flatten", &[Wholes]),
];

const MAP_CALLS: &[(&str, &[Kind])] = &[
    ("dict", &[Text, Whole, Text, Text]),
    ("merge", &[Map, Map]),
    ("coll.Set", &[Text, Whole, Map]),
    ("coll.Unset", &[Text, Map]),
    ("coll.Pick \"a\" \"k\"", &[Map]),
    ("coll.Omit \"a\"", &[Map]),
    ("merge (json `{\"j\": [1, {\"k\": null}]}`)", &[Map]),
    ("merge (yaml \"a: 1\\nb: [x, y]\\n\")", &[Map]),
    ("toJSON | json", &[Map]),
];

const NESTED_CALLS: &[(&str, &[Kind])] = &[
    ("coll.Slice", &[Map, Texts, Nested]),
    ("coll.Flatten", &[Nested]),
    ("index (ds \"cfg\") \"deep\"", &[Text]),
    ("index (ds \"cfg\") \"deep\" \"x\"", &[]),
    ("coll.Values", &[Map]),
    ("jsonpath `$.a` (dict \"a\" 1)", &[]),
    ("jq `.a`", &[Map]),
    ("default", &[Nested, Nested]),
    ("csv", &[Text]),
    ("toYAML | yaml", &[Map]),
    ("json `{\"q\": [\"é\", 1e3]}`", &[]),
    ("urlParse \"https://example.org/x?y=1\" | print", &[]),
    ("semver.Semver \"1.2.3-rc.1\" | print", &[]),
    ("(semver.Semver \"1.2.3-rc.1\").Major", &[]),
    ("time.ParseDuration \"1h3m\"", &[]),
    ("time.Unix", &[Whole]),
    ("coll.Keys", &[Map]),
    ("toJSON | jsonArray", &[Wholes]),
    ("assert", &[Text, Truth]),
    ("required", &[Nested]),
    ("reverse", &[Wholes]),
];

/// What fails wherever it stands, or nearly so.
pub(crate) const FAILING: &[&str] = &[
    "$.cfg.missing",
    "$.cfg.name.x",
    "$.cfg.nothing.x",
    "$.cfg.missing.deep",
    "$.Env.NONE",
    "(ds \"none\")",
    "(fail \"why\")",
    "(call 1)",
    "(index (seq 3) 9)",
    "(nil)",
    ".x.y",
    "(1 2)",
    "(time.ParseDuration \"x\")",
    "(conv.Atoi \"é\")",
    "(len 3)",
    "(slice \"abc\" 2 1)",
    "(json `{`)",
    "(undefinedFunction)",
    "(strings.Nope)",
    "(tpl `{{ .`)",
    "(index nil 1)",
    "(lt 1 \"a\")",
];
