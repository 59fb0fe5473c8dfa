//! The search for all that a text may mention.
//!
//! Two passes over the bytes: one stops at the few characters before which a variable or a path may stand, the other finds
//! the names of wave variables, tools and shared files. Knows nothing of what a mention leads to.

use aho_corasick::AhoCorasick;

use crate::core::fingerprint::{Digest, Hasher};
use crate::core::location::{Found, Locations, TOKEN, in_component, starts_path};
use crate::core::mention::path::{close, is_system, own, tail};
use crate::core::mention::shared::{Meaning, automaton, is_whole, patterns};
use crate::core::mention::word::reference;
use crate::core::mention::{Mentions, Tool, Wave};

/// The version of the search, and of the search for what gomplate reads: another one has every stage looked at from scratch.
const VERSION: u64 = 2;

/// Finds what texts mention. Made once for a library; used by many threads.
#[derive(Debug)]
pub struct Scanner {
    locations: Locations,
    names: Option<AhoCorasick>,
    meanings: Vec<Vec<Meaning>>,
    /// Shared files whose names are too short to look for: they always count.
    always: Vec<String>,
    identity: Digest,
}

/// The text that is looked at, and what is found in it.
pub(super) struct Text<'a> {
    stage: Option<&'a str>,
    pub(super) bytes: &'a [u8],
    /// Whether it is a program or an archive, in which only names in capitals mean something.
    pub(super) binary: bool,
    pub(super) mentions: &'a mut Mentions,
}

impl Scanner {
    /// A scanner for texts at a place, with the names of the library's shared files relative to the library.
    pub fn new(locations: &Locations, shared: &[Vec<u8>]) -> Self {
        let patterns = patterns(locations, shared);
        let mut hasher = Hasher::new("mentions");
        hasher.number(VERSION);
        for (pattern, meanings) in &patterns {
            hasher.field(pattern).number(meanings.len() as u64);
            hasher.field(format!("{meanings:?}").as_bytes());
        }
        let (short, patterns): (Vec<_>, Vec<_>) = patterns
            .into_iter()
            .partition(|(pattern, _)| pattern.len() < 2);
        let always = short
            .into_iter()
            .flat_map(|(_, meanings)| meanings)
            .filter_map(|meaning| match meaning {
                Meaning::Shared(name) | Meaning::Directory(name) => Some(name),
                _ => None,
            });
        let (words, meanings): (Vec<_>, Vec<_>) = patterns.into_iter().unzip();
        Self {
            locations: locations.clone(),
            names: automaton(&words),
            meanings,
            always: always.collect(),
            identity: hasher.finish(),
        }
    }

    /// What a text mentions depends on: mentions found by a scanner of another identity have to be found again.
    pub fn identity(&self) -> Digest {
        self.identity
    }

    /// Adds what a file mentions: its name and its bytes, as they are or normalised. `stage` is whose file it is, if it
    /// is one stage's alone.
    pub fn scan(&self, mentions: &mut Mentions, stage: Option<&str>, file: &[u8], bytes: &[u8]) {
        mentions.shared.extend(self.always.iter().cloned());
        if [
            &b".tf"[..],
            b".tf.json",
            b".tofu",
            b".tofu.json",
            b".tfvars",
        ]
        .iter()
        .any(|end| file.ends_with(end))
        {
            mentions.tools.insert(Tool::Terraform);
        }
        let mut text = Text {
            stage,
            bytes,
            binary: is_binary(bytes),
            mentions,
        };
        self.find_variables(&mut text);
        self.find_names(&mut text);
    }

    /// The pass that finds environment variables, and paths by what they start with.
    fn find_variables(&self, text: &mut Text<'_>) {
        let bytes = text.bytes;
        for (at, byte) in bytes.iter().enumerate() {
            if !TRIGGER[usize::from(*byte)] {
                continue;
            }
            match byte {
                b'$' => text.dollar(at),
                b'/' => self.slash(text, at),
                0 => self.token(text, at),
                _ => text.quoted(at),
            }
        }
    }

    /// An absolute path that starts at `at`, if one does.
    fn slash(&self, text: &mut Text<'_>, at: usize) {
        if ends_token(text.bytes.get(..at).unwrap_or_default()) {
            return;
        }
        if let Some(found) = self.locations.at(text.bytes, at) {
            text.place(&found);
        } else if !text.binary && starts_path(text.bytes.get(..at).unwrap_or_default()) {
            text.absolute(at);
        }
    }

