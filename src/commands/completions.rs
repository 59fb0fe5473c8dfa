//! `completions SHELL`: a completion script.

use clap::CommandFactory;

use crate::cli::{Cli, Completions as Options};
use crate::error::Result;
use crate::ui::sink;

pub(super) fn run(options: &Options) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(
        options.shell,
        &mut Cli::command(),
        "betterform",
        &mut script,
    );
    sink::print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
