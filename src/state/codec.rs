//! How fingerprints and manifests are written as bytes in a column.
//! Knows nothing of the database.
//!
//! A fingerprint: a version (1), then for each key the number of kinds and, for each, the kind's code and digest.
//! A manifest: a version (1), the number of entries and, for each, the name's length, the name and the digest; then the
//! number of links and their digests. Numbers are little-endian, 32 bits.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::fingerprint::{Digest, Fingerprint, Kind, Manifest};

const VERSION: u8 = 1;

/// The code of a kind. A code is never used again for another kind.
fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Template => 1,
        Kind::Config => 2,
        Kind::Env => 3,
        Kind::File => 4,
        Kind::Setting => 5,
        Kind::Stamped => 6,
        Kind::Shared => 7,
        Kind::Output => 8,
        Kind::Generated => 9,
        Kind::Ancestor => 10,
    }
}

pub(super) fn encode_fingerprint(fingerprint: &Fingerprint) -> Vec<u8> {
    let kinds = fingerprint.stamp.len() + fingerprint.run.len();
    let mut bytes = Vec::with_capacity(3 + 33 * kinds);
    bytes.push(VERSION);
    for key in [&fingerprint.stamp, &fingerprint.run] {
        // There are ten kinds.
        bytes.push(u8::try_from(key.len()).unwrap_or(u8::MAX));
        for (kind, digest) in key {
            bytes.push(code(*kind));
            bytes.extend_from_slice(digest.as_bytes());
        }
    }
    bytes
}

pub(super) fn decode_fingerprint(bytes: &[u8]) -> Option<Fingerprint> {
    let mut rest = Bytes(bytes);
    (rest.byte()? == VERSION).then_some(())?;
    let stamp = decode_key(&mut rest)?;
    let run = decode_key(&mut rest)?;
    rest.0.is_empty().then_some(Fingerprint { stamp, run })
}

fn decode_key(bytes: &mut Bytes<'_>) -> Option<BTreeMap<Kind, Digest>> {
    (0..bytes.byte()?)
        .map(|_| {
            let wanted = bytes.byte()?;
            let kind = Kind::ALL.into_iter().find(|kind| code(*kind) == wanted)?;
            Some((kind, bytes.digest()?))
        })
        .collect()
}

pub(super) fn encode_manifest(manifest: &Manifest) -> Vec<u8> {
    let names: usize = manifest.entries.keys().map(String::len).sum();
    let size = 9 + names + 36 * manifest.entries.len() + 32 * manifest.links.len();
    let mut bytes = Vec::with_capacity(size);
    bytes.push(VERSION);
    push_number(&mut bytes, manifest.entries.len());
    for (name, digest) in &manifest.entries {
        push_number(&mut bytes, name.len());
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(digest.as_bytes());
    }
    push_number(&mut bytes, manifest.links.len());
    for link in &manifest.links {
        bytes.extend_from_slice(link.as_bytes());
    }
    bytes
}

pub(super) fn decode_manifest(bytes: &[u8]) -> Option<Manifest> {
    let mut rest = Bytes(bytes);
    (rest.byte()? == VERSION).then_some(())?;
    let mut entries = BTreeMap::new();
    for _ in 0..rest.number()? {
        let length = rest.number()?;
        let name = std::str::from_utf8(rest.take(length)?).ok()?;
        entries.insert(name.to_owned(), rest.digest()?);
    }
    let mut links = BTreeSet::new();
    for _ in 0..rest.number()? {
        links.insert(rest.digest()?);
    }
    rest.0.is_empty().then_some(Manifest { entries, links })
}

/// What a manifest links to, without its entries being made; empty if the bytes are not a manifest's.
pub(super) fn links_of(bytes: &[u8]) -> Vec<Digest> {
    let links = || -> Option<Vec<Digest>> {
        let mut rest = Bytes(bytes);
        rest.byte()?;
        for _ in 0..rest.number()? {
            let length = rest.number()?;
            rest.take(length + 32)?;
        }
        (0..rest.number()?).map(|_| rest.digest()).collect()
    };
    links().unwrap_or_default()
}

/// A digest from a column.
pub(super) fn digest(bytes: &[u8]) -> Option<Digest> {
    bytes.try_into().ok().map(Digest::from_bytes)
}

fn push_number(bytes: &mut Vec<u8>, number: usize) {
    // A row holds at most 1 GB.
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&number.to_le_bytes());
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<usize> {
        let bytes: [u8; 4] = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }

    fn digest(&mut self) -> Option<Digest> {
        digest(self.take(32)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn digests() -> impl Strategy<Value = Digest> {
        any::<[u8; 32]>().prop_map(Digest::from_bytes)
    }

    fn keys() -> impl Strategy<Value = BTreeMap<Kind, Digest>> {
        proptest::collection::btree_map(proptest::sample::select(&Kind::ALL[..]), digests(), 0..11)
    }

    fn manifests() -> impl Strategy<Value = Manifest> {
        let entries = proptest::collection::btree_map(any::<String>(), digests(), 0..5);
        let links = proptest::collection::btree_set(digests(), 0..4);
        (entries, links).prop_map(|(entries, links)| Manifest { entries, links })
    }

    proptest! {
        #[test]
        fn fingerprints_come_back_and_their_parts_do_not(stamp in keys(), run in keys()) {
            let fingerprint = Fingerprint { stamp, run };
            let bytes = encode_fingerprint(&fingerprint);
            for length in 0..bytes.len() {
                prop_assert_eq!(decode_fingerprint(&bytes[..length]), None);
            }
            prop_assert_eq!(decode_fingerprint(&bytes), Some(fingerprint));
        }

        #[test]
        fn manifests_come_back_and_their_parts_do_not(manifest in manifests()) {
            let bytes = encode_manifest(&manifest);
            for length in 0..bytes.len() {
                prop_assert_eq!(decode_manifest(&bytes[..length]), None);
            }
            let links: Vec<_> = manifest.links.iter().copied().collect();
            prop_assert_eq!(links_of(&bytes), links);
            prop_assert_eq!(decode_manifest(&bytes), Some(manifest));
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
            let _ = (decode_fingerprint(&bytes), decode_manifest(&bytes), links_of(&bytes));
        }
    }
}