    /// A path that was replaced by its name.
    fn token(&self, text: &mut Text<'_>, at: usize) {
        let rest = text
            .bytes
            .get(at..)
            .and_then(|rest| rest.strip_prefix(TOKEN));
        let Some(end) = rest.and_then(|rest| rest.iter().position(|byte| *byte == 0)) else {
            return;
        };
        let start = at + TOKEN.len();
        let name = text
            .bytes
            .get(start..start + end)
            .and_then(|name| std::str::from_utf8(name).ok());
        let path = name.and_then(|name| self.locations.path(name).map(|path| (path, name)));
        if let Some((path, name)) = path {
            let names = [(path.to_vec(), name.to_owned())];
            text.place(&Found {
                names: &names,
                end: start + end + 1,
            });
        }
    }

    /// The pass that finds names of wave variables, tools and shared files.
    fn find_names(&self, text: &mut Text<'_>) {
        let Some(names) = &self.names else {
            text.mentions.waves.extend(Wave::ALL);
            return;
        };
        let bytes = text.bytes;
        for found in names.find_overlapping_iter(bytes) {
            let (start, end) = (found.start(), found.end());
            let meanings = self.meanings.get(found.pattern().as_usize());
            if is_whole(bytes, start, end) && !is_token(bytes, start, end) {
                meanings
                    .into_iter()
                    .flatten()
                    .for_each(|meaning| text.named(meaning, start, end));
            }
        }
    }
}

