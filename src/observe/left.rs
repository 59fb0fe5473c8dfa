//! What a `ctl up` that succeeded left, and what is known of its inputs only then. Knows nothing of what they were before, apart
//! from what it is given.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use crate::core::fingerprint::{Digest, Fingerprint, Kind, Manifest};
use crate::core::lineage::Own;
use crate::core::name::escape;
use crate::core::record::Attempt;
use crate::error::Result;
use crate::observe::detail::Detail;
use crate::observe::observer::Observer;
use crate::observe::outputs::Watch;
use crate::observe::tree::Tree;
use crate::state::{Left, Payload};
use crate::system::tree::Follow;

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
    /// When, in nanoseconds since 1970.
    pub started: i64,
}

impl Observer<'_> {
    /// What a `ctl up` that succeeded left.
    ///
    /// # Errors
    /// Something cannot be read.
    pub fn left(
        &self,
        stage: usize,
        before: &Before,
        reported: &[OsString],
    ) -> Result<(Left, Own)> {
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
        reported: &[OsString],
        detail: &mut Detail,
        payload: &mut Payload,
    ) -> Result<Option<Fingerprint>> {
        let reported: BTreeSet<String> = reported.iter().map(|line| self.portable(line)).collect();
        let mut fingerprint = before.attempt.fingerprint.clone();
        let mut files = before.files.clone();
        // What it wrote is its output from now on, and no input.
        for name in detail.mentions.outputs() {
            let path = self.expand(stage, &format!("${{OUTPUT_DIR}}/{name}"));
            let below = path
                .as_deref()
                .and_then(|path| path.strip_prefix(&self.project.wave.output_dir).ok());
            let owned = |below: &Path| detail.owned.contains(&escape(below.as_os_str().as_bytes()));
            if below.is_some_and(owned) {
                files.entries.remove(&format!("$OUTPUT_DIR/{name}"));
            }
        }
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
                let digest = if self.was_written(stage, &name, before)? {
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

    /// Whether a file, or one in a directory, was written or put in its place since `ctl` started.
    fn was_written(&self, stage: usize, name: &str, before: &Before) -> Result<bool> {
        match self.expand(stage, name) {
            Some(path) => Ok(Tree::at(&path, Follow::All)?.was_written_since(before.started)),
            None => Ok(false),
        }
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
