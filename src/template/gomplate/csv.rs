//! `data.CSV` and its kin: rows of cells as text, in and out. It knows no other formats.

use std::collections::BTreeMap;

use crate::template::gomplate::conv::{text, told};
use crate::template::gomplate::csv_reader::{Row, parse};
use crate::template::gomplate::strings::{plain, split};
use crate::template::gomplate::{Entry, handover, open};
use crate::template::kind::Type;
use crate::template::value::{List, Map, Text, Value};

const INVALID: &str = "csv: invalid field or comment delimiter";

pub(super) fn entries() -> Vec<Entry> {
    const ROWS: Type = Type::List(&Type::STRINGS);
    const BY_ROW: Type = Type::List(&Type::STRING_MAP);
    const BY_COLUMN: Type = Type::Map(&Type::STRINGS);
    vec![
        open("CSV", Some("csv"), &[], Type::Str, ROWS, |_, args| {
            rows(args)
        }),
        open(
            "CSVByRow",
            Some("csvByRow"),
            &[],
            Type::Str,
            BY_ROW,
            |_, args| by_row(args),
        ),
        open(
            "CSVByColumn",
            Some("csvByColumn"),
            &[],
            Type::Str,
            BY_COLUMN,
            |_, args| by_column(args),
        ),
        open(
            "ToCSV",
            Some("toCSV"),
            &[],
            Type::Any,
            Type::Str,
            |_, args| write(args),
        ),
    ]
}

/// Rows and what their columns are called; without any text, columns have no names at all.
struct Table {
    header: Option<Row>,
    rows: Vec<Row>,
}

/// One argument is the text; of two the first is a delimiter if it is one byte, else the header; of three the last is the text.
fn table(args: &[Value]) -> Result<Table, String> {
    let names = |names: &Value, by: &[u8]| -> Result<Row, String> {
        Ok(match split(plain(names), by, -1)? {
            Value::List(list) => list
                .items()
                .iter()
                .map(|name| plain(name).to_vec())
                .collect(),
            _ => Row::new(),
        })
    };
    let (delimiter, header, input): (&[u8], Option<Row>, &[u8]) = match args {
        [input] => (b",", None, plain(input)),
        [first, input] => match plain(first) {
            delimiter @ [_] => (delimiter, None, plain(input)),
            [] => (b",", Some(Row::new()), plain(input)),
            _ => (b",", Some(names(first, b",")?), plain(input)),
        },
        [delimiter, first, input] => {
            let delimiter = plain(delimiter);
            (delimiter, Some(names(first, delimiter)?), plain(input))
        }
        _ => (b",", None, b""),
    };
    let mut rows = parse(input, comma(delimiter)?)?;
    let header = match header {
        None if rows.is_empty() => None,
        None => Some(rows.remove(0)),
        Some(none) if none.is_empty() => rows
            .first()
            .map(|first| (0..first.len()).map(letters).collect::<Row>())
            .or(Some(none)),
        given => given,
    };
    Ok(Table { header, rows })
}

/// `A` to `Z`, `AA`, `BB`, and so on.
fn letters(at: usize) -> Vec<u8> {
    let letter = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[at % 26];
    vec![letter; at / 26 + 1]
}

fn comma(delimiter: &[u8]) -> Result<u8, String> {
    match delimiter.first() {
        None => Err("runtime error: index out of range [0] with length 0".into()),
        Some(0 | b'"' | b'\r' | b'\n') => Err(INVALID.into()),
        Some(byte) if !byte.is_ascii() => handover("a delimiter that is not ASCII"),
        Some(byte) => Ok(*byte),
    }
}

fn row_value(row: Row) -> Value {
    Value::strings(row)
}

fn rows(args: &[Value]) -> Result<Value, String> {
    let table = table(args)?;
    let header = match table.header {
        Some(header) => row_value(header),
        None => Value::List(List::absent(Type::Str)),
    };
    let rows = table.rows.into_iter().map(row_value);
    let all = std::iter::once(header).chain(rows).collect();
    Ok(Value::List(List::new(Type::STRINGS, all)))
}