impl Text<'_> {
    /// A path of a wave variable, or of another known place.
    fn place(&mut self, found: &Found<'_>) {
        for (_, name) in found.names {
            if let Some(wave) = Wave::named(name) {
                self.mention(wave, found.end);
                self.below(wave, found.end);
            } else if self.bytes.get(found.end) == Some(&b'/') {
                self.path(&format!("${{{name}}}"), found.end);
            }
        }
    }

    /// A wave variable that counts, `GENFILES` only if not just the stage's own directory is meant.
    fn mention(&mut self, wave: Wave, end: usize) {
        if wave != Wave::Genfiles || !own(self.bytes, end, self.stage) {
            self.mentions.waves.insert(wave);
        }
    }

    /// What follows the reference to a wave variable that ends at `end`.
    fn below(&mut self, wave: Wave, end: usize) {
        let end = close(self.bytes, end);
        if self.bytes.get(end) != Some(&b'/') {
            return;
        }
        let Some(tail) = tail(self.bytes, end + 1) else {
            return;
        };
        let leaves = tail.split('/').any(|component| component == "..");
        if wave == Wave::OutputDir && !leaves {
            self.mentions.add_output(tail.trim_start_matches('/'));
        } else {
            self.mentions
                .add_path(&format!("${{{}}}/{tail}", wave.as_str()));
        }
    }

    /// A path that starts with a variable, and goes on at `at`.
    pub(super) fn path(&mut self, start: &str, at: usize) {
        if let Some(tail) = tail(self.bytes, at) {
            self.mentions.add_path(&format!("{start}{tail}"));
        }
    }

    /// An absolute path that starts at `at`.
    fn absolute(&mut self, at: usize) {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let starts = rest.get(1).is_some_and(|byte| in_component(*byte));
        if starts
            && !is_system(
                rest.split(|byte| !in_component(*byte) && *byte != b'/')
                    .next()
                    .unwrap_or_default(),
            )
        {
            self.path("", at);
        }
    }

    /// A name that was found as a whole word.
    fn named(&mut self, meaning: &Meaning, start: usize, end: usize) {
        match meaning {
            Meaning::Wave(wave) => self.wave(*wave, start, end),
            Meaning::ConfigName => {
                self.mentions.waves.insert(Wave::ConfigJsonFile);
            }
            Meaning::Asks => self.asked(end),
            Meaning::Tool(tool) => {
                self.mentions.tools.insert(*tool);
            }
            Meaning::Shared(name) => self.add_shared(name),
            Meaning::Directory(name) => {
                if !self.is_foreign(start, end) {
                    self.add_shared(name);
                }
            }
            Meaning::Library => {
                let below = start.checked_sub(1).and_then(|at| self.bytes.get(at)) == Some(&b'/');
                if below && !self.is_foreign(start, end) {
                    self.mentions.waves.insert(Wave::ImplDir);
                }
            }
        }
    }

    fn add_shared(&mut self, name: &str) {
        if !self.mentions.shared.contains(name) {
            self.mentions.shared.insert(name.to_owned());
        }
    }

    /// The name of a wave variable.
    fn wave(&mut self, wave: Wave, start: usize, end: usize) {
        // In `${NAME…}` the reference ends behind the brace.
        let before = self.bytes.get(..start).unwrap_or_default();
        let open = before
            .ends_with(b"${")
            .then(|| reference(self.bytes, start - 2))
            .flatten();
        let end = open.map_or(end, |found| found.end);
        let assigned = wave == Wave::Genfiles && !before.ends_with(b"$") && self.assigns_own(end);
        if !assigned {
            self.mention(wave, end);
        }
        self.below(wave, end);
        if wave == Wave::OutputDir {
            self.strings(end);
        }
    }

    /// Whether `GENFILES`, which ends at `end`, is only set to the stage's own directory: `GENFILES=$GENFILES/$STAGE_NAME`.
    fn assigns_own(&self, end: usize) -> bool {
        let rest = self.bytes.get(end..).unwrap_or_default();
        let Some(value) = rest.strip_prefix(b"=") else {
            return false;
        };
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        let at = self.bytes.len() - value.len();
        reference(self.bytes, at)
            .filter(|found| value.starts_with(b"$") && found.name == Wave::Genfiles.as_str())
            .is_some_and(|found| own(self.bytes, found.end, self.stage))
    }

    /// Strings on the line behind a mention of `OUTPUT_DIR`: `print .Env.OUTPUT_DIR "/top.json"`, each alone and joined to
    /// those before it.
    fn strings(&mut self, end: usize) {
        let end = close(self.bytes, end);
        let rest = self.bytes.get(end..).unwrap_or_default();
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = line.get(..line.len().min(500)).unwrap_or_default();
        let mut joined = String::new();
        let mut parts = line
            .splitn(10, |byte| matches!(byte, b'"' | b'\'' | b'`'))
            .skip(1);
        while let (Some(string), Some(_)) = (parts.next(), parts.next()) {
            let Some(name) = tail(string, 0) else {
                continue;
            };
            let name = name.trim_start_matches('/');
            joined = if joined.is_empty() {
                name.to_owned()
            } else {
                format!("{joined}/{name}")
            };
            self.mentions.add_output(name);
            self.mentions.add_output(&joined);
        }
    }

    /// Whether the name at `start..end` is a component of a path of the system's, like `bin` in `/usr/bin/env`.
    fn is_foreign(&self, start: usize, end: usize) -> bool {
        let before = self.bytes.get(..start).unwrap_or_default();
        let within = |byte: &&u8| in_component(**byte) || **byte == b'/';
        let first = start - before.iter().rev().take_while(within).count();
        let path = self.bytes.get(first..end).unwrap_or_default();
        is_system(path) && starts_path(self.bytes.get(..first).unwrap_or_default())
    }
}

/// Whether the name is that of a replaced path, which the first pass finds.
fn is_token(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = bytes.get(..start).unwrap_or_default();
    bytes.get(end) == Some(&0) && before.ends_with(TOKEN)
}

/// Whether the path that goes on behind `before` starts with a replaced one.
fn ends_token(before: &[u8]) -> bool {
    let Some(inside) = before.strip_suffix(b"\0") else {
        return false;
    };
    let start = inside.iter().rposition(|byte| *byte == 0);
    start
        .and_then(|start| inside.get(start..))
        .is_some_and(|token| token.starts_with(TOKEN))
}

/// The characters at which the first pass stops.
const TRIGGER: [bool; 256] = {
    let mut table = [false; 256];
    let stops = b"$/\0\"'`.[";
    let mut at = 0;
    while at < stops.len() {
        table[stops[at] as usize] = true;
        at += 1;
    }
    table
};

/// Whether a file holds a NUL that is not the sign of a replaced path: it is a program, an archive or an image.
fn is_binary(bytes: &[u8]) -> bool {
    let start = bytes.get(..bytes.len().min(8000)).unwrap_or_default();
    memchr::memchr(0, start).is_some() && memchr::memmem::find(start, TOKEN).is_none()
}
