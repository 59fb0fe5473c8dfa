//! What a stage owns below `OUTPUT_DIR`, and which files there appear or change while it runs.
//!
//! Knows nothing of which stage's text names which files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::core::fingerprint::{Digest, Manifest};
use crate::core::location::Locations;
use crate::core::name::{escape, unescape};
use crate::core::stage::StageName;
use crate::error::Result;
use crate::observe::cache::{Contents, DigestCache, Key};
use crate::observe::patterns::Patterns;
use crate::observe::tree::{Hashing, Tree};
use crate::system::tree::{Follow, Stat, Walk};

/// The outputs of one deployment.
#[derive(Clone, Copy, Debug)]
pub struct Outputs<'a> {
    /// `OUTPUT_DIR`.
    pub directory: &'a Path,
    /// The places of the wave variables: links to files below them mean the same elsewhere.
    pub locations: &'a Locations,
    /// Digests of trees.
    pub cache: &'a DigestCache,
}

impl Outputs<'_> {
    /// The contents of `$OUTPUT_DIR/STAGE`: one listing, and nothing read if nothing changed. Links to files count as what
    /// is in the files, links to directories as where they lead; times and modes do not count.
    ///
    /// # Errors
    /// A directory or file that cannot be read.
    pub fn of_stage(&self, stage: &StageName) -> Result<Contents> {
        let root = self.directory.join(stage.as_str());
        let key = Key::new("outputs", &root);
        let tree = self.cache.list(key, &root)?;
        let prefix = format!("{stage}/");
        self.cache.contents(key, &tree, self.hashing(&prefix))
    }

    /// The manifest of `$OUTPUT_DIR/STAGE`, whether it changed or not.
    ///
    /// # Errors
    /// A directory or file that cannot be read.
    pub fn read_stage(&self, stage: &StageName) -> Result<Manifest> {
        let root = self.directory.join(stage.as_str());
        let tree = Tree::list(&root, Walk::all(Follow::Files))?;
        let prefix = format!("{stage}/");
        let hashing = self.hashing(&prefix);
        let manifest = tree.manifest(hashing)?;
        let key = Key::new("outputs", &root);
        self.cache.put(key, &tree, hashing, manifest.digest());
        Ok(manifest)
    }

    /// The contents of single files, by escaped names relative to `OUTPUT_DIR`, as what a stage owns outside its own
    /// directory. A file that is not there is not in the manifest. `purpose` tells the lists of several stages apart.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn of_files<'n>(
        &self,
        purpose: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<Contents> {
        let tree = self.select(names)?;
        let key = Key::new(&format!("output files {purpose}"), self.directory);
        self.cache.contents(key, &tree, self.hashing(""))
    }

    /// The manifest of single files, whether they changed or not.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read_files<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<Manifest> {
        self.select(names)?.manifest(self.hashing(""))
    }

    /// The escaped names of the files that a stage declares: those written in full, whether they are there or not, and
    /// those that are there and fit a pattern.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub fn declared(&self, patterns: &Patterns) -> Result<BTreeSet<String>> {
        let mut names: BTreeSet<_> = patterns
            .plain()
            .map(|name| escape(name.as_bytes()))
            .collect();
        if patterns.are_plain() {
            return Ok(names);
        }
        let skip = |name: &[u8], directory: bool| {
            !if directory {
                patterns.may_be_below(name)
            } else {
                patterns.matches(name)
            }
        };
        let follow = Follow::Files;
        let tree = Tree::list(
            self.directory,
            Walk {
                follow,
                skip: &skip,
            },
        )?;
        names.extend(tree.files().map(|(name, _)| escape(name)));
        Ok(names)
    }

    /// Notes how files are before `ctl up`.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn watch<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<Watch> {
        let tree = self.select(names)?;
        let manifest = tree.manifest(self.hashing(""))?;
        let before = tree.files().map(|(name, stat)| {
            let name = escape(name);
            let digest = manifest.entries.get(&name).copied();
            (name, (*stat, digest.unwrap_or(Digest::ABSENT)))
        });
        Ok(Watch {
            before: before.collect(),
        })
    }

    /// The watched files that appeared since, or were written: with other contents, or with the same again. Also what is
    /// in them. Files that are gone are not among them.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn written(&self, watch: &Watch) -> Result<Manifest> {
        let tree = self.select(watch.before.keys().map(String::as_str))?;
        let mut written = tree.manifest(self.hashing(""))?;
        let stats: BTreeMap<_, _> = tree
            .files()
            .map(|(name, stat)| (escape(name), *stat))
            .collect();
        written.entries.retain(|name, digest| {
            let before = watch.before.get(name);
            before.is_none_or(|(stat, before)| before != digest || stats.get(name) != Some(stat))
        });
        Ok(written)
    }

    fn select<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<Tree> {
        let names: Vec<_> = names
            .into_iter()
            .filter_map(unescape)
            .filter(|name| stays_below(name))
            .collect();
        Tree::select(self.directory, names.iter().map(Vec::as_slice))
    }

    fn hashing<'h>(&'h self, prefix: &'h str) -> Hashing<'h> {
        Hashing {
            prefix,
            executable: false,
            locations: Some(self.locations),
            contents: false,
        }
    }
}

/// Files below `OUTPUT_DIR` as they were before a `ctl up`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    before: BTreeMap<String, (Stat, Digest)>,
}

/// Whether a relative name is that of a file below the directory that it is relative to.
fn stays_below(name: &[u8]) -> bool {
    let absolute = name.first().is_none_or(|byte| *byte == b'/');
    !absolute
        && !name
            .split(|byte| *byte == b'/')
            .any(|component| component == b".." || component.contains(&0))
}
