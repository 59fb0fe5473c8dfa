//! Paths as text: joined and cleaned without a look at the disk, so that symlinks stay as they were written.

use std::path::{Component, Path, PathBuf};

/// `path` as seen from the absolute directory `base`, without `.` and `..`.
///
/// A `..` takes the component before it away, even where that is a symlink.
pub fn absolute(base: &Path, path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in base.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// Whether a relative path cannot lead out of the directory that it is relative to, symlinks aside.
pub fn stays_below(path: &Path) -> bool {
    path.components()
        .all(|component| matches!(component, Component::Normal(_) | Component::CurDir))
}

/// The path from `base` if it lies below it, else the path itself: what users are shown.
pub fn shown(path: &Path, base: &Path) -> String {
    path.strip_prefix(base)
        .ok()
        .filter(|rest| !rest.as_os_str().is_empty())
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_absolute_lexically() {
        let cases = [
            ("/a/b", "c", "/a/b/c"),
            ("/a/b", "", "/a/b"),
            ("/a/b", ".", "/a/b"),
            ("/a/b", "../c/./d/", "/a/c/d"),
            ("/a/b", "../../../../c", "/c"),
            ("/a/b", "/c//d/../e", "/c/e"),
            ("/", "..", "/"),
        ];
        for (base, path, expected) in cases {
            let got = absolute(Path::new(base), Path::new(path));
            assert_eq!(got, Path::new(expected), "{base} {path}");
            assert_eq!(got.as_os_str(), expected, "{base} {path}");
        }
    }

    #[test]
    fn paths_that_leave_are_told() {
        for (path, stays) in [
            ("a/b", true),
            ("./a", true),
            ("a..b", true),
            ("../a", false),
            ("a/../../b", false),
            ("/a", false),
        ] {
            assert_eq!(stays_below(Path::new(path)), stays, "{path}");
        }
    }

    #[test]
    fn paths_are_shown_short() {
        for (path, expected) in [("/a/b/c", "b/c"), ("/a", "/a"), ("/ab/c", "/ab/c")] {
            assert_eq!(shown(Path::new(path), Path::new("/a")), expected);
        }
    }
}
