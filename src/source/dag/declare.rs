//! What the calls of a DAG file declare, and everything that is wrong with it.
//! Does not know how the calls were found.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, openat, statat};

use crate::core::graph::StageGraph;
use crate::core::stage::StageName;
use crate::core::suggest::suggest;
use crate::source::dag::calls::{Call, Macro, Place, Problem, Word};

/// How many unknown names get a suggestion: each costs a look at every stage.
const SUGGESTIONS: usize = 50;

/// Stages as they are declared, with the places that errors are shown at.
#[derive(Default)]
pub(super) struct Declared {
    stages: Vec<Stage>,
    by_name: HashMap<StageName, usize>,
    problems: Vec<Problem>,
}

struct Stage {
    name: StageName,
    place: Place,
    /// Where `define_stage` defined it; `None` while only `dag_deps` named it.
    defined: Option<Place>,
    dependencies: Vec<(StageName, Place)>,
}

impl Declared {
    /// Reads the calls, in order.
    pub(super) fn new(calls: &[Call], shown: impl Fn(Place) -> String) -> Self {
        let mut declared = Self::default();
        for call in calls {
            if let Some(extra) = &call.extra {
                declared.problems.push(third_argument(call.callee, extra));
            }
            match call.callee {
                Macro::DefineStage => declared.define(call, &shown),
                Macro::DagDeps => declared.relate(call),
            }
        }
        declared
    }

    /// `define_stage`: one stage and its dependencies.
    fn define(&mut self, call: &Call, shown: impl Fn(Place) -> String) {
        let dependencies = self.names(&call.second);
        let Some(name) = self.one_name(call) else {
            return;
        };
        let index = self.named(&name.0, name.1);
        let Some(stage) = self.stages.get_mut(index) else {
            return;
        };
        stage.dependencies.extend(dependencies);
        if let Some(first) = stage.defined {
            let problem = Problem::new(name.1, format!("stage `{}` is defined twice", name.0));
            let help = format!("it is first defined at {}", shown(first));
            self.problems.push(problem.help(help));
        } else {
            stage.defined = Some(name.1);
            stage.place = name.1;
        }
    }

    fn one_name(&mut self, call: &Call) -> Option<(StageName, Place)> {
        match call.first.as_slice() {
            [] => {
                self.problems.push(nameless(call));
                None
            }
            [word] => self.name(word),
            [first, second, ..] => {
                let names: Vec<_> = call.first.iter().map(|word| word.text.as_str()).collect();
                let message = format!(
                    "`define_stage` defines one stage, not `{}`",
                    names.join(" ")
                );
                let problem = Problem::new(second.place, message);
                let help = format!(
                    "dependencies come after a comma: `{}, {}`",
                    first.text, second.text
                );
                self.problems.push(problem.help(help));
                self.name(first)
            }
        }
    }

    /// `dag_deps`: each of the dependents depends on each of the dependencies, and all are stages.
    fn relate(&mut self, call: &Call) {
        if call.first.is_empty() && call.second.is_empty() {
            self.problems.push(nameless(call));
        }
        let dependents = self.names(&call.first);
        let dependencies = self.names(&call.second);
        let dependents: Vec<_> = dependents
            .into_iter()
            .map(|(name, place)| self.named(&name, place))
            .collect();
        for (name, place) in &dependencies {
            self.named(name, *place);
        }
        for index in dependents {
            if let Some(stage) = self.stages.get_mut(index) {
                stage.dependencies.extend(dependencies.iter().cloned());
            }
        }
    }

    /// The index of the stage of that name, which becomes one if it is none yet.
    fn named(&mut self, name: &StageName, place: Place) -> usize {
        if let Some(index) = self.by_name.get(name) {
            return *index;
        }
        let index = self.stages.len();
        self.by_name.insert(name.clone(), index);
        self.stages.push(Stage {
            name: name.clone(),
            place,
            defined: None,
            dependencies: Vec::new(),
        });
        index
    }

    fn names(&mut self, words: &[Word]) -> Vec<(StageName, Place)> {
        words.iter().filter_map(|word| self.name(word)).collect()
    }

    fn name(&mut self, word: &Word) -> Option<(StageName, Place)> {
        match StageName::new(&word.text) {
            Ok(name) => Some((name, word.place)),
            Err(invalid) => {
                let message = format!("invalid stage name `{}`", word.text);
                let problem = Problem::new(word.place, message);
                self.problems.push(problem.help(invalid.to_string()));
                None
            }
        }
    }

    /// The graph of the stages, whose directories must be in `library`, or all problems. A dependency that
    /// is not declared is only one if the calls are `complete`.
    pub(super) fn graph(
        mut self,
        library: &Path,
        complete: bool,
    ) -> Result<StageGraph, Vec<Problem>> {
        let mut problems = std::mem::take(&mut self.problems);
        if complete {
            problems.extend(self.unknown_dependencies());
        }
        problems.extend(self.directory_problems(library));
        let edges = self.stages.iter().map(|stage| {
            let dependencies = stage.dependencies.iter().map(|(name, _)| name.clone());
            (stage.name.clone(), dependencies.collect())
        });
        match StageGraph::new(&edges.collect::<Vec<_>>()) {
            Ok(graph) if problems.is_empty() => return Ok(graph),
            Ok(_) => {}
            Err(cycles) => problems.extend(cycles.iter().filter_map(|cycle| self.cycle(cycle))),
        }
        problems.sort_by_key(|problem| problem.place);
        Err(problems)
    }

