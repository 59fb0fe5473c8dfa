//! `exec STAGE -- COMMAND`: a command in a stage's stamped directory and environment.

use std::os::unix::process::CommandExt;

use crate::cli::{Exec as Options, Global};
use crate::commands::selection;
use crate::commands::session::{Call, Library, Session};
use crate::error::{Error, Result};

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let session = Session::load(call, global, None, Library::Optional)?;
    let records = session.read()?.records;
    let stage = selection::one(&options.stage, &session.all_stages(&records))?;
    let directory = session.project.wave.genfiles.join(stage.as_str());
    if !directory.is_dir() {
        return Err(Error::failed(format!(
            "`{stage}` is not stamped: there is no `{}`",
            directory.display()
        ))
        .hint(format!("`betterform stamp {stage}` stamps it")));
    }
    let environment = session.project.ctl_environment(Some(&stage));
    let Some((program, arguments)) = options.command.split_first() else {
        return Err(Error::usage("no command"));
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the command takes the place of this process"
    )]
    let mut command = std::process::Command::new(program);
    command
        .args(arguments)
        .current_dir(&directory)
        .env_clear()
        .envs(environment.iter());
    let error = command.exec();
    Err(Error::failed(format!(
        "cannot run `{}`: {error}",
        program.to_string_lossy()
    )))
}
