//! Examines one stage that was rendered: what does it depend on now? The essay on what counts, and
//! why, is `docs/fingerprints.md`. Knows nothing of the graph, of other stages' records, or of what will be done about it.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use crate::core::fingerprint::{Digest, Fingerprint, Kind, Manifest};
use crate::core::lineage::Own;
use crate::core::mention::Mentions;
use crate::core::name::unescape;
use crate::core::plan;
use crate::core::record::{Attempt, Recorded, stamped_manifest};
use crate::error::Result;
use crate::observe::detail::Detail;
use crate::observe::inputs::{Part, Subject};
use crate::observe::observer::Observer;
use crate::observe::outputs::Watch;
use crate::observe::own::{Owned, present};
use crate::stamp::Rendered;
use crate::state::{Left, Payload};

/// A stage's record. Its detail is read when it is needed, and not kept: thousands of them would fill the memory.
#[derive(Debug)]
pub struct Known {
    /// What is recorded.
    pub recorded: Recorded,
}

impl Known {
    /// A record that was loaded.
    pub fn new(recorded: Recorded) -> Self {
        Self { recorded }
    }

    /// What was learnt when it was last fingerprinted. A detail that cannot be read (of another version) is an empty one: its
    /// stage is then looked at from scratch.
    pub fn detail(&self) -> Detail {
        serde_json::from_str(&self.recorded.detail).unwrap_or_default()
    }

    /// What deciding needs to know of it.
    pub fn standing(&self) -> plan::Known<'_> {
        plan::Known {
            status: self.recorded.status,
            outcome: self.recorded.outcome.as_ref(),
            attempted: true,
        }
    }

    /// What it passes on to its dependents.
    pub fn own(&self) -> Own {
        let empty = Manifest::default().digest();
        Own {
            outputs: self.recorded.outputs.unwrap_or(empty),
            generated: self.recorded.generated.unwrap_or(empty),
            incarnation: self.recorded.incarnation,
        }
    }
}

/// What a stage inherits from its ancestors.
#[derive(Clone, Debug, Default)]
pub struct Inherited {
    /// What they own below `$OUTPUT_DIR`.
    pub outputs: Manifest,
    /// What they left below `$GENFILES`.
    pub generated: Manifest,
    /// Their incarnations.
    pub ancestors: Manifest,
}

/// What a stage depends on now, and what of its record no longer holds.
#[derive(Debug)]
pub struct Examined {
    /// All that an attempt to bring it up would be recorded with.
    pub attempt: Attempt,
    /// The same as `attempt.detail`, not yet as text.
    pub detail: Detail,
    /// What the attempt refers to.
    pub payload: Payload,
    /// The files among the inputs of the run key.
    pub files: Manifest,
    /// What it owns below `$OUTPUT_DIR` as it is now; `None` if it was never up.
    pub outputs: Option<Owned>,
    /// The recorded stamped files that exist, as they are now; `None` if there are none.
    pub stamped_now: Option<Manifest>,
    /// Recorded state files of `ctl` that are gone.
    pub gone: Vec<String>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

impl Observer<'_> {
    /// Which inputs of the run key are certain before a stage's dependencies are done: what it is up with, and what it would
    /// be brought up with, as far as that is not a matter of its dependencies.
    ///
    /// # Errors
    /// Something cannot be read.
    pub fn certain(
        &self,
        stage: usize,
        known: &Known,
        inherited: &Inherited,
    ) -> Result<(BTreeMap<Kind, Digest>, Payload)> {
        let subject = Subject {
            stage,
            template: Part::from(Manifest::default()),
            configured: true,
            detail: &known.detail(),
            inherited,
            whole: true,
        };
        let inputs = self.certain_inputs(&subject)?;
        let payload = Payload {
            manifests: inputs.manifests().collect(),
            ..Payload::default()
        };
        Ok((inputs.digests(), payload))
    }

