//! The wave variables, from flags, the environment, settings and defaults.
//! Looks at the disk only for what is there by default.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::source::project::{Overrides, Parent};
use crate::source::settings::{File, Location};
use crate::source::{disk, lexical};
use crate::system::environment::Environment;

/// The file that makes a directory a library.
pub const DAG_FILE: &str = "betterform_dag.mk";

/// The wave variables: absolute paths, the same for all stages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    /// `IMPL_DIR`: the library.
    pub impl_dir: PathBuf,
    /// `GENFILES`: generated files.
    pub genfiles: PathBuf,
    /// `OUTPUT_DIR`: outputs.
    pub output_dir: PathBuf,
    /// `CONFIG_JSONNET_FILE`, if there is to be one; it need not exist.
    pub config_jsonnet_file: Option<PathBuf>,
    /// `CONFIG_JSON_FILE`: the configuration.
    pub config_json_file: PathBuf,
    /// `INTERACTIVE`, if it is set.
    pub interactive: Option<bool>,
}

/// Who says where something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag,
    Environment,
    Settings,
    Default,
}

/// Where the call says that things are: all that resolving a wave variable needs, but the library's settings.
pub(crate) struct Call<'a> {
    pub(crate) deployment: &'a Path,
    pub(crate) overrides: &'a Overrides,
    pub(crate) environment: &'a Environment,
}

impl Call<'_> {
    /// The path that the weightiest of flag, variable and settings names, if any does; empty ones do not.
    pub(crate) fn pick(
        &self,
        flag: Option<&Path>,
        variable: &str,
        setting: Option<&Location>,
    ) -> Option<(PathBuf, Origin)> {
        let named = |path: &&Path| !path.as_os_str().is_empty();
        let absolute = |path: &Path| lexical::absolute(self.deployment, path);
        let flag = flag
            .filter(named)
            .map(|path| (absolute(path), Origin::Flag));
        let variable = || {
            let path = self.environment.get(variable).map(Path::new);
            path.filter(named)
                .map(|path| (absolute(path), Origin::Environment))
        };
        let setting = || {
            let path = setting.map(|location| location.0.as_path());
            path.filter(named)
                .map(|path| (absolute(path), Origin::Settings))
        };
        flag.or_else(variable).or_else(setting)
    }

    /// The library, if anything says which it is.
    pub(crate) fn library(&self, deployment: &File) -> Option<(PathBuf, Origin)> {
        let flag = self.overrides.impl_dir.as_deref();
        let named = self.pick(flag, "IMPL_DIR", deployment.impl_dir.as_ref());
        named.or_else(|| {
            let is_library = self.deployment.join(DAG_FILE).exists();
            is_library.then(|| (self.deployment.to_owned(), Origin::Default))
        })
    }

    /// All wave variables. Paths in `settings` are absolute.
    pub(crate) fn wave(
        &self,
        impl_dir: PathBuf,
        settings: &File,
        parent: Option<&Parent>,
    ) -> Result<Wave> {
        let given = self.overrides;
        let default = |name: &str| {
            (
                lexical::absolute(self.deployment, Path::new(name)),
                Origin::Default,
            )
        };
        let (genfiles, _) = self
            .pick(
                given.genfiles.as_deref(),
                "GENFILES",
                settings.genfiles.as_ref(),
            )
            .unwrap_or_else(|| default("genfiles"));
        let (output_dir, _) = self
            .pick(
                given.output_dir.as_deref(),
                "OUTPUT_DIR",
                settings.output_dir.as_ref(),
            )
            .unwrap_or_else(|| default("output"));
        let config_jsonnet_file = self.jsonnet_file(settings);
        let config_json_file = self
            .json_file(settings, parent, config_jsonnet_file.as_deref())
            .unwrap_or_else(|| genfiles.join("config.json"));
        Ok(Wave {
            impl_dir,
            genfiles,
            output_dir,
            config_jsonnet_file,
            config_json_file,
            interactive: self.interactive(settings)?,
        })
    }

    /// The jsonnet file: the first that says something decides, and an empty path says that there is none.
    fn jsonnet_file(&self, settings: &File) -> Option<PathBuf> {
        let flag = self.overrides.config_jsonnet_file.as_deref();
        let variable = self.environment.get("CONFIG_JSONNET_FILE").map(Path::new);
        let setting = settings.config_jsonnet_file.as_ref();
        match flag
            .or(variable)
            .or(setting.map(|location| location.0.as_path()))
        {
            Some(none) if none.as_os_str().is_empty() => None,
            Some(path) => Some(lexical::absolute(self.deployment, path)),
            // A link that leads nowhere, or a place that cannot be looked at, is one that must not be passed over.
            None => {
                Some(self.deployment.join("config.jsonnet")).filter(|path| !disk::is_missing(path))
            }
        }
    }

    /// The configuration as JSON, if something says where it is. A jsonnet file of our own must not be evaluated into the
    /// parent's configuration: then an inherited path says nothing.
    fn json_file(
        &self,
        settings: &File,
        parent: Option<&Parent>,
        jsonnet_file: Option<&Path>,
    ) -> Option<PathBuf> {
        let flag = self.overrides.config_json_file.as_deref();
        let setting = settings.config_json_file.as_ref();
        let (path, _) = self.pick(flag, "CONFIG_JSON_FILE", setting)?;
        let ours = parent.is_none_or(|parent| {
            parent.config_jsonnet_file.as_deref() == jsonnet_file || parent.config_json_file != path
        });
        ours.then_some(path)
    }

    fn interactive(&self, settings: &File) -> Result<Option<bool>> {
        if let Some(flag) = self.overrides.interactive {
            return Ok(Some(flag));
        }
        match self.environment.get("INTERACTIVE") {
            Some(value) if !value.is_empty() => {
                let text = value.to_string_lossy();
                let wrong = || {
                    Error::usage(format!("`INTERACTIVE` is `{text}`"))
                        .hint("set it to `true` or `false`, or do not set it")
                };
                truth(&text).ok_or_else(wrong).map(Some)
            }
            _ => Ok(settings.interactive),
        }
    }
}

/// The truth that a word spells.
pub(crate) fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}
