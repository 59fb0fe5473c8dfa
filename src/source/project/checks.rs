//! Places that must not be the same, or not inside each other, lest stamping overwrites what it reads.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::core::stage::StageName;
use crate::error::{Error, Result};
use crate::source::project::Project;
use crate::source::{disk, lexical};

/// The file that makes a directory of the library a stage template directory.
const CTL: &str = "ctl";

impl Project {
    /// The stage template directory that a path lies in, if any.
    fn stage_that_holds(&self, path: &Path) -> Option<PathBuf> {
        let library = &self.wave.impl_dir;
        let below = |path: &Path, library: &Path| {
            let first = path.strip_prefix(library).ok()?.components().next()?;
            let stage = library.join(first);
            stage.join(CTL).exists().then_some(stage)
        };
        below(path, library).or_else(|| below(&disk::real(path), &disk::real(library)))
    }

    /// Checks the wave variables against each other.
    pub(crate) fn check_places(&self) -> Result<()> {
        let wave = &self.wave;
        let genfiles = wave.genfiles.display();
        let refuse = |what: String| {
            Err(Error::failed(what)
                .hint("choose another directory for generated files: `GENFILES`"))
        };
        if wave.genfiles.parent().is_none() {
            return refuse("`GENFILES` is the root of the file system".to_owned());
        }
        for (name, path) in [
            ("IMPL_DIR", &wave.impl_dir),
            ("OUTPUT_DIR", &wave.output_dir),
        ] {
            if disk::same(&wave.genfiles, path) {
                return refuse(format!(
                    "`GENFILES` is the same directory as `{name}`: `{genfiles}`"
                ));
            }
        }
        for (name, path) in [
            ("GENFILES", &wave.genfiles),
            ("OUTPUT_DIR", &wave.output_dir),
        ] {
            if let Some(why) = unusable(path) {
                let message = format!("`{name}` {why}: `{}`", path.display());
                let hint = format!("choose another directory: `{name}`");
                return Err(Error::failed(message).hint(hint));
            }
            if let Some(stage) = self.stage_that_holds(path) {
                let message = format!(
                    "`{name}` lies in a stage template directory: `{}` in `{}`",
                    path.display(),
                    stage.display(),
                );
                return Err(
                    Error::failed(message).hint(format!("choose another directory: `{name}`"))
                );
            }
        }
        Ok(())
    }

    /// Checks that what is read and written for these stages lies where it seems to.
    ///
    /// # Errors
    /// Tells all stages whose template directory is a symlink that leads out of the library, whose stamped directory
    /// is one that leads out of `GENFILES`, or whose stamped directory holds the library.
    pub fn check_stages<'a>(&self, stages: impl IntoIterator<Item = &'a StageName>) -> Result<()> {
        let library = disk::real(&self.wave.impl_dir);
        let genfiles = disk::real(&self.wave.genfiles);
        let mut wrong = Vec::new();
        let links = [links(&self.wave.impl_dir), links(&self.wave.genfiles)];
        // The stage, if there is one of that name, below whose stamped directory the library lies.
        let below = library.strip_prefix(&genfiles).ok();
        let above_library = below.and_then(|below| below.components().next());
        for stage in stages {
            for (root, real, name, links) in [
                (&self.wave.impl_dir, &library, "the library", &links[0]),
                (&self.wave.genfiles, &genfiles, "`GENFILES`", &links[1]),
            ] {
                if !links.contains(OsStr::new(stage.as_str())) {
                    continue;
                }
                let path = root.join(stage.as_str());
                let target = leads_to(&path);
                if target
                    .as_ref()
                    .is_some_and(|target| !target.starts_with(real) || target == real)
                {
                    wrong.push(format!(
                        "`{}` is a symlink that leads out of {name}",
                        path.display()
                    ));
                }
            }
            if above_library.is_some_and(|above| above.as_os_str() == stage.as_str()) {
                let stamped = genfiles.join(stage.as_str());
                let message = format!(
                    "stage `{stage}` would be stamped over the library, at `{}`",
                    stamped.display()
                );
                wrong.push(message);
            }
        }
        match wrong.as_slice() {
            [] => Ok(()),
            all => Err(Error::failed(all.join("\n"))
                .hint("nothing is read or written through such a path: put a directory there")),
        }
    }
}

/// Why a path can be no directory, unless it is one or can be made.
fn unusable(path: &Path) -> Option<String> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => None,
        Ok(_) => Some("is not a directory".to_owned()),
        Err(_) if disk::is_missing(path) => None,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Some("is a symlink to nothing".to_owned())
        }
        Err(error) => Some(format!("cannot be used ({error})")),
    }
}

/// The symlinks in a directory: one listing is quicker than a look at every stage.
fn links(directory: &Path) -> BTreeSet<OsString> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let links = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()));
    links.map(|entry| entry.file_name()).collect()
}

/// Where a path leads, if it is a symlink, be there something or not.
fn leads_to(path: &Path) -> Option<PathBuf> {
    let target = fs::read_link(path).ok()?;
    let target = lexical::absolute(path.parent().unwrap_or(path), &target);
    Some(fs::canonicalize(path).unwrap_or_else(|_| disk::real(&target)))
}
