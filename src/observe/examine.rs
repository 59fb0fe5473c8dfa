//! Examines one stage that was rendered: what does it depend on now? The essay on what counts, and
//! why, is `docs/fingerprints.md`. Knows nothing of the graph, of other stages' records, or of what will be done about it.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;

use crate::core::fingerprint::{Digest, Fingerprint, Kind, Manifest};
use crate::core::lineage::Own;
use crate::core::mention::{MOST_PATHS, Mentions};
use crate::core::name::unescape;
use crate::core::plan;
use crate::core::record::{Attempt, Recorded, stamped_manifest};
use crate::error::Result;
use crate::observe::detail::Detail;
use crate::observe::inputs::{Part, Subject};
use crate::observe::observer::Observer;
use crate::observe::own::{Owned, present};
use crate::stamp::Rendered;
use crate::state::Payload;

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
        let empty = Manifest::empty_digest();
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
    /// Why the real gomplate renders it, a line each.
    pub because: Vec<String>,
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

    /// Renders a stage, and finds out what it depends on.
    ///
    /// # Errors
    /// It cannot be rendered, or something cannot be read.
    pub fn examine(
        &self,
        stage: usize,
        known: Option<&Known>,
        inherited: &Inherited,
    ) -> Result<(Examined, Rendered)> {
        let before = known.map(Known::detail).unwrap_or_default();
        let (rendered, stamp) = self.render_steadily(stage, &before.reads)?;
        let stamped = self.stamped_files(stage, &rendered)?;
        let mut detail = self.search(stage, &rendered, &before)?;
        detail
            .made
            .extend(stamped.iter().map(|file| file.path.clone()));
        let subject = Subject {
            stage,
            template: Part::from(Manifest::default()),
            configured: true,
            detail: &detail,
            inherited,
            whole: true,
        };
        let run = self.run_inputs(&subject, Some(Part::from(stamped_manifest(&stamped))))?;
        let mut payload = Payload {
            manifests: stamp.manifests().chain(run.manifests()).collect(),
            contents: Self::stored_contents(&rendered, &stamped),
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
            because: rendered.because.clone(),
            warnings: rendered.warnings.clone(),
        };
        if let Some(known) = known.filter(|known| known.recorded.status.is_up()) {
            self.compare_disk(stage, known, &mut examined)?;
        }
        if examined.detail.mentions.truncated() {
            examined.warnings.push(format!(
                "its text names more than {MOST_PATHS} files outside the library: changes of the others go unnoticed unless `inputs` names them"
            ));
        }
        Ok((examined, rendered))
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
            place: self.place_of(&rendered.reads),
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
}

/// The names of the files that stamps made.
pub(super) fn made(detail: &Detail) -> Vec<Vec<u8>> {
    detail
        .made
        .iter()
        .filter_map(|name| unescape(name))
        .collect()
}
