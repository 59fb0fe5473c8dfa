//! `exec STAGE -- COMMAND`: a command in a stage's stamped directory and environment.

use std::io::Write;
use std::os::unix::process::CommandExt;

use crate::cli::{Exec as Options, Global};
use crate::commands::selection;
use crate::commands::session::{Call, Library, Session};
use crate::error::{Error, Result};
use crate::system::process::relay::{self, Stream};

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
        reason = "the command takes the place of this process, or runs in the foreground"
    )]
    let mut command = std::process::Command::new(program);
    command
        .args(arguments)
        .current_dir(&directory)
        .env_clear()
        .envs(environment.iter());
    let is_recorded = [Stream::Out, Stream::Err]
        .into_iter()
        .any(relay::is_recorded);
    if session.secrets.is_empty() || !is_recorded {
        return Err(relay::refused(program, &command.exec()));
    }
    relayed(&session, command).map_err(|error| relay::refused(program, &error))
}

/// Runs the command, and masks what it prints where that is kept: at a terminal, it is a matter between the command and the user.
fn relayed(session: &Session, command: std::process::Command) -> std::io::Result<u8> {
    let mut out = (session.secrets.masker(), std::io::stdout());
    let mut err = (session.secrets.masker(), std::io::stderr());
    let code = relay::relay(command, &session.stop, &mut |stream, text| match stream {
        Stream::Out => put(&mut out.1, &out.0.feed(text)),
        Stream::Err => put(&mut err.1, &err.0.feed(text)),
    })?;
    put(&mut out.1, &out.0.finish());
    put(&mut err.1, &err.0.finish());
    Ok(code)
}

/// Writes a text; whether anybody reads it.
fn put(to: &mut dyn Write, text: &[u8]) -> bool {
    to.write_all(text).and_then(|()| to.flush()).is_ok()
}
