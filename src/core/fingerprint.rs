//! What a stage depends on, as named digests, and what changed between two such fingerprints.
//!
//! A fingerprint has two keys. The *stamp key* covers what rendering depends on; if it is unchanged, nothing need be
//! rendered. The *run key* covers what `ctl up` depends on; only if it changed does `ctl up` run.
//!
//! Each key is made of inputs of several [`Kind`]s, and the inputs of one kind are a [`Manifest`]: a sorted list of names and
//! digests, stored once under its own digest however many stages share it. A manifest may link to others, so that "the
//! outputs of all ancestors" costs a stage as many links as it has direct dependencies. Two manifests say the same if
//! their *flattened* entries do; equal digests are merely the quick way to know.
//!
//! Everything hashed is length-prefixed and sorted and starts with [`VERSION`]. Nothing absolute and no time is in it.
//! Knows nothing of where the digests come from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The version of everything that is hashed here; a change makes every recorded fingerprint a different one.
pub const VERSION: u32 = 1;

/// A blake3 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Stands for something that is not there: an unset variable, a missing file.
    pub const ABSENT: Self = Self([0; 32]);

    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The digest of some bytes under a secret key, from which they cannot be guessed without it.
    pub fn keyed(key: &[u8; 32], bytes: &[u8]) -> Self {
        Self(*blake3::keyed_hash(key, bytes).as_bytes())
    }

    /// A digest that was stored.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, to be stored.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest that `hex` spells in 64 hexadecimal digits.
    pub fn from_hex(hex: &str) -> Option<Self> {
        blake3::Hash::from_hex(hex)
            .ok()
            .map(|hash| Self(*hash.as_bytes()))
    }

    /// The first 12 hexadecimal digits, for people.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        Self::from_hex(&hex)
            .ok_or_else(|| serde::de::Error::custom(format!("`{hex}` is not a digest")))
    }
}

/// Hashes a file's content piece by piece: the digest is that of all pieces together, as [`Digest::of`] gives it.
#[derive(Default)]
pub struct ContentHasher(blake3::Hasher);

impl ContentHasher {
    /// Adds the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The digest of all pieces.
    pub fn finish(&self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}

/// Hashes fields so that no two different sequences of fields can look alike.
pub struct Hasher(blake3::Hasher);

impl Hasher {
    /// A hasher for one purpose; different purposes never give equal digests.
    pub fn new(purpose: &str) -> Self {
        let mut hasher = Self(blake3::Hasher::new());
        hasher.field(purpose.as_bytes()).number(VERSION.into());
        hasher
    }

    /// Adds a field of any length.
    pub fn field(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
        self
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.0.update(&number.to_le_bytes());
        self
    }

    /// Adds a digest.
    pub fn digest(&mut self, digest: &Digest) -> &mut Self {
        self.0.update(digest.as_bytes());
        self
    }

    /// The digest of all fields.
    pub fn finish(&self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}

/// The kinds of input, in the order in which reasons are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A file of the stage template directory.
    Template,
    /// A value of the configuration.
    Config,
    /// An environment variable.
    Env,
    /// A file outside the library's and the stages' own directories.
    File,
    /// A setting of stamping or running.
    Setting,
    /// A stamped file.
    Stamped,
    /// A file of the library outside stage directories.
    Shared,
    /// A file that an ancestor owns below `$OUTPUT_DIR`.
    Output,
    /// A file that stamping or `ctl up` of an ancestor left below `$GENFILES`.
    Generated,
    /// The incarnation of an ancestor.
    Ancestor,
}

impl Kind {
    /// All of them, in the order in which reasons are told.
    pub const ALL: [Self; 10] = [
        Self::Template,
        Self::Config,
        Self::Env,
        Self::File,
        Self::Setting,
        Self::Stamped,
        Self::Shared,
        Self::Output,
        Self::Generated,
        Self::Ancestor,
    ];