    /// What a stage that was rendered depends on.
    ///
    /// # Errors
    /// Something cannot be read.
    pub fn examine(
        &self,
        stage: usize,
        known: Option<&Known>,
        rendered: &Rendered,
        inherited: &Inherited,
    ) -> Result<Examined> {
        let before = known.map(Known::detail).unwrap_or_default();
        let stamped = self.stamped_files(stage, rendered);
        let mut detail = self.search(stage, rendered, &before)?;
        detail
            .made
            .extend(stamped.iter().map(|file| file.path.clone()));
        let subject = Subject {
            stage,
            template: self.template_contents(stage)?,
            configured: true,
            detail: &detail,
            inherited,
            whole: true,
        };
        let stamp = self.stamp_inputs(&subject)?;
        let run = self.run_inputs(&subject, Some(Part::from(stamped_manifest(&stamped))))?;
        let mut payload = Payload {
            manifests: stamp.manifests().chain(run.manifests()).collect(),
            contents: Self::stored_contents(rendered, &stamped),
        };
        let config = self.config_content(&mut payload);
        let fingerprint = Fingerprint {
            stamp: stamp.digests(),
            run: run.digests(),
        };
        detail.binding = self.binding(stage, &detail);
        let attempt = Attempt {
            fingerprint,
            detail: serde_json::to_string(&detail).unwrap_or_default(),
            stamped,
            config,
            edges: self.edges(stage),
            locations: self.recorded_locations(),
            protect: self.settings(stage).protect,
        };
        let mut examined = Examined {
            files: run.manifest(Kind::File),
            attempt,
            detail,
            payload,
            outputs: None,
            stamped_now: None,
            gone: Vec::new(),
            warnings: rendered.warnings.clone(),
        };
        if let Some(known) = known.filter(|known| known.recorded.status.is_up()) {
            self.compare_disk(stage, known, &mut examined)?;
        }
        Ok(examined)
    }

    fn compare_disk(&self, stage: usize, known: &Known, examined: &mut Examined) -> Result<()> {
        let detail = &known.detail();
        examined.gone = self.gone(self.name(stage).as_str(), detail);
        examined.outputs = Some(self.outputs_now(stage, &detail.owned)?);
        let tree = self.stamped_tree(stage, &made(detail))?;
        examined.stamped_now = (present(&tree) > 0)
            .then(|| tree.manifest(self.stamped_hashing()))
            .transpose()?;
        Ok(())
    }

    /// What the text of a stage mentions: its templates, its stamped files and the shared files that count for it.
    fn search(&self, stage: usize, rendered: &Rendered, before: &Detail) -> Result<Detail> {
        let library = self.library()?;
        let name = self.name(stage).as_str();
        let mut mentions = Mentions::default();
        for (path, file) in &rendered.files {
            let text = self.locations.normalise(&file.content);
            library.scanner.scan(
                &mut mentions,
                Some(name),
                path.as_os_str().as_bytes(),
                &text,
            );
        }
        for (path, content) in &rendered.sources {
            library.scanner.scan(
                &mut mentions,
                Some(name),
                path.as_os_str().as_bytes(),
                content,
            );
        }
        mentions.close(self.shared_texts()?);
        Ok(Detail {
            reads: rendered.reads.clone(),
            mentions,
            searched: Some(library.identity),
            owned: before.owned.clone(),
            reported: before.reported.clone(),
            made: before.made.clone(),
            binding: BTreeSet::new(),
            kept: before.kept.clone(),
            renderer: rendered.renderer.clone(),
        })
    }

