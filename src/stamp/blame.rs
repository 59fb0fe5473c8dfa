//! Where in a stage's files something is wrong, or left to gomplate. Knows nothing of what that is.

use std::path::Path;

use crate::error::Diagnostic;
use crate::stamp::Request;
use crate::stamp::gomplate_config::CONFIG_FILE;
use crate::stamp::place;
use crate::stamp::quoted::without_documents;
use crate::stamp::source::{Source, shown};
use crate::template::TemplateError;
use crate::template::gomplate::HANDOVER;

/// A text that was, or was to be, a template.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    /// The name that it was parsed under.
    pub(super) name: &'a str,
    /// Its file.
    pub(super) path: &'a Path,
    /// Its bytes.
    pub(super) text: &'a [u8],
}

impl Origin<'_> {
    /// The failure of a template in this text.
    pub(super) fn failure(self, request: &Request<'_>, error: &TemplateError) -> Diagnostic {
        let path = shown(request, self.path).display().to_string();
        let message = without_documents(place::without_place(self.name, error));
        let message = without_mark(&message).replace(self.name, &path);
        self.at(request, error.line, error.column, message)
    }

    /// A message at a line, from 1, behind so many bytes of it.
    pub(super) fn at(
        self,
        request: &Request<'_>,
        line: usize,
        column: Option<usize>,
        message: String,
    ) -> Diagnostic {
        let path = shown(request, self.path).display().to_string();
        place::diagnostic(path, self.text, line, column, message)
    }
}

/// A message on a word of the `.gomplate.yaml` that counts.
pub(super) fn in_config(
    request: &Request<'_>,
    source: &Source,
    word: &str,
    why: &str,
) -> Diagnostic {
    let file = source.config_file.as_deref();
    let text = file.and_then(|file| std::fs::read(file).ok());
    let text = text.unwrap_or_default();
    let is_key = |line: &str| {
        let line = line.trim_start_matches([' ', '"', '\'', '{', '-']);
        let rest = line.strip_prefix(word);
        rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'))
    };
    let lines = String::from_utf8_lossy(&text);
    let line = lines.lines().position(is_key);
    let column = line.and_then(|at| lines.lines().nth(at)?.find(word));
    let origin = Origin {
        name: CONFIG_FILE,
        path: file.unwrap_or(Path::new(CONFIG_FILE)),
        text: &text,
    };
    let line = line.map_or(1, |at| at + 1);
    origin.at(request, line, column, without_mark(&without_documents(why)))
}

/// A message without the mark that hands it over.
fn without_mark(message: &str) -> String {
    message.replace(HANDOVER, "gomplate is needed: ")
}
