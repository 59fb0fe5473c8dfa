//! Options of every command: where things are, how the configuration is evaluated, how betterform speaks. Knows nothing of
//! defaults, nor of what else may have named the same.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options of every command.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Do everything as if called from this directory
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
    /// The library: the DAG file and the stage template directories
    #[arg(long, value_name = "DIR", global = true)]
    pub impl_dir: Option<OsString>,
    /// Where stages are stamped [default: genfiles]
    #[arg(long, value_name = "DIR", global = true)]
    pub genfiles: Option<OsString>,
    /// Where stages write their outputs [default: output]
    #[arg(long, value_name = "DIR", global = true)]
    pub output_dir: Option<OsString>,
    /// The jsonnet file of the configuration [default: config.jsonnet]
    #[arg(long, value_name = "FILE", global = true)]
    pub config_jsonnet_file: Option<OsString>,
    /// The configuration [default: $GENFILES/config.json]
    #[arg(long, value_name = "FILE", global = true)]
    pub config_json_file: Option<OsString>,
    /// Hand the terminal to the stages, one at a time; `=false`: nobody can be asked
    #[arg(long, value_name = "BOOL", global = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub interactive: Option<bool>,
    /// Where the state lies [default: .betterform/NAME/state.db beside $GENFILES]
    #[arg(long, value_name = "FILE", global = true)]
    pub state: Option<OsString>,
    /// What renders the stages
    #[arg(long, value_name = "STAMPER", global = true)]
    pub stamper: Option<StamperChoice>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", global = true)]
    pub color: Option<ColorChoice>,
    /// Say more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// How the configuration is evaluated.
    #[command(flatten)]
    pub jsonnet: Jsonnet,
}

/// Options of jsonnet, as the jsonnet command has them.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Jsonnet options")]
pub struct Jsonnet {
    /// A directory to import from; the last one is searched first
    #[arg(short = 'J', long = "jpath", value_name = "DIR", global = true)]
    pub jpath: Vec<PathBuf>,
    /// An external variable as text; without a value, the environment's
    #[arg(
        short = 'V',
        long = "ext-str",
        value_name = "NAME[=TEXT]",
        global = true
    )]
    pub ext_str: Vec<String>,
    /// An external variable as jsonnet code
    #[arg(long = "ext-code", value_name = "NAME[=CODE]", global = true)]
    pub ext_code: Vec<String>,
    /// A top-level argument as text
    #[arg(
        short = 'A',
        long = "tla-str",
        value_name = "NAME[=TEXT]",
        global = true
    )]
    pub tla_str: Vec<String>,
    /// A top-level argument as jsonnet code
    #[arg(long = "tla-code", value_name = "NAME[=CODE]", global = true)]
    pub tla_code: Vec<String>,
}

/// What renders stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StamperChoice {
    /// Embedded where it can, else gomplate.
    Auto,
    /// In process.
    Embedded,
    /// The gomplate program.
    Gomplate,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
