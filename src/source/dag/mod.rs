//! The DAG of a library: reads `betterform_dag.mk`, itself or through GNU make, and checks it.
//! Does not know what becomes of the stages.

mod calls;
mod declare;
mod make;
mod plain;
mod report;
mod sources;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::core::graph::StageGraph;
use crate::error::{Error, Result};
use crate::source::dag::calls::{Place, Problem};
use crate::source::dag::plain::Parsed;
use crate::source::dag::report::{End, Evaluated};
use crate::source::dag::sources::Sources;
use crate::source::project::DAG_FILE;
use crate::system::environment::Environment;

/// The stages of a library.
#[derive(Debug)]
pub struct Dag {
    /// The stages and what they depend on, in order of declaration.
    pub graph: StageGraph,
    /// Who evaluated the file.
    pub evaluated_by: Evaluator,
    /// The files that were read: the DAG file, then what it includes. Absolute if library and deployment are.
    pub files: Vec<PathBuf>,
    /// What make printed to stderr besides, such as warnings of the file itself, a line each.
    pub notes: Vec<String>,
}

/// Who evaluates a DAG file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evaluator {
    /// betterform's own parser, for plain files.
    Own,
    /// GNU make.
    Make,
}

/// Loads the DAG of the library at `library`. `deployment` is where make is started, if it has to be.
///
/// # Errors
/// All problems of the file together, sorted by place; or why it cannot be read or evaluated.
pub fn load(library: &Path, deployment: &Path, environment: &Environment) -> Result<Dag> {
    let text = read(library)?;
    match plain::parse(&text) {
        Parsed::Plain { calls, problems } => {
            let sources = Sources::own(library, text);
            sources.dag(Evaluator::Own, &calls, problems)
        }
        Parsed::Other(place) => by_make(library, deployment, environment, text, Some(place)),
    }
}

/// As [`load`], with the evaluator chosen: to compare the two.
///
/// # Errors
/// As [`load`], and if a file that is not plain is to be evaluated by [`Evaluator::Own`].
pub fn load_by(
    evaluator: Evaluator,
    library: &Path,
    deployment: &Path,
    environment: &Environment,
) -> Result<Dag> {
    let text = read(library)?;
    if evaluator == Evaluator::Make {
        return by_make(library, deployment, environment, text, None);
    }
    let parsed = plain::parse(&text);
    let sources = Sources::own(library, text);
    match parsed {
        Parsed::Plain { calls, problems } => sources.dag(Evaluator::Own, &calls, problems),
        Parsed::Other(place) => {
            Err(sources.error([Problem::new(place, "only GNU make understands this")]))
        }
    }
}

/// The text of the DAG file, without a byte order mark, which make skips too.
fn read(library: &Path) -> Result<String> {
    let path = library.join(DAG_FILE);
    let bytes = std::fs::read(&path).map_err(|error| unreadable(library, &path, &error))?;
    let wrong = match std::str::from_utf8(&bytes) {
        Ok(text) => text
            .find('\0')
            .map(|at| (at, "there is a NUL character in this line")),
        Err(error) => Some((error.valid_up_to(), "this line is not UTF-8")),
    };
    let text = String::from_utf8_lossy(&bytes);
    let Some((at, message)) = wrong else {
        return Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned());
    };
    let before = bytes.get(..at).unwrap_or_default();
    let lines = before.split(|byte| *byte == b'\n');
    let in_line = String::from_utf8_lossy(lines.clone().next_back().unwrap_or_default());
    let place = Place {
        file: 0,
        line: lines.count(),
        column: Some(in_line.chars().count() + 1),
        width: 1,
    };
    Err(Sources::own(library, text.into_owned()).error([Problem::new(place, message)]))
}

fn unreadable(library: &Path, path: &Path, error: &std::io::Error) -> Error {
    if error.kind() != ErrorKind::NotFound {
        return Error::io("cannot read", path, error);
    }
    let library_shown = library.display();
    if library.exists() {
        Error::failed(format!("the library `{library_shown}` has no `{DAG_FILE}`")).hint(
            "create it, with a line `$(call define_stage, NAME, DEPENDENCIES)` for each stage",
        )
    } else {
        Error::failed(format!("the library `{library_shown}` does not exist"))
            .hint("set `IMPL_DIR` to the directory that holds `betterform_dag.mk`")
    }
}

/// Has make evaluate the file, because of what stands at `needed_at`.
fn by_make(
    library: &Path,
    deployment: &Path,
    environment: &Environment,
    text: String,
    needed_at: Option<Place>,
) -> Result<Dag> {
    let file = library.join(DAG_FILE);
    let evaluated = match make::evaluate(&file, library, deployment, environment) {
        Ok(evaluated) => evaluated,
        Err(error) => return Err(without_make(library, text, needed_at, error)),
    };
    let Evaluated {
        calls,
        problems,
        files,
        notes,
        end,
    } = evaluated;
    let sources = Sources {
        library,
        files,
        text,
    };
    match end {
        End::Done => {}
        End::Failed(message, place) => return Err(sources.make_failed(&message, place, &notes)),
        End::Missing(included) => return Err(sources.not_included(&included)),
    }
    let dag = sources.dag(Evaluator::Make, &calls, problems)?;
    Ok(Dag { notes, ..dag })
}

/// Why make could not be started, and which place needs it.
fn without_make(library: &Path, text: String, needed_at: Option<Place>, error: Error) -> Error {
    let place = match needed_at {
        Some(place) if !error.is_interruption() => place,
        _ => return error,
    };
    let message = format!("only GNU make understands this, and {}", error.message());
    let help =
        "install GNU make, or write only comments and `$(call define_stage, NAME, DEPENDENCIES)`";
    Sources::own(library, text).error([Problem::new(place, message).help(help)])
}
