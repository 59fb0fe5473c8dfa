//! The environment variables that count for a stage, as digests.
//!
//! Values are hashed under a secret key, relative to the library or the deployment where they are paths near them, once
//! for all stages. Knows nothing of why a rule is as it is.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;

use crate::core::anchor::Anchors;
use crate::core::environment::{Rules, Why};
use crate::core::fingerprint::{Digest, Manifest};
use crate::core::name::escape;
use crate::system::environment::Environment;

/// The environment, as digests.
#[derive(Debug)]
pub struct Variables {
    variables: Vec<Variable>,
    by_name: HashMap<String, usize>,
}

#[derive(Debug)]
struct Variable {
    /// The name's bytes, and its escaped form.
    bytes: Vec<u8>,
    name: String,
    digest: Digest,
}

/// A variable that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted<'a> {
    /// Its name, escaped.
    pub name: &'a str,
    /// The digest of its value; [`Digest::ABSENT`] if it is not set.
    pub digest: Digest,
    /// Why it counts.
    pub why: Why,
}

impl Variables {
    /// Hashes an environment under the state's key.
    pub fn new(environment: &Environment, key: &[u8; 32], anchors: &Anchors) -> Self {
        let variables = environment.iter().map(|(name, value)| Variable {
            bytes: name.as_bytes().to_vec(),
            name: escape(name.as_bytes()),
            digest: digest(value.as_bytes(), key, anchors),
        });
        let variables: Vec<_> = variables.collect();
        let names = variables.iter().enumerate();
        let by_name = names
            .map(|(index, variable)| (variable.name.clone(), index))
            .collect();
        Self { variables, by_name }
    }

    /// The variables that count under the rules, sorted by name. Of those that are not set only those are listed that the
    /// author declares or a template reads: a variable that is not listed is not set.
    pub fn counted<'a>(&'a self, rules: Rules<'a>) -> Vec<Counted<'a>> {
        let mut counted: Vec<_> = self
            .candidates(rules)
            .filter_map(|variable| {
                Some(Counted {
                    name: &variable.name,
                    digest: variable.digest,
                    why: rules.why(&variable.bytes)?,
                })
            })
            .collect();
        let named = rules
            .declared
            .full_names()
            .chain(rules.read.iter().map(String::as_str));
        counted.extend(
            named
                .filter(|name| !self.by_name.contains_key(*name))
                .filter_map(|name| {
                    Some(Counted {
                        name,
                        digest: Digest::ABSENT,
                        why: rules.why(name.as_bytes())?,
                    })
                }),
        );
        counted.sort_unstable_by_key(|counted| counted.name);
        counted.dedup_by_key(|counted| counted.name);
        counted
    }

    /// The variables that can count at all: looking up the names that are mentioned is quicker than asking for each
    /// variable, unless patterns are in play.
    fn candidates<'a>(&'a self, rules: Rules<'a>) -> Box<dyn Iterator<Item = &'a Variable> + 'a> {
        let patterns = rules.declared.has_patterns()
            || rules.mentions.every_name()
            || rules.mentions.any_tool();
        if patterns {
            return Box::new(self.variables.iter());
        }
        let names = rules
            .mentions
            .names()
            .chain(rules.read.iter().map(String::as_str))
            .chain(rules.declared.full_names());
        Box::new(names.filter_map(|name| self.variables.get(*self.by_name.get(name)?)))
    }
}

/// The manifest of variables that count.
pub fn manifest(counted: &[Counted<'_>]) -> Manifest {
    Manifest::of(
        counted
            .iter()
            .map(|counted| (counted.name.to_owned(), counted.digest)),
    )
}

/// The digest of a variable's value under a key. A path near the library or the deployment is hashed relative to it.
pub fn digest(value: &[u8], key: &[u8; 32], anchors: &Anchors) -> Digest {
    let text = match anchors.relative(value) {
        Some(relative) => [b"path:", relative.as_slice()].concat(),
        None => [b"text:", value].concat(),
    };
    Digest::keyed(key, &text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use super::*;
    use crate::core::environment::Declared;
    use crate::core::location::Locations;
    use crate::core::mention::{Mentions, Scanner};

    fn environment(variables: &[(&[u8], &[u8])]) -> Environment {
        let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        variables
            .iter()
            .map(|(name, value)| (text(name), text(value)))
            .collect()
    }

    fn counted(environment: &Environment, place: &str, text: &str, declared: &[&str]) -> Manifest {
        let anchors = Anchors::new(
            format!("{place}/lib").as_bytes(),
            format!("{place}/prod").as_bytes(),
        );
        let variables = Variables::new(environment, &[7; 32], &anchors);
        let mut mentions = Mentions::default();
        Scanner::new(&Locations::default(), &[]).scan(&mut mentions, None, b"ctl", text.as_bytes());
        let read = BTreeSet::from(["READ".to_owned(), "UNSET".to_owned()]);
        let declared = Declared::new(declared.iter().copied());
        let rules = Rules {
            declared: &declared,
            mentions: &mentions,
            read: &read,
        };
        manifest(&variables.counted(rules))
    }

    fn names(manifest: &Manifest) -> String {
        let names = manifest.entries.iter().map(|(name, digest)| match *digest {
            Digest::ABSENT => format!("{name}?"),
            _ => name.clone(),
        });
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_counts_is_listed() {
        let environment = environment(&[
            (b"FOO", b"1"),
            (b"READ", b""),
            (b"APP_A", b"\xff"),
            (b"APP_B", b"b"),
            (b"HOME", b"/home/u"),
            (b"TF_VAR_x", b"1"),
            (b"\xffODD", b"x"),
        ]);
        let cases: [(&str, &[&str], &str); 6] = [
            ("", &[], "READ UNSET?"),
            ("$FOO $HOME $NOT_SET", &[], "FOO READ UNSET?"),
            (
                "$FOO",
                &["APP_*", "!APP_B", "MINE", "HOME"],
                "APP_A FOO HOME MINE? READ UNSET?",
            ),
            ("terraform", &[], "READ TF_VAR_x UNSET?"),
            ("", &["*"], "APP_A APP_B FOO READ TF_VAR_x UNSET? \\xffODD"),
            (
                "",
                &["*", "!UNSET"],
                "APP_A APP_B FOO READ TF_VAR_x \\xffODD",
            ),
        ];
        for (text, declared, listed) in cases {
            assert_eq!(
                names(&counted(&environment, "/r", text, declared)),
                listed,
                "{text} {declared:?}"
            );
        }
    }

    #[test]
    fn values_are_told_apart_but_not_places() {
        let at = |value: &[u8], place: &str| {
            let environment = environment(&[(b"FOO", value)]);
            counted(&environment, place, "$FOO", &[]).entries["FOO"]
        };
        assert_eq!(at(b"/r/lib/x", "/r"), at(b"/s/t/lib/x", "/s/t"));
        assert_eq!(at(b"/r", "/r"), at(b"/s/t", "/s/t"));
        assert_eq!(at(b"/usr", "/r"), at(b"/usr", "/s"));
        assert_ne!(at(b"/r/lib/x", "/r"), at(b"/r/lib/x", "/s"));
        assert_ne!(at(b"/r/lib", "/r"), at(b"library", "/r"));
        assert_ne!(at(b"", "/r"), Digest::ABSENT);
        assert_ne!(at(b"\xff", "/r"), at(b"\xfe", "/r"));
        let other_key = digest(b"x", &[8; 32], &Anchors::default());
        assert_ne!(other_key, digest(b"x", &[7; 32], &Anchors::default()));
    }
}
