//! What gomplate says on its standard error: warnings, and failures with their place in the user's own file.
//!
//! gomplate's message is kept, without the documents that it quotes; the paths in it become those that the user knows. Knows nothing of how gomplate is run.

use std::process::ExitStatus;

use crate::error::Error;
use crate::stamp::Request;
use crate::stamp::place::{diagnostic, number};
use crate::stamp::quoted::without_documents;
use crate::stamp::source::{Source, SourceFile};

/// Messages that gomplate printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Messages {
    warnings: Vec<String>,
    errors: Vec<String>,
    other: Vec<String>,
}

impl Messages {
    /// Reads what gomplate printed: a JSON record a line, unless `GOMPLATE_LOG_FORMAT` asks for another format.
    pub(crate) fn of(stderr: &[u8]) -> Self {
        let mut messages = Self::default();
        for line in String::from_utf8_lossy(stderr).lines() {
            let record = serde_json::from_str::<serde_json::Value>(line).unwrap_or_default();
            let field = |name: &str| record.get(name).and_then(serde_json::Value::as_str);
            let text = |name| field(name).filter(|text| !text.is_empty());
            let message = match (text("msg"), text("err")) {
                (Some(message), Some(error)) => format!("{message}: {error}"),
                (Some(message), None) => message.to_owned(),
                (None, Some(error)) => error.to_owned(),
                (None, None) => line.to_owned(),
            };
            match field("level") {
                Some("WARN") => messages.warnings.push(message),
                Some("ERROR") => messages.errors.push(message),
                Some(_) => {}
                None if line.trim().is_empty() => {}
                None => messages.other.push(line.to_owned()),
            }
        }
        messages
    }

    /// What the user should know although it succeeded.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let warnings = self.warnings.iter().chain(&self.other);
        warnings
            .map(|line| format!("gomplate: {}", without_documents(line)))
            .collect()
    }

    /// The error for a run that failed.
    pub(crate) fn failure(
        &self,
        request: &Request<'_>,
        source: &Source,
        status: ExitStatus,
    ) -> Error {
        let message = match (self.errors.last(), self.other.is_empty()) {
            (Some(error), _) => error.clone(),
            (None, false) => self.other.join("\n"),
            (None, true) => format!("it ended with {status} and said nothing"),
        };
        explain(&message, request, source)
    }
}

/// The error for a message of gomplate's: at a place in a template if it names one.
fn explain(message: &str, request: &Request<'_>, source: &Source) -> Error {
    let directory = format!("{}/", request.template_dir.display());
    let shown = format!("{}/", request.stage);
    let found = place(message, &directory, source);
    let Some((file, line, column, rest)) = found else {
        let message = without_documents(message).replace(&directory, &shown);
        let stage = request.stage;
        return Error::failed(format!("gomplate cannot stamp `{stage}`: {message}"));
    };
    let message = without_documents(rest).replace(&directory, &shown);
    let path = format!("{shown}{}", file.path.display());
    let at = diagnostic(path, &file.content, line, column, message);
    Error::at(vec![at])
}

/// The first `template: FILE:LINE:COLUMN: REST` (or without a column) whose file is one of the stage's.
fn place<'a, 'm>(
    message: &'m str,
    directory: &str,
    source: &'a Source,
) -> Option<(&'a SourceFile, usize, Option<usize>, &'m str)> {
    let start = format!("template: {directory}");
    message.match_indices(&start).find_map(|(at, _)| {
        let named = message.get(at + start.len()..)?;
        let files = source.files.iter().filter_map(|file| {
            let name = file.path.to_string_lossy();
            let rest = named.strip_prefix(&*name)?.strip_prefix(':')?;
            let (line, rest) = number(rest)?;
            Some((file, line, rest, name.len()))
        });
        let (file, line, rest, _) = files.max_by_key(|(.., length)| *length)?;
        let (column, rest) = match number(rest) {
            Some((column, rest)) => (Some(column), rest),
            None => (None, rest),
        };
        Some((file, line, column, rest.trim_start()))
    })
}

