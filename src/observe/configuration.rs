//! The configuration as inputs: a digest for each value, named by its path, as in `.network.cidr`.
//! Knows nothing of where the configuration comes from or which stage uses it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::core::fingerprint::{Digest, Hasher, Manifest};

/// Which values count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// All of them.
    All,
    /// Those at these paths, with all that lies below.
    Paths(BTreeSet<String>),
}

/// A configuration whose values can be asked for many times.
#[derive(Debug)]
pub struct Configuration<'a> {
    value: &'a Value,
    /// The digest of its text, where that says more than the value does.
    text: Option<Digest>,
    known: Mutex<HashMap<Wanted, Arc<Manifest>>>,
}

impl<'a> Configuration<'a> {
    /// The values of a configuration, and the JSON that spells them.
    pub fn new(value: &'a Value, json: &[u8]) -> Self {
        Self {
            value,
            text: has_long_numbers(json).then(|| Digest::of(json)),
            known: Mutex::new(HashMap::new()),
        }
    }

    /// All of it.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// The digests of the values that count; a path that leads nowhere is there as [`Digest::ABSENT`].
    pub fn manifest(&self, wanted: &Wanted) -> Arc<Manifest> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(manifest) = known.get(wanted) {
            return Arc::clone(manifest);
        }
        let mut entries = BTreeMap::new();
        match wanted {
            Wanted::All => {
                leaves("", self.value, &mut entries);
                // Whoever reads the file may tell apart what is the same number here.
                entries.extend(self.text.map(|text| (".".to_owned(), text)));
            }
            Wanted::Paths(paths) => {
                for path in paths {
                    match find(self.value, path) {
                        Some(value) => leaves(path.trim_end_matches('.'), value, &mut entries),
                        None => drop(entries.insert(path.clone(), Digest::ABSENT)),
                    }
                }
            }
        }
        let manifest = Arc::new(Manifest::of(entries));
        known.insert(wanted.clone(), Arc::clone(&manifest));
        manifest
    }
}

/// The value at a path such as `.network.cidr`; `.` is all.
fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let keys = path.split('.').filter(|key| !key.is_empty());
    keys.into_iter().try_fold(value, |value, key| match value {
        Value::Object(map) => map.get(key),
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

fn leaves(path: &str, value: &Value, entries: &mut BTreeMap<String, Digest>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                leaves(&below(path, key), value, entries);
            }
        }
        _ => {
            let mut hasher = Hasher::new("configuration");
            hash(value, &mut hasher);
            let name = if path.is_empty() { "." } else { path };
            entries.insert(name.to_owned(), hasher.finish());
        }
    }
}

/// Whether a text may hold numbers of so many digits that they are rounded when they are read.
fn has_long_numbers(json: &[u8]) -> bool {
    const EXACT: usize = 15;
    json.split(|byte| !matches!(byte, b'0'..=b'9' | b'.'))
        .any(|digits| digits.len() > EXACT)
}

/// The path of a key's value: `.network.cidr`, or `.labels["app/name.x"]` where a key cannot stand in a path.
fn below(path: &str, key: &str) -> String {
    if fits_path(key) {
        format!("{path}.{key}")
    } else {
        format!("{path}[{}]", Value::from(key))
    }
}

/// Whether a key can be a part of a path: no other path can then look the same.
fn fits_path(key: &str) -> bool {
    !key.is_empty() && !key.contains(['.', '[', '"'])
}

/// Hashes a value whatever the order of its keys.
fn hash(value: &Value, hasher: &mut Hasher) {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            hasher.field(b"object").number(sorted.len() as u64);
            for (key, value) in sorted {
                hasher.field(key.as_bytes());
                hash(value, hasher);
            }
        }
        Value::Array(list) => {
            hasher.field(b"array").number(list.len() as u64);
            for value in list {
                hash(value, hasher);
            }
        }
        scalar => drop(hasher.field(scalar.to_string().as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(value: &str, paths: Option<&[&str]>) -> Vec<(String, bool)> {
        let value: Value = serde_json::from_str(value).unwrap();
        let wanted = paths.map_or(Wanted::All, |paths| {
            Wanted::Paths(paths.iter().map(|path| (*path).to_owned()).collect())
        });
        let manifest = Configuration::new(&value, b"").manifest(&wanted);
        let entries = manifest.entries.iter();
        entries
            .map(|(name, digest)| (name.clone(), *digest != Digest::ABSENT))
            .collect()
    }

    #[test]
    fn every_value_has_a_name() {
        let value = r#"{"a": {"b": 1, "c": []}, "d": {}}"#;
        let expected = [(".a.b", true), (".a.c", true), (".d", true)];
        let expected: Vec<_> = expected.map(|(n, t)| (n.to_owned(), t)).into();
        assert_eq!(names(value, None), expected);
        assert_eq!(names(value, Some(&["."])), expected);
        assert_eq!(names(value, Some(&[".a"])), expected[..2]);
        assert_eq!(names(value, Some(&[".x.y"])), [(".x.y".to_owned(), false)]);
        assert_eq!(names("{}", None), [(".".to_owned(), true)]);
    }

    #[test]
    fn the_order_of_keys_does_not_count() {
        let digest = |text: &str| {
            let value: Value = serde_json::from_str(text).unwrap();
            Configuration::new(&value, text.as_bytes())
                .manifest(&Wanted::All)
                .digest()
        };
        assert_eq!(
            digest(r#"{"l": [{"a": 1, "b": 2}]}"#),
            digest(r#"{"l": [{"b": 2, "a": 1}]}"#)
        );
        assert_ne!(
            digest(r#"{"l": [{"a": 1, "b": 2}]}"#),
            digest(r#"{"l": [{"a": 1, "b": 3}]}"#)
        );
        assert_ne!(
            digest(r#"{"id": 123456789012345678901}"#),
            digest(r#"{"id": 123456789012345678902}"#)
        );
    }

    #[test]
    fn no_two_values_share_a_name() {
        let value = r#"{"a.b": 1, "a": {"b": 2, "": 3, "[\"\"]": 4}, "a[\"\"]": 5}"#;
        let names: Vec<_> = names(value, None)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let expected = [
            ".a.b",
            r#".a[""]"#,
            r#".a["[\"\"]"]"#,
            r#"["a.b"]"#,
            r#"["a[\"\"]"]"#,
        ];
        assert_eq!(names, expected);
    }
}