    /// What is wrong with the stages' directories. All processors look, since there may be many.
    fn directory_problems(&self, library: &Path) -> Vec<Problem> {
        // Names below an open directory are found sooner than paths.
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = openat(CWD, library, flags, Mode::empty()).ok();
        let is_well = |stage: &str| opened.as_ref().is_some_and(|at| has_ctl(at.as_fd(), stage));
        let problem = |stage: &Stage| {
            if is_well(stage.name.as_str()) {
                return None;
            }
            let (message, help) = missing(library, stage.name.as_str())?;
            let problem = Problem::new(stage.place, message);
            Some(Problem { help, ..problem })
        };
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let share = self.stages.len().div_ceil(processors).max(SHARE);
        thread::scope(|scope| {
            let shares = self.stages.chunks(share).map(|stages| {
                scope.spawn(move || stages.iter().filter_map(problem).collect::<Vec<_>>())
            });
            let looking: Vec<_> = shares.collect();
            let found = looking.into_iter();
            let found =
                found.map(|share| share.join().unwrap_or_else(|panic| resume_unwind(panic)));
            found.flatten().collect()
        })
    }

    fn unknown_dependencies(&self) -> Vec<Problem> {
        let dependencies = self.stages.iter().flat_map(|stage| {
            let dependencies = stage.dependencies.iter();
            dependencies.map(move |(name, place)| (&stage.name, name, *place))
        });
        let unknown = dependencies.filter(|(_, name, _)| !self.by_name.contains_key(*name));
        let problems = unknown.enumerate().map(|(count, (stage, name, place))| {
            let message = format!("unknown stage `{name}` in the dependencies of `{stage}`");
            let names = || self.stages.iter().map(|stage| stage.name.as_str());
            let near = (count < SUGGESTIONS).then(|| suggest(name.as_str(), names()));
            let help = match near.flatten() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("define it with `$(call define_stage, {name}, )`"),
            };
            Problem::new(place, message).help(help)
        });
        problems.collect()
    }

    /// A cycle is shown where the first of its stages names the next.
    fn cycle(&self, cycle: &[StageName]) -> Option<Problem> {
        let [first, next, ..] = cycle else {
            return None;
        };
        let stage = self.stages.get(*self.by_name.get(first)?)?;
        let (_, place) = stage.dependencies.iter().find(|(name, _)| name == next)?;
        let path: Vec<_> = cycle.iter().map(StageName::as_str).collect();
        let path = path.join(" -> ");
        let message = if first == next {
            format!("stage `{first}` depends on itself: {path}")
        } else {
            format!("stages depend on each other: {path}")
        };
        Some(Problem::new(*place, message))
    }
}

fn nameless(call: &Call) -> Problem {
    let message = format!("`{}` without a stage name", call.callee.as_str());
    Problem::new(call.place, message).help(call.callee.usage())
}

fn third_argument(callee: Macro, extra: &Word) -> Problem {
    let message = format!(
        "`{}` takes two arguments, and `{}` is in a third",
        callee.as_str(),
        extra.text
    );
    Problem::new(extra.place, message).help("separate stages with spaces, not with commas")
}

/// How many directories one thread looks at, at least.
const SHARE: usize = 256;

/// Whether a stage in a library has an executable `ctl`.
fn has_ctl(library: BorrowedFd<'_>, stage: &str) -> bool {
    let found = statat(library, format!("{stage}/ctl"), AtFlags::empty());
    found.is_ok_and(|found| {
        let is_file = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
        is_file && found.st_mode & 0o100 != 0
    })
}

/// What is wrong with a stage's directory, and what to do.
fn missing(library: &Path, stage: &str) -> Option<(String, Option<String>)> {
    let ctl = library.join(stage).join("ctl");
    match std::fs::metadata(&ctl) {
        Ok(found) if !found.is_file() => Some((format!("`{stage}/ctl` is not a file"), None)),
        Ok(found) if found.permissions().mode() & 0o100 == 0 => {
            let message = format!("`{stage}/ctl` is not executable");
            Some((message, Some(format!("run `chmod +x {}`", ctl.display()))))
        }
        Ok(_) => None,
        Err(error) => Some(without_ctl(library, stage, &ctl, &error)),
    }
}

/// The same for a stage whose `ctl` cannot be looked at, because of `error`.
fn without_ctl(
    library: &Path,
    stage: &str,
    ctl: &Path,
    error: &io::Error,
) -> (String, Option<String>) {
    let directory = library.join(stage);
    let found = match std::fs::metadata(&directory) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let help = format!(
                "create the directory `{}` with an executable `ctl` in it",
                directory.display()
            );
            return (format!("stage `{stage}` has no directory"), Some(help));
        }
        Err(error) => return (format!("cannot look at `{stage}`: {error}"), None),
    };
    if !found.is_dir() {
        return (format!("`{stage}` is not a directory"), None);
    }
    if error.kind() != io::ErrorKind::NotFound {
        return (format!("cannot look at `{stage}/ctl`: {error}"), None);
    }
    if ctl.is_symlink() {
        return (format!("`{stage}/ctl` is a link to nothing"), None);
    }
    let help = format!(
        "create `{}`, an executable that takes `up` and `down`",
        ctl.display()
    );
    (format!("stage `{stage}` has no `ctl`"), Some(help))
}
