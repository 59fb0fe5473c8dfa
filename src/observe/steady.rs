//! Rendering a stage from what its recorded inputs say: what somebody edits meanwhile must not be recorded as what was rendered.
//! Knows nothing of what running the stage depends on.

use std::collections::BTreeMap;

use crate::core::fingerprint::{Digest, Kind};
use crate::error::Result;
use crate::observe::detail::Detail;
use crate::observe::examine::Inherited;
use crate::observe::inputs::{Inputs, Subject};
use crate::observe::observer::Observer;
use crate::stamp::reads::Reads;
use crate::stamp::{self, Rendered};

/// How often a stage is rendered again because something changed meanwhile.
const MOST_ATTEMPTS: usize = 5;

/// What rendering read from the disk, at one moment.
#[derive(PartialEq, Eq)]
struct Seen {
    template: Digest,
    settings: BTreeMap<String, Digest>,
    /// The files that were read beside templates; `None` where there are none.
    files: Option<Digest>,
}

/// One render, and what was seen after it.
struct Once {
    rendered: Rendered,
    inputs: Inputs,
    seen: Seen,
}

impl Observer<'_> {
    /// Renders a stage, and gives the inputs from which it was rendered: they were the same before and after it. `reads` is what
    /// the last render read, which this one may read too. Where something changes again and again, the inputs are those from
    /// before the last render, so that the stage shows as changed the next time.
    ///
    /// # Errors
    /// It cannot be rendered, or something cannot be read.
    pub(super) fn render_steadily(
        &self,
        stage: usize,
        reads: &Reads,
    ) -> Result<(Rendered, Inputs)> {
        let mut before = Seen {
            template: self.templates(stage)?.0.digest(),
            settings: self.settings_seen(stage)?,
            files: self.files_seen(stage, reads)?,
        };
        let mut last = self.render_once(stage)?;
        let mut earlier = None;
        for _ in 0..MOST_ATTEMPTS {
            if last.seen == before {
                return Ok((last.rendered, last.inputs));
            }
            let next = self.render_once(stage)?;
            before = last.seen;
            earlier = Some(last.inputs);
            last = next;
        }
        Ok((last.rendered, earlier.unwrap_or(last.inputs)))
    }

    fn render_once(&self, stage: usize) -> Result<Once> {
        let rendered = self.render(stage)?;
        let inputs = self.rendered_inputs(stage, &rendered)?;
        let seen = Seen {
            template: inputs.digest(Kind::Template),
            settings: self.settings_seen(stage)?,
            files: self.files_seen(stage, &rendered.reads)?,
        };
        Ok(Once {
            rendered,
            inputs,
            seen,
        })
    }

    fn rendered_inputs(&self, stage: usize, rendered: &Rendered) -> Result<Inputs> {
        let detail = Detail {
            reads: rendered.reads.clone(),
            renderer: rendered.renderer.clone(),
            ..Detail::default()
        };
        self.stamp_inputs(&Subject {
            stage,
            template: self.template_contents(stage)?,
            configured: true,
            detail: &detail,
            inherited: &Inherited::default(),
            whole: true,
        })
    }

    fn settings_seen(&self, stage: usize) -> Result<BTreeMap<String, Digest>> {
        self.with_request(stage, &self.environment, &stamp::settings::settings)
    }

    fn files_seen(&self, stage: usize, reads: &Reads) -> Result<Option<Digest>> {
        if reads.files.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.files_read(stage, &reads.files)?.digest()))
    }
}
