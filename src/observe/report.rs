//! All that the stages of a library read, for the betterform that runs this one as a stage; and what a `ctl` reports, in a form
//! that holds wherever the deployment lies. Knows nothing of how a report is passed on.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::core::name::escape;
use crate::error::Result;
use crate::observe::detail::Detail;
use crate::observe::observer::Observer;
use crate::source::settings::FILE_NAME;

impl Observer<'_> {
    /// What every call reads of a library, whichever its stages are: the DAG, settings, jsonnet, template directories, shared
    /// files.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub fn library_read(&self) -> Result<BTreeSet<PathBuf>> {
        let wave = &self.project.wave;
        let mut paths: BTreeSet<PathBuf> = self.jsonnet_files.iter().cloned().collect();
        paths.extend(wave.config_jsonnet_file.clone());
        paths.extend(self.dag_files.iter().cloned());
        paths.insert(wave.impl_dir.join(FILE_NAME));
        paths.insert(self.project.deployment.join(FILE_NAME));
        paths.extend((0..self.graph.len()).map(|stage| self.template_dir(stage)));
        paths.extend(self.library()?.paths());
        Ok(paths)
    }

    /// What a stage depends on beside that: paths of files, and names of variables.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn stage_reads(
        &self,
        stage: usize,
        detail: &Detail,
    ) -> Result<(BTreeSet<PathBuf>, BTreeSet<String>)> {
        let mut counted = self.files_counted(stage, detail)?.entries;
        let mut paths = BTreeSet::new();
        for pattern in &self.settings(stage).inputs {
            for (name, path) in self.declared(stage, pattern)? {
                // Its name may be relative to the settings that declare it.
                counted.remove(&name);
                paths.extend(path);
            }
        }
        let named = counted.keys();
        paths.extend(named.filter_map(|name| self.expand(stage, name)));
        paths.extend(detail.reads.files.iter().cloned());
        let wave = &self.project.wave;
        let made = [wave.genfiles.as_path(), &wave.output_dir];
        paths.retain(|path| !made.iter().any(|made| path.starts_with(made)));
        let mut names = self.variables_counted(stage, detail).entries;
        names.extend(self.variables_read(&detail.reads).entries);
        Ok((paths, names.into_keys().collect()))
    }

    /// A line that `ctl` reported, as it is recorded: escaped, and so that it means the same where the library and the
    /// deployment are moved together. An absolute path that has a directory in common with the library starts with `$IMPL_DIR`.
    pub(super) fn portable(&self, line: &OsStr) -> String {
        let path = Path::new(line);
        let below = |place: &Path| Some(path.strip_prefix(place).ok()?.to_owned());
        let wave = &self.project.wave;
        let ways = [
            ("OUTPUT_DIR", below(&wave.output_dir)),
            ("GENFILES", below(&wave.genfiles)),
            ("IMPL_DIR", relative(&wave.impl_dir, path)),
        ];
        for (name, way) in ways {
            if let Some(way) = way {
                return format!("${name}/{}", escape(way.as_os_str().as_bytes()));
            }
        }
        escape(line.as_bytes())
    }
}

/// The way from one absolute directory to an absolute path, if they have more than the root in common.
fn relative(base: &Path, path: &Path) -> Option<PathBuf> {
    let common = (base.components().zip(path.components()))
        .take_while(|(base, path)| base == path)
        .count();
    if common < 2 {
        return None;
    }
    let up = base.components().skip(common).map(|_| Component::ParentDir);
    let rest = path.components().skip(common);
    let way: PathBuf = up.chain(rest).collect();
    let is_plain = way.as_os_str().as_bytes().iter().all(|byte| *byte != b'$');
    (is_plain && !way.as_os_str().is_empty()).then_some(way)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_leads_over_the_nearest_common_directory() {
        for (path, expected) in [
            ("/w/lib/x", Some("x")),
            ("/w/other/a/b", Some("../other/a/b")),
            ("/w", Some("..")),
            ("/etc/x", None),
            ("/w/lib", None),
            ("x", None),
            ("/w/odd$name", None),
        ] {
            let way = relative(Path::new("/w/lib"), Path::new(path));
            assert_eq!(way.as_deref(), expected.map(Path::new), "{path}");
        }
    }
}
