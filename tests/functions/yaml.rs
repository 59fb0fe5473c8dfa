//! Values of all shapes, as JSON, for `toYAML`.

use serde_json::{Value, json};

use crate::calls::Row;

/// Texts that YAML has to take care of, and parts of such texts.
const TEXTS: [&str; 66] = [
    "",
    " ",
    "a",
    "yes",
    "No",
    "on",
    "y",
    "N",
    "true",
    "TRUE",
    "null",
    "~",
    "nil",
    "NaN",
    ".nan",
    ".inf",
    "-.Inf",
    "<<",
    "1",
    "-1",
    "+1",
    "0x1F",
    "0o17",
    "0777",
    "1_000",
    "1.5",
    ".5",
    "1.",
    "1e3",
    "12:30",
    "1:2:3",
    "2024-01-02",
    "2024-1-2",
    "2024-01-02T03:04:05Z",
    "2024-01-02 x",
    "a: b",
    "a:b",
    ":",
    ":a",
    "a:",
    "#",
    "# a",
    "a #b",
    "a#b",
    "-",
    "- a",
    "-a",
    "---",
    "...a",
    "?",
    "? a",
    "?a",
    "!a",
    "&a",
    "*a",
    "|",
    ">",
    "%a",
    "@a",
    "é",
    "日本",
    "🎉",
    "it's",
    "say \"x\"",
    "back\\slash",
    "{a}",
];

const MORE: [&str; 30] = [
    "[a]",
    "a, b",
    ",a",
    " lead",
    "trail ",
    "tab\there",
    "\ttab",
    "two\nlines",
    "two\nlines\n",
    "many\n\n",
    "\n",
    "\nlead",
    " lead\nline",
    "trail \nline",
    "line\n trail",
    "line\ntrail ",
    "a\n\n\nb",
    "tab\there\nline",
    "key: v\nk2: w\n",
    "1\n2",
    "#!/bin/sh\necho 1\n",
    "a  b",
    "10.0.0.0/8",
    "::1",
    "1.2.3",
    "v1.2.3",
    "https://example.org/?a=b#c",
    "/path/to",
    "$HOME",
    "é\nè",
];

const KEYS: [&str; 24] = [
    "a", "b", "a10", "a9", "a1b", "A", "1", "true", "", "a b", "a: b", "a-b", "a_b", "a.b", "10",
    "9", "é", "ä", "01", "0", "-", "x\ny", "# k", "yes",
];

/// Characters that mean something in YAML, and some that do not.
const ODD: [char; 46] = [
    'a', 'n', 'y', 'e', 'E', 'x', 'o', 'b', 'T', '0', '1', '2', '7', '9', '+', '-', '.', '_', ':',
    ' ', '\n', '\t', '#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@',
    '?', '~', '<', '=', '/', '\\', 'é', '🎉', '\u{a0}',
];

fn value(row: &mut Row, depth: usize) -> Value {
    let texts = TEXTS.len() + MORE.len();
    match row.next(if depth == 0 { 6 } else { 10 }) {
        0 => Value::Null,
        1 => json!(row.next(2) == 0),
        2 => json!([0, 1, -7, 8080, 12_345_678_901_i64][row.next(5)]),
        3 => json!([1.5, 0.1, 100_000.0, 1e21, 1e-7, 1_234_567.5, -0.5][row.next(7)]),
        4 | 5 => {
            let at = row.next(texts);
            json!(TEXTS.iter().chain(&MORE).nth(at).unwrap())
        }
        6 | 7 => (0..row.next(4)).map(|_| value(row, depth - 1)).collect(),
        _ => map(row, depth - 1),
    }
}

fn map(row: &mut Row, depth: usize) -> Value {
    let entries =
        (0..row.next(5)).map(|_| (KEYS[row.next(KEYS.len())].to_owned(), value(row, depth)));
    Value::Object(entries.collect::<Vec<_>>().into_iter().collect())
}

/// Each text as a value, in a list, in a list of lists and beside other keys; each key; and maps by chance.
pub(crate) fn documents() -> Vec<String> {
    let mut all = Vec::new();
    for text in TEXTS.iter().chain(&MORE) {
        all.push(
            json!({"k": text, "l": [text, [text, {"x": text, "y": [text]}]], "z": {"n": text}}),
        );
    }
    for key in KEYS {
        all.push(json!({key: 1, "k": {key: "v", "l": [{key: []}, {key: {}}]}}));
    }
    let mut row = Row(7);
    for _ in 0..1500 {
        all.push(map(&mut row, 3));
    }
    for _ in 0..4000 {
        let text: String = (0..=row.next(7))
            .map(|_| *ODD.get(row.next(ODD.len())).unwrap())
            .collect();
        all.push(json!({"k": text, "l": [text]}));
        all.push(json!({text.clone(): text}));
    }
    all.iter()
        .map(Value::to_string)
        .filter(|json| !json.contains('`') && !json.contains("\\u"))
        .collect()
}