    /// What a `ctl up` that succeeded left.
    ///
    /// # Errors
    /// Something cannot be read.
    pub fn left(&self, stage: usize, before: &Before, reported: &[String]) -> Result<(Left, Own)> {
        let mut detail = before.detail.clone();
        detail.owned = self.declared_outputs(stage)?;
        detail.owned.extend(self.written(&before.watch)?);
        let known = before
            .detail
            .owned
            .iter()
            .filter(|name| self.is_output(name));
        detail.owned.extend(known.cloned());
        detail.made = before
            .attempt
            .stamped
            .iter()
            .map(|file| file.path.clone())
            .collect();
        detail.kept = self.kept_files(stage, &detail.made)?;
        let outputs = self.outputs_now(stage, &detail.owned)?;
        let generated = self.generated(stage, &detail.made)?;
        let mut payload = Payload::default();
        let fingerprint = self.report(stage, before, reported, &mut detail, &mut payload)?;
        let stamped = self.stamped_after(stage, &before.attempt.stamped, &mut payload)?;
        let manifests = outputs
            .manifests
            .iter()
            .map(|manifest| (manifest.digest(), Arc::clone(manifest)));
        payload.manifests.extend(manifests);
        let own = Own {
            outputs: outputs.digest,
            generated: generated.digest(),
            incarnation: before.incarnation,
        };
        payload.manifests.push((own.generated, Arc::new(generated)));
        let left = Left {
            duration: std::time::Duration::ZERO,
            outputs: own.outputs,
            generated: own.generated,
            stamped,
            fingerprint,
            detail: Some(serde_json::to_string(&detail).unwrap_or_default()),
            payload,
        };
        Ok((left, own))
    }

    /// Takes what is known only afterwards into the fingerprint: what `ctl` reported of its inputs, and files that its text names
    /// and that it made itself.
    ///
    /// A file that was reported and written since `ctl` started may have been read before: it is recorded as something that no
    /// file is, so that the stage is stale. A file that was not there when `ctl` started cannot have been read before.
    fn report(
        &self,
        stage: usize,
        before: &Before,
        reported: &[String],
        detail: &mut Detail,
        payload: &mut Payload,
    ) -> Result<Option<Fingerprint>> {
        let reported: BTreeSet<String> = reported.iter().map(|line| self.portable(line)).collect();
        let mut fingerprint = before.attempt.fingerprint.clone();
        let mut files = before.files.clone();
        let now = self.files_counted(stage, detail)?;
        for (name, digest) in &now.entries {
            if before
                .files
                .entries
                .get(name)
                .copied()
                .unwrap_or(Digest::ABSENT)
                == Digest::ABSENT
            {
                files.entries.insert(name.clone(), *digest);
            }
        }
        if reported != detail.reported {
            detail.reported = reported;
            let env = self.variables_counted(stage, detail);
            set(&mut fingerprint, payload, Kind::Env, env);
            let counted = self.files_counted(stage, detail)?.entries;
            files.entries.retain(|name, _| counted.contains_key(name));
            for (name, digest) in counted {
                let digest = if self.was_written(stage, &name, before) {
                    Digest::of(b"written while ctl ran")
                } else {
                    digest
                };
                files.entries.entry(name).or_insert(digest);
            }
        }
        set(&mut fingerprint, payload, Kind::File, files);
        Ok((fingerprint != before.attempt.fingerprint).then_some(fingerprint))
    }

    /// Whether a file was written since `ctl` started.
    fn was_written(&self, stage: usize, name: &str, before: &Before) -> bool {
        let path = self.expand(stage, name);
        let written = path.and_then(|path| path.metadata().ok()?.modified().ok());
        written.is_some_and(|written| written >= before.started)
    }
}

fn set(fingerprint: &mut Fingerprint, payload: &mut Payload, kind: Kind, manifest: Manifest) {
    if manifest.is_empty() {
        fingerprint.run.remove(&kind);
    } else {
        fingerprint.run.insert(kind, manifest.digest());
        payload
            .manifests
            .push((manifest.digest(), Arc::new(manifest)));
    }
}

/// How things were before `ctl up` ran.
pub struct Before {
    /// With what it was begun.
    pub attempt: Attempt,
    /// The same as `attempt.detail`.
    pub detail: Detail,
    /// The files among the inputs of its run key.
    pub files: Manifest,
    /// The outputs that its text names.
    pub watch: Watch,
    /// The incarnation that it is recorded with.
    pub incarnation: Digest,
    /// When.
    pub started: std::time::SystemTime,
}

/// The names of the files that stamps made.
pub(super) fn made(detail: &Detail) -> Vec<Vec<u8>> {
    detail
        .made
        .iter()
        .filter_map(|name| unescape(name))
        .collect()
}
