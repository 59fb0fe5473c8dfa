//! CSV as Go's `encoding/csv` reads it, with its errors. It knows no values.

/// The cells of one line.
pub(super) type Row = Vec<Vec<u8>>;

/// All rows; each has to have as many cells as the first.
pub(super) fn parse(input: &[u8], comma: u8) -> Result<Vec<Row>, String> {
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
                    return Self::failed(
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
                    _ => return Self::failed(start, self.line, position.1 - 1, WHY),
                }
            } else if rest.is_empty() {
                return Self::failed(start, position.0, position.1, WHY);
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

    fn failed<T>(start: usize, line: usize, column: usize, why: &str) -> Result<T, String> {
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
