//! Renders stages in process, without gomplate. Refuses whatever it is not certain to render as gomplate does.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::error::{Diagnostic, Error, Result};
use crate::stamp::choose::{Attempt, Embedded};
use crate::stamp::gomplate_config;
use crate::stamp::host::StageHost;
use crate::stamp::place;
use crate::stamp::source::{Source, SourceFile, Treatment, shown};
use crate::stamp::uses::uses;
use crate::stamp::{Rendered, RenderedFile, RenderedFiles, Request};
use crate::template::format::UNPRINTABLE;
use crate::template::gomplate::{HANDOVER, config_value, functions, is_known};
use crate::template::{
    Delimiters, Functions, Map, MissingKey, Root, Settings, TemplateError, Templates, Text, Type,
    Value,
};

/// The version of what is rendered: another one renders some template otherwise.
const RENDERER: &str = "embedded 1";

/// The stamper that renders in process.
#[derive(Debug, Default)]
pub struct InProcess {
    functions: OnceLock<Arc<Functions>>,
}

/// What came of one file.
enum Outcome {
    Made(Option<RenderedFile>),
    /// It is left to gomplate, for this reason.
    Refused(Diagnostic),
}

impl Embedded for InProcess {
    fn attempt(&self, request: &Request<'_>, source: &Source) -> Result<Attempt> {
        let mut refused: Vec<Diagnostic> = (left_to_gomplate(source).into_iter())
            .map(|key| {
                plain_diagnostic(".gomplate.yaml", &format!("the key `{key}` needs gomplate"))
            })
            .collect();
        let mut host = StageHost::new(request);
        let mut files = RenderedFiles::new();
        let config = match config_value(request.config) {
            Ok(config) => config,
            Err(why) => {
                let file = source
                    .files
                    .iter()
                    .find(|file| file.treatment == Treatment::Render);
                if let Some(file) = file {
                    refused.push(plain_diagnostic(
                        &place(request, file),
                        why.trim_start_matches(HANDOVER),
                    ));
                }
                Value::Nil
            }
        };
        let root = root(config, host.variables());
        for file in &source.files {
            if file.treatment != Treatment::Render {
                files.extend(file.copied().map(|copied| (file.path.clone(), copied)));
            } else if refused.is_empty() {
                match self.render(request, source, file, &root, &mut host)? {
                    Outcome::Made(made) => files.extend(made.map(|made| (file.path.clone(), made))),
                    Outcome::Refused(why) => refused.push(why),
                }
            }
        }
        if !refused.is_empty() {
            return Ok(Attempt::Refused(self.all_uses(request, source, refused)));
        }
        Ok(Attempt::Rendered(Rendered {
            files,
            reads: host.into_reads(),
            renderer: self.renderer(),
            ..Rendered::default()
        }))
    }

    fn renderer(&self) -> String {
        RENDERER.into()
    }
}

impl InProcess {
    /// What was refused, with every other use that needs gomplate: rendering stops at the first, and knows no more of a function
    /// that is not there than its line.
    fn all_uses(
        &self,
        request: &Request<'_>,
        source: &Source,
        mut refused: Vec<Diagnostic>,
    ) -> Vec<Diagnostic> {
        let functions = self.functions.get_or_init(|| Arc::new(functions()));
        let uses = uses(request, source, functions);
        refused.retain(|why| {
            let is_same = |other: &Diagnostic| other.path == why.path && other.line == why.line;
            !uses.iter().any(is_same)
        });
        refused.extend(uses);
        refused
    }

    fn render(
        &self,
        request: &Request<'_>,
        source: &Source,
        file: &SourceFile,
        root: &Value,
        host: &mut StageHost<'_>,
    ) -> Result<Outcome> {
        let functions = self.functions.get_or_init(|| Arc::new(functions()));
        let delimiters = &source.delimiters;
        let missing_key = match source.config.missing_key {
            gomplate_config::MissingKey::Error => MissingKey::Error,
            gomplate_config::MissingKey::Zero => MissingKey::Zero,
            gomplate_config::MissingKey::NoValue => MissingKey::Invalid,
        };
        let settings = Settings {
            delimiters: Delimiters::new(delimiters.left.as_bytes(), delimiters.right.as_bytes()),
            missing_key,
            ..Settings::default()
        };
        let mut templates = Templates::new(Arc::clone(functions), settings);
        let name = request
            .template_dir
            .join(&file.path)
            .to_string_lossy()
            .into_owned();
        let made = templates
            .parse(&name, &file.content)
            .and_then(|()| templates.execute(&name, root.clone(), host));
        match made {
            Ok(content) => Ok(Outcome::Made(file.rendered(content))),
            Err(error) => {
                let diagnostic = diagnostic(request, file, &name, &error);
                if needs_gomplate(&error) {
                    Ok(Outcome::Refused(diagnostic))
                } else {
                    Err(Error::at(vec![diagnostic]))
                }
            }
        }
    }
}

/// What templates start with: the configuration as `cfg`, and the environment.
fn root(config: Value, variables: Vec<(Vec<u8>, Vec<u8>)>) -> Value {
    let aliases = BTreeMap::from([(Text::from(&b"cfg"[..]), config)]);
    let root = Root::new(Map::new(Type::Any, aliases), variables);
    Value::Native(Arc::new(root))
}

/// The keys of `.gomplate.yaml` that are set and not embedded.
fn left_to_gomplate(source: &Source) -> Vec<&'static str> {
    let config = &source.config;
    let mut keys = config.handed_over.clone();
    for (key, sources) in [
        ("context", &config.context),
        ("datasources", &config.datasources),
        ("templates", &config.templates),
    ] {
        if !sources.is_empty() {
            keys.push(key);
        }
    }
    keys
}

/// Whether gomplate could render what failed here: it uses a function that is gomplate's and not embedded, or one that is and
/// said so.
fn needs_gomplate(error: &TemplateError) -> bool {
    let message = &error.message;
    let undefined = message
        .split_once("function \"")
        .and_then(|(_, rest)| rest.split_once("\" not defined"));
    message.contains(HANDOVER)
        || undefined.is_some_and(|(name, _)| is_known(name))
        || message.contains("can't evaluate field") && (message.contains("*funcs.") || message.contains("*tmpl.") || message.contains("*url.") || message.contains("*semver."))
        || message.contains(UNPRINTABLE)
        // Limits of the embedded engine are none of gomplate's.
        || message.contains("exceeded")
}

fn diagnostic(
    request: &Request<'_>,
    file: &SourceFile,
    name: &str,
    error: &TemplateError,
) -> Diagnostic {
    let shown = place(request, file);
    let message = place::without_place(name, error);
    let message = message
        .replace(HANDOVER, "gomplate is needed: ")
        .replace(name, &shown);
    place::diagnostic(shown, &file.content, error.line, error.column, message)
}

fn plain_diagnostic(path: &str, message: &str) -> Diagnostic {
    Diagnostic {
        message: message.into(),
        path: path.into(),
        line: 1,
        column: None,
        width: 1,
        text: String::new(),
        help: None,
    }
}

fn place(request: &Request<'_>, file: &SourceFile) -> String {
    let path: &Path = &request.template_dir.join(&file.path);
    shown(request, path).display().to_string()
}