#[cfg(test)]
mod tests {
    use super::{Messages, explain};
    use crate::core::stage::StageName;
    use crate::stamp::gomplate_config::GomplateConfig;
    use crate::stamp::source::{Delimiters, Source, SourceFile, Treatment};
    use crate::stamp::{Request, StampSettings};
    use crate::system::environment::Environment;
    use std::path::Path;

    fn explained(message: &str, path: &str, content: &str) -> crate::error::Error {
        let file = SourceFile {
            path: path.into(),
            content: content.as_bytes().into(),
            mode: 0o644,
            treatment: Treatment::Render,
        };
        let source = Source {
            files: vec![file],
            config: GomplateConfig::default(),
            config_file: None,
            delimiters: Delimiters {
                left: "{{".to_owned(),
                right: "}}".to_owned(),
            },
        };
        let request = Request {
            stage: &StageName::new("final").unwrap(),
            template_dir: Path::new("/lib/final"),
            config_json_file: Path::new("/c.json"),
            config: &serde_json::Value::Null,
            environment: &Environment::default(),
            deployment: Path::new("/d"),
            settings: &StampSettings::default(),
        };
        explain(message, &request, &source)
    }

    #[test]
    fn places_an_execution_error() {
        let error = explained(
            "renderTemplate: failed to render template /lib/final/a b.tf: template: /lib/final/a b.tf:2:10: executing \"/lib/final/a b.tf\" at <.cfg.nope>: map has no entry for key \"nope\"",
            "a b.tf",
            "x\r\né {{ .cfg.nope }}\r\n",
        );
        let at = &error.diagnostics()[0];
        assert_eq!(
            at.message,
            "executing \"final/a b.tf\" at <.cfg.nope>: map has no entry for key \"nope\""
        );
        assert_eq!((at.path.as_str(), at.line), ("final/a b.tf", 2));
        assert_eq!((at.column, at.width), (Some(10), 5));
        assert_eq!(at.text, "é {{ .cfg.nope }}");
    }

    #[test]
    fn places_a_parse_error() {
        let error = explained(
            "renderTemplate: parse template /lib/final/x:1: template: /lib/final/x:1:3: unclosed action",
            "x:1",
            "a\nb\n{{",
        );
        let at = &error.diagnostics()[0];
        assert_eq!((at.path.as_str(), at.line), ("final/x:1", 3));
        assert_eq!((at.column, at.text.as_str()), (None, "{{"));
        assert_eq!(at.message, "unclosed action");
    }

    #[test]
    fn leaves_documents_out() {
        let document =
            "unable to unmarshal object {\"k\": s3cret: yaml: line 1: did not find expected ','";
        let place = "template: /lib/final/x:1:3: executing \"/lib/final/x\" at <json $d>: error calling json: ";
        let error = explained(&format!("{place}{document}"), "x", "{{ json $d }}");
        assert_eq!(
            error.diagnostics()[0].message,
            "executing \"final/x\" at <json $d>: error calling json: unable to unmarshal object: yaml: line 1: did not find expected ','"
        );
        assert_eq!(
            explained(document, "x", "").message(),
            "gomplate cannot stamp `final`: unable to unmarshal object: yaml: line 1: did not find expected ','"
        );
    }

    #[test]
    fn keeps_messages_without_a_place() {
        let error = explained("couldn't read datasource 'x'", "x", "");
        assert!(error.diagnostics().is_empty());
        assert_eq!(
            error.message(),
            "gomplate cannot stamp `final`: couldn't read datasource 'x'"
        );
    }

    #[test]
    fn tells_warnings_from_errors() {
        let messages = Messages::of(
            b"{\"level\":\"WARN\",\"msg\":\"old\"}\n{\"level\":\"ERROR\",\"msg\":\"\",\"err\":\"bad\"}\n\nplain\n",
        );
        assert_eq!(messages.warnings(), ["gomplate: old", "gomplate: plain"]);
        assert_eq!(messages.errors, ["bad"]);
    }
}
