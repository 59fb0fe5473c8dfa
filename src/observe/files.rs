//! Files outside the stages' own directories that a stage depends on: read while stamping, declared, reported by `ctl`, or
//! named in the text. Knows nothing of the library's shared files (`shared.rs`) or of outputs (`outputs.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use globset::GlobBuilder;

use crate::core::fingerprint::{Digest, Manifest};
use crate::core::mention::{self, Wave};
use crate::core::name::escape;
use crate::error::{Error, Result};
use crate::observe::detail::Detail;
use crate::observe::observer::Observer;
use crate::observe::own::counts_only_named;
use crate::observe::shared;
use crate::observe::tree::Tree;
use crate::source::settings::PathPattern;
use crate::source::{disk, lexical};
use crate::stamp::reads::Reads;
use crate::system::tree::{Follow, Walk};

impl Observer<'_> {
    /// Digests of files that stamping read. What ancestors own is an input of its own.
    pub(super) fn files_read<'p>(
        &self,
        stage: usize,
        paths: impl IntoIterator<Item = &'p PathBuf>,
    ) -> Result<Manifest> {
        let mut manifest = Manifest::default();
        for path in paths {
            if !self.is_owned_by_ancestor(stage, path) {
                let digest = self.file_read(path)?;
                manifest.entries.insert(self.shown(path), digest);
            }
        }
        Ok(manifest)
    }

    /// Where the paths hold that stamping read: with the deployment, the library or an output directory elsewhere, a template
    /// means other files. Nothing if it read none.
    pub(super) fn place_of(&self, reads: &Reads) -> Option<Digest> {
        (!reads.files.is_empty()).then_some(self.place)
    }

    /// Digests of the files that running a stage depends on.
    pub(super) fn files_counted(&self, stage: usize, detail: &Detail) -> Result<Manifest> {
        let mut entries = BTreeMap::new();
        for pattern in &self.settings(stage).inputs {
            for (name, path) in self.declared(stage, pattern)? {
                let digest = path.map_or(Ok(Digest::ABSENT), |path| self.file(&path))?;
                entries.insert(name, digest);
            }
        }
        for text in detail.mentions.paths() {
            // One that does not become absolute is a name below something else, such as `$OUTPUT_DIR/$STAGE_NAME/x`.
            if let Some(path) = self.expand_from(Path::new(""), stage, text)
                && path.is_absolute()
                && self.may_be_input(stage, &path)
            {
                if path.is_file() {
                    entries.insert(text.to_owned(), self.file(&path)?);
                } else if !self.is_behind_output_dir(text) {
                    entries.insert(text.to_owned(), Digest::ABSENT);
                }
            }
        }
        for name in detail.mentions.outputs() {
            self.unowned_output(stage, name, &detail.owned, &mut entries)?;
        }
        for line in detail
            .reported
            .iter()
            .filter(|line| !line.starts_with('$') || line.contains('/'))
        {
            if let Some(path) = self.expand(stage, line) {
                entries.insert(line.clone(), self.file(&path)?);
            }
        }
        Ok(Manifest {
            entries,
            ..Manifest::default()
        })
    }

    /// Whether a path is most likely the second half of one, as in `print .Env.OUTPUT_DIR "/network/output.json"`. Without such a
    /// file at the root of the file system, there is nothing to tell of it.
    fn is_behind_output_dir(&self, text: &str) -> bool {
        let first = text
            .strip_prefix('/')
            .and_then(|rest| rest.split('/').next());
        first.is_some_and(|first| self.graph.find(first).is_some())
    }

    /// A file below `$OUTPUT_DIR` that is named in the text and that no stage owns.
    fn unowned_output(
        &self,
        stage: usize,
        name: &str,
        own: &BTreeSet<String>,
        entries: &mut BTreeMap<String, Digest>,
    ) -> Result<()> {
        if self.is_plainly_a_stages(name) {
            return Ok(());
        }
        let Some(path) = self.expand(stage, &format!("${{OUTPUT_DIR}}/{name}")) else {
            return Ok(());
        };
        let Ok(below) = path.strip_prefix(&self.project.wave.output_dir) else {
            return Ok(());
        };
        let is_own = own.contains(&escape(below.as_os_str().as_bytes()));
        if !is_own && !self.is_owned(below)? && path.is_file() {
            entries.insert(format!("$OUTPUT_DIR/{name}"), self.file(&path)?);
        }
        Ok(())
    }

    /// Whether a name below `$OUTPUT_DIR` is in a stage's own directory there, as can be told without a look at variables.
    fn is_plainly_a_stages(&self, name: &str) -> bool {
        let (first, rest) = name.split_once('/').unwrap_or((name, ""));
        let is_plain = !rest.contains("..") && !rest.contains('$');
        is_plain && (first == "${STAGE_NAME}" || self.graph.find(first).is_some())
    }

    /// Whether a file below `$OUTPUT_DIR` lies in a stage's own directory there, or is declared as some stage's output.
    fn is_owned(&self, below: &Path) -> Result<bool> {
        if self.is_in_stage_directory(below) {
            return Ok(true);
        }
        let name = escape(below.as_os_str().as_bytes());
        Ok(self.all_declared_outputs()?.contains(&name))
    }

    /// Whether a path lies in an ancestor's directory below `$OUTPUT_DIR`, and not only by its name: a link, or `..`, may lead out.
    fn is_owned_by_ancestor(&self, stage: usize, path: &Path) -> bool {
        let output_dir = &self.project.wave.output_dir;
        let below = path.strip_prefix(output_dir).ok();
        let first = below
            .and_then(|below| below.components().next())
            .and_then(|first| first.as_os_str().to_str());
        let owner = first.and_then(|first| self.graph.find(first));
        owner.is_some_and(|owner| {
            let directory = output_dir.join(self.name(owner.index()).as_str());
            self.is_ancestor(owner.index(), stage)
                && disk::real(path).starts_with(disk::real(&directory))
        })
    }

    /// The files that a pattern of `inputs` names, under the names that they have as inputs: a path, or one with `*`, `**`, `?`,
    /// `[…]`, `{…}` behind a directory. One that means nothing here has no path.
    pub(super) fn declared(
        &self,
        stage: usize,
        declared: &PathPattern,
    ) -> Result<Vec<(String, Option<PathBuf>)>> {
        let pattern = declared.text.as_str();
        let (base, rest) = split_glob(pattern);
        let base_path = match self.expand_from(&declared.base, stage, base) {
            Some(path) if !rest.is_empty() => path,
            path => return Ok(vec![(pattern.to_owned(), path)]),
        };
        let glob = GlobBuilder::new(rest)
            .literal_separator(true)
            .build()
            .map_err(|error| Error::failed(format!("`{pattern}` in `inputs`: {error}")))?
            .compile_matcher();
        let tree = Tree::list(&base_path, Walk::all(Follow::All))?;
        let matching = tree
            .files()
            .filter(|(name, _)| glob.is_match(OsStr::from_bytes(name)));
        let names: Vec<&[u8]> = matching.map(|(name, _)| name).collect();
        let chosen = Tree::select(&base_path, names)?;
        let named = chosen.files().map(|(name, _)| {
            let shown = match base {
                "." => escape(name),
                _ => format!("{base}/{}", escape(name)),
            };
            (shown, Some(chosen.path(name)))
        });
        Ok(named.collect())
    }

    /// The path that a text with variables stands for, relative ones from the deployment.
    pub(super) fn expand(&self, stage: usize, text: &str) -> Option<PathBuf> {
        self.expand_from(&self.project.deployment, stage, text)
    }

    fn expand_from(&self, base: &Path, stage: usize, text: &str) -> Option<PathBuf> {
        let own = self.name(stage).as_str().as_bytes();
        let bytes = mention::expand(text, |name| match name {
            "STAGE_NAME" => Some(own),
            _ => (self.locations.path(name))
                .or_else(|| Some(self.project.environment.get(name)?.as_bytes())),
        })?;
        let path = Path::new(OsStr::from_bytes(&bytes));
        Some(lexical::absolute(base, path))
    }

    /// Whether a file that the text names is no input of another kind already.
    fn may_be_input(&self, stage: usize, path: &Path) -> bool {
        self.is_foreign(path)
            || self.is_template_of_another(stage, path)
            || self.is_left_out_of_generated(stage, path)
    }

    /// Whether a path lies in the template directory of another stage, be it in the DAG or not.
    fn is_template_of_another(&self, stage: usize, path: &Path) -> bool {
        let library = &self.project.wave.impl_dir;
        let directory = path
            .strip_prefix(library)
            .ok()
            .and_then(|below| below.components().next())
            .map(|first| library.join(first));
        directory.is_some_and(|directory| {
            directory != self.template_dir(stage) && shared::holds_ctl(&directory)
        })
    }

    /// Whether a path is that of a file which an ancestor left below `GENFILES`, and which counts only for stages that name it.
    fn is_left_out_of_generated(&self, stage: usize, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(&self.project.wave.genfiles) else {
            return false;
        };
        let mut components = below.components().map(Component::as_os_str);
        let owner = components.next().and_then(OsStr::to_str);
        let owner = owner.and_then(|owner| self.graph.find(owner));
        owner.is_some_and(|owner| self.is_ancestor(owner.index(), stage))
            && components.any(|component| counts_only_named(component.as_bytes()))
    }

    /// Whether a path lies outside the library, `GENFILES`, `OUTPUT_DIR` and the state.
    fn is_foreign(&self, path: &Path) -> bool {
        let wave = &self.project.wave;
        let own = [wave.impl_dir.as_path(), &wave.genfiles, &wave.output_dir];
        let state = self.project.state_path().parent();
        let config = [
            Some(wave.config_json_file.as_path()),
            wave.config_jsonnet_file.as_deref(),
        ];
        !own.into_iter()
            .chain(state)
            .any(|own| path.starts_with(own))
            && !config.into_iter().flatten().any(|config| path == config)
    }

    /// A path as users see it, and as it is hashed: by the variable that it lies below, else relative to the deployment where
    /// it lies near it, else as it is.
    pub(super) fn shown(&self, path: &Path) -> String {
        let below = Wave::ALL.into_iter().filter_map(|wave| {
            let place = Path::new(OsStr::from_bytes(self.locations.path(wave.as_str())?));
            let rest = path.strip_prefix(place).ok()?;
            Some((wave, rest))
        });
        let nearest = below.min_by_key(|(_, rest)| rest.as_os_str().len());
        match nearest {
            Some((wave, rest)) if rest.as_os_str().is_empty() => format!("${}", wave.as_str()),
            Some((wave, rest)) => {
                format!("${}/{}", wave.as_str(), escape(rest.as_os_str().as_bytes()))
            }
            None => match path.strip_prefix(&self.project.deployment) {
                Ok(rest) => escape(rest.as_os_str().as_bytes()),
                Err(_) => escape(path.as_os_str().as_bytes()),
            },
        }
    }
}

/// The part of a pattern before the first component with a wildcard, and the rest.
fn split_glob(pattern: &str) -> (&str, &str) {
    let wild = pattern.find(['*', '?', '[']).or_else(|| {
        let brace = pattern.find('{')?;
        // `${VAR}` is no alternative.
        (!pattern[..brace].ends_with('$')).then_some(brace)
    });
    match wild {
        None => (pattern, ""),
        Some(at) => match pattern[..at].rfind('/') {
            Some(slash) => (&pattern[..slash], &pattern[slash + 1..]),
            None => (".", pattern),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::split_glob;

    #[test]
    fn a_pattern_starts_at_the_last_directory_without_wildcards() {
        for (pattern, expected) in [
            ("$R/modules/vpc/**", ("$R/modules/vpc", "**")),
            ("${R}/a.txt", ("${R}/a.txt", "")),
            ("a/{b,c}/d", ("a", "{b,c}/d")),
            ("*.tf", (".", "*.tf")),
        ] {
            assert_eq!(split_glob(pattern), expected);
        }
    }
}
