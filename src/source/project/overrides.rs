//! What flags say, before anything else is asked.

use std::path::PathBuf;

use crate::source::settings::{Color, OutputStyle, Stamper};

/// The flags that bear on settings; what is not given is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--impl-dir`.
    pub impl_dir: Option<PathBuf>,
    /// `--genfiles`.
    pub genfiles: Option<PathBuf>,
    /// `--output-dir`.
    pub output_dir: Option<PathBuf>,
    /// `--config-jsonnet-file`; empty: no jsonnet.
    pub config_jsonnet_file: Option<PathBuf>,
    /// `--config-json-file`.
    pub config_json_file: Option<PathBuf>,
    /// `--interactive`.
    pub interactive: Option<bool>,
    /// `--state`.
    pub state: Option<PathBuf>,
    /// `-j`.
    pub jobs: Option<u32>,
    /// `--stamper`.
    pub stamper: Option<Stamper>,
    /// `--output`.
    pub output: Option<OutputStyle>,
    /// `--color`.
    pub color: Option<Color>,
    /// `--fail-fast`.
    pub fail_fast: Option<bool>,
    /// Each `-J DIR`, in the order of the command line.
    pub jpath: Vec<PathBuf>,
    /// Each `-V VAR=TEXT`, or `-V VAR` for the value of an environment variable.
    pub ext_str: Vec<String>,
    /// Each `--ext-code VAR=CODE`, or `--ext-code VAR`. Of two that name the same variable, code wins.
    pub ext_code: Vec<String>,
    /// Each `-A VAR=TEXT`, or `-A VAR`.
    pub tla_str: Vec<String>,
    /// Each `--tla-code VAR=CODE`, or `--tla-code VAR`. Of two that name the same argument, code wins.
    pub tla_code: Vec<String>,
}

impl Overrides {
    /// The jsonnet variables and top-level arguments whose value stands on the command line, as names and values.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = [&self.ext_str, &self.ext_code, &self.tla_str, &self.tla_code];
        let given = all.into_iter().flatten();
        given.filter_map(|given| given.split_once('='))
    }
}
