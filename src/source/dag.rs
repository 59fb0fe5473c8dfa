//! The DAG file: which stages there are and what they depend on. Plain files are read here; anything else is evaluated by GNU
//! make (`make.rs`). Knows nothing of what is in a stage.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::core::graph::StageGraph;
use crate::core::stage::StageName;
use crate::core::suggest::suggest;
use crate::error::{Diagnostic, Error, Result};
use crate::source::make;
use crate::source::plain;
use crate::source::project::DAG_FILE;
use crate::system::environment::Environment;

/// A call of one of the macros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which one.
    pub macro_name: Macro,
    /// Its arguments: words with their places. `define_stage` and `dag_deps` have two.
    pub arguments: Vec<Vec<Word>>,
    /// Where the call is.
    pub place: Place,
}

impl Call {
    /// The words of an argument, from 0; none if there is no such argument.
    fn words(&self, index: usize) -> &[Word] {
        self.arguments.get(index).map_or(&[], Vec::as_slice)
    }
}

/// The macros of a DAG file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Macro {
    /// `$(call define_stage, NAME, DEPENDENCIES)`
    DefineStage,
    /// `$(call dag_deps, DEPENDENTS, DEPENDENCIES)`
    DagDeps,
}

impl Macro {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DefineStage => "define_stage",
            Self::DagDeps => "dag_deps",
        }
    }

    /// The macro of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::DefineStage, Self::DagDeps]
            .into_iter()
            .find(|m| m.as_str() == name)
    }
}

/// A word of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it is written.
    pub text: String,
    /// Where.
    pub place: Place,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as users see it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters; not known of what make evaluated.
    pub column: Option<usize>,
}

