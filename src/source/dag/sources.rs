//! The files that make up a DAG, from which errors show lines. Does not know how they are evaluated.

use std::path::{Path, PathBuf};

use crate::error::{Diagnostic, Error, Result};
use crate::source::dag::calls::{Call, Place, Problem};
use crate::source::dag::declare::Declared;
use crate::source::dag::{Dag, Evaluator};
use crate::source::lexical;
use crate::source::project::DAG_FILE;

/// How much of what make printed is shown with its error, in lines.
const NOTES: usize = 10;

/// How much text is shown with one error, in bytes: a line comes once with each problem in it, and may be long.
const SHOWN: usize = 16 << 20;

/// The files that make up the DAG, to show places in them.
pub(super) struct Sources<'a> {
    pub(super) library: &'a Path,
    /// By number; the first is the DAG file.
    pub(super) files: Vec<PathBuf>,
    /// The text of the DAG file.
    pub(super) text: String,
}

impl<'a> Sources<'a> {
    /// The DAG file alone.
    pub(super) fn own(library: &'a Path, text: String) -> Self {
        Self {
            library,
            files: vec![library.join(DAG_FILE)],
            text,
        }
    }

    /// What the calls declare, if nothing is wrong with that and there are no problems already.
    pub(super) fn dag(self, by: Evaluator, calls: &[Call], problems: Vec<Problem>) -> Result<Dag> {
        let shown = |place: Place| format!("{}:{}", self.shown(place.file), place.line);
        let mut found = problems;
        // A call that could not be read may have defined what others depend on.
        let complete = found.is_empty();
        match Declared::new(calls, shown).graph(self.library, complete) {
            Ok(graph) if found.is_empty() => {
                return Ok(Dag {
                    graph,
                    evaluated_by: by,
                    files: self.files,
                    notes: Vec::new(),
                });
            }
            Ok(_) => {}
            Err(more) => found.extend(more),
        }
        Err(self.error(found))
    }

    /// An error of these problems, sorted by place.
    pub(super) fn error(&self, problems: impl IntoIterator<Item = Problem>) -> Error {
        let mut problems: Vec<_> = problems.into_iter().collect();
        problems.sort_by_key(|problem| problem.place);
        problems.dedup();
        let mut texts = vec![String::new(); self.files.len()];
        for problem in &problems {
            if let Some(text) = texts
                .get_mut(problem.place.file)
                .filter(|text| text.is_empty())
            {
                *text = self.text_of(problem.place.file);
            }
        }
        let lines: Vec<Vec<&str>> = texts.iter().map(|text| text.lines().collect()).collect();
        let mut left = SHOWN;
        let diagnostics = problems.into_iter().map(|problem| {
            let place = problem.place;
            let text = lines
                .get(place.file)
                .and_then(|lines| lines.get(place.line.checked_sub(1)?))
                .filter(|text| text.len() <= left);
            left -= text.map_or(0, |text| text.len());
            Diagnostic {
                message: problem.message,
                path: self.shown(place.file),
                line: place.line,
                column: place.column,
                width: place.width,
                text: text.copied().unwrap_or_default().to_owned(),
                help: problem.help,
            }
        });
        Error::at(diagnostics.collect())
    }

    /// A file as the user should see it: relative to the library if it is in there.
    fn shown(&self, file: usize) -> String {
        let path = self.files.get(file).map(PathBuf::as_path);
        let path = path.unwrap_or(Path::new(DAG_FILE));
        lexical::shown(&lexical::absolute(self.library, path), self.library)
    }

    /// The text of a file, as far as it can be read.
    fn text_of(&self, file: usize) -> String {
        let Some(path) = self.files.get(file).filter(|_| file > 0) else {
            return self.text.clone();
        };
        let bytes = std::fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// An error of make itself, with what it printed before.
    pub(super) fn make_failed(
        &self,
        message: &str,
        place: Option<Place>,
        notes: &[String],
    ) -> Error {
        let error = match place {
            Some(place) => {
                let problem = Problem::new(place, format!("GNU make: {message}"));
                let help = message.starts_with("missing separator").then_some("stages are defined by lines such as `$(call define_stage, NAME, DEPENDENCIES)`");
                let help = help.map(str::to_owned);
                self.error([Problem { help, ..problem }])
            }
            None => Error::failed(format!("GNU make cannot evaluate `{DAG_FILE}`: {message}")),
        };
        if notes.is_empty() {
            return error;
        }
        let last = notes.get(notes.len().saturating_sub(NOTES)..);
        let last = last.unwrap_or_default().join("\n  ");
        error.hint(format!("make also printed:\n  {last}"))
    }

    /// Files that are to be included but cannot be read, each shown where it is named, if it is.
    pub(super) fn not_included(&self, included: &[PathBuf]) -> Error {
        let help = "it is looked for in the deployment, then in the library; no recipe that would generate it is run";
        let texts: Vec<_> = (0..self.files.len())
            .map(|file| self.text_of(file))
            .collect();
        let line = |wanted: &dyn Fn(&str) -> bool| {
            texts.iter().enumerate().find_map(|(file, text)| {
                let mut lines = text.lines().zip(1..);
                lines.find_map(|(line, number)| wanted(line).then_some((file, number)))
            })
        };
        let problems = included.iter().map(|name| {
            let name = name.display().to_string();
            let named = line(&|line| line.contains("include") && line.contains(&name));
            let computed =
                |line: &str| line.trim_start().starts_with("include") && line.contains('$');
            let (file, line) = named.or_else(|| line(&computed)).unwrap_or((0, 1));
            let place = Place {
                file,
                line,
                column: None,
                width: 1,
            };
            let message = format!("the included file `{name}` does not exist or cannot be read");
            Problem::new(place, message).help(help)
        });
        self.error(problems)
    }
}
