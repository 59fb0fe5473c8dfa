//! Files that `stamp` made on its own. No attempt is recorded for them, so they are noted in a file beside the state: whatever
//! brings the stamped directory to something else next removes those that it does not want. Knows nothing of rendering.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::core::name::{escape, unescape};
use crate::core::stage::StageName;
use crate::error::{Error, Result};
use crate::source::project::Project;
use crate::system::files::write_atomically;
use crate::system::private;

/// Notes files that are about to be stamped, beside those that are noted already.
///
/// # Errors
/// The note cannot be written.
pub fn note<'a>(
    project: &Project,
    stage: &StageName,
    files: impl Iterator<Item = &'a PathBuf>,
) -> Result<()> {
    let path = place(project, stage);
    let mut names = read(&path);
    let before = names.len();
    names.extend(files.map(|file| escape(file.as_os_str().as_bytes())));
    if names.len() == before {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        private::create_directory(directory)?;
    }
    let text = serde_json::to_vec(&names).map_err(|error| Error::failed(error.to_string()))?;
    write_atomically(&path, &text, Some(0o600))
}

/// The files that are noted of a stage; a note that cannot be read has none.
pub fn noted(project: &Project, stage: &StageName) -> BTreeSet<PathBuf> {
    let names = read(&place(project, stage));
    let names = names.iter().filter_map(|name| unescape(name));
    names
        .map(|name| PathBuf::from(OsString::from_vec(name)))
        .collect()
}

/// Takes back the note, once the stamped directory is as an attempt has it. One that stays costs a look at what it names.
pub fn forget(project: &Project, stage: &StageName) {
    let _ = std::fs::remove_file(place(project, stage));
}

fn read(path: &Path) -> BTreeSet<String> {
    let text = std::fs::read(path).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn place(project: &Project, stage: &StageName) -> PathBuf {
    project
        .beside_state("stamped")
        .join(format!("{stage}.json"))
}
