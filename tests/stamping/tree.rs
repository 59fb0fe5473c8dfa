//! Directory trees of tests.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

pub(crate) fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for found in WalkDir::new(from)
        .min_depth(1)
        .into_iter()
        .filter_map(Result::ok)
    {
        let target = to.join(found.path().strip_prefix(from).unwrap());
        let kind = found.file_type();
        if kind.is_dir() {
            std::fs::create_dir_all(&target).unwrap();
        } else if kind.is_symlink() {
            let link = std::fs::read_link(found.path()).unwrap();
            std::os::unix::fs::symlink(link, &target).unwrap();
        } else {
            std::fs::copy(found.path(), &target).unwrap();
        }
    }
}

pub(crate) fn read_tree(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32)> {
    WalkDir::new(directory)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|found| found.file_type().is_file())
        .map(|found| {
            let path = found.path().strip_prefix(directory).unwrap().to_owned();
            let content = std::fs::read(found.path()).unwrap();
            (path, (content, mode(found.path())))
        })
        .collect()
}

pub(crate) fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
pub(crate) fn write(path: &Path, content: &[u8]) {
    std::fs::write(path, content).unwrap();
}
