//! Brings a stamped directory to what its stage was brought up with, from the record. Knows nothing of why.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::core::fingerprint::Digest;
use crate::core::location::Locations;
use crate::core::name::unescape;
use crate::core::record::StampedFile;
use crate::core::stage::StageName;
use crate::error::{Error, Result};
use crate::execute::site::Site;
use crate::execute::unrecorded;
use crate::observe::detail::Detail;
use crate::stamp::sync::sync;
use crate::stamp::{RenderedFile, RenderedFiles};
use crate::state::{Snapshot, Store};
use crate::system::files::write_atomically;
use crate::system::private;

/// What had to be done beside the stamped directory.
#[derive(Debug, Default)]
pub struct Restored {
    /// A copy of the configuration that the stage was brought up with, if `CONFIG_JSON_FILE` says something else now.
    pub config: Option<PathBuf>,
}

/// What a stage was brought up with, contents included.
#[derive(Debug)]
pub struct Recording {
    snapshot: Snapshot,
    contents: BTreeMap<Digest, Vec<u8>>,
}

/// Brings the stamped directory of a stage to exactly the stamped files of its last attempt; files that no stamp made stay.
///
/// # Errors
/// A file is needed whose content was not recorded, or something cannot be written.
pub fn restore(
    site: &Site<'_>,
    stage: &StageName,
    recording: &Recording,
    detail: &Detail,
) -> Result<Restored> {
    let directory = site.project.wave.genfiles.join(stage.as_str());
    let mut files = RenderedFiles::new();
    for file in &recording.snapshot.stamped {
        let path = path_of(&file.path)?;
        let content = recording.content(site, stage, &directory.join(&path), file)?;
        let mode = mode(file);
        files.insert(
            path,
            RenderedFile {
                content: content.into(),
                mode,
            },
        );
    }
    let mut made = unrecorded::noted(site.project, stage);
    for name in &detail.made {
        made.insert(path_of(name)?);
    }
    sync(&directory, &files, &made)?;
    unrecorded::forget(site.project, stage);
    Ok(Restored {
        config: configuration(site, recording)?,
    })
}

fn mode(file: &StampedFile) -> u32 {
    let all = if file.sensitive { 0o600 } else { 0o644 };
    match (file.executable, file.sensitive) {
        (false, _) => all,
        (true, true) => 0o700,
        (true, false) => 0o755,
    }
}

impl Recording {
    /// Loads what a stage was brought up with.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn load(store: &Store, stage: &StageName) -> Result<Self> {
        let snapshot = store.snapshot(stage)?;
        let mut contents = BTreeMap::new();
        for digest in snapshot.stamped.iter().filter_map(|file| file.content) {
            if let Some(content) = store.content(&digest)? {
                contents.insert(digest, content);
            }
        }
        Ok(Self { snapshot, contents })
    }

    /// Whether everything lay where it lies now.
    pub fn was_made_at(&self, here: &BTreeMap<String, String>) -> bool {
        self.snapshot.locations == *here
    }

    /// The content of a stamped file: as it lies there, if that is what was recorded, else from the record, rewritten for
    /// where everything lies now.
    fn content(
        &self,
        site: &Site<'_>,
        stage: &StageName,
        path: &Path,
        file: &StampedFile,
    ) -> Result<Vec<u8>> {
        let here = site.observer.locations();
        let then = Locations::new(self.snapshot.locations.clone());
        if let Ok(there) = std::fs::read(path)
            && Digest::of(&here.normalise(&there)) == file.digest
        {
            return Ok(there);
        }
        let stamp =
            format!("`betterform stamp {stage}` makes it again from the library as it is now");
        let recorded = file.content.and_then(|digest| self.contents.get(&digest));
        let recorded = recorded.ok_or_else(|| {
            let shown = format!("{stage}/{}", file.path);
            Error::failed(format!(
                "the stamped file `{shown}` is not as `ctl up` left it, and its content was not recorded"
            ))
            .hint(stamp.clone())
            .hint("`snapshots = \"all\"` in betterform.toml records the contents of all stamped files")
        })?;
        if then == *here {
            return Ok(recorded.clone());
        }
        Locations::relocate(recorded, &then, here).ok_or_else(|| {
            Error::failed(format!(
                "the stamped file `{stage}/{}` was made at another place and cannot be rewritten for this one",
                file.path
            ))
            .hint(stamp)
        })
    }
}

/// Writes a copy of the recorded configuration if the one that is there differs.
fn configuration(site: &Site<'_>, recording: &Recording) -> Result<Option<PathBuf>> {
    let Some(recorded) = &recording.snapshot.config else {
        return Ok(None);
    };
    let now = std::fs::read(&site.project.wave.config_json_file).unwrap_or_default();
    if now == *recorded {
        return Ok(None);
    }
    let directory = site.project.beside_state("config");
    private::create_directory(&directory)?;
    let path = directory.join(format!("{}.json", Digest::of(recorded).short()));
    write_atomically(&path, recorded, Some(0o600))?;
    Ok(Some(path))
}

fn path_of(name: &str) -> Result<PathBuf> {
    unescape(name)
        .map(|bytes| PathBuf::from(OsStr::from_bytes(&bytes)))
        .ok_or_else(|| Error::failed(format!("`{name}` in the record is no file name")))
}