/// The cells of a row with their names.
fn named(row: Row, header: &Row) -> Result<Vec<(Text, Vec<u8>)>, String> {
    let length = header.len();
    let named = row.into_iter().enumerate().map(|(at, cell)| {
        let name = header.get(at).map(|name| Text::from(name.as_slice()));
        name.map(|name| (name, cell))
            .ok_or_else(|| format!("runtime error: index out of range [{at}] with length {length}"))
    });
    named.collect()
}

fn by_row(args: &[Value]) -> Result<Value, String> {
    let table = table(args)?;
    let header = table.header.unwrap_or_default();
    if table.rows.is_empty() {
        return Ok(Value::List(List::absent(Type::STRING_MAP)));
    }
    let mut all = Vec::new();
    for row in table.rows {
        let cells = named(row, &header)?;
        let cells: BTreeMap<_, _> = cells
            .into_iter()
            .map(|(name, cell)| (name, Value::text(cell)))
            .collect();
        all.push(Value::Map(Map::new(Type::Str, cells)));
    }
    Ok(Value::List(List::new(Type::STRING_MAP, all)))
}

fn by_column(args: &[Value]) -> Result<Value, String> {
    let table = table(args)?;
    let header = table.header.unwrap_or_default();
    let mut columns: BTreeMap<Text, Row> = BTreeMap::new();
    for row in table.rows {
        for (name, cell) in named(row, &header)? {
            columns.entry(name).or_default().push(cell);
        }
    }
    let columns = columns
        .into_iter()
        .map(|(name, cells)| (name, row_value(cells)));
    Ok(Value::Map(Map::new(Type::STRINGS, columns.collect())))
}

fn write(args: &[Value]) -> Result<Value, String> {
    let (delimiter, rows) = match args {
        [rows] => (b",".to_vec(), Some(rows)),
        [Value::Str(delimiter), rows] => (delimiter.to_vec(), Some(rows)),
        [delimiter, _] => {
            let shown = told(delimiter)?;
            let found = delimiter.type_name();
            return Err(format!(
                "can't parse ToCSV delimiter ({shown}) - must be string (is a {found})"
            ));
        }
        _ => (b",".to_vec(), None),
    };
    let rows = match rows {
        Some(rows) => cells(rows)?,
        None => Vec::new(),
    };
    let comma = match comma(&delimiter) {
        Err(why) if why == INVALID && rows.is_empty() => b',',
        comma => comma?,
    };
    let mut shown = Vec::new();
    for row in &rows {
        for (at, cell) in row.iter().enumerate() {
            if at > 0 {
                shown.push(comma);
            }
            write_cell(cell, comma, &mut shown);
        }
        shown.extend_from_slice(b"\r\n");
    }
    Ok(Value::text(shown))
}

fn cells(rows: &Value) -> Result<Vec<Row>, String> {
    let wrong = || {
        let found = rows.type_name();
        format!(
            "can't parse ToCSV input - must be a two-dimensional array (like [][]string or [][]any) (was {found})"
        )
    };
    let Value::List(list) = rows else {
        return Err(wrong());
    };
    let is_texts = list.element() == Type::STRINGS;
    if !is_texts && list.element() != Type::Any {
        return Err(wrong());
    }
    let mut all = Vec::new();
    for row in list.items() {
        match row {
            Value::List(row) if is_texts || row.element() == Type::Any => {
                let row: Result<Row, String> = row.items().iter().map(text).collect();
                all.push(row?);
            }
            _ => return Err(wrong()),
        }
    }
    Ok(all)
}

fn write_cell(cell: &[u8], comma: u8, shown: &mut Vec<u8>) {
    let begins_blank = match crate::template::runes::decode(cell) {
        Some((first, _)) => first.is_whitespace(),
        None => false,
    };
    let is_odd = |byte: &u8| matches!(*byte, b'\n' | b'\r' | b'"') || *byte == comma;
    if !(begins_blank || cell == b"\\." || cell.iter().any(is_odd)) {
        return shown.extend_from_slice(cell);
    }
    shown.push(b'"');
    for byte in cell {
        match byte {
            b'"' => shown.extend_from_slice(b"\"\""),
            b'\r' => {}
            b'\n' => shown.extend_from_slice(b"\r\n"),
            byte => shown.push(*byte),
        }
    }
    shown.push(b'"');
}