/// Reads the DAG of a library. `deployment` is where make is started, if it has to be.
///
/// # Errors
/// The file cannot be read; else everything that is wrong with it, each with its place.
pub fn load(library: &Path, deployment: &Path, environment: &Environment) -> Result<StageGraph> {
    let path = library.join(DAG_FILE);
    let bytes = std::fs::read(&path).map_err(|error| {
        Error::io("cannot read the DAG file", &path, &error)
            .hint("a library has a `betterform_dag.mk` with a line such as `$(call define_stage, NAME, )`")
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let calls = match plain::parse(DAG_FILE, &text) {
        Some(calls) => calls,
        None => make::evaluate(&path, deployment, environment)?,
    };
    let mut builder = Builder::default();
    for call in &calls {
        builder.call(call);
    }
    builder.finish(library)
}

#[derive(Default)]
struct Builder {
    order: Vec<StageName>,
    stages: HashMap<StageName, Stage>,
    wrong: Vec<Wrong>,
}

/// Where something is wrong, what, what to do, and how many characters are meant.
type Wrong = (Place, String, Option<String>, usize);

/// What is wrong with a call as such.
fn misuse(call: &Call) -> Option<Wrong> {
    let name = call.macro_name.as_str();
    if call.arguments.len() > 2 {
        let place = call
            .words(2)
            .first()
            .map_or(&call.place, |word| &word.place);
        let message = format!("`{name}` takes two arguments");
        let help = "separate dependencies with spaces, not with commas";
        return Some((place.clone(), message, Some(help.into()), 1));
    }
    match (call.words(0), call.macro_name) {
        ([], _) => {
            let message = format!("`{name}` without a stage name");
            Some((call.place.clone(), message, None, 1))
        }
        (subjects @ [_, second, ..], Macro::DefineStage) => {
            let text: Vec<_> = subjects.iter().map(|word| word.text.as_str()).collect();
            let message = format!("`define_stage` defines one stage, not `{}`", text.join(" "));
            let help = "put a comma behind the name of the stage";
            let width = second.text.len();
            Some((second.place.clone(), message, Some(help.into()), width))
        }
        _ => None,
    }
}

struct Stage {
    place: Place,
    defined: bool,
    dependencies: Vec<(StageName, Place)>,
}

impl Builder {
    fn call(&mut self, call: &Call) {
        if let Some(wrong) = misuse(call) {
            self.wrong.push(wrong);
            return;
        }
        let (subjects, dependencies) = (call.words(0), call.words(1));
        let needed: Vec<_> = dependencies
            .iter()
            .filter_map(|word| self.name(word))
            .collect();
        for word in subjects {
            if let Some((subject, place)) = self.name(word) {
                self.add(call.macro_name, subject, place, &needed);
            }
        }
        if call.macro_name == Macro::DagDeps {
            for (name, place) in needed {
                self.add(Macro::DagDeps, name, place, &[]);
            }
        }
    }

    fn add(&mut self, by: Macro, name: StageName, place: Place, needed: &[(StageName, Place)]) {
        let defines = by == Macro::DefineStage;
        match self.stages.get_mut(&name) {
            Some(stage) if defines && stage.defined => {
                let first = format!("it is first defined in line {}", stage.place.line);
                let length = name.as_str().len();
                self.report(
                    &place,
                    &format!("stage `{name}` is defined twice"),
                    Some(first),
                    length,
                );
            }
            Some(stage) => {
                stage.defined |= defines;
                stage.dependencies.extend(needed.iter().cloned());
            }
            None => {
                self.order.push(name.clone());
                self.stages.insert(
                    name,
                    Stage {
                        place,
                        defined: defines,
                        dependencies: needed.to_vec(),
                    },
                );
            }
        }
    }

    fn name(&mut self, word: &Word) -> Option<(StageName, Place)> {
        match StageName::new(&word.text) {
            Ok(name) => Some((name, word.place.clone())),
            Err(wrong) => {
                let message = format!("`{}`: {wrong}", word.text.escape_debug());
                self.report(&word.place, &message, None, word.text.chars().count());
                None
            }
        }
    }

    fn report(&mut self, place: &Place, message: &str, help: Option<String>, width: usize) {
        self.wrong
            .push((place.clone(), message.to_owned(), help, width));
    }

    fn finish(mut self, library: &Path) -> Result<StageGraph> {
        self.check_dependencies();
        self.check_directories(library);
        let stages = self.order.iter().map(|name| {
            let known = |dependency: &&(StageName, Place)| self.stages.contains_key(&dependency.0);
            let dependencies = self.stages[name].dependencies.iter().filter(known);
            (
                name.clone(),
                dependencies.map(|(name, _)| name.clone()).collect(),
            )
        });
        let graph = StageGraph::new(&stages.collect::<Vec<_>>());
        if let Err(cycle) = &graph {
            let path: Vec<_> = cycle.iter().map(StageName::as_str).collect();
            let message = format!("stages depend on each other: {}", path.join(" -> "));
            let place = cycle.first().and_then(|name| {
                let stage = self.stages.get(name)?;
                let next = cycle.get(1)?;
                let edge = stage.dependencies.iter().find(|(name, _)| name == next);
                Some(edge.map_or(stage.place.clone(), |(_, place)| place.clone()))
            });
            if let Some(place) = place {
                self.report(&place, &message, None, cycle[1].as_str().len());
            }
        }
        if !self.wrong.is_empty() {
            return Err(self.into_error(library));
        }
        graph.map_err(|_| Error::failed("the stages depend on each other"))
    }

    fn check_dependencies(&mut self) {
        let mut unknown = Vec::new();
        for name in &self.order {
            for (dependency, place) in &self.stages[name].dependencies {
                if !self.stages.contains_key(dependency) {
                    let similar = suggest(
                        dependency.as_str(),
                        self.order.iter().map(StageName::as_str),
                    );
                    let help = similar.map(|similar| format!("did you mean `{similar}`?"));
                    let message =
                        format!("unknown stage `{dependency}` in the dependencies of `{name}`");
                    unknown.push((place.clone(), message, help, dependency.as_str().len()));
                }
            }
        }
        self.wrong.extend(unknown);
    }

    fn check_directories(&mut self, library: &Path) {
        let mut wrong = Vec::new();
        for name in &self.order {
            let place = &self.stages[name].place;
            let directory = library.join(name.as_str());
            let ctl = directory.join("ctl");
            let (message, help) = match ctl.metadata() {
                Ok(ctl) if ctl.is_file() && ctl.permissions().mode() & 0o100 != 0 => continue,
                Ok(ctl) if ctl.is_file() => (
                    format!("`{name}/ctl` is not executable"),
                    format!("`chmod +x {name}/ctl`, in the library"),
                ),
                _ if directory.is_dir() => (
                    format!("stage `{name}` has no `ctl`"),
                    format!("write `{name}/ctl`, an executable that takes `up` and `down`"),
                ),
                _ => (
                    format!("stage `{name}` has no directory"),
                    format!(
                        "make the directory `{}` with an executable `ctl` in it",
                        directory.display()
                    ),
                ),
            };
            wrong.push((place.clone(), message, Some(help), name.as_str().len()));
        }
        self.wrong.extend(wrong);
    }

    fn into_error(mut self, library: &Path) -> Error {
        self.wrong.sort_by(|a, b| a.0.cmp(&b.0));
        let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let wrong = self.wrong.into_iter().map(|(place, message, help, width)| {
            let lines = texts.entry(place.file.clone()).or_insert_with(|| {
                let text = std::fs::read(library.join(&place.file)).unwrap_or_default();
                String::from_utf8_lossy(&text)
                    .lines()
                    .map(str::to_owned)
                    .collect()
            });
            Diagnostic {
                message,
                path: place.file,
                line: place.line,
                column: place.column,
                width: width.max(1),
                text: lines
                    .get(place.line.saturating_sub(1))
                    .cloned()
                    .unwrap_or_default(),
                help,
            }
        });
        Error::at(wrong.collect())
    }
}
