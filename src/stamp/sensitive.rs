//! Which stamped files are for their owner's eyes only: `[stamp] sensitive`, in gitignore syntax.
//!
//! Knows nothing of what is in them.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::error::{Error, Result};
use crate::stamp::RenderedFiles;

/// The files that are stamped 0600 (0700 if executable), and whose contents are not shown.
#[derive(Clone, Debug)]
pub struct Sensitive(Gitignore);

impl Sensitive {
    /// The files that these patterns name; the last that matches wins, and `!` takes back.
    ///
    /// # Errors
    /// A pattern is not valid.
    pub fn new(patterns: &[String]) -> Result<Self> {
        let invalid = |error| {
            let message = format!("`[stamp] sensitive` has a pattern that is not valid: {error}");
            Error::failed(message)
        };
        let mut builder = GitignoreBuilder::new("");
        for pattern in patterns {
            builder.add_line(None, pattern).map_err(invalid)?;
        }
        builder.build().map(Self).map_err(invalid)
    }

    /// Whether the file at this path in the stamped directory is one of them.
    pub fn names(&self, path: &Path) -> bool {
        self.0.matched_path_or_any_parents(path, false).is_ignore()
    }

    /// Takes everybody's permissions but the owner's from these files.
    pub fn restrict(&self, files: &mut RenderedFiles) {
        for (path, file) in files.iter_mut() {
            if self.names(path) {
                file.mode &= 0o700;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Sensitive;
    use crate::stamp::{RenderedFile, RenderedFiles};

    #[test]
    fn restricts_what_is_named() {
        let file = |mode| RenderedFile {
            content: b"x"[..].into(),
            mode,
        };
        let mut files = RenderedFiles::from([
            ("a.tfvars".into(), file(0o644)),
            ("b/c.tfvars".into(), file(0o755)),
            ("open.tfvars".into(), file(0o644)),
        ]);
        let patterns = ["*.tfvars".to_owned(), "!open.tfvars".to_owned()];
        Sensitive::new(&patterns).unwrap().restrict(&mut files);
        let modes: Vec<_> = files.values().map(|file| file.mode).collect();
        assert_eq!(modes, [0o600, 0o700, 0o644]);
    }
}
