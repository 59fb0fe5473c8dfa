//! The keys of `betterform.toml`, as the types that the file is read into and its JSON Schema is made from.
//!
//! The doc comments of the fields are the schema's descriptions, so they speak to users. Keys that both a file and a stage may
//! have stand in both types: serde cannot refuse unknown keys where one table is flattened into another, and the descriptions
//! differ. Does not know where a file lies, nor what another file, a flag or the environment say.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::core::stage::StageName;
use crate::source::settings::choices::{
    Color, ConfigInputs, CtlCwd, OutputStyle, Snapshots, Stamper,
};
use crate::source::settings::numbers::{Jobs, Retries, Size, Timespan};
use crate::source::settings::patterns::{
    Below, Delimiter, Glob, Location, NamePattern, PathPattern,
};

/// Settings of betterform: a library and a deployment may each hold such a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "betterform.toml")]
pub struct File {
    /// The library: the directory that holds `betterform_dag.mk`. Only in the deployment's file.
    pub impl_dir: Option<Location>,
    /// The directory for generated files. Default: `genfiles`.
    pub genfiles: Option<Location>,
    /// The directory for outputs, meant for version control. Default: `output`.
    pub output_dir: Option<Location>,
    /// The jsonnet file that the configuration is evaluated from; empty for none. Default: `config.jsonnet`, if it exists.
    pub config_jsonnet_file: Option<Location>,
    /// The configuration as JSON. Default: `config.json` in `genfiles`.
    pub config_json_file: Option<Location>,
    /// `false`: nobody can be asked. `true`: stages may ask as well, and run one at a time on the terminal.
    pub interactive: Option<bool>,
    /// The file of the state. Default: `state.db` in `.betterform/`, beside `genfiles`.
    pub state: Option<Location>,

    /// How many stages run at a time. Default: the number of processors.
    pub jobs: Option<Jobs>,
    /// How many stages of each pool run at a time, by the pool's name.
    pub pools: BTreeMap<String, Jobs>,
    /// After a failure, start nothing new. Default: `false`.
    pub fail_fast: Option<bool>,
    /// How the output of stages is shown. Default: `live` on a terminal, else `prefix`.
    pub output: Option<OutputStyle>,
    /// When colour is used. Default: `auto`.
    pub color: Option<Color>,

    /// Environment variables that are inputs of every stage: names, or patterns with `*`; `!` in front takes names out.
    pub env: Vec<NamePattern>,
    /// Environment variables whose values are masked in all that betterform prints or logs: names, or patterns with `*`.
    pub secrets: Vec<NamePattern>,
    /// Keep the contents of stamped files for `down`; `"all"`: also of those in which a secret occurs. Default: `true`.
    pub snapshots: Option<Snapshots>,
    /// Stamped files that are larger than this are not kept. Default: `16MiB`.
    pub snapshot_limit: Option<Size>,

    /// What of the configuration is an input of running a stage: `"all"`, `"stamped"` (only templates read it) or a list
    /// of paths such as `"network.cidr"`. Default: all of it, if the stage mentions `CONFIG_JSON_FILE`.
    pub config: Option<ConfigInputs>,
    /// The library's shared files that are inputs of every stage, as globs below the library, instead of those that its
    /// text mentions.
    pub shared: Option<Vec<Below>>,
    /// How long a `ctl` may run; `0` for ever. Default: `0`.
    pub timeout: Option<Timespan>,
    /// How often a failed `ctl up` is tried again. Default: 0.
    pub retries: Option<Retries>,
    /// How long to wait before the first of these tries; doubled for each further one. Default: `5s`.
    pub retry_delay: Option<Timespan>,
    /// How long an interrupted `ctl` has to end by itself. Default: `5m`.
    pub grace: Option<Timespan>,
    /// Never take a stage down. Default: `false`.
    pub protect: Option<bool>,
    /// Files in the stamped directory, as globs, in which `ctl` keeps its own state: without them a stage cannot be taken
    /// down.
    pub keep: Option<Vec<Below>>,
    /// Where `ctl` is started: in the stage's stamped directory, or where betterform was called. Default: `stage`.
    pub ctl_cwd: Option<CtlCwd>,

