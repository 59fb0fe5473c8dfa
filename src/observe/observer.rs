//! All that observing stages needs to know, and digests of files that several stages share. Used by several threads at once.
//! Knows nothing of what is recorded.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::core::fingerprint::{Digest, Hasher, Manifest};
use crate::core::graph::{Ix, StageGraph};
use crate::core::location::Locations;
use crate::core::mention::{Mentions, Scanner, Wave};
use crate::core::name::{escape, unescape};
use crate::core::stage::StageName;
use crate::error::Result;
use crate::observe::cache::{DigestCache, Key};
use crate::observe::configuration::Configuration;
use crate::observe::inputs::Part;
use crate::observe::shared::Shared;
use crate::observe::tree::{Hashing, Tree};
use crate::source::project::Project;
use crate::source::settings::StageSettings;
use crate::system::tree::{Follow, Walk};

/// See the module.
pub struct Observer<'a> {
    pub(super) project: &'a Project,
    pub(super) graph: &'a StageGraph,
    pub(super) configuration: Configuration<'a>,
    pub(super) locations: Locations,
    pub(super) cache: &'a DigestCache,
    pub(super) secret: [u8; 32],
    settings: Vec<OnceLock<StageSettings>>,
    pub(super) shared: OnceLock<Result<Library, String>>,
    jsonnet_files: Vec<PathBuf>,
    files: Mutex<HashMap<PathBuf, Digest>>,
}

/// The library's shared files, and how texts are searched for them.
pub(super) struct Library {
    pub(super) shared: Shared,
    pub(super) scanner: Scanner,
    /// What searching a text depends on.
    pub(super) identity: Digest,
    /// What each shared file mentions, by its escaped name.
    texts: OnceLock<BTreeMap<String, Mentions>>,
}

/// What an observer is made from.
pub struct Sources<'a> {
    /// The call.
    pub project: &'a Project,
    /// The stages.
    pub graph: &'a StageGraph,
    /// The configuration.
    pub config: &'a serde_json::Value,
    /// Everything that evaluating it read.
    pub jsonnet_files: Vec<PathBuf>,
    /// Digests of files.
    pub cache: &'a DigestCache,
    /// The key of the digests of variables.
    pub secret: [u8; 32],
}

impl<'a> Observer<'a> {
    /// An observer; nothing is looked at yet.
    pub fn new(sources: Sources<'a>) -> Self {
        let Sources {
            project,
            graph,
            config,
            jsonnet_files,
            cache,
            secret,
        } = sources;
        Self {
            project,
            graph,
            configuration: Configuration::new(config),
            locations: locations(project),
            cache,
            secret,
            settings: (0..graph.len()).map(|_| OnceLock::new()).collect(),
            shared: OnceLock::new(),
            jsonnet_files,
            files: Mutex::default(),
        }
    }

    /// The name of a stage.
    pub fn name(&self, stage: usize) -> &StageName {
        self.graph.name(self.graph.at(stage))
    }

    /// The settings of a stage.
    pub fn settings(&self, stage: usize) -> &StageSettings {
        self.settings[stage].get_or_init(|| self.project.settings.stage(self.name(stage)))
    }

    /// The stage's template directory.
    pub fn template_dir(&self, stage: usize) -> PathBuf {
        self.project.wave.impl_dir.join(self.name(stage).as_str())
    }

    /// The stage's stamped directory.
    pub fn stamped_dir(&self, stage: usize) -> PathBuf {
        self.project.wave.genfiles.join(self.name(stage).as_str())
    }

    /// The wave variables and what they stand for.
    pub fn locations(&self) -> &Locations {
        &self.locations
    }

    /// The manifest of a stage's template directory: each file's content, and whether it is executable. Files that gomplate
    /// leaves out count too: a change of what is left out must not go unnoticed.
    pub(super) fn templates(&self, stage: usize) -> Result<Part> {
        let root = self.template_dir(stage);
        let tree = Tree::list(&root, Walk::all(Follow::Files))?;
        let hashing = Hashing {
            executable: true,
            ..Hashing::default()
        };
        let contents = self.cache.contents(Key::new("template", &root), &tree, hashing)?;
        Ok(Part::from_contents(contents))
    }

    /// The files that stamping a stage made, as they are now; those that are gone are not among them.
    pub(super) fn stamped_now(&self, stage: usize, made: &[Vec<u8>]) -> Result<(Part, usize)> {
        let root = self.stamped_dir(stage);
        let tree = Tree::select(&root, made.iter().map(Vec::as_slice))?;
        let there = tree.present();
        let hashing = Hashing {
            executable: true,
            locations: Some(&self.locations),
            contents: true,
            ..Hashing::default()
        };
        // Where the wave variables lead decides what a file says.
        let purpose = format!("stamped {}", self.here());
        let contents = self.cache.contents(Key::new(&purpose, &root), &tree, hashing)?;
        Ok((Part::from_contents(contents), there))
    }

    /// A digest of where everything lies.
    fn here(&self) -> Digest {
        let mut hasher = Hasher::new("here");
        for wave in Wave::ALL {
            let path = self.locations.path(wave.as_str()).unwrap_or_default();
            hasher.field(wave.as_str().as_bytes()).field(path);
        }
        hasher.finish()
    }

    /// The digest of a file's content, or of all files in a directory, or [`Digest::ABSENT`]. A file that many stages
    /// depend on is looked at once.
    pub(super) fn file(&self, path: &Path) -> Result<Digest> {
        let known = |files: &HashMap<PathBuf, Digest>| files.get(path).copied();
        if let Some(digest) = known(&self.files.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(digest);
        }
        let digest = self.file_now(path)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(path.to_owned(), digest);
        Ok(digest)
    }

    /// The same, looked at again.
    pub(super) fn file_now(&self, path: &Path) -> Result<Digest> {
        let tree = if path.is_dir() {
            Tree::list(path, Walk::all(Follow::Files))?
        } else {
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
                return Ok(Digest::ABSENT);
            };
            Tree::select(parent, [name.as_bytes()])?
        };
        if !tree.exists() || tree.present() == 0 && !path.is_dir() {
            return Ok(Digest::ABSENT);
        }
        let contents = self.cache.contents(Key::new("file", path), &tree, Hashing::default())?;
        Ok(contents.digest)
    }

    /// Forgets what files say: some of them may have changed.
    pub fn forget_files(&self) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// The wave variables of a call, by name.
fn locations(project: &Project) -> Locations {
    let wave = &project.wave;
    let mut paths = vec![
        (Wave::ImplDir, wave.impl_dir.as_path()),
        (Wave::Genfiles, &wave.genfiles),
        (Wave::OutputDir, &wave.output_dir),
        (Wave::ConfigJsonFile, &wave.config_json_file),
    ];
    paths.extend(wave.config_jsonnet_file.as_deref().map(|path| (Wave::ConfigJsonnetFile, path)));
    Locations::new(paths.into_iter().map(|(wave, path)| (wave.as_str(), path.as_os_str().as_bytes())))
}
