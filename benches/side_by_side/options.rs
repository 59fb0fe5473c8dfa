//! The command line of the benchmark. Knows nothing of what is done with it.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Result;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    /// How many stages the libraries have.
    pub(crate) sizes: Vec<usize>,
    /// How often each command is measured.
    pub(crate) repeat: usize,
    /// How many stages each tool runs at a time.
    pub(crate) jobs: usize,
    /// What the libraries are drawn from.
    pub(crate) seed: u64,
    /// Where to work, if not in a temporary directory.
    pub(crate) place: Option<PathBuf>,
    /// The betterform to measure.
    pub(crate) betterform: PathBuf,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Self> {
        let mut options = Self {
            sizes: Vec::new(),
            repeat: 3,
            jobs: std::thread::available_parallelism()?.get(),
            seed: 1,
            place: None,
            betterform: env!("CARGO_BIN_EXE_betterform").into(),
        };
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let missing = format!("`{}` needs a value", argument.display());
                arguments.next().ok_or(missing)
            };
            match argument.to_str() {
                Some("--repeat") => options.repeat = number(&value()?)?,
                Some("--jobs") => options.jobs = number(&value()?)?,
                Some("--seed") => options.seed = number(&value()?)?.try_into()?,
                Some("--in") => options.place = Some(std::path::absolute(value()?)?),
                Some("--betterform") => options.betterform = std::path::absolute(value()?)?,
                // cargo's own.
                Some("--bench") => {}
                _ => options.sizes.push(number(&argument)?),
            }
        }
        if options.sizes.is_empty() {
            options.sizes = vec![1_000, 10_000];
        }
        Ok(options)
    }
}

/// A whole number above 0.
fn number(argument: &OsString) -> Result<usize> {
    let number = argument.to_str().and_then(|text| text.parse().ok());
    let wrong = || format!("`{}` is not a number above 0", argument.display());
    Ok(number.filter(|number| *number > 0).ok_or_else(wrong)?)
}
