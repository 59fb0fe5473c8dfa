//! DAG files that are more than plain, evaluated by GNU make: the macros report each call with its place. No recipe of the
//! file is run. Knows nothing of what the calls mean.

use std::path::Path;
use std::process::Command;

use crate::error::{Error, Result};
use crate::source::dag::{Call, Macro, Place, Word};
use crate::source::lexical;
use crate::system::environment::Environment;
use crate::system::process;

/// Stands in front of each report.
const MARK: &str = "betterform-call";

/// A goal of our own, so that no recipe of the file is run.
const GOAL: &str = "betterform-evaluates-the-dag";

/// The calls that evaluating a file makes, in their order.
///
/// # Errors
/// There is no make, or it says that something is wrong.
pub fn evaluate(path: &Path, deployment: &Path, environment: &Environment) -> Result<Vec<Call>> {
    let output = run(path, deployment, environment, |error| {
        Error::failed(format!(
            "`{}` is more than a plain DAG file, and GNU make, which evaluates such files, cannot be run: {error}",
            path.display()
        ))
        .hint("install `make`, or write the file with `$(call define_stage, NAME, DEPENDENCIES)` lines alone")
    })?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let said: Vec<&str> = told.lines().filter(|line| !line.contains(MARK)).collect();
        return Err(Error::failed(format!(
            "make cannot evaluate `{}`:\n{}",
            path.display(),
            said.join("\n")
        )));
    }
    let library = path.parent().unwrap_or(path);
    Ok(told
        .lines()
        .filter_map(|line| report(line, library))
        .collect())
}

#[expect(
    clippy::disallowed_methods,
    reason = "make runs to its end at once, and its output is small"
)]
fn run(
    path: &Path,
    deployment: &Path,
    environment: &Environment,
    refused: impl FnOnce(&std::io::Error) -> Error,
) -> Result<std::process::Output> {
    let define = |name: Macro| {
        let name = name.as_str();
        format!(
            "{name} = $(warning {MARK}|{name}|$(strip $1)|$(strip $2)|$(strip $3)$(if $(strip $4),+)|)"
        )
    };
    let mut command = Command::new("make");
    command
        .args([
            "--no-builtin-rules",
            "--no-builtin-variables",
            "--no-print-directory",
            "--just-print",
        ])
        .arg(format!("--eval={}", define(Macro::DefineStage)))
        .arg(format!("--eval={}", define(Macro::DagDeps)))
        .arg(format!("--eval=.PHONY: {GOAL}"))
        .arg(format!("--eval={GOAL}: ;"))
        .arg("--file")
        .arg(path)
        .arg(GOAL)
        .current_dir(deployment)
        .env_clear()
        .envs(environment.iter())
        .env("LC_ALL", "C");
    for name in [
        "MAKEFLAGS",
        "MFLAGS",
        "MAKELEVEL",
        "MAKEFILES",
        "GNUMAKEFLAGS",
    ] {
        command.env_remove(name);
    }
    process::output(&mut command, refused)
}

/// Reads `FILE:LINE: MARK|MACRO|FIRST|SECOND|THIRD|`.
fn report(line: &str, library: &Path) -> Option<Call> {
    let (place, call) = line.split_once(&format!(": {MARK}|"))?;
    let (file, number) = place.rsplit_once(':')?;
    let place = Place {
        file: lexical::shown(Path::new(file), library),
        line: number.parse().ok()?,
        column: None,
    };
    let mut fields = call.split('|');
    let macro_name = Macro::named(fields.next()?)?;
    let word = |text: &str| Word {
        text: text.to_owned(),
        place: place.clone(),
    };
    let mut arguments: Vec<Vec<Word>> = fields
        .take(3)
        .map(|text| text.split_whitespace().map(word).collect())
        .collect();
    if arguments.get(2).is_some_and(Vec::is_empty) {
        arguments.truncate(2);
    }
    Some(Call {
        macro_name,
        arguments,
        place,
    })
}
