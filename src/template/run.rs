//! One execution: its output, what it may use, and the way back in for functions that render. It
//! knows no nodes; each template on the stack is a [`Frame`].

use crate::template::engine::{Templates, undefined};
use crate::template::error::TemplateError;
use crate::template::frame::Frame;
use crate::template::host::{Host, Reentry};
use crate::template::operand::Operand;
use crate::template::parser::Definition;
use crate::template::value::Value;

/// What one execution may use, so that no template runs or writes without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of output.
    pub output: usize,
    /// Nodes, commands and iterations.
    pub steps: u64,
    /// Blocks, parentheses and templates within each other; see [`Budget::depth_within`].
    pub depth: usize,
}

/// Stack that one level takes at most, in bytes: a third of it in optimised builds.
const LEVEL: usize = 6 << 10;

/// Levels that a function takes which executes a template, for what lies between the two.
const REENTRY: usize = 4;

impl Budget {
    /// How deep templates may nest on a stack of so many bytes. Go allows 100,000 templates within
    /// each other; a thread that wants more than the default must have the stack for it.
    pub const fn depth_within(stack: usize) -> usize {
        stack / LEVEL
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            output: 256 << 20,
            steps: 50_000_000,
            depth: Self::depth_within(2 << 20),
        }
    }
}

pub(crate) struct Run<'h> {
    pub(crate) templates: Templates,
    pub(crate) host: &'h mut dyn Host,
    pub(crate) out: Vec<u8>,
    pub(crate) steps: u64,
    pub(crate) depth: usize,
    root: Value,
    name: String,
}

impl<'h> Run<'h> {
    pub(crate) fn new(templates: Templates, root: Value, host: &'h mut dyn Host) -> Self {
        Self {
            templates,
            host,
            out: Vec::new(),
            steps: 0,
            depth: 0,
            root,
            name: String::new(),
        }
    }

    /// Executes the first template.
    pub(crate) fn start(
        &mut self,
        name: &str,
        definition: &Definition,
    ) -> Result<Vec<u8>, TemplateError> {
        name.clone_into(&mut self.name);
        let mut data = Operand::concrete(self.root.clone());
        data.root = true;
        Frame::new(self, name.as_bytes(), definition, data).execute()?;
        Ok(std::mem::take(&mut self.out))
    }

    /// Counts steps; false when there are none left.
    pub(crate) fn step(&mut self, count: u64) -> bool {
        self.steps = self.steps.saturating_add(count);
        self.steps <= self.templates.settings.budget.steps
    }

    /// Writes output; false when there is too much.
    pub(crate) fn write(&mut self, text: &[u8]) -> bool {
        self.out.extend_from_slice(text);
        self.out.len() <= self.templates.settings.budget.output
    }

    fn apart(
        &mut self,
        name: &[u8],
        definition: &Definition,
        data: Operand,
    ) -> Result<Vec<u8>, String> {
        let (outer, depth) = (std::mem::take(&mut self.out), self.depth);
        self.depth += REENTRY;
        let done = Frame::new(self, name, definition, data).execute();
        let out = std::mem::replace(&mut self.out, outer);
        self.depth = depth; // an error leaves it as deep as it happened
        done.map(|()| out).map_err(|error| error.message)
    }
}

impl Reentry for Run<'_> {
    fn host(&mut self) -> &mut dyn Host {
        self.host
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn root(&mut self) -> Value {
        self.host.read_everything();
        self.root.clone()
    }

    fn defines(&self, name: &str) -> bool {
        self.templates.definitions.contains_key(name.as_bytes())
    }

    fn execute(&mut self, name: &str, data: Value) -> Result<Vec<u8>, String> {
        let definition = self.templates.definitions.get(name.as_bytes()).cloned();
        let definition = definition.ok_or_else(|| undefined(name).message)?;
        self.apart(name.as_bytes(), &definition, Operand::concrete(data))
    }

    fn execute_text(&mut self, name: &str, text: &[u8], data: Value) -> Result<Vec<u8>, String> {
        let definition = self
            .templates
            .add(name, text)
            .map_err(|error| error.message)?;
        self.apart(name.as_bytes(), &definition, Operand::concrete(data))
    }
}
