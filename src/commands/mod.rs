//! The commands: one small file each. The only place that wires the parts together.

mod apply;
mod completions;
mod config;
mod down;
mod env;
mod exec;
mod explain;
mod graph;
mod logs;
mod mark;
mod plan;
mod prune;
mod render;
mod secrets;
mod selection;
pub mod session;
mod stamp;
mod state;
mod status;
mod teardown;
mod up;
mod version;

use crate::cli::{Cli, Command, Global};
use crate::commands::session::Call;
use crate::error::Result;

/// Does what the command line asks for, and gives the exit code.
///
/// # Errors
/// Whatever keeps it from being done.
pub fn run(cli: Cli, call: &Call) -> Result<u8> {
    let global = &cli.global;
    match cli.command {
        None => version::help_or_version(cli.version),
        Some(Command::Plan(options)) => plan::run(call, global, &options),
        Some(Command::Apply(options)) => apply::run(call, global, &options),
        Some(Command::Down(options)) => down::run(call, global, &options),
        Some(Command::Status(options)) => status::run(call, global, &options),
        Some(Command::Explain(options)) => explain::run(call, global, &options),
        Some(Command::Stamp(options)) => stamp::run(call, global, &options),
        Some(Command::Render(options)) => render::run(call, global, &options),
        Some(Command::Exec(options)) => exec::run(call, global, &options),
        Some(Command::Graph(options)) => graph::run(call, global, &options),
        Some(Command::Logs(options)) => logs::run(call, global, &options),
        Some(Command::Config(options)) => config::run(call, global, &options),
        Some(Command::Env(options)) => env::run(call, global, &options),
        Some(Command::Mark(options)) => mark::run(call, global, &options),
        Some(Command::State(options)) => state::run(call, global, &options.command),
        Some(Command::Completions(options)) => completions::run(&options),
        Some(Command::Version(options)) => version::run(&options),
    }
}

/// Has what is said of a call that was not understood masked; `global` are the options that were understood.
pub fn conceal(call: &Call, global: &Global) {
    session::conceal_misunderstood(call, global);
}
