//! Reads plain DAG files: comments, blank lines and calls of the two macros, with the eyes of GNU make.
//! Does not know what the calls mean, and leaves every file that has anything else in it to make.
//!
//! What make does, and this does too (found out with GNU make 4.3, and held to it by a property test):
//! - A line that ends in an odd number of `\` goes on in the next, comments included. Within a call, the
//!   `\` and the white space around it are one space.
//! - `#` starts a comment, but not inside a call.
//! - A line of calls must not start with a tab, which would make it a recipe; continued lines, blank
//!   lines and comments may.
//! - Several calls may share a line. A call ends at its first bracket of the closing kind; brackets of the
//!   other kind mean nothing in it.
//! - Lines may end in CR LF.

use crate::source::dag::calls::{Call, Macro, Place, Problem, Word};

/// What a file turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// All of it is plain.
    Plain {
        calls: Vec<Call>,
        problems: Vec<Problem>,
    },
    /// At this place starts something that only make understands.
    Other(Place),
}

/// Reads the text of the DAG file.
pub(super) fn parse(text: &str) -> Parsed {
    let mut lines = Lines::new(text);
    let mut line = Line {
        cells: Vec::new(),
        at: 0,
    };
    let mut calls = Vec::new();
    let mut problems = Vec::new();
    while lines.read(&mut line.cells) {
        line.at = 0;
        match line.parse(&mut calls, &mut problems) {
            Ok(()) => {}
            Err(Stop::Other(place)) => return Parsed::Other(place),
            // All before was plain, so nothing can keep make from failing here: the rest does not count.
            Err(Stop::Fatal(problem)) => {
                problems.push(problem);
                break;
            }
        }
    }
    Parsed::Plain { calls, problems }
}

/// Why reading stops.
enum Stop {
    Other(Place),
    Fatal(Problem),
}

/// A character and where it stands.
#[derive(Clone, Copy)]
struct Cell {
    char: char,
    line: u32,
    column: u32,
}

/// Reads logical lines: those of the file, joined where one goes on in the next.
struct Lines<'a> {
    rest: std::str::SplitInclusive<'a, char>,
    number: u32,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.split_inclusive('\n'),
            number: 0,
        }
    }

    /// Puts the next logical line into `cells`; false at the end of the file.
    fn read(&mut self, cells: &mut Vec<Cell>) -> bool {
        cells.clear();
        let first = self.number;
        for raw in self.rest.by_ref() {
            self.number += 1;
            let (text, ended) = match raw.strip_suffix('\n') {
                Some(text) => (text.strip_suffix('\r').unwrap_or(text), true),
                None => (raw, false),
            };
            let slashes = text.len() - text.trim_end_matches('\\').len();
            let continued = ended && slashes % 2 == 1;
            let kept = if continued {
                text.len() - 1
            } else {
                text.len()
            };
            let chars = (1..).zip(text.char_indices());
            cells.extend(chars.map(|(column, (at, char))| Cell {
                char: if at < kept { char } else { ' ' },
                line: self.number,
                column,
            }));
            if !continued {
                break;
            }
        }
        self.number > first
    }
}

/// A logical line, and how far it was read.
struct Line {
    cells: Vec<Cell>,
    at: usize,
}

