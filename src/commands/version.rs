//! `version`, and what is printed without a command.

use clap::CommandFactory;
use serde_json::json;

use crate::cli::{Cli, Document as Options};
use crate::core::fingerprint;
use crate::error::Result;
use crate::ui::sink;

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn run(options: &Options) -> Result<u8> {
    if options.json {
        let document =
            json!({ "version": 1, "betterform": VERSION, "fingerprint": fingerprint::VERSION });
        sink::print(&format!("{document:#}\n"))?;
    } else {
        sink::print(&format!("betterform {VERSION}\n"))?;
    }
    Ok(0)
}

pub(super) fn help_or_version(version: bool) -> Result<u8> {
    if version {
        return run(&Options::default());
    }
    sink::print(&Cli::command().render_help().to_string())?;
    Ok(0)
}
