//! How many template files a run with nothing to do opens, counted by strace. Knows nothing of time.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Result;
use crate::tools::{self, BETTERFORM, Tool};

/// Runs betterform with nothing to do under strace and counts the template files that it opens; `None` without strace.
pub(crate) fn opened_templates(tools: &[Tool], place: &Path) -> Result<Option<usize>> {
    let Some(tool) = tools.get(BETTERFORM) else {
        return Ok(None);
    };
    if tools::version("strace")?.is_none() {
        return Ok(None);
    }
    let log = place.join("strace.log");
    let status = Command::new("strace")
        .args(["-f", "-qq", "-y", "-e", "trace=open,openat,openat2", "-o"])
        .arg(&log)
        .args(&tool.build.words)
        .current_dir(&tool.build.directory)
        .env("INTERACTIVE", "false")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if !status.success() {
        return Err(format!("strace of a run with nothing to do: {status}").into());
    }
    let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    fs::remove_file(log)?;
    let library = fs::canonicalize(place.join("lib"))?;
    let opened = text.lines().filter_map(opened);
    Ok(Some(
        opened.filter(|path| is_template(path, &library)).count(),
    ))
}

/// The path of the file that a line of strace says was opened: `... = 3</path>`.
fn opened(line: &str) -> Option<&Path> {
    let (_, path) = line.rsplit_once(" = ")?;
    let (_, path) = path.split_once('<')?;
    Some(Path::new(path.strip_suffix('>')?))
}

/// Whether a path is a file of a stage template directory.
fn is_template(path: &Path, library: &Path) -> bool {
    let inside = path.strip_prefix(library);
    inside.is_ok_and(|inside| inside.components().count() > 1) && path.is_file()
}

/// What was counted, as a line of text.
pub(crate) fn sentence(size: usize, opened: Option<usize>) -> String {
    match opened {
        Some(opened) => format!(
            "A no-op `apply` of {size} stages opened {opened} template files (strace, `openat`)."
        ),
        None => format!("strace is not installed: what {size} stages open was not counted."),
    }
}
