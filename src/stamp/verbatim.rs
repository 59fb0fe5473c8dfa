//! Which files of a stage are copied as they are: `[stamp] verbatim`, then `.betterformverbatim`, in gitignore syntax.
//!
//! Knows nothing of gomplate's own lists.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::error::{Diagnostic, Error, Result};
use crate::stamp::Request;

/// The file in a stage template directory that names files to be copied as they are. It is betterform's own, and is
/// therefore not stamped.
pub const VERBATIM_FILE: &str = ".betterformverbatim";

/// The files that are copied as they are.
#[derive(Clone, Debug)]
pub struct Verbatim(Gitignore);

impl Verbatim {
    /// Reads the patterns that count for a stage.
    ///
    /// # Errors
    /// The file cannot be read, or a pattern is not valid.
    pub fn read(request: &Request<'_>) -> Result<Self> {
        // Paths are matched as relative ones, so the root of the patterns is empty.
        let mut builder = GitignoreBuilder::new("");
        for pattern in &request.settings.verbatim {
            builder.add_line(None, pattern).map_err(|error| {
                Error::failed(format!(
                    "`[stamp] verbatim` has a pattern that is not valid: {error}"
                ))
            })?;
        }
        let file = request.template_dir.join(VERBATIM_FILE);
        let shown = format!("{}/{VERBATIM_FILE}", request.stage);
        let text = match std::fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Error::io("cannot read", Path::new(&shown), &error)),
        };
        let text = String::from_utf8_lossy(&text);
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            builder.add_line(None, line).map_err(|error| {
                Error::at(vec![Diagnostic {
                    message: format!("this pattern is not valid: {error}"),
                    path: shown.clone(),
                    line: number + 1,
                    column: Some(1),
                    width: line.chars().count().max(1),
                    text: line.to_owned(),
                    help: None,
                }])
            })?;
        }
        let patterns = builder.build();
        let patterns = patterns.map_err(|error| {
            Error::failed(format!("the verbatim patterns cannot be used: {error}"))
        })?;
        Ok(Self(patterns))
    }

    /// Whether the file at this path in the stage template directory is copied as it is. As git does, a file below a
    /// directory that a pattern names counts as named.
    pub fn names(&self, path: &Path) -> bool {
        self.0.matched_path_or_any_parents(path, false).is_ignore()
    }
}
