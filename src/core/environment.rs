//! Which environment variables count as inputs of a stage, and why.
//!
//! Knows nothing of which are set.

use std::collections::BTreeSet;

use crate::core::mention::{Mentions, Tool, Wave};

/// Variables that select where a tool acts; they count for a stage whose text mentions the tool. `*` stands for anything.
pub const SELECTING: [(Tool, &[&str]); 6] = [
    (
        Tool::Terraform,
        &[
            "TF_VAR_*",
            "TF_CLI_ARGS*",
            "TF_WORKSPACE",
            "AWS_PROFILE",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "AWS_ENDPOINT_URL*",
        ],
    ),
    (Tool::Kubectl, KUBERNETES),
    (Tool::Helm, KUBERNETES),
    (
        Tool::Aws,
        &[
            "AWS_PROFILE",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "AWS_ENDPOINT_URL*",
        ],
    ),
    (
        Tool::Gcloud,
        &[
            "CLOUDSDK_ACTIVE_CONFIG_NAME",
            "CLOUDSDK_CORE_PROJECT",
            "CLOUDSDK_COMPUTE_REGION",
            "CLOUDSDK_COMPUTE_ZONE",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_*",
            "GOOGLE_CLOUD_PROJECT",
            "GOOGLE_PROJECT",
            "GOOGLE_REGION",
            "GOOGLE_ZONE",
        ],
    ),
    (
        Tool::Az,
        &[
            "AZURE_CLOUD_NAME",
            "AZURE_DEFAULTS_*",
            "AZURE_SUBSCRIPTION_ID",
            "AZURE_TENANT_ID",
            "ARM_ENVIRONMENT",
            "ARM_SUBSCRIPTION_ID",
            "ARM_TENANT_ID",
        ],
    ),
];

const KUBERNETES: &[&str] = &["KUBECONFIG", "HELM_NAMESPACE", "HELM_KUBECONTEXT"];

/// Variables that never count, unless a stage declares them by their full names: they are the caller's terminal, session
/// and machine, or credentials, which rotate without changing what is built.
pub const NEVER: [&str; 42] = [
    "PATH",
    "HOME",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
    "TERM",
    "COLUMNS",
    "LINES",
    "USER",
    "LOGNAME",
    "SHELL",
    "HOSTNAME",
    "LANG",
    "LC_*",
    "EDITOR",
    "TMPDIR",
    "DISPLAY",
    "SSH_*",
    "XDG_*",
    "INTERACTIVE",
    "CI",
    "CI_JOB_*",
    "CI_PIPELINE_*",
    "GITHUB_RUN_*",
    "GITHUB_TOKEN",
    "CI_JOB_TOKEN",
    "VAULT_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "*_SESSION_TOKEN",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "ARM_OIDC_TOKEN",
    "BETTERFORM_*",
    // The wave's own, which are hashed as what they name and therefore never count, declared or not.
    "STAGE_NAME",
    "IMPL_DIR",
    "GENFILES",
    "OUTPUT_DIR",
    "CONFIG_JSON_FILE",
    "CONFIG_JSONNET_FILE",
];

/// Whether a variable never counts, unless it is declared by its full name.
pub fn never(name: &[u8]) -> bool {
    NEVER
        .iter()
        .any(|pattern| matches(pattern.as_bytes(), name))
}

/// Whether a variable is the wave interface's own: it never counts.
pub fn is_wave(name: &[u8]) -> bool {
    name == b"STAGE_NAME"
        || Wave::ALL
            .iter()
            .any(|wave| wave.as_str().as_bytes() == name)
}

/// The tools to which a variable says where to act.
pub fn selects(name: &[u8]) -> impl Iterator<Item = Tool> {
    SELECTING.into_iter().filter_map(move |(tool, patterns)| {
        let selects = patterns
            .iter()
            .any(|pattern| matches(pattern.as_bytes(), name));
        selects.then_some(tool)
    })
}

/// Why a variable counts; the first reason that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The author declared it.
    Declared,
    /// It tells a tool that the text mentions where to act.
    Selects,
    /// A template reads it.
    Read,
    /// The text mentions it.
    Mentioned,
}

