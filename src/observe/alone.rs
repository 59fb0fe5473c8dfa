//! A template that is no file of a stage, rendered with the stage's context. Knows nothing of where it comes from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::observe::observer::Observer;
use crate::stamp::Request;
use crate::system::files::write_atomically;

/// The file of a stage template directory that says how it is rendered; and the one that says what is not.
const SETTINGS: &str = ".gomplate.yaml";
const IGNORE: &str = ".gomplateignore";

impl Observer<'_> {
    /// Renders a text as if it were a file of the stage, under a name that errors show. Gives its content and the name; nothing
    /// where it renders to white space alone.
    ///
    /// # Errors
    /// The template is wrong, or something that it needs is missing.
    pub fn render_alone(&self, stage: usize, name: &str, text: &[u8]) -> Result<Option<Arc<[u8]>>> {
        let place = tempfile::tempdir().map_err(|error| {
            Error::failed(format!("cannot make a temporary directory: {error}"))
        })?;
        write_atomically(&place.path().join(name), text, Some(0o600))?;
        let settings = self.template_dir(stage).join(SETTINGS);
        if settings.exists() {
            let text = std::fs::read(&settings)
                .map_err(|error| Error::io("cannot read", &settings, &error))?;
            write_atomically(&place.path().join(SETTINGS), &text, Some(0o600))?;
            write_atomically(&place.path().join(IGNORE), SETTINGS.as_bytes(), Some(0o600))?;
        }
        let environment = self.project.ctl_environment(Some(self.name(stage)));
        let rendered = self.with_request(stage, &environment, &|request| {
            self.stamper.render(&Request {
                template_dir: place.path(),
                ..*request
            })
        })?;
        let file = rendered.files.get(&PathBuf::from(Path::new(name)));
        Ok(file.map(|file| Arc::clone(&file.content)))
    }
}
