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
pub mod template;
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
    let environment = Environment::inherited();
    let colors = Colors::resolve(source::settings::Color::default(), &environment);
    let parsed = Cli::try_parse_from(&arguments);
    let done = call(arguments, environment).and_then(|call| match parsed {
        Ok(cli) => commands::run(cli, &call),
        Err(error) => Ok(misunderstood(&error, &call, colors)),
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            sink::complain(&diagnostic::render(&error, colors.stderr));
            error.exit_code()
        }
    }
}

/// Prints help that was asked for, or says what is wrong with the command line.
fn misunderstood(error: &clap::Error, call: &Call, colors: Colors) -> u8 {
    if !error.use_stderr() {
        let _ = error.print();
        return 0;
    }
    commands::conceal(call, &cli::understood(&call.arguments));
    let text = error.render();
    sink::complain(&if colors.stderr {
        text.ansi().to_string()
    } else {
        text.to_string()
    });
    64
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
