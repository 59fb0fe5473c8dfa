//! betterform runs a graph of infrastructure stages, and only those where something changed.
//!
//! The floors, each importing only those before it; `docs/architecture.md` walks through them:
//! [`error`], [`core`] (the rules, pure), [`system`] (one effect a file), [`state`] (SQLite), [`source`] (the desired state),
//! [`stamp`] (rendering), [`observe`] (what is on disk), [`execute`] (the walk), [`ui`], [`cli`], [`commands`].

pub mod cli;
pub mod commands;
pub mod core;
pub mod error;
pub mod execute;
pub mod observe;
pub mod source;
pub mod stamp;
pub mod state;
pub mod system;
pub mod ui;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use crate::cli::Cli;
use crate::commands::session::Call;
use crate::error::{Error, Result};
use crate::system::environment::Environment;
use crate::system::signal;
use crate::ui::color::Colors;
use crate::ui::{diagnostic, sink};

/// Runs betterform with these arguments, the program's name first, and gives the exit code.
pub fn run(arguments: Vec<OsString>) -> u8 {
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { 64 } else { 0 };
        }
    };
    let environment = Environment::inherited();
    let colors = Colors::resolve(source::settings::Color::default(), &environment);
    match call(arguments, environment).and_then(|call| commands::run(cli, &call)) {
        Ok(code) => code,
        Err(error) => {
            sink::complain(&diagnostic::render(&error, colors.stderr));
            error.exit_code()
        }
    }
}

fn call(arguments: Vec<OsString>, environment: Environment) -> Result<Call> {
    let cwd: PathBuf = std::env::current_dir()
        .map_err(|error| Error::failed(format!("there is no current directory: {error}")))?;
    Ok(Call {
        cwd,
        environment,
        arguments,
        stop: signal::install()?,
    })
}
