//! What templates are given besides their own text: the data that they start with, and the `templates` of `.gomplate.yaml`
//! that they can call. Knows nothing of the language.
//!
//! Facts: gomplate v5.2.0, `context.go` and `render.go`, by their source and by running it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::source::lexical;
use crate::stamp::Request;
use crate::stamp::blame::Origin;
use crate::stamp::datasources::CONFIG;
use crate::stamp::gomplate_config::GomplateConfig;
use crate::stamp::host::StageHost;
use crate::template::gomplate::{HANDOVER, SourceUrl, config_value, read_datasource};
use crate::template::{FileKind, Functions, Host as _, Map, Root, Text, Type, Value};

/// The alias whose data is the root itself.
const WHOLE: &str = ".";

/// A nested template.
pub(super) struct Nested {
    /// What it is called by.
    pub(super) name: String,
    /// Its file.
    pub(super) path: PathBuf,
    /// Its bytes.
    pub(super) text: Vec<u8>,
}

impl Nested {
    pub(super) fn origin(&self) -> Origin<'_> {
        Origin {
            name: &self.name,
            path: &self.path,
            text: &self.text,
        }
    }
}

/// Why something could not be read: the alias of `.gomplate.yaml` that names it, and the reason.
pub(super) type Unreadable = (String, String);

/// What templates start with: the data of each alias in `context`, with the configuration as `cfg`; and the environment.
pub(super) fn root(
    request: &Request<'_>,
    config: &GomplateConfig,
    functions: &Functions,
    host: &mut StageHost<'_>,
) -> Result<Value, Unreadable> {
    let mut aliases = BTreeMap::new();
    let others = config.context.keys().map(String::as_str);
    for alias in others.filter(|alias| *alias != CONFIG).chain([CONFIG]) {
        // A datasource of that alias takes the place of the configuration.
        let data = if alias == CONFIG && !config.datasources.contains_key(CONFIG) {
            config_value(request.config)
        } else {
            read_datasource(functions, host, alias)
        };
        // gomplate reads contexts in any order, and none behind the one that is the root.
        let any_order = config.context.contains_key(WHOLE) && alias != WHOLE;
        let data = data.map_err(|why| {
            let mark = if any_order { HANDOVER } else { "" };
            (alias.to_owned(), format!("{mark}{why}"))
        })?;
        aliases.insert(Text::from(alias.as_bytes()), data);
    }
    if let Some(data) = aliases.remove(WHOLE.as_bytes()) {
        host.root_is_data = true;
        return Ok(data);
    }
    let root = Root::new(Map::new(Type::Any, aliases), host.variables());
    Ok(Value::Native(Arc::new(root)))
}

/// The nested templates, those of a directory by `ALIAS/NAME`.
pub(super) fn nested(
    request: &Request<'_>,
    config: &GomplateConfig,
    host: &mut StageHost<'_>,
) -> Result<Vec<Nested>, Unreadable> {
    let mut found = Vec::new();
    for (alias, source) in &config.templates {
        let read = template_path(request, &source.url)
            .and_then(|path| templates_at(alias, path, host, &mut found));
        read.map_err(|why| (alias.clone(), why))?;
    }
    Ok(found)
}

/// Where a nested template lies.
fn template_path(request: &Request<'_>, url: &str) -> Result<PathBuf, String> {
    let url = SourceUrl::parse_source(url)?;
    let path = url.path().filter(|path| !path.contains('\\'));
    match (url.scheme(), path) {
        ("" | "file", Some(path)) if !path.ends_with("..") => {
            Ok(lexical::absolute(request.deployment, Path::new(path)))
        }
        _ => Err(format!("{HANDOVER}an unusual place of a nested template")),
    }
}

fn templates_at(
    alias: &str,
    path: PathBuf,
    host: &mut StageHost<'_>,
    found: &mut Vec<Nested>,
) -> Result<(), String> {
    let bytes = path.as_os_str().as_bytes();
    if host.status(bytes)?.map(|status| status.kind) != Some(FileKind::Directory) {
        let (name, text) = (alias.to_owned(), host.read_file(bytes)?);
        found.push(Nested { name, path, text });
        return Ok(());
    }
    let is_plain = alias
        .split('/')
        .all(|part| !matches!(part, "" | "." | ".."));
    for entry in host.entries(bytes)? {
        let name = entry.name;
        let path = path.join(OsStr::from_bytes(&name));
        let is_directory = path.is_dir();
        if is_directory && !path.is_symlink() {
            continue;
        }
        match std::str::from_utf8(&name) {
            Ok(name) if is_plain && !is_directory => found.push(Nested {
                name: format!("{alias}/{name}"),
                text: host.read_file(path.as_os_str().as_bytes())?,
                path,
            }),
            _ => return Err(format!("{HANDOVER}unusual names of nested templates")),
        }
    }
    Ok(())
}
