//! Manifests and contents of files, each stored once under its digest.
//! Knows nothing of who refers to them.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::core::fingerprint::{Digest, Manifest};
use crate::error::{Error, Result};
use crate::state::failure::{Failure, Step};
use crate::state::{Payload, Store, codec};

const PLAIN: u8 = 0;
const LZ4: u8 = 1;

/// Below this many bytes, compressing is not worth it.
const SMALL: usize = 128;

/// Stores what is not there yet.
pub(super) fn insert(transaction: &Transaction<'_>, payload: &Payload) -> Step<()> {
    let mut known = transaction.prepare_cached("SELECT 1 FROM manifest WHERE digest = ?")?;
    let mut insert =
        transaction.prepare_cached("INSERT INTO manifest (digest, content) VALUES (?, ?)")?;
    for (digest, manifest) in &payload.manifests {
        if !known.exists([digest.as_bytes()])? {
            insert.execute((digest.as_bytes(), codec::encode_manifest(manifest)))?;
        }
    }
    for (digest, content) in &payload.contents {
        insert_content(transaction, digest, content)?;
    }
    Ok(())
}

/// Stores a content that is not there yet.
pub(super) fn insert_content(
    transaction: &Transaction<'_>,
    digest: &Digest,
    content: &[u8],
) -> Step<()> {
    if has_content(transaction, digest)? {
        return Ok(());
    }
    let packed = (content.len() >= SMALL)
        .then(|| lz4_flex::compress_prepend_size(content))
        .filter(|packed| packed.len() < content.len());
    let (encoding, bytes) = match &packed {
        Some(packed) => (LZ4, packed.as_slice()),
        None => (PLAIN, content),
    };
    transaction
        .prepare_cached("INSERT INTO content (digest, encoding, content) VALUES (?, ?, ?)")?
        .execute((digest.as_bytes(), encoding, bytes))?;
    Ok(())
}

/// Whether a content is stored.
pub(super) fn has_content(connection: &Connection, digest: &Digest) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM content WHERE digest = ?")?
        .exists([digest.as_bytes()])
}

pub(super) fn load_manifest(connection: &Connection, digest: &Digest) -> Step<Option<Manifest>> {
    let found = connection
        .prepare_cached("SELECT content FROM manifest WHERE digest = ?")?
        .query_row([digest.as_bytes()], |row| {
            Ok(row
                .get_ref(0)?
                .as_blob()
                .ok()
                .and_then(codec::decode_manifest))
        })
        .optional()?;
    match found {
        None => Ok(None),
        Some(Some(manifest)) if manifest.digest() == *digest => Ok(Some(manifest)),
        Some(_) => Err(Failure::Damaged(format!(
            "the manifest `{}` is not what it was",
            digest.short()
        ))),
    }
}

pub(super) fn load_content(connection: &Connection, digest: &Digest) -> Step<Option<Vec<u8>>> {
    let found = connection
        .prepare_cached("SELECT encoding, content FROM content WHERE digest = ?")?
        .query_row([digest.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((encoding, bytes)): Option<(u8, Vec<u8>)> = found else {
        return Ok(None);
    };
    let content = match encoding {
        PLAIN => Some(bytes),
        _ => lz4_flex::decompress_size_prepended(&bytes).ok(),
    };
    match content {
        Some(content) if Digest::of(&content) == *digest => Ok(Some(content)),
        _ => Err(Failure::Damaged(format!(
            "the content `{}` is not what it was",
            digest.short()
        ))),
    }
}

impl Store {
    /// A manifest, by its digest; `None` if it is not, or no longer, stored.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn manifest(&self, digest: &Digest) -> Result<Option<Manifest>> {
        self.reading(|connection| load_manifest(connection, digest))
    }

    /// The content of a file, by its digest; `None` if it is not, or no longer, stored.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn content(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        self.reading(|connection| load_content(connection, digest))
    }

    /// The entries of a manifest and of all that it links to, near or far; `None` if one of them is not stored. Where two
    /// of them have an entry of the same name, the manifest nearer to the first counts, and of those as near, the one of
    /// the lesser digest.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn flatten(&self, digest: &Digest) -> Result<Option<BTreeMap<String, Digest>>> {
        let mut entries = BTreeMap::new();
        let mut seen = BTreeSet::from([*digest]);
        let mut level = seen.clone();
        while !level.is_empty() {
            let mut next = BTreeSet::new();
            for digest in &level {
                let Some(manifest) = self.manifest(digest)? else {
                    return Ok(None);
                };
                for (name, digest) in manifest.entries {
                    entries.entry(name).or_insert(digest);
                }
                next.extend(manifest.links.into_iter().filter(|link| seen.insert(*link)));
            }
            level = next;
        }
        Ok(Some(entries))
    }

    /// The error of something that was read.
    pub(super) fn unreadable(&self, failure: Failure) -> Error {
        failure.into_error("read", &self.path)
    }
}