    /// The kind that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The word that users see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::Config => "config",
            Self::Env => "env",
            Self::File => "file",
            Self::Setting => "setting",
            Self::Stamped => "stamped",
            Self::Shared => "shared",
            Self::Output => "output",
            Self::Generated => "generated",
            Self::Ancestor => "ancestor",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Names with digests, and links to other manifests that belong to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// What it holds itself.
    pub entries: BTreeMap<String, Digest>,
    /// The manifests whose entries it holds too.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub links: BTreeSet<Digest>,
}

impl Manifest {
    /// A manifest of entries alone.
    pub fn of(entries: impl IntoIterator<Item = (String, Digest)>) -> Self {
        Self {
            entries: entries.into_iter().collect(),
            links: BTreeSet::new(),
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.links.is_empty()
    }

    /// The digest under which it is stored.
    pub fn digest(&self) -> Digest {
        let entries = self.entries.iter();
        digest_of(
            entries.map(|(name, digest)| (name.as_str(), digest)),
            &self.links,
        )
    }

    /// The digest of a manifest in which there is nothing.
    pub fn empty_digest() -> Digest {
        static EMPTY: LazyLock<Digest> = LazyLock::new(|| Manifest::default().digest());
        *EMPTY
    }
}

/// The digest of the manifest of these entries and links alone, which must be sorted and distinct.
pub fn digest_of<'a>(
    entries: impl ExactSizeIterator<Item = (&'a str, &'a Digest)>,
    links: impl IntoIterator<Item = &'a Digest>,
) -> Digest {
    let mut hasher = Hasher::new("manifest");
    hasher.number(entries.len() as u64);
    for (name, digest) in entries {
        hasher.field(name.as_bytes()).digest(digest);
    }
    for link in links {
        hasher.digest(link);
    }
    hasher.finish()
}

/// All entries of a manifest, those of the manifests that it links to included; `load` fetches a manifest by its digest.
/// A manifest that cannot be found contributes an entry under its own digest, so that it never looks like an empty one.
///
/// # Errors
/// Those of `load`.
pub fn flatten<E>(
    root: Digest,
    load: &mut dyn FnMut(&Digest) -> Result<Option<Manifest>, E>,
) -> Result<BTreeMap<String, Digest>, E> {
    let mut entries = BTreeMap::new();
    let mut reached = BTreeSet::from([root]);
    let mut open = vec![root];
    let empty = Manifest::empty_digest();
    while let Some(digest) = open.pop() {
        match load(&digest)? {
            Some(manifest) => {
                entries.extend(manifest.entries);
                open.extend(manifest.links.iter().filter(|link| reached.insert(**link)));
            }
            None if digest == empty => {}
            None => drop(entries.insert(format!("({})", digest.short()), digest)),
        }
    }
    Ok(entries)
}

/// What a stage depends on: for each of its two keys, the digest of the [`Manifest`] of each kind of input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// What rendering depends on.
    pub stamp: BTreeMap<Kind, Digest>,
    /// What `ctl up` depends on.
    pub run: BTreeMap<Kind, Digest>,
}

impl Fingerprint {
    /// One digest for all that rendering depends on.
    pub fn stamp_key(&self) -> Digest {
        key("stamp key", &self.stamp)
    }

    /// One digest for all that `ctl up` depends on.
    pub fn run_key(&self) -> Digest {
        key("run key", &self.run)
    }
}

fn key(purpose: &str, inputs: &BTreeMap<Kind, Digest>) -> Digest {
    let mut hasher = Hasher::new(purpose);
    hasher.number(inputs.len() as u64);
    for (kind, digest) in inputs {
        hasher.field(kind.as_str().as_bytes()).digest(digest);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_keys_never_mix() {
        let one = BTreeMap::from([(Kind::Env, Digest::of(b"1"))]);
        let two = BTreeMap::from([(Kind::File, Digest::of(b"1"))]);
        let fingerprint = |stamp: &BTreeMap<_, _>, run: &BTreeMap<_, _>| Fingerprint {
            stamp: stamp.clone(),
            run: run.clone(),
        };
        let first = fingerprint(&one, &one);
        let second = fingerprint(&one, &two);
        assert_eq!(first.stamp_key(), second.stamp_key());
        assert_ne!(first.run_key(), second.run_key());
        assert_ne!(first.stamp_key(), first.run_key());
        assert_ne!(first.run_key(), Fingerprint::default().run_key());
    }

    #[test]
    fn kinds_have_words_and_an_order() {
        for (kind, next) in Kind::ALL.iter().zip(&Kind::ALL[1..]) {
            assert!(kind < next);
        }
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::from_word("other"), None);
    }
}
