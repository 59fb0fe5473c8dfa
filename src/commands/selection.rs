//! Which stages a command is about: names and globs, with what belongs to them. Knows nothing of what is done with them.

use std::collections::BTreeSet;

use globset::GlobBuilder;

use crate::core::stage::StageName;
use crate::core::suggest::suggest;
use crate::error::{Error, Result};
use crate::state::Records;

/// The stages that `patterns` name, among `known`.
///
/// # Errors
/// A pattern names none of them.
pub(super) fn resolve(
    patterns: &[String],
    known: &BTreeSet<StageName>,
) -> Result<BTreeSet<StageName>> {
    let mut chosen = BTreeSet::new();
    for pattern in patterns {
        let matching = matching(pattern, known)?;
        if matching.is_empty() {
            return Err(unknown(pattern, known));
        }
        chosen.extend(matching);
    }
    Ok(chosen)
}

/// The one stage of that name.
///
/// # Errors
/// There is none.
pub(super) fn one(name: &str, known: &BTreeSet<StageName>) -> Result<StageName> {
    let found = known.iter().find(|stage| stage.as_str() == name);
    found.cloned().ok_or_else(|| unknown(name, known))
}

/// The one recorded stage of that name.
///
/// # Errors
/// Nothing is recorded of it.
pub(super) fn recorded(name: &str, records: &Records) -> Result<StageName> {
    let found = records.keys().find(|stage| stage.as_str() == name);
    found.cloned().ok_or_else(|| {
        let error = Error::usage(format!("nothing is recorded of a stage `{name}`"));
        match suggest(name, records.keys().map(StageName::as_str)) {
            Some(similar) => error.hint(format!("did you mean `{similar}`?")),
            None if records.is_empty() => error.hint("nothing is recorded at all"),
            None => error.hint("`betterform state list` lists what is recorded"),
        }
    })
}

fn matching(pattern: &str, known: &BTreeSet<StageName>) -> Result<Vec<StageName>> {
    if let Some(stage) = known.iter().find(|stage| stage.as_str() == pattern) {
        return Ok(vec![stage.clone()]);
    }
    if !pattern.contains(['*', '?', '[', '{']) {
        return Ok(Vec::new());
    }
    let glob = GlobBuilder::new(pattern)
        .build()
        .map_err(|error| Error::usage(format!("`{pattern}` is not a valid pattern: {error}")))?
        .compile_matcher();
    let matching = known.iter().filter(|stage| glob.is_match(stage.as_str()));
    Ok(matching.cloned().collect())
}

fn unknown(name: &str, known: &BTreeSet<StageName>) -> Error {
    let error = Error::usage(format!("there is no stage `{name}`"));
    match suggest(name, known.iter().map(StageName::as_str)) {
        Some(similar) => error.hint(format!("did you mean `{similar}`?")),
        None if known.is_empty() => error.hint("there are no stages at all"),
        None => error.hint("`betterform graph` lists the stages"),
    }
}
