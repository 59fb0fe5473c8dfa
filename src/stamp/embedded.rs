//! Renders stages in process, without gomplate. Refuses whatever it is not certain to render as gomplate does.

use std::sync::{Arc, OnceLock};

use crate::error::{Diagnostic, Error, Result};
use crate::stamp::blame::{Origin, in_config};
use crate::stamp::choose::{Attempt, Embedded};
use crate::stamp::datasources::Datasources;
use crate::stamp::given::{self, Nested, Unreadable};
use crate::stamp::gomplate_config;
use crate::stamp::host::StageHost;
use crate::stamp::source::{Source, SourceFile, Treatment};
use crate::stamp::uses::uses;
use crate::stamp::{Rendered, RenderedFiles, Request};
use crate::template::format::UNPRINTABLE;
use crate::template::gomplate::{HANDOVER, functions, is_known};
use crate::template::{
    Delimiters, Functions, MissingKey, Settings, TemplateError, Templates, Value,
};

/// The version of what is rendered: another one renders some template otherwise.
const RENDERER: &str = "embedded 1";

/// The stamper that renders in process.
#[derive(Debug, Default)]
pub struct InProcess {
    functions: OnceLock<Arc<Functions>>,
}

/// Why a stage is not rendered.
enum Failure {
    /// Something is left to gomplate.
    Refused(Box<Diagnostic>),
    /// gomplate fails too.
    Failed(Box<Diagnostic>),
}

impl Embedded for InProcess {
    fn attempt(&self, request: &Request<'_>, source: &Source) -> Result<Attempt> {
        let attempt = Rendering {
            request,
            source,
            functions: self.functions.get_or_init(|| Arc::new(functions())),
        };
        let keys = source.config.handed_over.iter();
        let mut refused: Vec<Diagnostic> = keys
            .map(|key| {
                let why = format!("gomplate is needed: the key `{key}` is not embedded");
                in_config(request, source, key, &why)
            })
            .collect();
        let mut failed = None;
        if refused.is_empty() {
            match attempt.render() {
                Ok(rendered) => return Ok(Attempt::Rendered(Box::new(rendered))),
                Err(Failure::Failed(why)) => failed = Some(*why),
                Err(Failure::Refused(why)) => refused.push(*why),
            }
        }
        let mut uses = attempt.uses();
        // What failed may have failed for want of what gomplate has, as a method of a namespace that is embedded in part.
        if let Some(why) = failed.filter(|_| uses.is_empty()) {
            return Err(Error::at(vec![why]));
        }
        let is_among =
            |use_: &Diagnostic, why: &Diagnostic| (&use_.path, use_.line) == (&why.path, why.line);
        refused.retain(|why| !uses.iter().any(|use_| is_among(use_, why)));
        uses.append(&mut refused);
        Ok(Attempt::Refused(uses))
    }

    fn renderer(&self) -> String {
        RENDERER.into()
    }
}

/// One attempt at one stage.
struct Rendering<'a> {
    request: &'a Request<'a>,
    source: &'a Source,
    functions: &'a Arc<Functions>,
}

