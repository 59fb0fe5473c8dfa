//! Real directories and what is observed of them.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::core::fingerprint::{Digest, Manifest};
use crate::observe::tree::Tree;
use crate::system::tree::{Follow, Walk};

mod cache;
mod listing;
mod outputs;
mod shared;
mod tree;

/// A directory for one test.
struct Sandbox(tempfile::TempDir);

impl Sandbox {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn path(&self, name: &[u8]) -> PathBuf {
        self.root().join(OsStr::from_bytes(name))
    }

    /// Writes a file, and the directories it lies in.
    fn put(&self, name: &[u8], text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test's own files")]
        fs::write(path, text).unwrap();
    }

    fn mode(&self, name: &[u8], mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn tree(&self) -> Tree {
        Tree::list(self.root(), Walk::all(Follow::Files)).unwrap()
    }

    /// Waits until a change of any file would show; returns the tree as it is then.
    fn settled(&self) -> Tree {
        for _ in 0..1000 {
            let tree = self.tree();
            if tree.is_settled() {
                return tree;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the files never settle");
    }
}

fn names(manifest: &Manifest) -> String {
    let names: Vec<_> = manifest.entries.keys().map(String::as_str).collect();
    names.join(" ")
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}
