//! All that observing stages needs to know, and digests of files that several stages share. Used by several threads at once.
//! Knows nothing of what is recorded.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crate::core::anchor::Anchors;
use crate::core::fingerprint::{Digest, Hasher, Manifest};
use crate::core::graph::StageGraph;
use crate::core::location::Locations;
use crate::core::mask::Secrets;
use crate::core::mention::Wave;
use crate::core::stage::StageName;
use crate::error::Result;
use crate::observe::cache::{DigestCache, Key};
use crate::observe::configuration::Configuration;
use crate::observe::environment::Variables;
use crate::observe::inputs::Part;
use crate::observe::library::Library;
use crate::observe::own;
use crate::observe::tree::{Hashing, Tree};
use crate::source::config::Config;
use crate::source::project::Project;
use crate::source::settings::StageSettings;
use crate::stamp::{Rendered, Request, StampSettings, Stamper};
use crate::state::Payload;
use crate::system::environment::Environment;
use crate::system::tree::{Follow, Walk};

/// See the module.
pub struct Observer<'a> {
    pub(super) project: &'a Project,
    pub(super) graph: &'a StageGraph,
    pub(super) configuration: Configuration<'a>,
    config_bytes: Arc<[u8]>,
    pub(super) locations: Locations,
    /// The same, and where everything lay at the last run: what stamped files may hold that were not rewritten yet.
    old_and_new: Locations,
    is_rewritten: AtomicBool,
    pub(super) cache: &'a DigestCache,
    pub(super) variables: Variables,
    pub(super) library: OnceLock<Result<Library, String>>,
    pub(super) jsonnet_files: Vec<PathBuf>,
    pub(super) dag_files: &'a [PathBuf],
    pub(super) declared: OnceLock<BTreeSet<String>>,
    pub(super) secrets: &'a Secrets,
    pub(super) stamper: &'a dyn Stamper,
    /// The environment of stamping, without `STAGE_NAME`.
    pub(super) environment: Environment,
    /// A digest of where everything lies, and lay at the last run.
    pub(super) here: Digest,
    /// A digest of where everything lies, the deployment included.
    pub(super) place: Digest,
    /// Inputs of the kind `setting` of stages without a `.gomplate.yaml` of their own, by settings and renderer.
    pub(super) plain: Mutex<HashMap<(StampSettings, String), Arc<Manifest>>>,
    settings: Vec<OnceLock<StageSettings>>,
}

/// What an observer is made from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The call.
    pub project: &'a Project,
    /// The stages.
    pub graph: &'a StageGraph,
    /// The files that say which stages there are: the DAG file, and what it includes.
    pub dag_files: &'a [PathBuf],
    /// The configuration.
    pub config: &'a Config,
    /// Digests of files.
    pub cache: &'a DigestCache,
    /// The key of the digests of variables.
    pub key: [u8; 32],
    /// What must not be stored.
    pub secrets: &'a Secrets,
    /// What renders.
    pub stamper: &'a dyn Stamper,
}

impl<'a> Observer<'a> {
    /// An observer; nothing is looked at yet.
    pub fn new(sources: &Sources<'a>) -> Self {
        let Sources {
            project,
            graph,
            dag_files,
            config,
            cache,
            key,
            secrets,
            stamper,
        } = *sources;
        let locations = locations(project);
        let old_and_new = with_old(project, &locations);
        let path = |path: &Path| path.as_os_str().as_bytes().to_vec();
        let anchors = Anchors::new(&path(&project.wave.impl_dir), &path(&project.deployment));
        Self {
            project,
            graph,
            configuration: Configuration::new(&config.value, &config.bytes),
            config_bytes: config.bytes.as_slice().into(),
            here: here(&old_and_new),
            place: place(project, &locations),
            locations,
            old_and_new,
            is_rewritten: AtomicBool::new(false),
            cache,
            variables: Variables::new(&project.environment, &key, &anchors),
            library: OnceLock::new(),
            jsonnet_files: config.jsonnet_files.clone(),
            dag_files,
            declared: OnceLock::new(),
            secrets,
            stamper,
            environment: project.ctl_environment(None),
            plain: Mutex::default(),
            settings: (0..graph.len()).map(|_| OnceLock::new()).collect(),
        }
    }

    /// From now on, stamped files that still hold paths of the last run's place are not as they must be.
    pub fn stamped_files_are_rewritten(&self) {
        self.is_rewritten.store(true, Ordering::Relaxed);
    }

