//! The library's shared files as inputs: which of them count for a stage, and what they mention in turn. Listed once a run.
//! Knows nothing of the stages' own directories.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::core::fingerprint::{Digest, Hasher, Manifest};
use crate::core::mention::{Mentions, Scanner};
use crate::core::name::escape;
use crate::error::{Error, Result};
use crate::observe::cache::Key;
use crate::observe::observer::Observer;
use crate::observe::patterns::Patterns;
use crate::observe::shared::{Exclusions, SharedFiles};
use crate::observe::tree::{Hashing, Tree};

const HASHING: Hashing<'static> = Hashing {
    prefix: "",
    executable: true,
    locations: None,
    contents: false,
};

/// The library's shared files, and how texts are searched for them.
pub(super) struct Library {
    files: SharedFiles,
    tree: Tree,
    /// The jsonnet files that the configuration imports: they count for stages that name them.
    configuration: Tree,
    digest: Digest,
    manifest: OnceLock<Arc<Manifest>>,
    texts: OnceLock<BTreeMap<String, Mentions>>,
    /// Finds what texts mention.
    pub(super) scanner: Scanner,
    /// What searching a text depends on: the scanner, and the shared files with what stands in them.
    pub(super) identity: Digest,
}

impl Library {
    /// Where the shared files lie.
    pub(super) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        self.tree.files().map(|(name, _)| self.tree.path(name))
    }
}

impl Observer<'_> {
    /// The library's shared files, listed when they are first asked for.
    pub(super) fn library(&self) -> Result<&Library> {
        let library = self
            .library
            .get_or_init(|| self.list_library().map_err(|e| e.to_string()));
        library
            .as_ref()
            .map_err(|message| Error::failed(message.clone()))
    }

    /// Whether the DAG has a stage of that name; its directory was seen when the DAG was read.
    fn is_stage(&self, name: &[u8]) -> bool {
        let name = std::str::from_utf8(name);
        name.is_ok_and(|name| self.graph.find(name).is_some())
    }

    fn list_library(&self) -> Result<Library> {
        let wave = &self.project.wave;
        let state = self.project.state_path().parent().map(ToOwned::to_owned);
        let generated = [
            wave.genfiles.clone(),
            wave.output_dir.clone(),
            wave.config_json_file.clone(),
        ];
        let configuration = self.jsonnet_files.iter().chain(&wave.config_jsonnet_file);
        let exclusions = Exclusions {
            generated: generated.into_iter().chain(state).collect(),
            configuration: configuration.cloned().collect(),
        };
        let files = SharedFiles::new(&wave.impl_dir, &exclusions);
        let tree = files.list(&|name| self.is_stage(name))?;
        let contents = self
            .cache
            .contents(Key::new("shared", &wave.impl_dir), &tree, HASHING)?;
        let below = |path: &PathBuf| {
            let below = path.strip_prefix(&wave.impl_dir).ok()?;
            let plain = below
                .components()
                .all(|it| matches!(it, Component::Normal(_)));
            plain.then(|| below.as_os_str().as_bytes().to_vec())
        };
        let imported: BTreeSet<_> = self.jsonnet_files.iter().filter_map(below).collect();
        let configuration = Tree::select(&wave.impl_dir, imported.iter().map(Vec::as_slice))?;
        let listed = tree.files().chain(configuration.files());
        let names: Vec<Vec<u8>> = listed.map(|(name, _)| name.to_vec()).collect();
        let scanner = Scanner::new(&self.locations, &names);
        let mut identity = Hasher::new("searched");
        identity
            .digest(&scanner.identity())
            .digest(&contents.digest);
        let manifest = OnceLock::new();
        if let Some(known) = contents.manifest {
            let _ = manifest.set(Arc::new(known));
        }
        Ok(Library {
            files,
            tree,
            configuration,
            digest: contents.digest,
            manifest,
            texts: OnceLock::new(),
            identity: identity.finish(),
            scanner,
        })
    }

    /// The shared files that count for a stage; `whole` asks for their names where a digest would do.
    pub(super) fn shared_inputs(
        &self,
        stage: usize,
        mentions: &Mentions,
        whole: bool,
    ) -> Result<SharedInputs> {
        let library = self.library()?;
        if let Some(patterns) = &self.settings(stage).shared {
            let patterns = Patterns::new(patterns.iter().map(String::as_str))?;
            let tree = library
                .files
                .declared(&patterns, &|name| self.is_stage(name))?;
            return Ok(SharedInputs::These(Arc::new(tree.manifest(HASHING)?)));
        }
        let imported = library.imported(mentions)?;
        if mentions.every_shared() && !whole && imported.is_empty() {
            return Ok(SharedInputs::All(library.digest));
        }
        let counts = |(name, _): (&[u8], _)| mentions.shared(&escape(name));
        if !library.tree.files().any(counts) {
            return Ok(SharedInputs::These(Arc::new(imported)));
        }
        let all = library.manifest()?;
        if mentions.every_shared() && imported.is_empty() {
            return Ok(SharedInputs::These(all));
        }
        let counts = all.entries.iter().filter(|(name, _)| mentions.shared(name));
        let entries = counts.map(|(name, digest)| (name.clone(), *digest));
        let entries = entries.chain(imported.entries);
        Ok(SharedInputs::These(Arc::new(Manifest::of(entries))))
    }

    /// What each shared file mentions.
    pub(super) fn shared_texts(&self) -> Result<&BTreeMap<String, Mentions>> {
        let library = self.library()?;
        if let Some(texts) = library.texts.get() {
            return Ok(texts);
        }
        let mut texts = BTreeMap::new();
        for (name, _) in library.tree.files() {
            let path = library.tree.path(name);
            let mut mentions = Mentions::default();
            // A link that leads nowhere mentions nothing; its target is in the manifest all the same.
            if let Ok(text) = std::fs::read(&path) {
                library.scanner.scan(&mut mentions, None, name, &text);
            }
            texts.insert(escape(name), mentions);
        }
        Ok(library.texts.get_or_init(|| texts))
    }
}

/// The shared files that count for a stage.
pub(super) enum SharedInputs {
    /// All of them, under this digest.
    All(Digest),
    /// These.
    These(Arc<Manifest>),
}

impl Library {
    /// The files of the configuration that a text names.
    fn imported(&self, mentions: &Mentions) -> Result<Manifest> {
        let named = |name: &[u8]| mentions.names_shared(&escape(name));
        if !self.configuration.files().any(|(name, _)| named(name)) {
            return Ok(Manifest::default());
        }
        let mut manifest = self.configuration.manifest(HASHING)?;
        manifest
            .entries
            .retain(|name, _| mentions.names_shared(name));
        Ok(manifest)
    }

    fn manifest(&self) -> Result<Arc<Manifest>> {
        if let Some(manifest) = self.manifest.get() {
            return Ok(Arc::clone(manifest));
        }
        let manifest = Arc::new(self.tree.manifest(HASHING)?);
        Ok(Arc::clone(self.manifest.get_or_init(|| manifest)))
    }
}