impl Why {
    /// Whether `ctl down` could act elsewhere, or on something else, if the variable is another than at `ctl up`.
    pub fn decides(self) -> bool {
        matches!(self, Self::Declared | Self::Selects)
    }
}

/// The variables that a stage's author declares: `["APP_*", "!APP_DEBUG"]`. The last pattern that fits a name decides; one
/// that a `!` pattern takes out does not count at all, whatever mentions it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared(Vec<String>);

impl Declared {
    /// The patterns, in the order in which they are written.
    pub fn new(patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(patterns.into_iter().map(Into::into).collect())
    }

    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anything but full names is declared to count.
    pub fn has_patterns(&self) -> bool {
        let counts = self.0.iter().filter(|pattern| !pattern.starts_with('!'));
        counts
            .into_iter()
            .any(|pattern| pattern.contains(['*', '?']))
    }

    /// The names that are declared in full, and not taken out again.
    pub fn full_names(&self) -> impl Iterator<Item = &str> {
        let full = self
            .0
            .iter()
            .filter(|pattern| !pattern.starts_with('!') && !pattern.contains(['*', '?']));
        full.map(String::as_str)
            .filter(|name| self.says(name.as_bytes()) == Some(true))
    }

    /// What is declared of a name: that it counts, that it does not, or nothing.
    fn says(&self, name: &[u8]) -> Option<bool> {
        self.0.iter().rev().find_map(|pattern| {
            let (pattern, counts) = pattern
                .strip_prefix('!')
                .map_or((pattern.as_str(), true), |taken| (taken, false));
            matches(pattern.as_bytes(), name).then_some(counts)
        })
    }
}

/// What decides which variables count for one stage.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// What the author declares, for this stage and for all.
    pub declared: &'a Declared,
    /// What the text mentions.
    pub mentions: &'a Mentions,
    /// What templates read.
    pub read: &'a BTreeSet<String>,
}

impl Rules<'_> {
    /// Why a variable counts, if it does.
    pub fn why(&self, name: &[u8]) -> Option<Why> {
        let says = if self.declared.is_empty() {
            None
        } else {
            self.declared.says(name)
        };
        let full = || {
            self.declared
                .full_names()
                .any(|full| full.as_bytes() == name)
        };
        match says {
            _ if is_wave(name) => None,
            Some(false) => None,
            _ if never(name) => (says.is_some() && full()).then_some(Why::Declared),
            Some(true) => Some(Why::Declared),
            None => self.undeclared(name),
        }
    }

    /// Why a variable counts of which nothing is declared, and which is none of those that never count.
    fn undeclared(&self, name: &[u8]) -> Option<Why> {
        if selects(name).any(|tool| self.mentions.tool(tool)) {
            return Some(Why::Selects);
        }
        match std::str::from_utf8(name) {
            Ok(name) if self.read.contains(name) => Some(Why::Read),
            Ok(name) if self.mentions.name(name) => Some(Why::Mentioned),
            Err(_) if self.mentions.every_name() => Some(Why::Mentioned),
            _ => None,
        }
    }
}

