//! Runs a tool of betterform's own (make, jsonnet, gomplate) to its end and gives what it prints. It is ended with all that it
//! started if the user asks to stop. Knows nothing of what the tool is for.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};

use crate::error::{Error, Result};
use crate::system::inherit;
use crate::system::process::start::Started;
use crate::system::process::watch::{Limits, Watch};
use crate::system::process::{Ended, Ending};
use crate::system::signal;

/// How long a tool has to end once it is asked to: it has nothing to save.
const GRACE: Duration = Duration::from_secs(5);

/// Runs a tool with nothing to read, and gives both its streams. `refused` says what it means that it cannot be started.
///
/// # Errors
/// It cannot be started, it wants to use the terminal, or the user asked to stop: then the error is that of the interruption.
pub fn output(command: &mut Command, refused: impl FnOnce(&io::Error) -> Error) -> Result<Output> {
    let stop = signal::stop()?;
    if let Some(interrupted) = stop.interrupted() {
        return Err(interrupted);
    }
    // Files in memory rather than pipes: nobody has to read both while it runs.
    let (mut stdout, mut stderr) = (memory()?, memory()?);
    command
        .stdin(Stdio::null())
        .stdout(shared(&stdout)?)
        .stderr(shared(&stderr)?)
        .process_group(0);
    let started = Started {
        child: inherit::spawn(command, &[]).map_err(|error| refused(&error))?,
        output: None,
        has_group: true,
    };
    let limits = Limits {
        timeout: None,
        grace: GRACE,
        terminal: false,
    };
    let Ended { ending, status, .. } = Watch::new(started, limits, &stop).run(&mut |_| {})?;
    match (ending, stop.interrupted(), status) {
        (Ending::Interrupted, Some(interrupted), _) => Err(interrupted),
        (Ending::WantedTerminal, ..) => Err(Error::failed(format!(
            "`{}` wanted to ask at the terminal, which it is not given",
            command.get_program().display()
        ))),
        (_, _, None) => Err(Error::failed(format!(
            "`{}` cannot be ended",
            command.get_program().display()
        ))),
        (_, _, Some(status)) => Ok(Output {
            status,
            stdout: content(&mut stdout)?,
            stderr: content(&mut stderr)?,
        }),
    }
}

fn memory() -> Result<File> {
    memfd_create("output", MemfdFlags::CLOEXEC)
        .map(File::from)
        .map_err(|error| unkept(&error.into()))
}

fn shared(file: &File) -> Result<File> {
    file.try_clone().map_err(|error| unkept(&error))
}

fn content(file: &mut File) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    file.rewind()
        .and_then(|()| file.read_to_end(&mut content))
        .map_err(|error| unkept(&error))?;
    Ok(content)
}

fn unkept(error: &io::Error) -> Error {
    Error::failed(format!("cannot keep what a program prints: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_has_nothing_to_read_and_its_streams_are_apart() {
        #[expect(clippy::disallowed_methods, reason = "a test of how tools are started")]
        let mut command = Command::new("sh");
        command.args(["-c", "cat; echo out; echo err >&2; exit 3"]);
        let output = output(&mut command, |error| panic!("{error}")).unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(
            (&*output.stdout, &*output.stderr),
            (&b"out\n"[..], &b"err\n"[..])
        );
    }
}
