//! What a search for names in text looks for, and what finding it means.
//!
//! Knows nothing of the texts.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::core::location::Locations;
use crate::core::mention::word::in_word;
use crate::core::mention::{Tool, Wave};
use crate::core::name::escape;

/// What it means that a pattern occurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A wave variable's name.
    Wave(Wave),
    /// The base name of `CONFIG_JSON_FILE`.
    ConfigName,
    /// What stands before the name of a variable: `printenv NAME`, `docker run -e NAME`, `--env=NAME`, `[ -v NAME ]`.
    Asks,
    /// A tool's name.
    Tool(Tool),
    /// A shared file's name.
    Shared(String),
    /// The name of a directory of shared files, with a `/` behind.
    Directory(String),
    /// The name of the library's own directory.
    Library,
}

/// Words that stand for a tool. A provider's name stands for the tool of the same cloud, since both obey the same variables.
const TOOLS: [(&str, Tool); 11] = [
    ("terraform", Tool::Terraform),
    ("tofu", Tool::Terraform),
    ("terragrunt", Tool::Terraform),
    (".tf", Tool::Terraform),
    ("kubectl", Tool::Kubectl),
    ("helm", Tool::Helm),
    ("aws", Tool::Aws),
    ("gcloud", Tool::Gcloud),
    ("google", Tool::Gcloud),
    ("az", Tool::Az),
    ("azurerm", Tool::Az),
];

/// What stands before the bare name of a variable that a program asks for, or passes on.
const ASKS: [&str; 6] = ["printenv", "export", "-e", "-v", "--env", "--preserve-env"];

/// Languages that import a file by its name without the extension.
const IMPORTED: [&[u8]; 9] = [
    b".py", b".rb", b".js", b".mjs", b".cjs", b".ts", b".pm", b".pl", b".lua",
];

/// The patterns to look for, with what each means.
pub(super) fn patterns(
    locations: &Locations,
    shared: &[Vec<u8>],
) -> BTreeMap<Vec<u8>, Vec<Meaning>> {
    let mut patterns: BTreeMap<Vec<u8>, Vec<Meaning>> = BTreeMap::new();
    let mut add = |pattern: &[u8], meaning: Meaning| {
        let meanings = patterns.entry(pattern.to_vec()).or_default();
        if !meanings.contains(&meaning) {
            meanings.push(meaning);
        }
    };
    for wave in Wave::ALL {
        add(wave.as_str().as_bytes(), Meaning::Wave(wave));
    }
    for (word, tool) in TOOLS {
        add(word.as_bytes(), Meaning::Tool(tool));
    }
    for word in ASKS {
        add(word.as_bytes(), Meaning::Asks);
    }
    if let Some(path) = locations.path(Wave::ConfigJsonFile.as_str()) {
        add(base(path), Meaning::ConfigName);
    }
    if let Some(path) = locations.path(Wave::ImplDir.as_str()) {
        add(base(path), Meaning::Library);
    }
    for name in shared {
        add(base(name), Meaning::Shared(escape(name)));
        if let Some(stem) = stem(base(name)) {
            add(stem, Meaning::Shared(escape(name)));
        }
        let slashes = name.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for above in slashes.filter_map(|(at, _)| name.get(..at)) {
            add(base(above), Meaning::Directory(escape(above) + "/"));
        }
    }
    patterns
}

fn stem(base: &[u8]) -> Option<&[u8]> {
    let stem = IMPORTED
        .iter()
        .find_map(|extension| base.strip_suffix(*extension))?;
    (stem.len() >= 2).then_some(stem)
}

/// The search for many words at once: in its fastest form as long as that stays small.
pub(super) fn automaton(words: &[Vec<u8>]) -> Option<AhoCorasick> {
    let small = words.iter().map(Vec::len).sum::<usize>() < 64 * 1024;
    let kind = small.then_some(AhoCorasickKind::DFA);
    AhoCorasick::builder().kind(kind).build(words).ok()
}

/// The last component of a path.
pub(super) fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// Whether `start..end` of a text is not a part of a longer word.
pub(super) fn is_whole(text: &[u8], start: usize, end: usize) -> bool {
    let word = |at: Option<usize>| {
        at.and_then(|at| text.get(at))
            .is_some_and(|byte| in_word(*byte))
    };
    let begins = !word(Some(start)) || !word(start.checked_sub(1));
    let ends = !word(end.checked_sub(1)) || !word(Some(end));
    begins && ends
}
