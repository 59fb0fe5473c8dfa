//! Evaluating: the embedded evaluator, given its files and variables.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rsjsonnet_lang::arena::Arena;
use rsjsonnet_lang::interner::InternedStr;
use rsjsonnet_lang::program::{
    Callbacks, EvalError, EvalStackTraceItem, ImportError, NativeError, Program, Thunk, Value,
};
use rsjsonnet_lang::span::{SourceId, SpanContext, SpanId};

use crate::error::{Error, Result};
use crate::source::jsonnet::explain::{self, Sources};
use crate::source::jsonnet::imports::{self, Files, Found};
use crate::source::jsonnet::{Evaluated, Form, Job, Variable, manifest};

/// What the evaluator asks of us while it runs.
struct Host<'p> {
    files: Files,
    sources: Sources,
    /// The files that were imported as jsonnet, by name: each is evaluated once.
    imported: HashMap<PathBuf, Thunk<'p>>,
    traces: Vec<String>,
    /// Why the last import failed; the evaluator keeps no reasons.
    refusal: Option<String>,
}

/// Evaluates a job on this thread.
pub(super) fn run(job: &Job) -> Result<Evaluated> {
    let arena = Arena::new();
    let mut program = Program::new(&arena);
    let mut host = Host {
        files: Files::new(&job.directory, &job.library_path),
        sources: Sources::new(&program),
        imported: HashMap::new(),
        traces: Vec::new(),
        refusal: None,
    };
    let json = match evaluate(&mut program, &mut host, job) {
        Ok(json) => json,
        Err(message) => {
            let file = job.file.display();
            return Err(Error::failed(format!(
                "cannot evaluate `{file}`\n{message}"
            )));
        }
    };
    Ok(Evaluated {
        json: json.into_bytes(),
        files: host.files.recorded(),
        traces: host.traces,
    })
}

/// The JSON, or the error with its trace.
fn evaluate<'p>(
    program: &mut Program<'p>,
    host: &mut Host<'p>,
    job: &Job,
) -> Result<String, String> {
    for variable in &job.ext {
        let value = host.variable(program, "extvar", variable)?;
        let name = program.intern_str(&variable.name);
        program.add_ext_var(name, &value);
    }
    let mut arguments = Vec::new();
    for variable in &job.tla {
        let value = host.variable(program, "top-level-arg", variable)?;
        arguments.push((program.intern_str(&variable.name), value));
    }
    let bytes = match host.files.read(&job.file) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err("there is no such file".to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    let name = job.file.clone();
    let main = host.load(program, &Found { name, bytes })?;
    let mut value = host.value_of(program, &main)?;
    if value.is_function() {
        let called = program.eval_call(&main, &[], &arguments, host);
        value = called.map_err(|error| host.explain(program, &error, "Top-level function call"))?;
    }
    manifest::json(&value).map_err(|way| explain::function(&way))
}

impl<'p> Host<'p> {
    /// The value of a variable, which is evaluated when it is used.
    fn variable(
        &mut self,
        program: &mut Program<'p>,
        kind: &str,
        variable: &Variable,
    ) -> Result<Thunk<'p>, String> {
        match variable.form {
            Form::Text => Ok(program.value_to_thunk(&Value::string(&variable.value))),
            Form::Code => {
                let name = PathBuf::from(format!("<{kind}:{}>", variable.name));
                let bytes = variable.value.as_bytes().into();
                self.load(program, &Found { name, bytes })
            }
        }
    }

    fn value_of(
        &mut self,
        program: &mut Program<'p>,
        thunk: &Thunk<'p>,
    ) -> Result<Value<'p>, String> {
        let value = program.eval_value(thunk, self);
        value.map_err(|error| self.explain(program, &error, "During evaluation"))
    }

    fn explain(&mut self, program: &Program<'p>, error: &EvalError, last: &str) -> String {
        let refusal = self.refusal.take();
        explain::evaluation(program.span_manager(), &self.sources, error, refusal, last)
    }

    /// Reads the text of a jsonnet program.
    fn load(&mut self, program: &mut Program<'p>, found: &Found) -> Result<Thunk<'p>, String> {
        explain::check_nesting(&found.name, &found.bytes)?;
        let (context, source) = program
            .span_manager_mut()
            .insert_source_context(found.bytes.len());
        self.sources.add(source, &found.name, &found.bytes);
        let this_file = found.name.to_string_lossy();
        let loaded = program.load_source(context, &found.bytes, true, &this_file);
        loaded.map_err(|error| explain::loading(program.span_manager(), &self.sources, &error))
    }

    /// Finds what the expression at `from` imports.
    fn find(
        &mut self,
        program: &Program<'p>,
        from: SpanId,
        path: &str,
    ) -> Result<Found, ImportError> {
        let (context, _, _) = program.span_manager().get_span(from);
        let SpanContext::Source(source) = program.span_manager().get_context(context);
        let importer = self.importer(*source);
        let found = self.files.find(&importer, path);
        found.map_err(|why| self.refuse(why))
    }

    /// The file that an import is relative to; code of a variable is as if it lay in the directory of the call.
    fn importer(&self, source: SourceId) -> PathBuf {
        let name = self.sources.name(source).unwrap_or(Path::new(""));
        if name.as_os_str().as_encoded_bytes().starts_with(b"<") {
            PathBuf::new()
        } else {
            name.to_owned()
        }
    }

    fn refuse(&mut self, why: String) -> ImportError {
        self.refusal = Some(why);
        ImportError
    }
}

impl<'p> Callbacks<'p> for Host<'p> {
    fn import(
        &mut self,
        program: &mut Program<'p>,
        from: SpanId,
        path: &str,
    ) -> Result<Thunk<'p>, ImportError> {
        let found = self.find(program, from, path)?;
        if let Some(thunk) = self.imported.get(&found.name) {
            return Ok(thunk.clone());
        }
        let loaded = self.load(program, &found);
        let thunk = loaded.map_err(|why| self.refuse(why))?;
        self.imported.insert(found.name, thunk.clone());
        Ok(thunk)
    }

    fn import_str(
        &mut self,
        program: &mut Program<'p>,
        from: SpanId,
        path: &str,
    ) -> Result<String, ImportError> {
        self.find(program, from, path)
            .map(|found| imports::text(&found.bytes))
    }

    fn import_bin(
        &mut self,
        program: &mut Program<'p>,
        from: SpanId,
        path: &str,
    ) -> Result<Vec<u8>, ImportError> {
        self.find(program, from, path)
            .map(|found| found.bytes.to_vec())
    }

    fn trace(&mut self, program: &mut Program<'p>, message: &str, stack: &[EvalStackTraceItem]) {
        let place = explain::innermost(program.span_manager(), &self.sources, stack);
        self.traces.push(format!("TRACE: {place} {message}"));
    }

    fn native_call(
        &mut self,
        _: &mut Program<'p>,
        _: InternedStr<'p>,
        _: &[Value<'p>],
    ) -> Result<Value<'p>, NativeError> {
        // None is registered, so none is called.
        Err(NativeError)
    }
}
