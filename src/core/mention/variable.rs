//! The forms in which a text names environment variables: a shell's, a template's, those of other languages and of programs that
//! pass variables on.
//!
//! Knows nothing of where in a text they are looked for.

use crate::core::mention::Wave;
use crate::core::mention::path::close;
use crate::core::mention::scan::Text;
use crate::core::mention::word::{name, reference, upper, word};

impl Text<'_> {
    /// A `$` at `at`.
    pub(super) fn dollar(&mut self, at: usize) {
        let Some(found) = reference(self.bytes, at) else {
            return;
        };
        if self.binary && upper(found.name.as_bytes()).is_none() {
            return;
        }
        if Wave::named(found.name).is_some() {
            // The other pass finds it.
            return;
        }
        self.mentions.add_name(found.name);
        self.of_environment(at, found.name);
        let end = close(self.bytes, found.end);
        if !self.binary && self.bytes.get(end) == Some(&b'/') {
            let start = format!("${{{}}}", found.name);
            self.path(&start, end);
        }
    }

    /// The variable in `$ENV{NAME}`, `$env:NAME` or `${env:NAME}`, where what is called `ENV` stands behind the `$` at `at`.
    pub(super) fn of_environment(&mut self, at: usize, called: &str) {
        let open = usize::from(self.bytes.get(at + 1) == Some(&b'{'));
        let behind = at + 1 + open + called.len();
        if called.eq_ignore_ascii_case("env")
            && matches!(self.bytes.get(behind), Some(b'{' | b':'))
            && let Some(name) = name(word(self.bytes, behind + 1))
            && Wave::named(name).is_none()
        {
            self.mentions.add_name(name);
        }
    }

    /// What asks for variables ends at `at`: names in capitals may follow, bare, with commas or spaces between them.
    pub(super) fn asked(&mut self, mut at: usize) {
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let between = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'=' | b',' | b'"' | b'\'');
            let start = at + rest.iter().take_while(between).count();
            let found = word(self.bytes, start);
            let end = start + found.len();
            // `export NAME=…` gives it a value.
            let assigned = self.bytes.get(end) == Some(&b'=');
            let Some(name) = upper(found).filter(|_| start > at && !assigned) else {
                return;
            };
            if Wave::named(name).is_none() {
                self.mentions.add_name(name);
            }
            at = end;
        }
    }

    /// A quote, `.` or `[` at `at`: a name in capitals may follow; behind `.Env.` any name.
    pub(super) fn quoted(&mut self, at: usize) {
        let found = word(self.bytes, at + 1);
        let any = || {
            let before = self.bytes.get(..=at)?;
            (before.ends_with(b".Env.") || before.ends_with(b".env."))
                .then(|| name(found))
                .flatten()
        };
        if let Some(name) = upper(found).or_else(any)
            && Wave::named(name).is_none()
        {
            self.mentions.add_name(name);
        }
    }
}
