//! Renders a text that is no file of the library, with the context of a stage. Knows nothing of where the text comes from.

use std::fs::{File, copy, create_dir};
use std::io::Write;
use std::path::Path;

use crate::error::{Error, Result};
use crate::observe::observer::Observer;
use crate::stamp::gomplate_config::CONFIG_FILE;
use crate::stamp::{Request, StampSettings};

/// Names what gomplate leaves out.
const IGNORE_FILE: &str = ".gomplateignore";

impl Observer<'_> {
    /// Renders a text as the only template of a stage, which errors call by `name`. Empty where gomplate would make no file.
    ///
    /// # Errors
    /// The template is wrong, or something that it needs is missing.
    pub fn render_text(&self, stage: usize, name: &str, text: &[u8]) -> Result<Vec<u8>> {
        let unwritten = |error| Error::io("cannot make", Path::new("a private directory"), &error);
        let private = tempfile::tempdir().map_err(unwritten)?;
        let directory = private.path().join(self.name(stage).as_str());
        create_dir(&directory)
            .and_then(|()| File::create(directory.join(name))?.write_all(text))
            .map_err(unwritten)?;
        let configured = self.template_dir(stage).join(CONFIG_FILE);
        if configured.is_file() {
            copy(configured, directory.join(CONFIG_FILE))
                // It says how templates are rendered, and is none itself here.
                .and_then(|_| File::create(directory.join(IGNORE_FILE)))
                .and_then(|mut ignored| ignored.write_all(CONFIG_FILE.as_bytes()))
                .map_err(unwritten)?;
        }
        let environment = self.project.ctl_environment(Some(self.name(stage)));
        let rendered = self.with_request(stage, &environment, &|request| {
            self.stamper.render(&Request {
                template_dir: &directory,
                settings: &StampSettings {
                    verbatim: Vec::new(),
                    ..request.settings.clone()
                },
                ..*request
            })
        })?;
        let file = rendered.files.get(Path::new(name));
        Ok(file.map_or(Vec::new(), |file| file.content.to_vec()))
    }
}
