//! What a stage made: the outputs that it owns, the stamped files, and what its `ctl` left beside them. Knows nothing of what
//! it was made from.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::core::fingerprint::{Digest, Manifest};
use crate::core::name::{escape, unescape};
use crate::core::record::{StampedFile, stamped_manifest};
use crate::error::{Error, Result};
use crate::observe::cache::Key;
use crate::observe::detail::Detail;
use crate::observe::inputs::Part;
use crate::observe::observer::Observer;
use crate::observe::outputs::{Outputs, Watch};
use crate::observe::patterns::Patterns;
use crate::observe::tree::{Hashing, Tree};
use crate::stamp::Rendered;
use crate::stamp::sensitive::Sensitive;
use crate::state::Payload;
use crate::system::tree::{Follow, Kind, Walk};

/// What a stage owns below `$OUTPUT_DIR`: its directory there, and other files.
#[derive(Clone, Debug)]
pub struct Owned {
    /// Under which it is recorded.
    pub digest: Digest,
    /// Every file, by its name below `$OUTPUT_DIR`.
    pub entries: BTreeMap<String, Digest>,
    /// The manifests that belong to it.
    pub manifests: Vec<Arc<Manifest>>,
}

impl Observer<'_> {
    fn all_outputs(&self) -> Outputs<'_> {
        Outputs {
            directory: &self.project.wave.output_dir,
            locations: &self.locations,
            cache: self.cache,
        }
    }

    /// The digest of what a stage owns; no file is opened if nothing changed.
    pub fn outputs_digest(&self, stage: usize, owned: &BTreeSet<String>) -> Result<Digest> {
        let outputs = self.all_outputs();
        let own = outputs.of_stage(self.name(stage))?.digest;
        if owned.is_empty() {
            return Ok(own);
        }
        let names = owned.iter().map(String::as_str);
        let others = outputs.of_files(self.name(stage).as_str(), names)?.digest;
        Ok(joined(own, others).digest())
    }

    /// What a stage owns, as it is now.
    ///
    /// # Errors
    /// A file or directory that cannot be read.
    pub fn outputs_now(&self, stage: usize, owned: &BTreeSet<String>) -> Result<Owned> {
        let outputs = self.all_outputs();
        let own = outputs.read_stage(self.name(stage))?;
        if owned.is_empty() {
            return Ok(Owned {
                digest: own.digest(),
                entries: own.entries.clone(),
                manifests: vec![Arc::new(own)],
            });
        }
        let others = outputs.read_files(owned.iter().map(String::as_str))?;
        let joined = joined(own.digest(), others.digest());
        let mut entries = own.entries.clone();
        entries.extend(others.entries.clone());
        Ok(Owned {
            digest: joined.digest(),
            entries,
            manifests: vec![Arc::new(own), Arc::new(others), Arc::new(joined)],
        })
    }

    /// The names, outside every stage's own directory, that a stage declares as its outputs.
    pub(super) fn declared_outputs(&self, stage: usize) -> Result<BTreeSet<String>> {
        let patterns = &self.settings(stage).outputs;
        if patterns.is_empty() {
            return Ok(BTreeSet::new());
        }
        let patterns = Patterns::new(patterns.iter().map(String::as_str))?;
        self.all_outputs().declared(&patterns)
    }

    /// What any stage declares as its outputs.
    pub(super) fn all_declared_outputs(&self) -> Result<&BTreeSet<String>> {
        if let Some(all) = self.declared.get() {
            return Ok(all);
        }
        let mut all = BTreeSet::new();
        for stage in 0..self.graph.len() {
            all.extend(self.declared_outputs(stage)?);
        }
        Ok(self.declared.get_or_init(|| all))
    }

    /// Notes how the files below `$OUTPUT_DIR` are that the text of a stage names and that no stage's directory holds.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn watch(&self, stage: usize, detail: &Detail) -> Result<Watch> {
        let named = self.outputs_named(stage, detail);
        let outside = named
            .iter()
            .filter(|below| !self.is_in_stage_directory(below));
        let names: BTreeSet<String> = outside
            .map(|below| escape(below.as_os_str().as_bytes()))
            .collect();
        self.all_outputs().watch(names.iter().map(String::as_str))
    }

    /// The files below `$OUTPUT_DIR` that the text of a stage names, relative to it.
    pub fn outputs_named(&self, stage: usize, detail: &Detail) -> BTreeSet<PathBuf> {
        let named = detail.mentions.outputs().filter_map(|name| {
            let path = self.expand(stage, &format!("${{OUTPUT_DIR}}/{name}"))?;
            let below = path.strip_prefix(&self.project.wave.output_dir).ok()?;
            Some(below.to_owned())
        });
        named.collect()
    }

    /// Whether a file that a stage owns is there.
    pub(super) fn is_output(&self, name: &str) -> bool {
        let path =
            unescape(name).map(|name| self.project.wave.output_dir.join(OsStr::from_bytes(&name)));
        path.is_some_and(|path| path.symlink_metadata().is_ok())
    }

    /// The watched files that were written since, and so belong to the stage.
    pub(super) fn written(&self, watch: &Watch) -> Result<BTreeSet<String>> {
        let written = self.all_outputs().written(watch)?;
        Ok(written.entries.into_keys().collect())
    }

    /// Whether a path below `$OUTPUT_DIR` lies in a stage's own directory there.
    pub(super) fn is_in_stage_directory(&self, below: &Path) -> bool {
        let first = below
            .components()
            .next()
            .and_then(|first| first.as_os_str().to_str());
        first.is_some_and(|first| self.graph.find(first).is_some())
    }

    pub(super) fn stamped_hashing(&self) -> Hashing<'_> {
        Hashing {
            executable: true,
            locations: Some(self.stamped_locations()),
            contents: true,
            ..Hashing::default()
        }
    }

    /// The files that stamping a stage made, those that are there.
    pub(super) fn stamped_tree(&self, stage: usize, made: &[Vec<u8>]) -> Result<Tree> {
        Tree::select(&self.stamped_dir(stage), made.iter().map(Vec::as_slice))
    }

    /// The digest of the stamped files as they are now, and how many of them are there.
    pub(super) fn stamped_now(&self, stage: usize, made: &[Vec<u8>]) -> Result<(Part, usize)> {
        let tree = self.stamped_tree(stage, made)?;
        let there = present(&tree);
        // Where the wave variables lead decides what a file says.
        let purpose = format!("stamped {}", self.here);
        let key = Key::new(&purpose, tree.root());
        let contents = self.cache.contents(key, &tree, self.stamped_hashing())?;
        Ok((Part::from(contents), there))
    }

    /// The stamped files as they are to be recorded, before `ctl up` runs.
    pub(super) fn stamped_files(
        &self,
        stage: usize,
        rendered: &Rendered,
    ) -> Result<Vec<StampedFile>> {
        let sensitive = self.sensitive(stage)?;
        let files = rendered.files.iter();
        let files = files.map(|(path, file)| {
            let sensitive = sensitive
                .as_ref()
                .is_some_and(|sensitive| sensitive.names(path));
            let stored = self.may_be_stored(sensitive, &file.content);
            StampedFile {
                path: escape(path.as_os_str().as_bytes()),
                executable: file.is_executable(),
                sensitive,
                digest: Digest::of(&self.locations.normalise(&file.content)),
                content: stored.then(|| Digest::of(&file.content)),
            }
        });
        Ok(files.collect())
    }

    /// The patterns of sensitive files of a stage, if there are any.
    ///
    /// # Errors
    /// One is not valid.
    pub fn sensitive(&self, stage: usize) -> Result<Option<Sensitive>> {
        let patterns = &self.settings(stage).stamp.sensitive;
        if patterns.is_empty() {
            return Ok(None);
        }
        Sensitive::new(patterns).map(Some)
    }

    fn may_be_stored(&self, sensitive: bool, content: &[u8]) -> bool {
        use crate::source::settings::Snapshots;
        match self.project.settings.file.snapshots {
            Some(Snapshots::None) => false,
            Some(Snapshots::All) => true,
            _ => {
                content.len() as u64 <= self.project.settings.snapshot_limit()
                    && !sensitive
                    && !self.secrets.occur_in(content)
            }
        }
    }

    /// The contents that are to be stored for stamped files.
    pub(super) fn stored_contents(
        rendered: &Rendered,
        stamped: &[StampedFile],
    ) -> Vec<(Digest, Arc<[u8]>)> {
        let files = rendered.files.values().zip(stamped);
        files
            .filter_map(|(file, record)| Some((record.content?, Arc::clone(&file.content))))
            .collect()
    }

    /// The stamped files as `ctl up` left them, if it changed any.
    pub(super) fn stamped_after(
        &self,
        stage: usize,
        before: &[StampedFile],
        payload: &mut Payload,
    ) -> Result<Option<Vec<StampedFile>>> {
        let names: Vec<_> = before
            .iter()
            .filter_map(|file| unescape(&file.path))
            .collect();
        let tree = self.stamped_tree(stage, &names)?;
        let now = tree.manifest(self.stamped_hashing())?;
        if now == stamped_manifest(before) {
            return Ok(None);
        }
        let mut after = Vec::new();
        for (name, stat) in tree.files().filter(|(_, stat)| stat.kind == Kind::File) {
            let path = escape(name);
            let Some(old) = before.iter().find(|file| file.path == path) else {
                continue;
            };
            let file = tree.path(name);
            let content = std::fs::read(&file);
            let content = content.map_err(|error| Error::io("cannot read", &file, &error))?;
            let content: Arc<[u8]> = content.into();
            let digest = Digest::of(&self.locations.normalise(&content));
            let stored = if digest == old.digest {
                old.content
            } else {
                self.may_be_stored(old.sensitive, &content)
                    .then(|| Digest::of(&content))
            };
            if let Some(stored) = stored.filter(|stored| Some(*stored) != old.content) {
                payload.contents.push((stored, content));
            }
            after.push(StampedFile {
                executable: stat.executable,
                digest,
                content: stored,
                ..old.clone()
            });
        }
        Ok(Some(after))
    }

    /// What lies in a stage's stamped directory after its `ctl up`: stamped files, and what `ctl` left beside them. Hidden files,
    /// logs and Terraform's state are inputs only of stages that name them.
    pub(super) fn generated(&self, stage: usize, made: &BTreeSet<String>) -> Result<Manifest> {
        let skip = |name: &[u8], _: bool| {
            let base = name.rsplit(|byte| *byte == b'/').next().unwrap_or(name);
            !made.contains(&escape(name)) && counts_only_named(base)
        };
        let tree = Tree::list(
            &self.stamped_dir(stage),
            Walk {
                follow: Follow::Nothing,
                skip: &skip,
            },
        )?;
        let prefix = format!("{}/", self.name(stage));
        tree.manifest(Hashing {
            prefix: &prefix,
            locations: Some(&self.locations),
            contents: true,
            ..Hashing::default()
        })
    }

    /// The files in the stamped directory that hold state of `ctl`'s own, and that no stamp made.
    pub(super) fn kept_files(
        &self,
        stage: usize,
        made: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>> {
        let patterns = &self.settings(stage).keep;
        let patterns = Patterns::new(patterns.iter().map(String::as_str))?;
        let root = self.stamped_dir(stage);
        let skip = |name: &[u8], directory: bool| directory && name.ends_with(b".terraform");
        let tree = Tree::list(
            &root,
            Walk {
                follow: Follow::Nothing,
                skip: &skip,
            },
        )?;
        let kept = tree.files().filter(|(name, _)| {
            !made.contains(&escape(name)) && (is_state(name) || patterns.matches(name))
        });
        Ok(kept.map(|(name, _)| escape(name)).collect())
    }

    /// Recorded state files of `ctl` that are gone.
    pub fn gone(&self, stage: &str, detail: &Detail) -> Vec<String> {
        let root = self.project.wave.genfiles.join(stage);
        let there = |name: &String| {
            let path = unescape(name).map(|bytes| root.join(std::ffi::OsStr::from_bytes(&bytes)));
            path.is_some_and(|path| path.symlink_metadata().is_ok())
        };
        detail
            .kept
            .iter()
            .filter(|name| !there(name))
            .cloned()
            .collect()
    }
}

/// Whether a file or directory of this name, which `ctl` left below `$GENFILES`, counts only for stages that name it.
pub(super) fn counts_only_named(base: &[u8]) -> bool {
    let text = String::from_utf8_lossy(base);
    base.starts_with(b".") || text.contains(".tfstate") || text.ends_with(".log")
}

/// Whether a file is known to hold the state of a tool: Terraform's, or a nested betterform's.
fn is_state(name: &[u8]) -> bool {
    name.ends_with(b".tfstate") || name.ends_with(b"/state.db") && contains(name, b".betterform/")
}

fn contains(text: &[u8], what: &[u8]) -> bool {
    text.windows(what.len()).any(|window| window == what)
}

/// How many files of a selection are there.
pub(super) fn present(tree: &Tree) -> usize {
    tree.files()
        .filter(|(_, stat)| stat.kind != Kind::Missing)
        .count()
}

/// One manifest for two; the second may be empty.
fn joined(own: Digest, others: Digest) -> Manifest {
    Manifest {
        links: BTreeSet::from([own, others]),
        ..Manifest::default()
    }
}
