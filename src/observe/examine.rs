//! Looks at one stage: is it as recorded, and if that is not certain, what does it depend on now? The essay on what counts, and
//! why, is `docs/fingerprints.md`. Knows nothing of the graph, of other stages' records, or of what will be done about it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::core::fingerprint::{Digest, Fingerprint, Kind, Manifest};
use crate::core::lineage::Own;
use crate::core::plan;
use crate::core::record::{Attempt, Recorded, StampedFile, stamped_manifest};
use crate::core::stage::Outcome;
use crate::error::Result;
use crate::observe::detail::Detail;
use crate::observe::inputs::{Inputs, Subject};
use crate::observe::observer::Observer;
use crate::stamp::{Rendered, RenderedFile};

/// A stage's record, with its detail read when it is needed.
#[derive(Debug)]
pub struct Known {
    /// What is recorded.
    pub recorded: Recorded,
    detail: OnceLock<Detail>,
}

impl Known {
    /// A record that was loaded.
    pub fn new(recorded: Recorded) -> Self {
        Self {
            recorded,
            detail: OnceLock::new(),
        }
    }

    /// What was learnt when it was last fingerprinted. A detail that cannot be read (of another version) is an empty one: its
    /// stage is then looked at from scratch.
    pub fn detail(&self) -> &Detail {
        self.detail
            .get_or_init(|| serde_json::from_str(&self.recorded.detail).unwrap_or_default())
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
    /// What it owns below `$OUTPUT_DIR` as it is now; `None` if it was never up.
    pub outputs: Option<Manifest>,
    /// The recorded stamped files that exist, as they are now; `None` if there are none.
    pub stamped_now: Option<Manifest>,
    /// Recorded state files of `ctl` that are gone.
    pub gone: Vec<String>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// What a `ctl up` that succeeded left.
#[derive(Debug)]
pub struct Left {
    /// What the stage owns below `$OUTPUT_DIR`.
    pub outputs: Manifest,
    /// What lies in its stamped directory.
    pub generated: Manifest,
    /// The stamped files as they are now.
    pub stamped: Vec<StampedFile>,
    /// The fingerprint, with what `ctl` reported of its inputs.
    pub fingerprint: Fingerprint,
    /// The detail, completed.
    pub detail: Detail,
    /// What all this refers to.
    pub payload: Payload,
}

impl Observer<'_> {
    /// Whether a stage is surely as recorded: recorded as up, nothing it depends on changed, and what it made is there. On a
    /// second look at unchanged files no file is opened.
    ///
    /// # Errors
    /// Something cannot be read; it will be said when the stage is examined.
    pub fn is_current(&self, stage: usize, known: &Known, inherited: &Inherited) -> Result<bool> {
        let Some(recorded) = &known.recorded.fingerprint else {
            return Ok(false);
        };
        let detail = known.detail();
        if !known.recorded.status.is_up() || detail.library != Some(self.library()?) {
            return Ok(false);
        }
        let subject = Subject {
            stage,
            template: self.template_digest(stage)?,
            detail,
            inherited,
        };
        let stamp = self.stamp_inputs(&subject)?;
        if stamp.digests() != recorded.stamp {
            return Ok(false);
        }
        let stamped = recorded.run.get(&Kind::Stamped).copied();
        let run = self.run_inputs(&subject, stamped)?;
        Ok(run.digests() == recorded.run && self.is_undisturbed(stage, known)?)
    }

    /// Whether what a stage made is as recorded.
    fn is_undisturbed(&self, stage: usize, known: &Known) -> Result<bool> {
        let detail = known.detail();
        let outputs = Some(self.outputs_digest(stage, &detail.owned)?);
        Ok(outputs == known.recorded.outputs
            && self.stamped_is_undisturbed(stage, known)?
            && self.gone(stage, detail).is_empty())
    }
}
