//! Texts in the formats that `data` reads, by chance.

use crate::calls::Row;

const SCALARS: [&str; 60] = [
    "a",
    "x y",
    "1",
    "-1",
    "0",
    "007",
    "0x1F",
    "0o17",
    "0b11",
    "1_000",
    "1.5",
    ".5",
    "1.",
    "1e3",
    "1e400",
    "+1",
    "-0",
    "18446744073709551615",
    "99999999999999999999",
    "true",
    "True",
    "yes",
    "No",
    "null",
    "~",
    "Null",
    ".inf",
    "-.INF",
    ".NaN",
    "12:30",
    "2024",
    "1.2.3",
    "v1.0",
    "a: b",
    "a:b",
    "a #b",
    "a#b",
    "- a",
    "-a",
    "it's",
    "say \"hi\"",
    "é",
    "日本",
    "\"q\"",
    "\"q\\n\\u00e9\\x41\"",
    "'s'",
    "'it''s'",
    "\"\"",
    "''",
    "[]",
    "{}",
    "[1, a, \"b\"]",
    "{a: 1, b: [2, 3]}",
    "{a: , b}",
    "[a, [b, c], {d: e}]",
    "@a",
    "%a",
    "`a`",
    "a,b",
    "a]b",
];

const KEYS: [&str; 17] = [
    "a", "b", "c", "d", "e", "key", "k-1", "k_2", "k.3", "1", "true", "1.5", "'q k'", "\"d k\"",
    "x y", "é", "on",
];

const BLOCKS: [&str; 8] = ["|", "|-", "|+", ">", ">-", ">+", "|2", "|-"];

const LINES: [&str; 8] = [
    "one",
    "two words",
    "",
    "  more",
    "# no comment",
    "- dash",
    "last ",
    "key: value",
];

fn yaml(row: &mut Row, indent: usize, depth: usize, text: &mut String) {
    let pad = " ".repeat(indent);
    let is_map = row.next(3) > 0;
    let mut used = Vec::new();
    for _ in 0..=row.next(4) {
        if row.next(15) == 0 {
            text.push_str(["\n", "# comment\n", "   # indented\n"][row.next(3)]);
        }
        let head = if is_map {
            let key = row.pick(&KEYS);
            if used.contains(&key) {
                continue;
            }
            used.push(key);
            format!("{pad}{key}:")
        } else {
            format!("{pad}-")
        };
        text.push_str(&head);
        match row.next(if depth == 0 { 8 } else { 14 }) {
            0 => text.push('\n'),
            1 => block(row, indent, text),
            2 => text.push_str(&format!(" {} # note\n", row.pick(&SCALARS))),
            3..=7 => text.push_str(&format!(" {}\n", row.pick(&SCALARS))),
            8 if !is_map => {
                text.push(' ');
                let mut inner = String::new();
                yaml(row, indent + 2, depth - 1, &mut inner);
                text.push_str(inner.trim_start_matches([' ', '\n']));
            }
            _ => {
                text.push('\n');
                let more = if is_map && row.next(4) == 0 {
                    0
                } else {
                    1 + row.next(3)
                };
                yaml(row, indent + more, depth - 1, text);
            }
        }
    }
}