    /// How jsonnet is evaluated.
    pub jsonnet: JsonnetTable,
    /// How stages are stamped.
    pub stamp: StampTable,
    /// Settings of single stages, by the stage's name.
    #[schemars(with = "BTreeMap<String, StageTable>")]
    pub stage: BTreeMap<StageName, StageTable>,
}

/// How jsonnet is evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "jsonnet")]
pub struct JsonnetTable {
    /// Directories that imports are looked up in, the last one first, after those of `-J` and `JSONNET_PATH`.
    pub jpath: Option<Vec<Location>>,
    /// External variables that are texts.
    pub ext_str: BTreeMap<String, JsonnetText>,
    /// External variables that are jsonnet code.
    pub ext_code: BTreeMap<String, JsonnetText>,
    /// Top-level arguments that are texts.
    pub tla_str: BTreeMap<String, JsonnetText>,
    /// Top-level arguments that are jsonnet code.
    pub tla_code: BTreeMap<String, JsonnetText>,
}

/// A text or code for jsonnet: as written, or the value of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "expected a string or `{ env = \"NAME\" }`"
)]
#[schemars(inline)]
pub enum JsonnetText {
    /// The text itself.
    Text(String),
    /// The value of an environment variable.
    Variable {
        /// The variable's name.
        env: String,
    },
}

/// How stages are stamped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "stamp")]
pub struct StampTable {
    /// Which stamper renders. Default: `auto`, the embedded one unless a template uses something that it does not have.
    pub stamper: Option<Stamper>,
    /// What begins an action in a template. Default: `{{`.
    pub left_delim: Option<Delimiter>,
    /// What ends an action in a template. Default: `}}`.
    pub right_delim: Option<Delimiter>,
    /// Files that are copied byte for byte, in the syntax of `.gitignore`.
    pub verbatim: Option<Vec<Glob>>,
    /// Files that are written for their owner only and not shown in diffs, in the syntax of `.gitignore`.
    pub sensitive: Option<Vec<Glob>>,
}

/// Settings of one stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "stage")]
pub struct StageTable {
    /// Files that are inputs of the stage, as globs; relative to this file, or beginning with `/` or a `$NAME`.
    pub inputs: Option<Vec<PathPattern>>,
    /// Files that the stage owns besides those in `$OUTPUT_DIR/STAGE`, as globs below `$OUTPUT_DIR`.
    pub outputs: Option<Vec<Below>>,
    /// Environment variables that are inputs of the stage, besides those of every stage.
    pub env: Vec<NamePattern>,
    /// What of the configuration is an input of running the stage: `"all"`, `"stamped"` (only templates read it) or a list
    /// of paths such as `"network.cidr"`.
    pub config: Option<ConfigInputs>,
    /// The library's shared files that are inputs of the stage, as globs below the library, instead of those that its text
    /// mentions.
    pub shared: Option<Vec<Below>>,
    /// How long `ctl` may run; `0` for ever.
    pub timeout: Option<Timespan>,
    /// How often a failed `ctl up` is tried again.
    pub retries: Option<Retries>,
    /// How long to wait before the first of these tries; doubled for each further one.
    pub retry_delay: Option<Timespan>,
    /// How long an interrupted `ctl` has to end by itself.
    pub grace: Option<Timespan>,
    /// Never take the stage down.
    pub protect: Option<bool>,
    /// The pool that limits how many such stages run at a time.
    pub pool: Option<String>,
    /// Run the stage every time.
    pub always: Option<bool>,
    /// Files in the stamped directory, as globs, in which `ctl` keeps its own state: without them the stage cannot be taken
    /// down.
    pub keep: Option<Vec<Below>>,
    /// Where `ctl` is started: in the stage's stamped directory, or where betterform was called.
    pub ctl_cwd: Option<CtlCwd>,
    /// How the stage is stamped.
    pub stamp: StampTable,
}