    /// The paths that stand for wave variables in stamped files.
    pub(super) fn stamped_locations(&self) -> &Locations {
        if self.is_rewritten.load(Ordering::Relaxed) {
            &self.locations
        } else {
            &self.old_and_new
        }
    }

    /// The name of a stage.
    pub fn name(&self, stage: usize) -> &StageName {
        self.graph.name(self.graph.ix(stage))
    }

    /// The direct dependencies of a stage, by name.
    pub(super) fn edges(&self, stage: usize) -> Vec<StageName> {
        let dependencies = self.graph.dependencies(self.graph.ix(stage)).iter();
        dependencies
            .map(|dependency| self.graph.name(*dependency).clone())
            .collect()
    }

    /// Whether one stage depends on another, directly or not.
    pub(super) fn is_ancestor(&self, ancestor: usize, stage: usize) -> bool {
        let mut reached = BTreeSet::new();
        let mut open = vec![stage];
        while let Some(next) = open.pop() {
            for dependency in self.graph.dependencies(self.graph.ix(next)) {
                let dependency = dependency.index();
                if dependency == ancestor {
                    return true;
                }
                if reached.insert(dependency) {
                    open.push(dependency);
                }
            }
        }
        false
    }

    /// The wave variables, as they are recorded.
    pub fn recorded_locations(&self) -> BTreeMap<String, String> {
        let paths = Wave::ALL.into_iter().filter_map(|wave| {
            let path = self.locations.path(wave.as_str())?;
            Some((
                wave.as_str().to_owned(),
                String::from_utf8_lossy(path).into_owned(),
            ))
        });
        paths.collect()
    }

    /// The digest of the configuration's bytes, which are to be stored, unless they hold a secret.
    pub(super) fn config_content(&self, payload: &mut Payload) -> Option<Digest> {
        use crate::source::settings::Snapshots;
        let snapshots = self.project.settings.file.snapshots.unwrap_or_default();
        let left_out = match snapshots {
            Snapshots::None => true,
            Snapshots::All => false,
            Snapshots::Usual => self.secrets.occur_in(&self.config_bytes),
        };
        if left_out {
            return None;
        }
        let digest = Digest::of(&self.config_bytes);
        payload
            .contents
            .push((digest, Arc::clone(&self.config_bytes)));
        Some(digest)
    }

    /// The settings of a stage.
    pub fn settings(&self, stage: usize) -> &StageSettings {
        self.settings[stage].get_or_init(|| self.project.settings.stage(self.name(stage)))
    }

