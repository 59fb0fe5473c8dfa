//! jsonnet, evaluated in process: from a file to the JSON that the `jsonnet` command prints.
//!
//! Knows nothing of projects, caches or where the result goes.

use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crate::core::fingerprint::Digest;
use crate::error::{Error, Result};
use crate::system::signal;

mod evaluate;
mod explain;
mod imports;
mod manifest;
mod reasons;
mod tokens;

/// How a variable's value is to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// As a string.
    Text,
    /// As jsonnet code.
    Code,
}

/// An external variable or a top-level argument.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Whether its value is a string or code.
    pub form: Form,
    /// Its value.
    pub value: String,
}

/// What is to be evaluated, and with what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// The directory that relative paths are relative to.
    pub directory: PathBuf,
    /// The file, as users know it: relative to the directory, or absolute.
    pub file: PathBuf,
    /// The directories in which imports are looked up after the importing file's own, in this order.
    pub library_path: Vec<PathBuf>,
    /// External variables, each name once.
    pub ext: Vec<Variable>,
    /// Top-level arguments, each name once.
    pub tla: Vec<Variable>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluated {
    /// The JSON, byte for byte as the `jsonnet` command prints it.
    pub json: Vec<u8>,
    /// Every file that was read, the first one included, with its digest; and every place where an import was looked up
    /// and not found, with none. Paths are absolute.
    pub files: Vec<(PathBuf, Option<Digest>)>,
    /// What `std.trace` said, one line each.
    pub traces: Vec<String>,
}

/// How much stack the evaluator may use, in bytes: it recurses as deep as its input is nested. What is not used costs
/// nothing. The smaller ones are for systems that do not give as much.
const STACKS: [usize; 3] = [4 << 30, 512 << 20, 64 << 20];

/// How often the wish to stop is looked for.
const GLANCE: Duration = Duration::from_millis(50);

/// Evaluates a jsonnet file. One that takes for ever is left to itself when the user asks to stop.
///
/// # Errors
/// With jsonnet's message and trace if evaluation fails.
pub fn evaluate(job: &Job) -> Result<Evaluated> {
    let failed =
        |what: &str| Error::failed(format!("{what} while evaluating `{}`", job.file.display()));
    let (done, result) = channel();
    let started = STACKS.iter().any(|stack| {
        let builder = std::thread::Builder::new().stack_size(*stack);
        let (job, done) = (job.clone(), done.clone());
        let work = move || {
            // Nobody may be waiting any more.
            let _ = done.send(evaluate::run(&job));
        };
        builder.name("jsonnet".to_owned()).spawn(work).is_ok()
    });
    drop(done);
    if !started {
        return Err(failed("the system gave no thread"));
    }
    let stop = signal::stop()?;
    loop {
        match result.recv_timeout(GLANCE) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(failed("the jsonnet evaluator broke down"));
            }
            Err(RecvTimeoutError::Timeout) => stop.interrupted().map_or(Ok(()), Err)?,
        }
    }
}
