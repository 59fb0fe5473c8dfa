//! jq programs and JSON paths by chance, with the data that they are about.

use super::calls::Row;

/// What programs are run on. Paths with a wildcard get the first ones only: in those, no map has two entries, which come in any order.
const DATA: [&str; 9] = [
    r#"[1,2.5,"x",null,true,[3,[4]],{"a":1}]"#,
    r#"{"a":{"b":[1,2,3]}}"#,
    r#"[{"a":3},{"a":1},{"a":2},{"b":"x"},{"a":"y"}]"#,
    r#"[{"a":[{"b":1},{"b":2}]},{"a":[]},{"a":null}]"#,
    r#"{"a":{"b":[1,2.5,"x",null,true],"c":"text"},"n":3,"e":[],"s":"a,b;c","f":0.5,"t":true,"z":null}"#,
    r#"[{"a":2,"b":"x"},{"a":1,"b":"y"},{"a":2,"b":"x","c":[1]}]"#,
    r#"["b","a","","A b","é<&\"'","a"]"#,
    r#"{"key":"k","value":[1,{"a":{"a":0}}],"a":-7,"b":1e3,"c d":1}"#,
    r"[3,1,2,1,-5,1.5,100000000000]",
];

const ATOMS: [&str; 34] = [
    ".",
    ".a",
    ".b",
    ".n",
    ".s",
    ".[0]",
    ".[-1]",
    ".[1:]",
    ".[:2]",
    ".[]",
    ".a.b",
    ".[\"a\"]",
    ".[]?",
    ".a?",
    "..",
    "1",
    "2",
    "0",
    "-1",
    "1.5",
    "\"x\"",
    "\"a\"",
    "\",\"",
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "[1,2,3]",
    "{\"a\":1}",
    "$v",
    "empty",
    "\"\\(.a) x\"",
    ".e",
];

const OF_NOTHING: [&str; 54] = [
    "length",
    "keys",
    "type",
    "add",
    "not",
    "tostring",
    "tonumber",
    "tojson",
    "reverse",
    "flatten",
    "sort",
    "unique",
    "min",
    "max",
    "to_entries",
    "from_entries",
    "transpose",
    "explode",
    "implode",
    "ascii_downcase",
    "ascii_upcase",
    "trim",
    "ltrim",
    "rtrim",
    "floor",
    "ceil",
    "round",
    "sqrt",
    "abs",
    "all",
    "any",
    "first",
    "last",
    "values",
    "nulls",
    "strings",
    "numbers",
    "arrays",
    "objects",
    "scalars",
    "iterables",
    "booleans",
    "paths",
    "recurse",
    "utf8bytelength",
    "@text",
    "@json",
    "@html",
    "@uri",
    "@base64",
    "@csv",
    "@tsv",
    "@sh",
    "error",
];

const OF_VALUES: [&str; 19] = [
    "has",
    "contains",
    "inside",
    "join",
    "flatten",
    "split",
    "indices",
    "index",
    "rindex",
    "startswith",
    "endswith",
    "ltrimstr",
    "rtrimstr",
    "getpath",
    "nth",
    "range",
    "in",
    "error",
    "delpaths",
];

const OF_PROGRAMS: [&str; 24] = [
    "map",
    "select",
    "sort_by",
    "group_by",
    "unique_by",
    "min_by",
    "max_by",
    "with_entries",
    "map_values",
    "walk",
    "any",
    "all",
    "first",
    "last",
    "isempty",
    "recurse",
    "path",
    "paths",
    "del",
    "pick",
    "add",
    "IN",
    "limit(2;",
    "skip(1;",
];

/// Regular expressions, on a text of the data.
const PATTERNS: [&str; 24] = [
    "test(\"a\")",
    "test(\"B\"; \"i\")",
    "test(\"^x$\")",
    "[match(\"a\"; \"g\")]",
    "[match(\"(?P<n>[a-z])(,)?\"; \"g\")]",
    "match(\"é\")",
    "capture(\"(?P<x>.)(?P<y>z)?\")",
    "[scan(\"[a-z]\")]",
    "[scan(\"(a)(.)\")]",
    "[scan(\"A\"; \"i\")]",
    "split(\", *\"; null)",
    "[splits(\"[,;]\")]",
    "split(\"\"; \"\")",
    "sub(\"a\"; \"X\")",
    "gsub(\"[ab]\"; \"<\" + \"x\" + \">\")",
    "gsub(\"(?P<c>[a-z])\"; \"-\\(.c)\")",
    "gsub(\"\"; \"-\")",
    "gsub(\"^\"; \">\")",
    "gsub(\"x*\"; \"!\")",
    "sub(\"(?P<z>q)?\"; .z)",
    "gsub(\"A\"; \"b\"; \"i\")",
    "test(\"a.b\"; \"m\")",
    "test(\"a\"; \"x\")",
    "gsub(\"b$\"; 1)",
];

const OPERATORS: [&str; 24] = [
    "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "and", "or", "//", ",", "|", "|",
    "|", "=", "|=", "+=", "-=", "*=", "//=",
];

