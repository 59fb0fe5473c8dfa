//! The inputs of a stage's two keys, kind by kind. Each is a manifest of names and digests, or, where a manifest was found
//! unchanged without looking into it, its digest alone. Knows nothing of what was recorded before.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use crate::core::fingerprint::{Digest, Kind, Manifest};
use crate::core::mention::Wave;
use crate::error::Result;
use crate::observe::cache::Contents;
use crate::observe::configuration::Wanted;
use crate::observe::detail::Detail;
use crate::observe::examine::Inherited;
use crate::observe::library::SharedInputs;
use crate::observe::observer::Observer;
use crate::source::settings::{ConfigInputs, CtlCwd};
use crate::stamp;
use crate::stamp::reads::ConfigReads;

/// What the inputs of a stage are gathered from.
pub(super) struct Subject<'a> {
    pub(super) stage: usize,
    /// The manifest of its template directory.
    pub(super) template: Part,
    /// Whether a `.gomplate.yaml` is in it.
    pub(super) configured: bool,
    /// What is known of its text and of what rendering it reads.
    pub(super) detail: &'a Detail,
    pub(super) inherited: &'a Inherited,
    /// Whether names are wanted where digests would do.
    pub(super) whole: bool,
}

/// The inputs of one kind.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// They are those under this digest.
    Digest(Digest),
    /// They are these.
    Manifest(Arc<Manifest>),
}

impl Part {
    pub(super) fn digest(&self) -> Digest {
        match self {
            Self::Digest(digest) => *digest,
            Self::Manifest(manifest) => manifest.digest(),
        }
    }

    /// Whether there is nothing in it.
    fn is_empty(&self) -> bool {
        match self {
            Self::Manifest(manifest) => manifest.is_empty(),
            Self::Digest(digest) => *digest == Manifest::empty_digest(),
        }
    }
}

impl From<Contents> for Part {
    fn from(contents: Contents) -> Self {
        match contents.manifest {
            Some(manifest) => Self::from(manifest),
            None => Self::Digest(contents.digest),
        }
    }
}

impl From<SharedInputs> for Part {
    fn from(shared: SharedInputs) -> Self {
        match shared {
            SharedInputs::All(digest) => Self::Digest(digest),
            SharedInputs::These(manifest) => Self::Manifest(manifest),
        }
    }
}

impl From<Manifest> for Part {
    fn from(manifest: Manifest) -> Self {
        Self::Manifest(Arc::new(manifest))
    }
}

/// The inputs of one key. A kind without inputs is not in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs(BTreeMap<Kind, Part>);

impl Inputs {
    fn add(&mut self, kind: Kind, part: impl Into<Part>) {
        let part = part.into();
        if !part.is_empty() {
            self.0.insert(kind, part);
        }
    }

    /// The digest of each kind's manifest.
    pub(super) fn digests(&self) -> BTreeMap<Kind, Digest> {
        self.0
            .iter()
            .map(|(kind, part)| (*kind, part.digest()))
            .collect()
    }

    /// The digest of a kind's manifest; of an empty one for a kind without inputs.
    pub(super) fn digest(&self, kind: Kind) -> Digest {
        match self.0.get(&kind) {
            Some(part) => part.digest(),
            None => Manifest::empty_digest(),
        }
    }

    /// The manifest of a kind, where it was looked into.
    pub(super) fn manifest(&self, kind: Kind) -> Manifest {
        match self.0.get(&kind) {
            Some(Part::Manifest(manifest)) => manifest.as_ref().clone(),
            _ => Manifest::default(),
        }
    }

    /// The manifests, by digest.
    pub(super) fn manifests(&self) -> impl Iterator<Item = (Digest, Arc<Manifest>)> {
        self.0.values().filter_map(|part| match part {
            Part::Manifest(manifest) => Some((manifest.digest(), Arc::clone(manifest))),
            Part::Digest(_) => None,
        })
    }
}

