//! Tells the betterform whose stage this one is what was read here, so that the stage runs again when that changes. Knows
//! nothing of what the other one makes of it.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::execute::ctl::INPUTS_FILE;
use crate::execute::site::Site;
use crate::observe::detail::Detail;
use crate::state::Store;

/// Appends to `$BETTERFORM_INPUTS_FILE`, if the call's environment has it, what the library and its stages read.
///
/// # Errors
/// The state or a file of the library cannot be read, or the file cannot be written.
pub fn inputs(site: &Site<'_>, store: &Store) -> Result<()> {
    let environment = &site.project.environment;
    let Some(file) = environment.get(INPUTS_FILE).filter(|file| !file.is_empty()) else {
        return Ok(());
    };
    let mut paths = site.observer.library_read()?;
    let mut names = BTreeSet::new();
    let records = store.records()?;
    for stage in 0..site.graph.len() {
        let Some(recorded) = records.get(site.name(stage)) else {
            continue;
        };
        let detail: Detail = serde_json::from_str(&recorded.detail).unwrap_or_default();
        let (read, counted) = site.observer.stage_reads(stage, &detail)?;
        paths.extend(read);
        names.extend(counted);
    }
    append(Path::new(file), &lines(&paths, &names))
}

/// One line each. A path that a line cannot hold is left out.
fn lines(paths: &BTreeSet<PathBuf>, names: &BTreeSet<String>) -> String {
    let paths = paths.iter().filter_map(|path| path.to_str());
    let mut text = String::new();
    for path in paths.filter(|path| !path.contains(['\n', '\r'])) {
        text.push_str(path);
        text.push('\n');
    }
    for name in names {
        text.push('$');
        text.push_str(name);
        text.push('\n');
    }
    text
}

fn append(path: &Path, text: &str) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let file = options.create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Error::io("cannot report inputs to", path, &error))
}
