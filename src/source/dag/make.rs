//! Has GNU make evaluate a DAG file. Does not know what the calls mean, and leaves it to `report.rs` to find them.
//!
//! make reads three files: one that defines the macros, the DAG file, and one that ends make. A macro reports its arguments
//! through `$(warning)`, which is the only function that tells file and line. The last file ends make through `$(error)`:
//! that is before it would look for makefiles to remake ("How Makefiles Are Remade" in its manual; `-n` does not keep it from
//! that), so that no recipe runs, whatever the DAG file says. A random word marks the reports, so that nothing else that make,
//! the DAG file or its `$(shell)` commands print can be taken for one.

use std::cell::Cell;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};

use crate::error::{Error, Result};
use crate::source::dag::calls::Macro;
use crate::source::dag::report::{Evaluated, Reader};
use crate::system::environment::Environment;
use crate::system::process;

/// Variables through which a make that called betterform would change what this one does.
const NOISE: [&str; 9] = [
    "GNUMAKEFLAGS",
    "MAKEFILES",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MAKEOVERRIDES",
    "MAKE_RESTARTS",
    "MAKE_TERMERR",
    "MAKE_TERMOUT",
    "MFLAGS",
];

/// GNU make is `gmake` where `make` is another one.
const PROGRAMS: [&str; 2] = ["gmake", "make"];

/// How many arguments of a macro are looked at.
const ARGUMENTS: usize = 32;

/// Evaluates `file` with GNU make.
///
/// # Errors
/// No make, or one that cannot be started. That make fails is no error here but told by `end`.
pub(super) fn evaluate(
    file: &Path,
    library: &Path,
    deployment: &Path,
    environment: &Environment,
) -> Result<Evaluated> {
    let mark = mark()?;
    let scratch = tempfile::Builder::new()
        .prefix("betterform-")
        .tempdir()
        .map_err(|error| {
            let parent = std::env::temp_dir();
            Error::io("cannot create a directory in", &parent, &error)
        })?;
    let before = scratch.path().join("before.mk");
    let after = scratch.path().join("after.mk");
    write(&before, &opening(&mark))?;
    write(&after, &ending(&mark))?;
    let mut variables = environment.clone();
    for name in NOISE {
        variables.remove(name);
    }
    variables.set("IMPL_DIR", library);
    // Messages in English, whatever the locale: some are looked for.
    variables.set("LANGUAGE", "en");
    let output = run(&[&before, file, &after], library, deployment, &variables)?;
    let mut reader = Reader::new(mark, file, library, deployment);
    reader.read_stdout(&output.stdout, &after);
    reader.read_stderr(&output.stderr);
    Ok(reader.finish(output.status))
}

fn mark() -> Result<String> {
    let random = getrandom::u64()
        .map_err(|error| Error::failed(format!("the system has no random numbers: {error}")))?;
    Ok(format!("betterform:{random:016x}:"))
}

/// Defines the macros. The first warning of each ends the line that a `$(shell)` command may have left unfinished.
fn opening(mark: &str) -> String {
    let extra: String = (3..=ARGUMENTS)
        .map(|argument| format!("$(value {argument}) "))
        .collect();
    let definition = |callee: Macro| {
        let name = callee.as_str();
        format!(
            "override {name} = $(warning {mark})\
             $(warning {mark}{name}{mark}$(strip $(value 1)){mark}$(strip $(value 2)){mark}$(strip {extra}){mark})\n"
        )
    };
    let definitions: String = Macro::ALL.map(definition).concat();
    // The DAG file finds itself to be the first makefile.
    definitions + "MAKEFILE_LIST :=\n"
}

/// Reports that everything was read, where make looks for included files, and which macros are no longer ours.
fn ending(mark: &str) -> String {
    let replaced: String = Macro::ALL
        .map(Macro::as_str)
        .map(|name| format!("$(if $(findstring {mark},$(value {name})),,{name} )"))
        .concat();
    format!("$(error {mark}done{mark}$(value .INCLUDE_DIRS){mark}{replaced}{mark})\n")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a scratch file that nobody else sees"
)]
fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|error| Error::io("cannot write", path, &error))
}

/// Runs make on these makefiles, from the deployment.
#[expect(
    clippy::disallowed_methods,
    reason = "make only reads; it needs no log, group or grace"
)]
fn run(
    files: &[&Path],
    library: &Path,
    deployment: &Path,
    variables: &Environment,
) -> Result<Output> {
    for program in PROGRAMS {
        let mut command = Command::new(program);
        // Which files are included, and which macros are not defined, make tells only if it is asked to.
        command.args(["--debug=v", "--warn-undefined-variables"]);
        command.args(["-r", "--no-print-directory", "-I"]);
        command.arg(library);
        for file in files {
            command.arg("-f").arg(file);
        }
        command.env_clear().envs(variables.iter());
        command.current_dir(deployment);
        let missing = Cell::new(false);
        let refused = |error: &std::io::Error| {
            missing.set(error.kind() == ErrorKind::NotFound);
            Error::failed(format!("cannot start `{program}`: {error}"))
        };
        match process::output(&mut command, refused) {
            Err(_) if missing.get() => {}
            ended => return ended,
        }
    }
    Err(Error::failed("GNU make is not installed"))
}
