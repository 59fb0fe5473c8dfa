//! A deployment that was moved: stamped files hold paths of the old place. They are rewritten from the record before any `ctl`
//! runs at the new one. Knows nothing of why it was moved.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::execute::restore::{Recording, restore};
use crate::execute::site::Site;
use crate::state::Store;
use crate::system::files::write_atomically;
use crate::system::private;

/// The file that says where the last run was.
pub const PLACE: &str = "place.json";

/// Rewrites stamped files that were made at another place, if this is another one than that of the last run.
///
/// # Errors
/// Something cannot be read or written. A file that cannot be rewritten is left: its stage will run.
pub fn before_anything_runs(site: &Site<'_>, store: &Store) -> Result<()> {
    let here = site.observer.recorded_locations();
    let path = site.project.beside_state(PLACE);
    let before: Option<BTreeMap<String, String>> = std::fs::read(&path)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok());
    if before.as_ref() == Some(&here) {
        return Ok(());
    }
    for stage in 0..site.graph.len() {
        let Some(known) = site
            .known(stage)
            .filter(|known| known.recorded.status.is_up())
        else {
            continue;
        };
        let name = site.name(stage);
        if !site.observer.stamped_dir(stage).is_dir() {
            continue;
        }
        let recording = Recording::load(store, name)?;
        if recording.was_made_at(&here) {
            continue;
        }
        // What cannot be rewritten shows as an edited file, so that its stage runs and makes it again.
        let _ = restore(site, name, &recording, &known.detail());
    }
    if let Some(directory) = path.parent() {
        private::create_directory(directory)?;
    }
    site.observer.stamped_files_are_rewritten();
    let text = serde_json::to_vec(&here).map_err(|error| Error::failed(error.to_string()))?;
    write_atomically(&path, &text, Some(0o600))
}
