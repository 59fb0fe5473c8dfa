//! `data.CSV` and its kin: rows of cells as text, in and out. It knows no other formats.

use std::collections::BTreeMap;

use crate::template::gomplate::conv::text;
use crate::template::gomplate::strings::{plain, split};
use crate::template::gomplate::{Entry, handover, open};
use crate::template::kind::Type;
use crate::template::value::{List, Map, Text, Value};

type Row = Vec<Vec<u8>>;

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
    let names = |names: &Value, by: &[u8]| match split(plain(names), by, -1) {
        Value::List(list) => list
            .items()
            .iter()
            .map(|name| plain(name).to_vec())
            .collect(),
        _ => Row::new(),
    };
    let (delimiter, header, input): (&[u8], Option<Row>, &[u8]) = match args {
        [input] => (b",", None, plain(input)),
        [first, input] => match plain(first) {
            delimiter @ [_] => (delimiter, None, plain(input)),
            [] => (b",", Some(Row::new()), plain(input)),
            _ => (b",", Some(names(first, b",")), plain(input)),
        },
        [delimiter, first, input] => {
            let delimiter = plain(delimiter);
            (delimiter, Some(names(first, delimiter)), plain(input))
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

fn parse(input: &[u8], comma: u8) -> Result<Vec<Row>, String> {
    let mut reader = Reader {
        rest: input,
        line: 0,
        comma,
    };
    let mut rows: Vec<Row> = Vec::new();
    while let Some((line, row)) = reader.record()? {
        if rows.first().is_some_and(|first| first.len() != row.len()) {
            return Err(format!("record on line {line}: wrong number of fields"));
        }
        rows.push(row);
    }
    Ok(rows)
}

struct Reader<'i> {
    rest: &'i [u8],
    line: usize,
    comma: u8,
}

impl Reader<'_> {
    /// The next line with its end, which is always a line feed; empty at the end of the text.
    fn next_line(&mut self) -> Vec<u8> {
        let length = memchr::memchr(b'\n', self.rest).map_or(self.rest.len(), |at| at + 1);
        let (line, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.line += 1;
        let mut line = line.to_vec();
        if line.ends_with(b"\r\n") {
            line.truncate(line.len() - 2);
            line.push(b'\n');
        } else if line.ends_with(b"\r") {
            line.pop();
        }
        line
    }

    /// The next row that is not empty, and the line it begins on.
    fn record(&mut self) -> Result<Option<(usize, Row)>, String> {
        let line = loop {
            let at_end = self.rest.is_empty();
            let line = self.next_line();
            if at_end {
                return Ok(None);
            }
            if line != b"\n" && !line.is_empty() {
                break line;
            }
            // A carriage return alone at the end of the text is a row of one empty cell.
            if line.is_empty() {
                break line;
            }
        };
        let start = self.line;
        let row = self.cells(line, start)?;
        Ok(Some((start, row)))
    }

    fn cells(&mut self, line: Vec<u8>, start: usize) -> Result<Row, String> {
        let mut row = Row::new();
        let mut line = line;
        let mut at = 0;
        loop {
            let rest = line.get(at..).unwrap_or_default();
            if rest.first() != Some(&b'"') {
                let length = memchr::memchr(self.comma, rest);
                let cell = match length {
                    Some(length) => rest.get(..length).unwrap_or_default(),
                    None => rest.strip_suffix(b"\n").unwrap_or(rest),
                };
                if let Some(quote) = memchr::memchr(b'"', cell) {
                    return self.failed(
                        start,
                        self.line,
                        at + quote + 1,
                        "bare \" in non-quoted-field",
                    );
                }
                row.push(cell.to_vec());
                match length {
                    Some(length) => at += length + 1,
                    None => return Ok(row),
                }
                continue;
            }
            at += 1;
            let (cell, is_last) = self.quoted(&mut line, &mut at, start)?;
            row.push(cell);
            if is_last {
                return Ok(row);
            }
        }
    }

    /// A cell in quotes, from behind the first, and whether it is the last of its row.
    fn quoted(
        &mut self,
        line: &mut Vec<u8>,
        at: &mut usize,
        start: usize,
    ) -> Result<(Vec<u8>, bool), String> {
        const WHY: &str = "extraneous or missing \" in quoted-field";
        let mut cell = Vec::new();
        // Columns go on where a text ends without another line.
        let mut position = (self.line, *at + 1);
        loop {
            let rest = line.get(*at..).unwrap_or_default();
            if let Some(length) = memchr::memchr(b'"', rest) {
                cell.extend_from_slice(rest.get(..length).unwrap_or_default());
                *at += length + 1;
                position.1 += length + 1;
                match line.get(*at..).unwrap_or_default() {
                    [b'"', ..] => {
                        cell.push(b'"');
                        *at += 1;
                        position.1 += 1;
                    }
                    [next, ..] if *next == self.comma => {
                        *at += 1;
                        return Ok((cell, false));
                    }
                    [] | b"\n" => return Ok((cell, true)),
                    _ => return self.failed(start, self.line, position.1 - 1, WHY),
                }
            } else if rest.is_empty() {
                return self.failed(start, position.0, position.1, WHY);
            } else {
                cell.extend_from_slice(rest);
                position.1 += rest.len();
                *line = self.next_line();
                *at = 0;
                if !line.is_empty() {
                    position = (position.0 + 1, 1);
                }
            }
        }
    }

    fn failed<T>(&self, start: usize, line: usize, column: usize, why: &str) -> Result<T, String> {
        let begun = if start == line {
            String::new()
        } else {
            format!("record on line {start}; ")
        };
        Err(format!(
            "{begun}parse error on line {line}, column {column}: {why}"
        ))
    }
}

fn write(args: &[Value]) -> Result<Value, String> {
    let (delimiter, rows) = match args {
        [rows] => (b",".to_vec(), Some(rows)),
        [Value::Str(delimiter), rows] => (delimiter.to_vec(), Some(rows)),
        [delimiter, _] => {
            let shown = crate::template::gomplate::conv::told(delimiter)?;
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
            write_cell(cell, comma, &mut shown)?;
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

fn write_cell(cell: &[u8], comma: u8, shown: &mut Vec<u8>) -> Result<(), String> {
    let begins_blank = match crate::template::runes::decode(cell) {
        Some((first, _)) => first.is_whitespace(),
        None => false,
    };
    let is_odd = |byte: &u8| matches!(*byte, b'\n' | b'\r' | b'"') || *byte == comma;
    if !(begins_blank || cell == b"\\." || cell.iter().any(is_odd)) {
        shown.extend_from_slice(cell);
        return Ok(());
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
    Ok(())
}
