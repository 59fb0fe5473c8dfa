//! What the user should know about a stage although it works: files that do not belong into its template directory, inputs that
//! no fingerprint covers, results that differ each time. Knows nothing of when it is told.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::core::fingerprint::{Kind, Manifest};
use crate::error::Result;
use crate::observe::examine::Examined;
use crate::observe::observer::Observer;
use crate::source::lexical;
use crate::stamp::ignore::IGNORE_FILE;
use crate::stamp::{Rendered, source};

/// Where terraform is told of a module by a relative path, in its own syntax or in JSON:
/// <https://developer.hashicorp.com/terraform/language/modules/sources#local-paths>.
static LOCAL_MODULE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?m)(?:^\s*source\s*=|"source"\s*:)\s*"(\.\.?/[^"\n]*)""#).ok());

impl Observer<'_> {
    /// What terraform left in a stage template directory, from where it would be stamped as if somebody had written it.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn leftovers(&self, stage: usize) -> Result<Vec<String>> {
        let environment = self.project.ctl_environment(Some(self.name(stage)));
        let names = self.with_request(stage, &environment, &|request| source::names(request))?;
        let found: BTreeMap<&str, PathBuf> = names
            .iter()
            .rev()
            .filter_map(|name| leftover(name))
            .collect();
        let name = self.name(stage);
        let told = found.into_iter().map(|(line, path)| {
            format!(
                "`{name}/{}` is terraform's own and would be stamped: put the line `{line}` into `{name}/{IGNORE_FILE}`",
                path.display()
            )
        });
        Ok(told.collect())
    }

    /// What may change without making a stage stale.
    ///
    /// # Errors
    /// Something that the stage depends on cannot be read.
    pub fn blind_spots(
        &self,
        stage: usize,
        rendered: &Rendered,
        examined: &Examined,
    ) -> Result<Vec<String>> {
        let mut told = Vec::new();
        for (module, path) in self.local_modules(stage, rendered) {
            if !self.covers(stage, examined, &path)? {
                told.push(format!(
                    "no input covers the module `{module}`: name `{}/**` in `inputs`, or changes of it run nothing",
                    self.shown(&path)
                ));
            }
        }
        let reads = &examined.detail.reads;
        if !reads.is_reproducible() {
            let names: Vec<_> = reads
                .unrepeatable
                .iter()
                .map(|name| format!("`{name}`"))
                .collect();
            told.push(format!(
                "not reproducible, which alone does not make the stage stale: its templates use {}",
                names.join(", ")
            ));
        }
        Ok(told)
    }

    /// The modules outside its own directory that terraform files of a stage name by relative paths, and where they lie.
    fn local_modules(&self, stage: usize, rendered: &Rendered) -> BTreeMap<String, PathBuf> {
        let own = self.stamped_dir(stage);
        let mut modules = BTreeMap::new();
        let Some(regex) = &*LOCAL_MODULE else {
            return modules;
        };
        for (name, file) in rendered.files.iter().filter(|(name, _)| is_terraform(name)) {
            let directory = own.join(name.parent().unwrap_or(Path::new("")));
            for found in regex.captures_iter(&file.content) {
                let module = String::from_utf8_lossy(&found[1]).into_owned();
                let path = lexical::absolute(&directory, Path::new(&module));
                if !path.starts_with(&own) {
                    modules.insert(module, path);
                }
            }
        }
        modules
    }

    /// Whether an input of the run key is a file in this directory, or what lies around it.
    fn covers(&self, stage: usize, examined: &Examined, directory: &Path) -> Result<bool> {
        let wave = &self.project.wave;
        let run = &examined.attempt.fingerprint.run;
        if directory.starts_with(&wave.genfiles) && run.contains_key(&Kind::Generated) {
            return Ok(true);
        }
        let (read, _) = self.stage_reads(stage, &examined.detail)?;
        let shared = examined.manifest(Kind::Shared);
        let shared = shared
            .into_iter()
            .flat_map(|manifest| manifest.entries.keys());
        let shared = shared.map(|name| wave.impl_dir.join(name));
        let real = directory.canonicalize().ok();
        let is_there = |path: &Path| {
            path.starts_with(directory)
                || real.as_ref().is_some_and(|real| {
                    path.starts_with(real)
                        || path.canonicalize().is_ok_and(|path| path.starts_with(real))
                })
        };
        Ok(read.into_iter().chain(shared).any(|path| is_there(&path)))
    }
}

impl Examined {
    /// The inputs of one kind of the run key.
    fn manifest(&self, kind: Kind) -> Option<&Manifest> {
        let digest = self.attempt.fingerprint.run.get(&kind)?;
        let manifests = &self.payload.manifests;
        let found = manifests.iter().find(|(known, _)| known == digest);
        found.map(|(_, manifest)| manifest.as_ref())
    }
}

/// The line for an ignore file that leaves out what terraform made, and that path, if it is such.
fn leftover(name: &Path) -> Option<(&'static str, PathBuf)> {
    let mut way = PathBuf::new();
    for part in name.components() {
        way.push(part);
        if part == Component::Normal(OsStr::new(".terraform")) && way != name {
            return Some((".terraform/", way.join("")));
        }
    }
    let file = name.file_name()?.as_bytes();
    if file.ends_with(b".tfstate") {
        Some(("*.tfstate", way))
    } else if file.windows(9).any(|part| part == b".tfstate.") {
        Some(("*.tfstate.*", way))
    } else {
        None
    }
}

fn is_terraform(name: &Path) -> bool {
    let name = name.as_os_str().as_bytes();
    [".tf", ".tofu", ".tf.json", ".tofu.json"]
        .iter()
        .any(|end| name.ends_with(end.as_bytes()))
}
