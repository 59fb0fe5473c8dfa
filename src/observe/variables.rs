//! Which environment variables a stage depends on, and those that must not differ when it is taken down. The rules are
//! `core::environment`'s; knows nothing of what else a stage depends on.

use std::collections::BTreeSet;

use crate::core::environment::{Declared, Rules};
use crate::core::fingerprint::{Digest, Manifest};
use crate::core::mention::Mentions;
use crate::observe::detail::Detail;
use crate::observe::environment::{Counted, manifest};
use crate::observe::observer::Observer;
use crate::stamp::reads::Reads;

impl Observer<'_> {
    /// Digests of what templates read. Each variable that they read is there, set or not.
    pub(super) fn variables_read(&self, reads: &Reads) -> Manifest {
        let nothing = Mentions::default();
        let read = if reads.all_env {
            self.all_names()
        } else {
            reads.env.clone()
        };
        let declared = Declared::new(read.iter().cloned());
        manifest(&self.variables.counted(Rules {
            declared: &declared,
            mentions: &nothing,
            read: &read,
        }))
    }

    /// Digests of the variables that count for running a stage.
    pub(super) fn variables_counted(&self, stage: usize, detail: &Detail) -> Manifest {
        let declared = Declared::new(self.settings(stage).env.iter().cloned());
        let mut manifest = manifest(&self.counted(&declared, detail));
        for name in detail
            .reported
            .iter()
            .filter_map(|line| line.strip_prefix('$'))
        {
            if !name.contains('/') {
                let digest = self.variable(name);
                manifest.entries.insert(name.to_owned(), digest);
            }
        }
        manifest
    }

    /// The variables that are declared, or that say where tools act.
    pub(super) fn binding(&self, stage: usize, detail: &Detail) -> BTreeSet<String> {
        let declared = Declared::new(self.settings(stage).env.iter().cloned());
        let counted = self.counted(&declared, detail);
        let binding = counted.into_iter().filter(|counted| counted.why.decides());
        binding.map(|counted| counted.name.to_owned()).collect()
    }

    /// The digest of a variable's value as it is now.
    pub fn variable(&self, name: &str) -> Digest {
        let declared = Declared::new([name]);
        let (nothing, read) = (Mentions::default(), BTreeSet::new());
        let counted = self.variables.counted(Rules {
            declared: &declared,
            mentions: &nothing,
            read: &read,
        });
        counted
            .first()
            .map_or(Digest::ABSENT, |counted| counted.digest)
    }

    fn counted<'v>(&'v self, declared: &'v Declared, detail: &'v Detail) -> Vec<Counted<'v>> {
        self.variables.counted(Rules {
            declared,
            mentions: &detail.mentions,
            read: &detail.reads.env,
        })
    }

    fn all_names(&self) -> BTreeSet<String> {
        let names = self.project.environment.iter();
        names
            .filter_map(|(name, _)| name.to_str().map(str::to_owned))
            .collect()
    }
}
