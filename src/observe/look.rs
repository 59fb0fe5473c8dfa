//! Looks at one stage without rendering it: is all that it does not inherit surely as recorded? On a second look at unchanged
//! files no file is opened. Knows nothing of what it inherits from other stages.

use std::collections::BTreeMap;

use crate::core::fingerprint::{Digest, Kind};
use crate::core::lineage::INHERITED;
use crate::core::mention::Wave;
use crate::error::Result;
use crate::observe::detail::Detail;
use crate::observe::examine::{Inherited, Known, made};
use crate::observe::inputs::{Part, Subject};
use crate::observe::observer::Observer;

/// What a look at a stage said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Something differs from the record, or is not certain.
    Changed,
    /// It is recorded as up, nothing that it depends on changed, and what it made is there, as far as that is not a matter of
    /// what it inherits.
    Same {
        /// Whether it depends on what its ancestors left below `$GENFILES`.
        generated: bool,
    },
}

impl Observer<'_> {
    /// Looks at a stage.
    ///
    /// # Errors
    /// Something cannot be read; it will be said when the stage is examined.
    pub fn look(&self, stage: usize, known: &Known) -> Result<Look> {
        let Some(recorded) = &known.recorded.fingerprint else {
            return Ok(Look::Changed);
        };
        let detail = known.detail();
        if detail.reads.incomplete
            || detail.place != self.place_of(&detail.reads)
            || !known.recorded.status.is_up()
            || detail.searched != Some(self.library()?.identity)
        {
            return Ok(Look::Changed);
        }
        let (template, configured) = self.templates(stage)?;
        let inherited = Inherited::default();
        let subject = Subject {
            stage,
            template,
            configured,
            detail: &detail,
            inherited: &inherited,
            whole: false,
        };
        if self.stamp_inputs(&subject)?.digests() != recorded.stamp {
            return Ok(Look::Changed);
        }
        let stamped = recorded.run.get(&Kind::Stamped).copied().map(Part::Digest);
        let run = self.run_inputs(&subject, stamped)?.digests();
        if !run.iter().eq(not_inherited(&recorded.run))
            || !self.is_undisturbed(stage, known, &detail)?
        {
            return Ok(Look::Changed);
        }
        let generated = detail.mentions.wave(Wave::Genfiles);
        Ok(Look::Same { generated })
    }

    /// Whether what a stage made is as recorded.
    fn is_undisturbed(&self, stage: usize, known: &Known, detail: &Detail) -> Result<bool> {
        if !self.gone(self.name(stage).as_str(), detail).is_empty() {
            return Ok(false);
        }
        if Some(self.outputs_digest(stage, &detail.owned)?) != known.recorded.outputs {
            return Ok(false);
        }
        let (stamped, there) = self.stamped_now(stage, &made(detail))?;
        // Without any of them there is nothing that could have been changed.
        Ok(there == 0 || Some(stamped.digest()) == known.recorded.stamped)
    }
}

fn not_inherited(run: &BTreeMap<Kind, Digest>) -> impl Iterator<Item = (&Kind, &Digest)> {
    run.iter().filter(|(kind, _)| !INHERITED.contains(kind))
}
