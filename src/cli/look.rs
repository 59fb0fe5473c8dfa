//! Options of the commands that show something, or lend a stage's surroundings. Knows nothing of what is shown.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options of `status`.
#[derive(Args, Debug, Default)]
pub struct Status {
    /// Stages, by name or glob
    #[arg(value_name = "STAGE")]
    pub stages: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Options of `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// The stage
    pub stage: String,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Options of `render`.
#[derive(Args, Debug)]
pub struct Render {
    /// The template: a file of a stage, or any other with `--stage`; `-` for standard input
    pub file: PathBuf,
    /// The stage whose context it gets [default: the stage that the file belongs to]
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
}

/// Options of `exec`.
#[derive(Args, Debug)]
pub struct Exec {
    /// The stage
    pub stage: String,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// Options of `graph`.
#[derive(Args, Debug, Default)]
pub struct Graph {
    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: GraphFormat,
    /// The same as `--format json`
    #[arg(long)]
    pub json: bool,
}

/// Formats of a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Lines of text.
    #[default]
    Text,
    /// Graphviz.
    Dot,
    /// Mermaid, which many forges render.
    Mermaid,
    /// JSON.
    Json,
}

/// Options of `logs`.
#[derive(Args, Debug)]
pub struct Logs {
    /// The stage
    pub stage: String,
    /// Go on as the log grows
    #[arg(short, long)]
    pub follow: bool,
    /// The run [default: the stage's last]
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
}

/// Options of commands that print one document.
#[derive(Args, Debug, Default)]
pub struct Document {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Options of `env`.
#[derive(Args, Debug)]
pub struct Env {
    /// The stage
    pub stage: String,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Options of `completions`.
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}
