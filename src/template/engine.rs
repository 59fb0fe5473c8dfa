//! Sets of templates: parsing texts into one, and executing what it defines. It knows neither the
//! grammar nor how nodes are evaluated.

use std::sync::Arc;

use crate::template::builtin;
use crate::template::error::{Phase, TemplateError};
use crate::template::function::Functions;
use crate::template::host::Host;
use crate::template::lexer::Delimiters;
use crate::template::parser::{Definition, Definitions, parse};
use crate::template::run::{Budget, Run};
use crate::template::value::Value;

/// What becomes of a key that a map lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// `default` and `invalid`: there is no value.
    #[default]
    Invalid,
    /// The zero value of the map's element type.
    Zero,
    /// An error.
    Error,
}

impl MissingKey {
    /// Go's names of the modes.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "default" | "invalid" => Self::Invalid,
            "zero" => Self::Zero,
            "error" => Self::Error,
            _ => return None,
        })
    }
}

/// How templates are read and executed.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Around actions.
    pub delimiters: Delimiters,
    /// What becomes of absent keys.
    pub missing_key: MissingKey,
    /// What one execution may use.
    pub budget: Budget,
}

/// A set of templates that can call each other.
#[derive(Clone, Debug)]
pub struct Templates {
    pub(crate) functions: Arc<Functions>,
    pub(crate) settings: Settings,
    pub(crate) definitions: Definitions,
}

impl Templates {
    /// An empty set. Go's own functions need not be among `functions`.
    pub fn new(functions: Arc<Functions>, settings: Settings) -> Self {
        Self {
            functions,
            settings,
            definitions: Definitions::new(),
        }
    }

    /// Parses a text as the template `name`. What it defines replaces what the set defines under
    /// the same names, unless the new body is blank.
    pub fn parse(&mut self, name: &str, text: &[u8]) -> Result<(), TemplateError> {
        self.add(name, text).map(|_| ())
    }

    /// Parses, and gives the text's own definition, which need not have replaced an older one.
    pub(crate) fn add(&mut self, name: &str, text: &[u8]) -> Result<Definition, TemplateError> {
        let functions = Arc::clone(&self.functions);
        let known = |name: &str| functions.contains(name) || builtin::is_builtin(name);
        let mut own = Err(undefined(name));
        for (defined, definition) in parse(name, text, &self.settings.delimiters, &known)? {
            if *defined == *name.as_bytes() {
                own = Ok(definition.clone());
            }
            if !(definition.body.is_blank() && self.definitions.contains_key(&defined)) {
                self.definitions.insert(defined, definition);
            }
        }
        own
    }

    /// The templates of the set by name.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// Executes a template with `data` as the root. What it wrote before an error is lost.
    pub fn execute(
        &self,
        name: &str,
        data: Value,
        host: &mut dyn Host,
    ) -> Result<Vec<u8>, TemplateError> {
        let Some(definition) = self.definitions.get(name.as_bytes()) else {
            return Err(undefined(name));
        };
        let definition: Definition = definition.clone();
        let mut run = Run::new(self.clone(), data, host);
        run.start(name, &definition)
    }
}

pub(crate) fn undefined(name: &str) -> TemplateError {
    let message = format!("template: no template \"{name}\" associated with this set");
    let name = name.to_owned();
    TemplateError {
        phase: Phase::Execute,
        name,
        line: 0,
        column: None,
        message,
    }
}
