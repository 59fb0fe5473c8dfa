//! Digests of file trees that were taken before, so that a tree whose files did not change need not be read again.
//!
//! One file, read whole: a header, then entries of 80 bytes sorted by key, searched where they lie, then the memories of
//! listings. A cache that is missing, corrupt, of another version or unwritable is no cache, and never an error. When
//! processes write at the same time, the last one wins. Knows nothing of what the trees are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::core::fingerprint::{Digest, Hasher, Manifest};
use crate::error::Result;
use crate::observe::tree::{Hashing, Tree};
use crate::system::tree::{Follow, Walk};

/// Digests by tree. Workers share one.
#[derive(Debug)]
pub struct DigestCache {
    path: Option<PathBuf>,
    /// The file as it was read: the header, then the entries one after the other, sorted by key, then the memories.
    loaded: Vec<u8>,
    /// Which of them were asked for.
    used: Vec<AtomicBool>,
    fresh: Mutex<BTreeMap<Key, (Entry, Vec<u8>)>>,
}

/// Which tree, for which purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key([u8; 16]);

impl Key {
    /// The key of a tree for a purpose: which files below `root` are listed must follow from `purpose`.
    pub fn new(purpose: &str, root: &Path) -> Self {
        let mut hasher = Hasher::new("cache key");
        hasher
            .field(purpose.as_bytes())
            .field(root.as_os_str().as_encoded_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&hasher.finish().as_bytes()[..16]);
        Self(key)
    }
}

/// What is remembered of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    signature: [u8; 16],
    manifest: Digest,
    /// For how many written caches in a row nobody asked for it.
    age: u64,
    /// Where the memory of its listing starts among all, and how long it is; nothing if there is none.
    memory: (u32, u32),
}

/// The contents of a tree, as far as they had to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The digest of the tree's manifest.
    pub digest: Digest,
    /// The manifest itself, if the files were read.
    pub manifest: Option<Manifest>,
}

const MAGIC: &[u8; 16] = b"betterform-dgst2";
const HEADER: usize = 56;
const ENTRY: usize = 80;

/// An entry that nobody asked for is kept for so many written caches: runs of a part of the stages must not lose the rest.
const OLDEST: u64 = 20;

impl DigestCache {
    /// The cache in a file; empty if there is none that can be trusted.
    pub fn load(path: &Path) -> Self {
        let loaded = std::fs::read(path).ok().filter(|file| is_whole(file));
        let loaded = loaded.unwrap_or_default();
        let used = (0..count(&loaded)).map(|_| AtomicBool::new(false));
        Self {
            path: Some(path.to_owned()),
            used: used.collect(),
            loaded,
            fresh: Mutex::default(),
        }
    }

    /// A cache that remembers what it is told as long as it lives, and is not written.
    pub fn in_memory() -> Self {
        Self {
            path: None,
            loaded: Vec::new(),
            used: Vec::new(),
            fresh: Mutex::default(),
        }
    }