    /// Calls `use_it` with what stamping a stage starts from. `environment` is that of templates.
    pub(super) fn with_request<R>(
        &self,
        stage: usize,
        environment: &Environment,
        use_it: &dyn Fn(&Request<'_>) -> R,
    ) -> R {
        let settings = &self.settings(stage).stamp;
        let settings = StampSettings {
            left_delim: settings.left_delim.clone(),
            right_delim: settings.right_delim.clone(),
            verbatim: settings.verbatim.clone(),
            sensitive: settings.sensitive.clone(),
        };
        use_it(&Request {
            stage: self.name(stage),
            template_dir: &self.template_dir(stage),
            config_json_file: &self.project.wave.config_json_file,
            config: self.configuration.value(),
            environment,
            deployment: &self.project.deployment,
            settings: &settings,
        })
    }

    /// Renders a stage in memory.
    ///
    /// # Errors
    /// A template is wrong, or something that it needs is missing.
    pub fn render(&self, stage: usize) -> Result<Rendered> {
        let environment = self.project.ctl_environment(Some(self.name(stage)));
        self.with_request(stage, &environment, &|request| {
            let mut rendered = self.stamper.render(request)?;
            if let Some(sensitive) = self.sensitive(stage)? {
                sensitive.restrict(&mut rendered.files);
            }
            Ok(rendered)
        })
    }

    /// The stage's template directory.
    pub fn template_dir(&self, stage: usize) -> PathBuf {
        self.project.wave.impl_dir.join(self.name(stage).as_str())
    }

    /// The stage's stamped directory.
    pub fn stamped_dir(&self, stage: usize) -> PathBuf {
        self.project.wave.genfiles.join(self.name(stage).as_str())
    }

    /// The wave variables and what they stand for.
    pub fn locations(&self) -> &Locations {
        &self.locations
    }

    /// The manifest of a stage's template directory: each file's content, and whether it is executable; and whether a
    /// `.gomplate.yaml` is among them. Files that gomplate
    /// leaves out count too: a change of what is left out must not go unnoticed.
    pub(super) fn templates(&self, stage: usize) -> Result<(Part, bool)> {
        let root = self.template_dir(stage);
        let key = Key::new("template", &root);
        let tree = self.cache.list(key, &root)?;
        let configured = tree.files().any(|(name, _)| name == b".gomplate.yaml");
        let contents = self.cache.contents(key, &tree, CONTENTS)?;
        Ok((Part::from(contents), configured))
    }

    /// The digest of a file's content and of whether it is executable, or of all files in a directory and in those that links in
    /// it lead to, or [`Digest::ABSENT`].
    pub(super) fn file(&self, path: &Path) -> Result<Digest> {
        self.digest_at("file", path, Follow::All)
    }

    /// The same of what a template reads: it sees the names of directories too, and enters no links to them.
    pub(super) fn file_read(&self, path: &Path) -> Result<Digest> {
        let contents = self.digest_at("file read", path, Follow::Files)?;
        if !path.is_dir() {
            return Ok(contents);
        }
        let directories = RefCell::new(BTreeSet::new());
        let note = |name: &[u8], is_directory: bool| {
            if is_directory {
                directories.borrow_mut().insert(name.to_owned());
            }
            false
        };
        let follow = Follow::Files;
        Tree::list(
            path,
            Walk {
                follow,
                skip: &note,
            },
        )?;
        let mut hasher = Hasher::new("directory read");
        hasher.digest(&contents);
        for name in directories.into_inner() {
            hasher.field(&name);
        }
        Ok(hasher.finish())
    }

    fn digest_at(&self, purpose: &str, path: &Path, follow: Follow) -> Result<Digest> {
        let tree = Tree::at(path, follow)?;
        if !tree.exists() || own::present(&tree) == 0 && !path.is_dir() {
            return Ok(Digest::ABSENT);
        }
        let contents = self
            .cache
            .contents(Key::new(purpose, path), &tree, CONTENTS)?;
        Ok(contents.digest)
    }
}

/// A digest of the deployment's directory and the locations.
fn place(project: &Project, locations: &Locations) -> Digest {
    let deployment = project.deployment.as_os_str().as_bytes();
    Hasher::new("place")
        .field(deployment)
        .digest(&here(locations))
        .finish()
}

/// A digest of locations.
fn here(locations: &Locations) -> Digest {
    let mut hasher = Hasher::new("here");
    for (name, path) in locations.iter() {
        hasher.field(name.as_bytes()).field(path);
    }
    hasher.finish()
}

/// The locations, and those of the last run where they differ.
fn with_old(project: &Project, locations: &Locations) -> Locations {
    let text = std::fs::read(project.beside_state("place.json")).unwrap_or_default();
    let old: BTreeMap<String, String> = serde_json::from_slice(&text).unwrap_or_default();

    old.iter().fold(locations.clone(), |all, (name, path)| {
        all.with(name, path.as_bytes())
    })
}

/// The wave variables of a call, by name.
fn locations(project: &Project) -> Locations {
    let wave = &project.wave;
    let mut paths = vec![
        (Wave::ImplDir, wave.impl_dir.as_path()),
        (Wave::Genfiles, &wave.genfiles),
        (Wave::OutputDir, &wave.output_dir),
        (Wave::ConfigJsonFile, &wave.config_json_file),
    ];
    paths.extend(
        wave.config_jsonnet_file
            .as_deref()
            .map(|path| (Wave::ConfigJsonnetFile, path)),
    );
    Locations::new(
        paths
            .into_iter()
            .map(|(wave, path)| (wave.as_str(), path.as_os_str().as_bytes())),
    )
}

impl Observer<'_> {
    /// The manifest of a stage's template directory, read.
    pub(super) fn template_contents(&self, stage: usize) -> Result<Part> {
        let root = self.template_dir(stage);
        let tree = Tree::list(&root, Walk::all(Follow::Files))?;
        let manifest: Manifest = tree.manifest(CONTENTS)?;
        self.cache.put(
            Key::new("template", &root),
            &tree,
            CONTENTS,
            manifest.digest(),
        );
        Ok(Part::from(manifest))
    }
}

/// How templates and files elsewhere are hashed.
const CONTENTS: Hashing<'static> = Hashing {
    prefix: "",
    executable: true,
    locations: None,
    contents: false,
};