fn block(row: &mut Row, indent: usize, text: &mut String) {
    text.push_str(&format!(" {}\n", row.pick(&BLOCKS)));
    for _ in 0..row.next(5) {
        let line = row.pick(&LINES);
        if line.is_empty() {
            text.push('\n');
        } else {
            text.push_str(&format!("{}{line}\n", " ".repeat(indent + 2)));
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn yaml_template(row: &mut Row) -> String {
    let mut text = String::new();
    if row.next(8) == 0 {
        text.push_str("---\n");
    }
    yaml(row, 0, 3, &mut text);
    if row.next(10) == 0 {
        text.push_str("---\nz: 1\n");
    }
    let is_list = text.trim_start_matches("---\n").starts_with('-');
    let function = if is_list { "yamlArray" } else { "yaml" };
    let shown = row.pick(&["toJSON", "printf \"%v\"", "toYAML"]);
    format!("{{{{ {} | {function} | {shown} }}}}", quoted(&text))
}

const VALUES: [&str; 30] = [
    "{}",
    "{x = 1, y = \"z\"}",
    "[{x = 1}, {y = [2, {z = 3}]}]",
    "[[1, 2], [], [\"a\"]]",
    "1",
    "-7",
    "+3",
    "0x1F",
    "0o17",
    "0b11",
    "1_000",
    "1.5",
    "1e3",
    "-0.0",
    "6.626e-34",
    "inf",
    "-inf",
    "nan",
    "true",
    "false",
    "\"a\"",
    "\"q\\\"\\n\\u00e9\\t\"",
    "'raw \\n'",
    "[]",
    "[1, 2, 3]",
    "[\"a\", [1.5], true]",
    "[\n 1, # one\n 2,\n]",
    "\"\"\"\nlong\ntext\\\n  folded\"\"\"",
    "'''\nraw\n'''",
    "\"héllo\"",
];

const TOML_KEYS: [&str; 12] = [
    "a", "b", "c", "d-1", "e_2", "\"q k\"", "'r.k'", "1", "key", "x", "y", "\"é\"",
];

fn toml_keys(row: &mut Row, text: &mut String) {
    let mut used = Vec::new();
    for _ in 0..row.next(4) {
        let key = row.pick(&TOML_KEYS);
        if used.contains(&key) {
            continue;
        }
        used.push(key);
        let pad = row.pick(&["", "", "  ", "\t"]);
        let note = row.pick(&["", "", " # note"]);
        text.push_str(&format!("{pad}{key} = {}{note}\n", row.pick(&VALUES)));
        if row.next(9) == 0 {
            text.push_str("\n# comment\n");
        }
    }
}

fn toml_template(row: &mut Row) -> String {
    let mut text = String::new();
    toml_keys(row, &mut text);
    let mut used: Vec<String> = Vec::new();
    for _ in 0..row.next(4) {
        let name = format!("t{}", row.next(4));
        let name = row.pick(&["", "p.", "t0.", "\"q t\".", "é."]).to_owned() + &name;
        if used.contains(&name) {
            continue;
        }
        if row.next(3) == 0 {
            for _ in 0..=row.next(2) {
                text.push_str(&format!("[[{name}]]\n"));
                toml_keys(row, &mut text);
            }
        } else {
            text.push_str(&format!("[{name}]\n"));
            toml_keys(row, &mut text);
        }
        used.push(name);
    }
    let shown = row.pick(&["toJSON", "printf \"%#v\"", "toTOML", "toTOML"]);
    format!("{{{{ {} | toml | {shown} }}}}", quoted(&text))
}

const CELLS: [&str; 16] = [
    "a",
    "b c",
    "",
    "1",
    "\"q\"",
    "\"a,b\"",
    "\"a;b\"",
    "\"x\ny\"",
    "\"d\"\"d\"",
    " lead",
    "é",
    "x;y",
    "a\"b",
    "\"open",
    "\"a\"b",
    "#",
];

fn csv_template(row: &mut Row) -> String {
    let by = row.pick(&[",", ";", "|", "\t"]);
    let end = row.pick(&["\n", "\r\n", "\n\n"]);
    let width = 1 + row.next(4);
    let mut text = String::new();
    for _ in 0..row.next(4) {
        let width = if row.next(12) == 0 { width + 1 } else { width };
        let cells = if row.next(6) == 0 { 16 } else { 12 };
        let line: Vec<&str> = (0..width).map(|_| row.pick(&CELLS[..cells])).collect();
        text.push_str(&line.join(by));
        text.push_str(end);
    }
    let head = match row.next(5) {
        0 => String::new(),
        1 => "\"\"".to_owned(),
        2 => "\"h1,h2,h3\"".to_owned(),
        3 => format!("{} {}", quoted(by), quoted(&["x", "y", "z"].join(by))),
        _ => quoted(by),
    };
    let function = row.pick(&["data.CSV", "csvByRow", "csvByColumn"]);
    let mut shown = row.pick(&["toJSON", "printf \"%#v\"", "toYAML"]);
    if function == "data.CSV" && row.next(2) == 0 {
        shown = row.pick(&["toCSV", "data.ToCSV \";\"", "toCSV \" \""]);
    }
    format!("{{{{ {} | {function} {head} | {shown} }}}}", quoted(&text))
}

/// Templates that read texts, by format.
pub(crate) fn all(count: usize) -> Vec<(&'static str, Vec<String>)> {
    let mut row = Row(77);
    let mut many = |make: fn(&mut Row) -> String| (0..count).map(|_| make(&mut row)).collect();
    vec![
        ("YAML", many(yaml_template)),
        ("TOML", many(toml_template)),
        ("CSV", many(csv_template)),
    ]
}
