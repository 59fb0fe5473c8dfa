//! Which values are secret in a call: what is printed, logged and recorded is without them. Knows nothing of how they are masked.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;

use crate::core::environment::matches;
use crate::core::mask::{Secrets, is_maskable};
use crate::source::project::{Overrides, Project};
use crate::ui::color::Colors;
use crate::ui::diagnostic;
use crate::ui::sink::complain;

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

/// The values of the variables that `secrets` names, of the environment and of jsonnet on the command line; one that is too
/// short to be masked is told of.
pub(super) fn of(project: &Project, colors: Colors) -> Secrets {
    let patterns: Vec<&str> = project.settings.secrets().collect();
    let mut values: BTreeSet<&[u8]> = BTreeSet::new();
    let environment = project.environment.iter();
    let environment = environment.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let given = project.overrides.variables();
    let given = given.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    for (name, value) in environment.chain(given) {
        if value.is_empty()
            || !patterns
                .iter()
                .any(|pattern| matches(pattern.as_bytes(), name))
        {
            continue;
        }
        if is_maskable(value) {
            values.insert(value);
        } else {
            let name = String::from_utf8_lossy(name);
            let message = format!("the value of `{name}` is too short to be masked");
            complain(&diagnostic::warning(&message, None, colors.stderr));
        }
    }
    Secrets::new(values)
}