/// Whether a name fits a pattern in which `*` stands for any characters and `?` for one.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    // Where to go on after the last `*` if what follows it does not fit here.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(from) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, from));
                at += 1;
            }
            Some(wanted) if wanted == byte || *wanted == b'?' => {
                at += 1;
                from += 1;
            }
            _ => match &mut star {
                Some((after, skipped)) => {
                    *skipped += 1;
                    (at, from) = (*after, *skipped);
                }
                None => return false,
            },
        }
    }
    pattern
        .get(at..)
        .unwrap_or_default()
        .iter()
        .all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::location::Locations;
    use crate::core::mention::Scanner;

    #[test]
    fn patterns() {
        let cases = [
            ("APP_*", "APP_X", true),
            ("APP_*", "APP_", true),
            ("APP_*", "APP", false),
            ("*_TOKEN", "A_TOKEN_TOKEN", true),
            ("*_TOKEN", "A_TOKENS", false),
            ("A*B*C", "AxxBByC", true),
            ("A*B*C", "AxxByCx", false),
            ("A?C", "ABC", true),
            ("A?C", "AC", false),
            ("", "", true),
            ("*", "", true),
            ("", "A", false),
            ("ABC", "ABC", true),
        ];
        for (pattern, name, fits) in cases {
            assert_eq!(
                matches(pattern.as_bytes(), name.as_bytes()),
                fits,
                "{pattern} {name}"
            );
        }
    }

    fn why(declared: &[&str], text: &str, name: &str) -> Option<Why> {
        let mut mentions = Mentions::default();
        Scanner::new(&Locations::default(), &[]).scan(&mut mentions, None, b"ctl", text.as_bytes());
        let read = BTreeSet::from(["READ".to_owned(), "HOME".to_owned()]);
        let declared = Declared::new(declared.iter().copied());
        let rules = Rules {
            declared: &declared,
            mentions: &mentions,
            read: &read,
        };
        rules.why(name.as_bytes())
    }

    #[test]
    fn what_counts() {
        use Why::{Declared, Mentioned, Read, Selects};
        let cases: [(&[&str], &str, &str, Option<Why>); 29] = [
            (&[], "", "FOO", None),
            (&[], "$FOO", "FOO", Some(Mentioned)),
            (&[], "", "READ", Some(Read)),
            (&["FOO"], "", "FOO", Some(Declared)),
            (&["F*"], "", "FOO", Some(Declared)),
            (&["F*", "!FOO"], "", "FOO", None),
            (&["F*", "!FOO"], "$FOO", "FOO", None),
            (&["!FOO", "F*"], "", "FOO", Some(Declared)),
            (&["!FOO"], "$FOO", "FOO", None),
            (&[], "$HOME", "HOME", None),
            (&["H*"], "$HOME", "HOME", None),
            (&["HOME"], "", "HOME", Some(Declared)),
            (&["H*", "HOME"], "", "HOME", Some(Declared)),
            (&["HOME", "!H*"], "", "HOME", None),
            (&["*"], "", "LC_ALL", None),
            (&["LC_ALL"], "", "LC_ALL", Some(Declared)),
            (&["LC_*"], "", "LC_ALL", None),
            (&["*"], "$X_SESSION_TOKEN", "X_SESSION_TOKEN", None),
            (&["BETTERFORM_X"], "", "BETTERFORM_X", Some(Declared)),
            (&["IMPL_DIR", "STAGE_NAME"], "$IMPL_DIR", "IMPL_DIR", None),
            (
                &["IMPL_DIR", "STAGE_NAME"],
                "$STAGE_NAME",
                "STAGE_NAME",
                None,
            ),
            (&[], "terraform", "TF_VAR_x", Some(Selects)),
            (&[], "", "TF_VAR_x", None),
            (&[], "terraform $AWS_REGION", "AWS_REGION", Some(Selects)),
            (&["!AWS_REGION"], "terraform", "AWS_REGION", None),
            (&[], "terraform aws", "AWS_ACCESS_KEY_ID", None),
            (&[], "terraform", "AWS_ENDPOINT_URL_S3", Some(Selects)),
            (&[], "kubectl", "KUBECONFIG", Some(Selects)),
            (&[], "az", "GOOGLE_PROJECT", None),
        ];
        for (declared, text, name, found) in cases {
            assert_eq!(
                why(declared, text, name),
                found,
                "{declared:?} {text} {name}"
            );
        }
    }

    #[test]
    fn what_decides_where_a_stage_acts() {
        assert!(Why::Declared.decides() && Why::Selects.decides());
        assert!(!Why::Read.decides() && !Why::Mentioned.decides());
    }

    #[test]
    fn no_variable_both_selects_and_never_counts() {
        for (_, patterns) in SELECTING {
            for pattern in patterns {
                assert!(!never(pattern.replace('*', "X").as_bytes()), "{pattern}");
            }
        }
    }
}
