//! What a render read besides the templates themselves. Stored with a stage, so that its inputs are known without rendering.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a render read, or may have read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reads {
    /// Names of environment variables, set or not.
    pub env: BTreeSet<String>,
    /// Every variable counts, because the environment was read as a whole (`range .Env`).
    pub all_env: bool,
    /// Files and directories, absolute, existing or not.
    #[serde(with = "paths")]
    pub files: BTreeSet<PathBuf>,
    /// More may have been read than is named here (a path that is computed, a service on the network), so whether the stage
    /// has to be rendered again cannot be known without rendering it.
    pub incomplete: bool,
    /// Values of the configuration.
    pub config: ConfigReads,
    /// Functions that give another result each time (clock, random, uuid), by name. They do not make a stage stale.
    pub unrepeatable: BTreeSet<String>,
}

impl Reads {
    /// Adds what another render, of the same stage, read.
    pub fn absorb(&mut self, other: Self) {
        self.env.extend(other.env);
        self.all_env |= other.all_env;
        self.files.extend(other.files);
        self.incomplete |= other.incomplete;
        self.config.absorb(other.config);
        self.unrepeatable.extend(other.unrepeatable);
    }

    /// Whether rendering the same inputs again would give the same files.
    pub fn is_reproducible(&self) -> bool {
        self.unrepeatable.is_empty()
    }
}

/// Which values of the configuration were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfigReads {
    /// All of it, or nobody knows.
    All,
    /// These, as in `.network.cidr`.
    Paths(BTreeSet<String>),
}

impl ConfigReads {
    fn absorb(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Paths(mine), Self::Paths(others)) => mine.extend(others),
            _ => *self = Self::All,
        }
    }
}

impl Default for ConfigReads {
    fn default() -> Self {
        Self::Paths(BTreeSet::new())
    }
}

/// Paths as text where they are UTF-8, as lists of bytes where they are not.
mod paths {
    use std::collections::BTreeSet;
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Text(String),
        Bytes(Vec<u8>),
    }

    pub(super) fn serialize<S: Serializer>(
        paths: &BTreeSet<PathBuf>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(paths.iter().map(|path| {
            path.to_str().map_or_else(
                || Stored::Bytes(path.as_os_str().as_bytes().to_vec()),
                |text| Stored::Text(text.to_owned()),
            )
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<PathBuf>, D::Error> {
        let stored = Vec::<Stored>::deserialize(deserializer)?;
        Ok(stored
            .into_iter()
            .map(|path| match path {
                Stored::Text(text) => PathBuf::from(text),
                Stored::Bytes(bytes) => PathBuf::from(OsString::from_vec(bytes)),
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{ConfigReads, Reads};
    use std::collections::BTreeSet;
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    use std::path::PathBuf;

    fn reads(config: ConfigReads, file: PathBuf) -> Reads {
        Reads {
            env: BTreeSet::from(["A".to_owned()]),
            files: BTreeSet::from([file]),
            config,
            ..Reads::default()
        }
    }

    #[test]
    fn is_stored_and_read_back_whatever_the_paths_are() {
        let odd = PathBuf::from(OsString::from_vec(b"/x/\xff".to_vec()));
        let paths = ConfigReads::Paths(BTreeSet::from([".a.b".to_owned()]));
        let mut all = reads(paths, odd);
        all.files.insert("/plain".into());
        let json = serde_json::to_string(&all).unwrap();
        assert!(json.contains(r#"["/plain",[47,120,47,255]]"#), "{json}");
        assert_eq!(serde_json::from_str::<Reads>(&json).unwrap(), all);
    }

    #[test]
    fn absorbs_another_render() {
        let path = |p: &str| ConfigReads::Paths(BTreeSet::from([p.to_owned()]));
        let mut both = reads(path(".a"), "/1".into());
        both.absorb(reads(path(".b"), "/2".into()));
        assert_eq!(both.files.len(), 2);
        let expected = BTreeSet::from([".a".to_owned(), ".b".to_owned()]);
        assert_eq!(both.config, ConfigReads::Paths(expected));
        both.absorb(reads(ConfigReads::All, "/3".into()));
        assert_eq!(both.config, ConfigReads::All);
        both.absorb(reads(path(".c"), "/4".into()));
        assert_eq!(both.config, ConfigReads::All);
    }
}
