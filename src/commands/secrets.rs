//! Which values are secret in a call: what is printed, logged and recorded is without them. Knows nothing of how they are masked.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::commands::session::Call;
use crate::core::environment::matches;
use crate::core::mask::{Secrets, is_maskable};
use crate::source::project::{Library, Overrides, Project};
use crate::system::environment::Environment;
use crate::ui::color::Colors;
use crate::ui::diagnostic;
use crate::ui::sink::{complain, conceal};

/// Names that speak of a secret, in upper case.
const TELLING: [&str; 6] = [
    "*PASSWORD*",
    "*PASSWD*",
    "*SECRET*",
    "*TOKEN*",
    "*CREDENTIAL*",
    "*_KEY",
];

/// A word of the command line without the value of a jsonnet variable that it may hold, whether or not that is a secret.
pub(super) fn without_value(mut word: String, overrides: &Overrides) -> String {
    let given = overrides.variables();
    if let Some((_, value)) = given
        .filter(|(name, value)| !value.is_empty() && word.ends_with(&format!("{name}={value}")))
        .max_by_key(|(_, value)| value.len())
    {
        word.truncate(word.len() - value.len());
        word.push_str("***");
    }
    word
}

/// Conceals secrets for an error that comes before the settings were read, or while they were: those that the settings name as far
/// as they can be read, and where they cannot, the values of variables whose name speaks of a secret.
pub(super) fn conceal_early(call: &Call, directory: Option<&Path>, overrides: Overrides) {
    let environment = call.environment.clone();
    let given = overrides.clone();
    let loaded = Project::load(
        &call.cwd,
        directory,
        overrides,
        environment,
        Library::Optional,
    );
    let project = loaded.as_ref().ok();
    let is_whole = project.is_some_and(|project| project.warnings.is_empty());
    let named = |name: &[u8]| {
        let is_named = project.is_some_and(|project| is_named(project, name));
        is_named || !is_whole && is_telling(name)
    };
    let values = values(&call.environment, &given, &named);
    conceal(&Secrets::new(values.into_iter().map(|(_, value)| value)));
}

fn is_telling(name: &[u8]) -> bool {
    let name = name.to_ascii_uppercase();
    TELLING
        .iter()
        .any(|pattern| matches(pattern.as_bytes(), &name))
}

fn is_named(project: &Project, name: &[u8]) -> bool {
    let mut patterns = project.settings.secrets();
    patterns.any(|pattern| matches(pattern.as_bytes(), name))
}

/// The values of the variables that `secrets` names, of the environment and of jsonnet on the command line; one that is too
/// short to be masked is told of.
pub(super) fn of(project: &Project, colors: Colors) -> Secrets {
    let named = |name: &[u8]| is_named(project, name);
    let values = values(&project.environment, &project.overrides, &named);
    for (name, value) in &values {
        if !is_maskable(value) {
            let name = String::from_utf8_lossy(name);
            let message = format!("the value of `{name}` is too short to be masked");
            complain(&diagnostic::warning(&message, None, colors.stderr));
        }
    }
    Secrets::new(values.into_iter().map(|(_, value)| value))
}

/// The variables that are named so and have a value: those of the environment, and those of jsonnet on the command line.
fn values<'a>(
    environment: &'a Environment,
    overrides: &'a Overrides,
    is_named: &dyn Fn(&[u8]) -> bool,
) -> BTreeSet<(&'a [u8], &'a [u8])> {
    let inherited = environment.iter();
    let inherited = inherited.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let given = overrides.variables();
    let given = given.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let all = inherited.chain(given);
    all.filter(|(name, value)| !value.is_empty() && is_named(name))
        .collect()
}