/// Templates with a program in each.
pub(crate) fn programs(seed: u64, count: usize) -> Vec<String> {
    let mut row = Row(seed);
    let one = |_| {
        let size = 1 + row.next(4);
        let program = program(&mut row, size);
        let program = program.replace('\\', "\\\\").replace('"', "\\\"");
        let data = row.pick(&DATA);
        format!(
            "{{{{ $v := jq \"{program}\" (index (jsonArray `[{data}]`) 0) }}}}{{{{ printf \"%T %v \" $v $v }}}}{{{{ toJSON $v }}}}"
        )
    };
    (0..count).map(one).collect()
}

fn program(row: &mut Row, size: usize) -> String {
    if size == 0 {
        return row.pick(&ATOMS).replace("$v", "1");
    }
    let inner = |row: &mut Row| program(row, size - 1);
    match row.next(28) {
        0..=8 => {
            let (left, operator) = (inner(row), row.pick(&OPERATORS));
            let right = program(row, row_size(size));
            format!("{left} {operator} {right}")
        }
        9 | 10 => row.pick(&OF_NOTHING).to_owned(),
        11 => format!("{} | {}", inner(row), row.pick(&OF_NOTHING)),
        12 => format!("{}({})", row.pick(&OF_VALUES), program(row, 0)),
        13 => format!(
            "{} | {}({})",
            inner(row),
            row.pick(&OF_VALUES),
            program(row, 0)
        ),
        14 | 15 => {
            let name = row.pick(&OF_PROGRAMS);
            let open = if name.ends_with(';') { "" } else { "(" };
            format!("{name}{open}{})", inner(row))
        }
        16 => format!("[{}]", inner(row)),
        17 => format!("{{a: {}, \"b\": {}}}", inner(row), program(row, 0)),
        18 => format!("({})", inner(row)),
        19 => format!(
            "{} as $v | {}",
            program(row, 0),
            inner(row).replace('1', "$v")
        ),
        20 => format!(
            "if {} then {} else {} end",
            inner(row),
            inner(row),
            program(row, 0)
        ),
        21 => format!("try {} catch \"c\"", program(row, 0)),
        22 => format!("reduce .[] as $x ({}; . + $x)", program(row, 0)),
        23 => format!("[foreach .[] as $x (0; . + 1; [$x, .])] | {}", inner(row)),
        24 => format!("-{}", inner(row)),
        25 => format!(".. | strings | {}", row.pick(&PATTERNS)),
        26 => format!("{} | {}", inner(row), row.pick(&PATTERNS)),
        _ => format!("({})?", inner(row)),
    }
}

fn row_size(size: usize) -> usize {
    size / 2
}

/// How many of the steps are likely to find something.
const COMMON: usize = 24;

const STEPS: [&str; 56] = [
    ".a",
    "[0]",
    "[*]",
    "[1:]",
    "[:2]",
    "['a']",
    "..",
    ".a",
    ".a",
    "[0,1]",
    "[*].a",
    "[?(@.a)]",
    "[?(@.a==2)]",
    "[?(@.a>1)]",
    ".*",
    "..a",
    "[-1]",
    "[0:2]",
    "['a','b']",
    "[?(1==1)]",
    "[*]",
    "[0]",
    "[::2]",
    "[:-1]",
    ".b",
    ".n",
    ".x",
    "['b']",
    "['a.b']",
    "[1]",
    "[-2]",
    "[5]",
    "..b",
    "[0:3:2]",
    "[2:1]",
    "[0,2]",
    "[0:1,2]",
    "[?(@.b=='x')]",
    "[?(@.a<=1)]",
    "[?(@.b!=\"x\")]",
    "[?(@>1)]",
    "[?(@.a.b)]",
    "[?(@.a=2)]",
    ".a\\.b",
    "[?(@[0])]",
    "[-1:]",
    "[::0]",
    "@",
    ".s",
    "[x]",
    ".",
    "[?(@.a==@.a)]",
    "[?(true==true)]",
    "[?(@.a>=1)]",
    "['c d']",
    "[]",
];

/// Templates with a JSON path in each.
pub(crate) fn paths(seed: u64, count: usize) -> Vec<String> {
    let mut row = Row(seed);
    let one = |_| {
        let start = row.pick(&["", "", "$", "@"]);
        // Half of them of what is most likely to be there.
        let (choices, steps) = match row.next(2) {
            0 => (&STEPS[..], 1 + row.next(3)),
            _ => (&STEPS[..COMMON], 1 + row.next(2)),
        };
        let path: String = (0..steps).map(|_| row.pick(choices)).collect();
        let path = match row.next(30) {
            0 => format!("{start}{path}}}{{.a"),
            1 => format!("{start}{path}}} and {{.n"),
            2 => format!("{start}{path} 1"),
            3 => format!("{start}{path}x"),
            _ => format!("{start}{path}"),
        };
        let is_in_order = !path.contains(".*") && !path.contains("..");
        let data = row.pick(if is_in_order { &DATA } else { &DATA[..4] });
        let path = path.replace('\\', "\\\\").replace('"', "\\\"");
        format!(
            "{{{{ $v := jsonpath \"{path}\" (index (jsonArray `[{data}]`) 0) }}}}{{{{ printf \"%T %v \" $v $v }}}}{{{{ toJSON $v }}}}"
        )
    };
    (0..count).map(one).collect()
}