impl Line {
    fn parse(&mut self, calls: &mut Vec<Call>, problems: &mut Vec<Problem>) -> Result<(), Stop> {
        let mut first_call = None;
        while let Some(char) = self.peek() {
            match char {
                ' ' | '\t' => self.at += 1,
                '#' => break,
                '$' => {
                    first_call.get_or_insert(self.place(self.at, self.at + 1));
                    match self.call()? {
                        Ok(call) => calls.push(call),
                        Err(problem) => problems.push(problem),
                    }
                }
                _ => return Err(self.other()),
            }
        }
        let starts_with_tab = self.cells.first().is_some_and(|cell| cell.char == '\t');
        match first_call {
            Some(place) if starts_with_tab => {
                let message = "this line starts with a tab, so GNU make takes it for a recipe";
                let problem = Problem::new(place, message);
                Err(Stop::Fatal(
                    problem.help("start it with spaces, or with nothing"),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Reads `$(call MACRO, …)` or `${call MACRO, …}`.
    fn call(&mut self) -> Result<Result<Call, Problem>, Stop> {
        let start = self.at;
        self.at += 1;
        let (open, close) = match self.peek() {
            Some('(') => ('(', ')'),
            Some('{') => ('{', '}'),
            _ => return Err(Stop::Other(self.place(start, self.at))),
        };
        self.at += 1;
        for expected in "call ".chars() {
            let found = self.peek().unwrap_or_default();
            if found != expected && !(expected == ' ' && is_blank(found)) {
                return Err(Stop::Other(self.place(start, self.at)));
            }
            self.at += 1;
        }
        let mut arguments: Vec<Vec<Word>> = vec![Vec::new()];
        loop {
            match self.peek() {
                None => return Err(self.unterminated(start, close)),
                Some(char) if char == close => break,
                Some(',') => arguments.push(Vec::new()),
                Some(char) if is_blank(char) => {}
                Some(char) if is_literal(char) && char != open => {
                    let word = self.word(open, close);
                    if let Some(argument) = arguments.last_mut() {
                        argument.push(word);
                    }
                    continue;
                }
                Some(_) => return Err(self.other()),
            }
            self.at += 1;
        }
        self.at += 1;
        self.call_of(start, arguments)
    }

    /// The call that these arguments make, of which the first is the macro.
    fn call_of(
        &self,
        start: usize,
        arguments: Vec<Vec<Word>>,
    ) -> Result<Result<Call, Problem>, Stop> {
        let place = self.place(start, self.at);
        let mut arguments = arguments.into_iter();
        let callee = arguments.next().unwrap_or_default();
        let Some(name) = callee.first() else {
            return Err(Stop::Other(place));
        };
        let Some(known) = Macro::named(&name.text) else {
            let problem = Macro::misspelled(&name.text, name.place);
            return problem.map(Err).ok_or(Stop::Other(place));
        };
        if let Some(second) = callee.get(1) {
            let message = format!(
                "there is no `,` between `{}` and `{}`",
                name.text, second.text
            );
            return Ok(Err(Problem::new(second.place, message).help(known.usage())));
        }
        Ok(Ok(Call {
            callee: known,
            place,
            first: arguments.next().unwrap_or_default(),
            second: arguments.next().unwrap_or_default(),
            extra: arguments.flatten().next(),
        }))
    }

    fn word(&mut self, open: char, close: char) -> Word {
        let start = self.at;
        let ends = |char| !is_literal(char) || char == open || char == close || char == ',';
        while self.peek().is_some_and(|char| !ends(char)) {
            self.at += 1;
        }
        let cells = self.cells.get(start..self.at).unwrap_or_default();
        Word {
            text: cells.iter().map(|cell| cell.char).collect(),
            place: self.place(start, self.at),
        }
    }

    fn peek(&self) -> Option<char> {
        self.cells.get(self.at).map(|cell| cell.char)
    }

    fn other(&self) -> Stop {
        Stop::Other(self.place(self.at, self.at + 1))
    }

    fn unterminated(&self, start: usize, close: char) -> Stop {
        let problem = Problem::new(
            self.place(start, start + "$(call".len()),
            format!("this call is never closed with `{close}`"),
        );
        Stop::Fatal(
            problem
                .help("a call that goes on in the next line needs a `\\` at the end of the line"),
        )
    }

    /// The place of the cells from `start` to `end`, as far as they stand on one line.
    fn place(&self, start: usize, end: usize) -> Place {
        let first = self.cells.get(start).or(self.cells.last());
        let (line, column) = first.map_or((1, 1), |cell| (cell.line, cell.column));
        let cells = self.cells.get(start..end).unwrap_or_default();
        let width = cells.iter().take_while(|cell| cell.line == line).count();
        Place {
            file: 0,
            line: line as usize,
            column: Some(column as usize),
            width: width.max(1),
        }
    }
}

fn is_blank(char: char) -> bool {
    matches!(char, ' ' | '\t')
}

/// Whether a character stands for itself in an argument. Other white space than blanks does not: make
/// splits words at it in some places and not in others.
fn is_literal(char: char) -> bool {
    !is_blank(char) && !matches!(char, '$' | '\\' | '\r' | '\x0b' | '\x0c')
}

#[cfg(test)]
mod tests;