    /// Lists a directory, with links to files followed; where no name came or went since it was remembered, only its files
    /// are looked at.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub fn list(&self, key: Key, root: &Path) -> Result<Tree> {
        if let Some((_, memory)) = self.entry(key).filter(|(_, memory)| !memory.is_empty())
            && let Some(tree) = Tree::again(root, &memory)?
        {
            return Ok(tree);
        }
        Tree::list(root, Walk::all(Follow::Files))
    }

    /// The digest of a tree's manifest, if its files are as they were when it was remembered.
    pub fn get(&self, key: Key, tree: &Tree, hashing: Hashing<'_>) -> Option<Digest> {
        let (entry, memory) = self.entry(key)?;
        if entry.signature != signature(tree, hashing) || !tree.is_settled() {
            return None;
        }
        if tree.was_read() && tree.memory().is_some_and(|now| now != *memory) {
            self.put(key, tree, hashing, entry.manifest);
        }
        Some(entry.manifest)
    }

    /// Remembers the digest of a tree's manifest. `tree` must have been listed before its files were read. Nothing is
    /// remembered of a tree in which a change could go unnoticed.
    pub fn put(&self, key: Key, tree: &Tree, hashing: Hashing<'_>, manifest: Digest) {
        if tree.is_settled() {
            let entry = Entry {
                signature: signature(tree, hashing),
                manifest,
                age: 0,
                memory: (0, 0),
            };
            let memory = tree.memory().unwrap_or_default();
            let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
            fresh.insert(key, (entry, memory));
        }
    }

    /// The digest of a tree's manifest: remembered, or else taken from the files and remembered.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn contents(&self, key: Key, tree: &Tree, hashing: Hashing<'_>) -> Result<Contents> {
        if let Some(digest) = self.get(key, tree, hashing) {
            return Ok(Contents {
                digest,
                manifest: None,
            });
        }
        let manifest = tree.manifest(hashing)?;
        let digest = manifest.digest();
        self.put(key, tree, hashing, digest);
        Ok(Contents {
            digest,
            manifest: Some(manifest),
        })
    }

    /// Writes the cache if there is anything new in it, and says whether it did.
    pub fn save(&self) -> bool {
        let fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        match &self.path {
            Some(path) if !fresh.is_empty() => write(path, &self.merged(&fresh)).is_ok(),
            _ => false,
        }
    }

    /// What is remembered under a key, and the memory of the listing.
    fn entry(&self, key: Key) -> Option<(Entry, Cow<'_, [u8]>)> {
        let fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((entry, memory)) = fresh.get(&key) {
            return Some((*entry, Cow::Owned(memory.clone())));
        }
        drop(fresh);
        let (mut low, mut high) = (0, self.used.len());
        while low < high {
            let middle = low.midpoint(high);
            let (found, entry) = self.loaded(middle)?;
            match found.cmp(&key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    self.used.get(middle)?.store(true, Ordering::Relaxed);
                    return Some((entry, Cow::Borrowed(self.memory(&entry))));
                }
            }
        }
        None
    }

    fn loaded(&self, index: usize) -> Option<(Key, Entry)> {
        let bytes = self.loaded.get(HEADER + index * ENTRY..)?;
        let (key, bytes) = bytes.split_first_chunk()?;
        let (signature, bytes) = bytes.split_first_chunk()?;
        let (manifest, bytes) = bytes.split_first_chunk()?;
        let (age, bytes) = bytes.split_first_chunk()?;
        let (start, bytes) = bytes.split_first_chunk()?;
        let (length, _) = bytes.split_first_chunk()?;
        let entry = Entry {
            signature: *signature,
            manifest: Digest::from_bytes(*manifest),
            age: u64::from_le_bytes(*age),
            memory: (u32::from_le_bytes(*start), u32::from_le_bytes(*length)),
        };
        Some((Key(*key), entry))
    }

    /// The memory of the listing of an entry that was loaded.
    fn memory(&self, entry: &Entry) -> &[u8] {
        let (start, length) = (entry.memory.0 as usize, entry.memory.1 as usize);
        let memories = self.loaded.get(HEADER + self.used.len() * ENTRY..);
        let memory = memories.and_then(|memories| memories.get(start..)?.get(..length));
        memory.unwrap_or_default()
    }

    /// All entries that are still worth keeping.
    fn merged<'a>(
        &'a self,
        fresh: &'a BTreeMap<Key, (Entry, Vec<u8>)>,
    ) -> BTreeMap<Key, (Entry, &'a [u8])> {
        let loaded = self.used.iter().enumerate().filter_map(|(index, used)| {
            let (key, entry) = self.loaded(index)?;
            let age = if used.load(Ordering::Relaxed) {
                0
            } else {
                entry.age + 1
            };
            let memory = self.memory(&entry);
            (age <= OLDEST).then_some((key, (Entry { age, ..entry }, memory)))
        });
        let fresh = fresh.iter();
        let fresh = fresh.map(|(key, (entry, memory))| (*key, (*entry, memory.as_slice())));
        let mut merged: BTreeMap<_, _> = loaded.collect();
        merged.extend(fresh);
        merged
    }
}

/// What must be the same for a remembered digest to hold: what the file system says of the files, and how they are hashed.
fn signature(tree: &Tree, hashing: Hashing<'_>) -> [u8; 16] {
    let mut hasher = Hasher::new("cached tree");
    tree.sign(&mut hasher);
    hasher
        .field(hashing.prefix.as_bytes())
        .number(hashing.executable.into())
        .number(hashing.contents.into());
    if let Some(locations) = hashing
        .locations
        .filter(|_| hashing.contents || tree.has_links())
    {
        for (path, name) in locations.places() {
            hasher.field(path).field(name.as_bytes());
        }
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finish().as_bytes()[..16]);
    short
}

/// Whether a file is a cache, and all of it.
fn is_whole(file: &[u8]) -> bool {
    let Some((magic, rest)) = file.split_first_chunk::<16>() else {
        return false;
    };
    let Some((digest, rest)) = rest.split_first_chunk::<32>() else {
        return false;
    };
    magic == MAGIC
        && Digest::of(rest).as_bytes() == digest
        && count(file).checked_mul(ENTRY) <= file.len().checked_sub(HEADER)
}

/// How many entries there are.
fn count(file: &[u8]) -> usize {
    let count = file.get(HEADER - 8..).and_then(|rest| rest.first_chunk());
    count.map_or(0, |count| {
        usize::try_from(u64::from_le_bytes(*count)).unwrap_or(usize::MAX)
    })
}

fn write(path: &Path, entries: &BTreeMap<Key, (Entry, &[u8])>) -> std::io::Result<()> {
    let mut bytes = Vec::with_capacity(HEADER + entries.len() * ENTRY);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[0; 32]);
    bytes.extend_from_slice(&(entries.len() as u64).to_le_bytes());
    let mut memories = Vec::new();
    for (key, (entry, memory)) in entries {
        bytes.extend_from_slice(&key.0);
        bytes.extend_from_slice(&entry.signature);
        bytes.extend_from_slice(entry.manifest.as_bytes());
        bytes.extend_from_slice(&entry.age.to_le_bytes());
        // Beyond 4 GiB nothing more is remembered.
        let (start, length) = match (u32::try_from(memories.len()), u32::try_from(memory.len())) {
            (Ok(start), Ok(length)) => (start, length),
            _ => (0, 0),
        };
        bytes.extend_from_slice(&start.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        memories.extend_from_slice(memory.get(..length as usize).unwrap_or_default());
    }
    bytes.extend_from_slice(&memories);
    let digest = Digest::of(bytes.get(HEADER - 8..).unwrap_or_default());
    bytes[16..48].copy_from_slice(digest.as_bytes());
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(&bytes)?;
    file.persist(path)?;
    Ok(())
}