impl Observer<'_> {
    /// What rendering a stage depends on.
    pub(super) fn stamp_inputs(&self, subject: &Subject<'_>) -> Result<Inputs> {
        let reads = &subject.detail.reads;
        let mut inputs = Inputs::default();
        inputs.add(Kind::Template, subject.template.clone());
        inputs.add(Kind::Setting, Part::Manifest(self.stamp_settings(subject)?));
        let config = match &reads.config {
            ConfigReads::All => Wanted::All,
            ConfigReads::Paths(paths) => Wanted::Paths(paths.clone()),
        };
        inputs.add(
            Kind::Config,
            Part::Manifest(self.configuration.manifest(&config)),
        );
        inputs.add(Kind::Env, self.variables_read(reads));
        inputs.add(Kind::File, self.files_read(subject.stage, &reads.files)?);
        Ok(inputs)
    }

    /// What running a stage's `ctl up` depends on. `stamped` is the manifest of its stamped files.
    pub(super) fn run_inputs(
        &self,
        subject: &Subject<'_>,
        stamped: Option<Part>,
    ) -> Result<Inputs> {
        let mentions = &subject.detail.mentions;
        let settings = self.settings(subject.stage);
        let mut inputs = self.certain_inputs(subject)?;
        if let Some(stamped) = stamped {
            inputs.add(Kind::Stamped, stamped);
        }
        if settings.ctl_cwd == CtlCwd::Caller {
            let name = "ctl_cwd".to_owned();
            inputs.add(Kind::Setting, Manifest::of([(name, Digest::of(b"caller"))]));
        }
        inputs.add(
            Kind::Shared,
            self.shared_inputs(subject.stage, mentions, subject.whole)?,
        );
        inputs.add(Kind::Output, subject.inherited.outputs.clone());
        if mentions.wave(Wave::Genfiles) {
            inputs.add(Kind::Generated, subject.inherited.generated.clone());
        }
        Ok(inputs)
    }

    /// Those inputs of the run key that are known before the stage's dependencies are done.
    pub(super) fn certain_inputs(&self, subject: &Subject<'_>) -> Result<Inputs> {
        let mut inputs = Inputs::default();
        inputs.add(Kind::Ancestor, subject.inherited.ancestors.clone());
        inputs.add(
            Kind::Env,
            self.variables_counted(subject.stage, subject.detail),
        );
        inputs.add(
            Kind::File,
            self.files_counted(subject.stage, subject.detail)?,
        );
        if let Some(wanted) = self.config_counted(subject) {
            inputs.add(
                Kind::Config,
                Part::Manifest(self.configuration.manifest(&wanted)),
            );
        }
        Ok(inputs)
    }

    /// Delimiters, verbatim rules, keys of `.gomplate.yaml`, what renders.
    fn stamp_settings(&self, subject: &Subject<'_>) -> Result<Arc<Manifest>> {
        let renderer = &subject.detail.renderer;
        self.with_request(subject.stage, &self.environment, &|request| {
            let key = (request.settings.clone(), renderer.clone());
            let plain = || self.plain.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = plain().get(&key).filter(|_| !subject.configured) {
                return Ok(Arc::clone(known));
            }
            let mut entries = stamp::settings::settings(request)?;
            let now = self.stamper.renderer_now(request, renderer)?;
            entries.insert("renderer".to_owned(), Digest::of(now.as_bytes()));
            let manifest = Arc::new(Manifest::of(entries));
            if !subject.configured {
                plain().insert(key, Arc::clone(&manifest));
            }
            Ok(manifest)
        })
    }

    fn config_counted(&self, subject: &Subject<'_>) -> Option<Wanted> {
        match &self.settings(subject.stage).config {
            Some(ConfigInputs::All) => Some(Wanted::All),
            Some(ConfigInputs::Stamped) => None,
            Some(ConfigInputs::Paths(paths)) => {
                let paths = paths
                    .iter()
                    .map(|path| format!(".{}", path.trim_start_matches('.')));
                Some(Wanted::Paths(paths.collect()))
            }
            None => (subject.detail.mentions.wave(Wave::ConfigJsonFile)).then_some(Wanted::All),
        }
    }
}