impl Rendering<'_> {
    fn render(&self) -> Result<Rendered, Failure> {
        let (request, config) = (self.request, &self.source.config);
        let unreadable = |unreadable| self.unreadable(&unreadable);
        let datasources = Datasources::configured(config).map_err(unreadable)?;
        let mut host = StageHost::new(request, datasources);
        host.is_experimental = config.is_experimental;
        let renders = |file: &SourceFile| file.treatment == Treatment::Render;
        let given = !config.context.is_empty() || !config.templates.is_empty();
        // Without an action in them, files are templates all the same.
        let (root, nested) = if self.source.files.iter().any(|file| given || renders(file)) {
            let root = given::root(request, config, self.functions, &mut host);
            let nested = given::nested(request, config, &mut host);
            (root.map_err(unreadable)?, nested.map_err(unreadable)?)
        } else {
            (Value::Nil, Vec::new())
        };
        let mut files = RenderedFiles::new();
        for file in &self.source.files {
            let made = if renders(file) {
                file.rendered(self.file(file, &root, &nested, &mut host)?)
            } else {
                file.copied()
            };
            files.extend(made.map(|made| (file.path.clone(), made)));
        }
        Ok(Rendered {
            files,
            reads: host.into_reads(),
            renderer: RENDERER.into(),
            ..Rendered::default()
        })
    }

    fn file(
        &self,
        file: &SourceFile,
        root: &Value,
        nested: &[Nested],
        host: &mut StageHost<'_>,
    ) -> Result<Vec<u8>, Failure> {
        let path = self.request.template_dir.join(&file.path);
        let name = path.to_string_lossy();
        let mut templates = Templates::new(Arc::clone(self.functions), self.settings());
        let parsed = std::iter::once((&*name, &*file.content))
            .chain(nested.iter().map(|nested| (&*nested.name, &*nested.text)))
            .try_for_each(|(name, text)| templates.parse(name, text));
        let made = parsed.and_then(|()| templates.execute(&name, root.clone(), host));
        made.map_err(|error| {
            let own = Origin {
                name: &name,
                path: &path,
                text: &file.content,
            };
            let other = nested.iter().find(|nested| nested.name == error.name);
            let origin = other.map_or(own, Nested::origin);
            let diagnostic = Box::new(origin.failure(self.request, &error));
            if needs_gomplate(&error) {
                Failure::Refused(diagnostic)
            } else {
                Failure::Failed(diagnostic)
            }
        })
    }

    fn delimiters(&self) -> Delimiters {
        let delimiters = &self.source.delimiters;
        Delimiters::new(delimiters.left.as_bytes(), delimiters.right.as_bytes())
    }

    fn settings(&self) -> Settings {
        Settings {
            delimiters: self.delimiters(),
            missing_key: match self.source.config.missing_key {
                gomplate_config::MissingKey::Error => MissingKey::Error,
                gomplate_config::MissingKey::Zero => MissingKey::Zero,
                gomplate_config::MissingKey::NoValue => MissingKey::Invalid,
            },
            ..Settings::default()
        }
    }

    /// What `.gomplate.yaml` names cannot be read.
    fn unreadable(&self, (alias, why): &Unreadable) -> Failure {
        let message = format!("`{alias}` cannot be read: {why}");
        let mut diagnostic = Box::new(in_config(self.request, self.source, alias, &message));
        if self.source.config_file.is_none() {
            diagnostic.path = self.request.config_json_file.display().to_string();
        }
        if why.contains(HANDOVER) {
            Failure::Refused(diagnostic)
        } else {
            Failure::Failed(diagnostic)
        }
    }

    /// All that is left to gomplate, as far as the templates' text tells.
    fn uses(&self) -> Vec<Diagnostic> {
        let (request, config) = (self.request, &self.source.config);
        let files = self.source.files.iter();
        let files: Vec<_> = files
            .filter(|file| file.treatment == Treatment::Render)
            .map(|file| (request.template_dir.join(&file.path), &file.content))
            .collect();
        let origins: Vec<_> = files
            .iter()
            .map(|(path, text)| Origin {
                name: "",
                path,
                text,
            })
            .collect();
        uses(
            request,
            config,
            self.functions,
            &self.delimiters(),
            &origins,
        )
    }
}

/// Whether gomplate could render what failed here: it uses a function that is gomplate's and not embedded, or one that is and
/// said so.
fn needs_gomplate(error: &TemplateError) -> bool {
    let message = &error.message;
    let undefined = message
        .split_once("function \"")
        .and_then(|(_, rest)| rest.split_once("\" not defined"));
    // Methods that are not embedded, of objects that gomplate has too.
    let missing = [
        "*funcs.",
        "*tmpl.",
        "*url.",
        "*semver.",
        "in type time.",
        "in type *time.",
    ];
    let is_missing = message.contains("can't evaluate field")
        && missing.iter().any(|owner| message.contains(owner));
    message.contains(HANDOVER)
        || is_missing
        || undefined.is_some_and(|(name, _)| is_known(name))
        || message.contains(UNPRINTABLE)
        // A list of Go's may have room behind its end, of which `slice` makes elements.
        || message.contains("error calling slice: index out of range")
        // Limits of the embedded engine are none of gomplate's.
        || message.contains("exceeded")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::Arc;

    use super::needs_gomplate;
    use crate::core::stage::StageName;
    use crate::stamp::datasources::Datasources;
    use crate::stamp::gomplate_config::GomplateConfig;
    use crate::stamp::host::StageHost;
    use crate::stamp::{Request, StampSettings};
    use crate::system::environment::Environment;
    use crate::template::{Budget, Functions, Settings, Templates, Value};

    /// Each limit of the embedded engine leaves the template to gomplate, which may have none.
    #[test]
    fn what_is_beyond_a_limit_is_left_to_gomplate() {
        let budget = Budget {
            steps: 100,
            output: 100,
            depth: 20,
        };
        let settings = Settings {
            budget,
            ..Settings::default()
        };
        let nowhere = Path::new("/nowhere");
        let request = Request {
            stage: &StageName::new("stage").unwrap(),
            template_dir: nowhere,
            config_json_file: nowhere,
            config: &serde_json::Value::Null,
            environment: &Environment::default(),
            deployment: nowhere,
            settings: &StampSettings::default(),
        };
        for text in [
            "{{ range 1000 }}{{ end }}",
            "{{ range 10 }}twenty characters....{{ end }}",
            "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
            "{{ slice .list 0 3 }}",
        ] {
            let mut templates = Templates::new(Arc::new(Functions::new()), settings.clone());
            templates.parse("t", text.as_bytes()).unwrap();
            let list = Value::list(vec![Value::Int(1)]);
            let data = Value::map(BTreeMap::from([(Arc::from(&b"list"[..]), list)]));
            let datasources = Datasources::configured(&GomplateConfig::default());
            let mut host = StageHost::new(&request, datasources.ok().unwrap());
            let error = templates.execute("t", data, &mut host);
            assert!(needs_gomplate(&error.unwrap_err()), "{text}");
        }
    }
}
