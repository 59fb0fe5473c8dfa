//! The calls that a DAG file makes, whoever evaluated it. Does not know what makes them right or wrong.

use crate::core::suggest::suggest;

/// A macro that DAG files call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Macro {
    /// `define_stage, NAME, DEPENDENCIES`
    DefineStage,
    /// `dag_deps, DEPENDENTS, DEPENDENCIES`
    DagDeps,
}

impl Macro {
    pub(super) const ALL: [Self; 2] = [Self::DefineStage, Self::DagDeps];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::DefineStage => "define_stage",
            Self::DagDeps => "dag_deps",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// The problem that `name` is called, if it was most likely meant to be a macro.
    pub(super) fn misspelled(name: &str, place: Place) -> Option<Problem> {
        let meant = suggest(name, Self::ALL.map(Self::as_str))?;
        let problem = Problem::new(place, format!("unknown macro `{name}`"));
        Some(problem.help(format!("did you mean `{meant}`?")))
    }

    /// How it is called.
    pub(super) fn usage(self) -> &'static str {
        match self {
            Self::DefineStage => "a call looks like `$(call define_stage, NAME, DEPENDENCIES)`",
            Self::DagDeps => "a call looks like `$(call dag_deps, DEPENDENTS, DEPENDENCIES)`",
        }
    }
}

/// A place in one of the files that make up the DAG.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Which file, by its number in the list of files.
    pub(super) file: usize,
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1; make does not tell it.
    pub(super) column: Option<usize>,
    /// In characters.
    pub(super) width: usize,
}

/// A word of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) place: Place,
}

/// One call of a macro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) callee: Macro,
    pub(super) place: Place,
    /// The words of the first argument: the stage, or the dependents.
    pub(super) first: Vec<Word>,
    /// The words of the second argument: the dependencies.
    pub(super) second: Vec<Word>,
    /// The first word of a further argument, which is always a mistake.
    pub(super) extra: Option<Word>,
}

/// Something wrong in a DAG file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) place: Place,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Problem {
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            help: None,
        }
    }

    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
