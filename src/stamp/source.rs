//! A stage template directory as gomplate sees it: which files there are, in which order, and what is done with each.
//!
//! Symlinks to files are followed, symlinks to directories are not entered. What is left out is not read. Knows nothing of
//! the language of templates, apart from how an action begins.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use walkdir::WalkDir;

use crate::error::{Diagnostic, Error, Result};
use crate::stamp::gomplate_config::{CONFIG_FILE, GomplateConfig};
use crate::stamp::ignore::{self, Entry, IgnoreFiles, Invalid};
use crate::stamp::umask::umask;
use crate::stamp::verbatim::{VERBATIM_FILE, Verbatim};
use crate::stamp::{RenderedFile, Request};

/// All that a stage is stamped from, read.
#[derive(Clone, Debug)]
pub struct Source {
    /// The files that are kept, in the order in which gomplate renders them: by the bytes of their paths.
    pub files: Vec<SourceFile>,
    /// gomplate's own configuration.
    pub config: GomplateConfig,
    /// Where that was read from, absolute.
    pub config_file: Option<PathBuf>,
    /// What begins and ends an action.
    pub delimiters: Delimiters,
}

/// A file of a stage template directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path in the directory.
    pub path: PathBuf,
    /// Its bytes.
    pub content: Arc<[u8]>,
    /// Its permission bits without those that the umask takes away: the mode of what is made from it.
    pub mode: u32,
    /// What is done with it.
    pub treatment: Treatment,
}

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It is rendered.
    Render,
    /// It is copied unless it is blank: it has no action, or `excludeProcessing` names it.
    Copy,
    /// It is copied even if it is blank: `.betterformverbatim` or `[stamp] verbatim` names it.
    Verbatim,
}

/// What begins and ends an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimiters {
    /// As `{{`.
    pub left: String,
    /// As `}}`.
    pub right: String,
}

impl SourceFile {
    /// The stamped file, for one that is not rendered; `None` if it has to be rendered or is not made.
    pub fn copied(&self) -> Option<RenderedFile> {
        let made = match self.treatment {
            Treatment::Render => false,
            Treatment::Copy => !ignore::is_blank(&self.content),
            Treatment::Verbatim => true,
        };
        made.then(|| self.made(Arc::clone(&self.content)))
    }

    /// The stamped file of this content; `None` if gomplate makes none of it, as it is blank.
    pub fn rendered(&self, content: Vec<u8>) -> Option<RenderedFile> {
        (!ignore::is_blank(&content)).then(|| self.made(content.into()))
    }

    fn made(&self, content: Arc<[u8]>) -> RenderedFile {
        RenderedFile {
            content,
            mode: self.mode,
        }
    }
}

impl Delimiters {
    /// `betterform.toml` comes first, then `.gomplate.yaml`, then the environment, then `{{` and `}}`.
    pub fn resolve(request: &Request<'_>, config: &GomplateConfig) -> Self {
        let one = |mine: &Option<String>, theirs: &Option<String>, variable, default: &str| {
            let mine = mine.as_deref().filter(|delimiter| !delimiter.is_empty());
            let variable = || request.environment.text(variable);
            mine.or(theirs.as_deref())
                .or_else(variable)
                .unwrap_or(default)
                .to_owned()
        };
        let settings = request.settings;
        Self {
            left: one(
                &settings.left_delim,
                &config.left_delim,
                "GOMPLATE_LEFT_DELIM",
                "{{",
            ),
            right: one(
                &settings.right_delim,
                &config.right_delim,
                "GOMPLATE_RIGHT_DELIM",
                "}}",
            ),
        }
    }
}

impl Source {
    /// Reads a stage template directory and the `.gomplate.yaml` that counts for it.
    ///
    /// # Errors
    /// A file cannot be read or is neither file nor directory, a symlink leads nowhere, or a pattern is not valid.
    pub fn read(request: &Request<'_>) -> Result<Self> {
        let (config, config_file) = read_config(request)?;
        let delimiters = Delimiters::resolve(request, &config);
        let files = read_files(request, &config, &delimiters)?;
        Ok(Self {
            files,
            config,
            config_file,
            delimiters,
        })
    }

    /// The file at a path in the directory.
    pub fn file(&self, path: &Path) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// gomplate's own configuration for a stage, and the file that it was read from.
///
/// # Errors
/// The file cannot be read, or is not valid.
pub fn read_config(request: &Request<'_>) -> Result<(GomplateConfig, Option<PathBuf>)> {
    let Some(file) = find_config(request)? else {
        return Ok((GomplateConfig::default(), None));
    };
    let text = std::fs::read(&file).map_err(|e| Error::io("cannot read", &file, &e))?;
    let text = String::from_utf8_lossy(&text);
    let config = GomplateConfig::parse(&text, &shown(request, &file))?;
    Ok((config, Some(file)))
}

/// The `.gomplate.yaml` of the stage, else that which `GOMPLATE_CONFIG` names (empty: none), else that of the deployment.
fn find_config(request: &Request<'_>) -> Result<Option<PathBuf>> {
    let of_stage = request.template_dir.join(CONFIG_FILE);
    if of_stage.is_file() {
        return Ok(Some(of_stage));
    }
    if let Some(named) = request.environment.get("GOMPLATE_CONFIG") {
        let file = request.deployment.join(named);
        return match named.is_empty() {
            true => Ok(None),
            false if file.is_file() => Ok(Some(file)),
            false => Err(Error::failed(format!(
                "`GOMPLATE_CONFIG` names `{}`, which is not a file",
                named.display()
            ))),
        };
    }
    let of_deployment = request.deployment.join(CONFIG_FILE);
    Ok(of_deployment.is_file().then_some(of_deployment))
}

/// A path as users see it: below the stage template directory as `STAGE/…`, else as it is.
pub fn shown(request: &Request<'_>, path: &Path) -> PathBuf {
    match path.strip_prefix(request.template_dir) {
        Ok(inside) => Path::new(request.stage.as_str()).join(inside),
        Err(_) => path.to_owned(),
    }
}

/// The files of a stage template directory that are kept, without reading them.
///
/// # Errors
/// As [`Source::read`].
pub fn names(request: &Request<'_>) -> Result<Vec<PathBuf>> {
    let (config, _) = read_config(request)?;
    let tree = Tree::walk(request)?;
    let left_out = tree.ignored(request, &config.excludes)?;
    let kept = tree.entries.into_iter();
    let kept = kept.filter(|entry| !entry.is_directory && !left_out.contains(&entry.path));
    Ok(kept.map(|entry| entry.path).collect())
}

fn read_files(
    request: &Request<'_>,
    config: &GomplateConfig,
    delimiters: &Delimiters,
) -> Result<Vec<SourceFile>> {
    let tree = Tree::walk(request)?;
    let left_out = tree.ignored(request, &config.excludes)?;
    // Files that only an ignore file leaves out, and `excludes` takes back, count as excluded from processing too: gomplate
    // applies the ignore files to both lists.
    let copied = match (&config.exclude_processing[..], &config.excludes[..]) {
        ([], []) => BTreeSet::new(),
        (patterns, _) => tree.ignored(request, patterns)?,
    };
    let verbatim = Verbatim::read(request)?;
    let begins = AhoCorasick::new([&delimiters.left])
        .map_err(|_| Error::failed("the left delimiter is too long"))?;
    let mut files = Vec::new();
    for entry in &tree.entries {
        let path = &entry.path;
        if entry.is_directory || left_out.contains(path) || path == Path::new(VERBATIM_FILE) {
            continue;
        }
        let (content, mode) = read_file(request, path)?;
        let treatment = if verbatim.names(path) {
            Treatment::Verbatim
        } else if copied.contains(path) || !begins.is_match(&content[..]) {
            Treatment::Copy
        } else {
            Treatment::Render
        };
        files.push(SourceFile {
            path: path.clone(),
            content,
            mode,
            treatment,
        });
    }
    files.sort_by(|a, b| bytes(&a.path).cmp(bytes(&b.path)));
    Ok(files)
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

/// The names in a stage template directory.
struct Tree {
    entries: Vec<Entry>,
    ignore_files: IgnoreFiles,
}

impl Tree {
    /// The entries that the ignore files and these patterns leave out.
    fn ignored(&self, request: &Request<'_>, patterns: &[String]) -> Result<BTreeSet<PathBuf>> {
        ignore::ignored(&self.entries, &self.ignore_files, patterns)
            .map_err(|invalid| not_valid(request, &self.ignore_files, invalid))
    }

    fn walk(request: &Request<'_>) -> Result<Self> {
        let mut tree = Self {
            entries: Vec::new(),
            ignore_files: IgnoreFiles::new(),
        };
        let root = request.template_dir;
        for found in WalkDir::new(root).min_depth(1) {
            let found = found.map_err(|error| {
                let path = error.path().unwrap_or(root).to_owned();
                let error = std::io::Error::from(error);
                Error::io("cannot list", &shown(request, &path), &error)
            })?;
            let path = found.path();
            let metadata = std::fs::metadata(path)
                .map_err(|error| dead_end(request, path, found.path_is_symlink(), &error))?;
            let Ok(inside) = path.strip_prefix(root) else {
                continue;
            };
            if ignore::is_ignore_file(found.file_name()) {
                let content = std::fs::read(path)
                    .map_err(|e| Error::io("cannot read", &shown(request, path), &e))?;
                let directory = inside.parent().unwrap_or(Path::new("")).to_owned();
                tree.ignore_files.insert(directory, content);
            }
            tree.entries
                .push(Entry::new(inside.to_owned(), metadata.is_dir()));
        }
        Ok(tree)
    }
}

fn dead_end(request: &Request<'_>, path: &Path, symlink: bool, error: &std::io::Error) -> Error {
    let shown = shown(request, path);
    if symlink {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "leads nowhere".to_owned(),
            _ => format!("cannot be followed: {error}"),
        };
        Error::failed(format!("the symlink `{}` {why}", shown.display()))
            .hint("gomplate stamps no stage with such a symlink, even if it is ignored: remove it")
    } else {
        Error::io("cannot look at", &shown, error)
    }
}

fn read_file(request: &Request<'_>, path: &Path) -> Result<(Arc<[u8]>, u32)> {
    let full = request.template_dir.join(path);
    let failed = |error| Error::io("cannot read", &shown(request, &full), &error);
    let metadata = std::fs::metadata(&full).map_err(failed)?;
    let content = if metadata.is_file() {
        std::fs::read(&full).map_err(failed)?
    } else if is_null_device(&metadata) {
        Vec::new()
    } else {
        let path = shown(request, &full);
        let message = format!("`{}` is neither a file nor a directory", path.display());
        let hint = format!("name it in `{}`, or remove it", ignore::IGNORE_FILE);
        return Err(Error::failed(message).hint(hint));
    };
    let mode = metadata.permissions().mode() & 0o777 & !umask();
    Ok((content.into(), mode))
}

/// Whether this is `/dev/null`, to which people link for an empty file.
fn is_null_device(metadata: &Metadata) -> bool {
    std::fs::metadata("/dev/null").is_ok_and(|null| {
        null.rdev() == metadata.rdev()
            && null.rdev() != 0
            && null.file_type() == metadata.file_type()
    })
}

fn not_valid(request: &Request<'_>, files: &IgnoreFiles, invalid: Invalid) -> Error {
    let Some((file, line)) = invalid.place else {
        return Error::failed(format!("in `{CONFIG_FILE}`, {}", invalid.message));
    };
    let directory = file.parent().unwrap_or(Path::new(""));
    let content = files.get(directory).map_or(&[][..], Vec::as_slice);
    let text = content
        .split(|byte| *byte == b'\n')
        .nth(line.saturating_sub(1))
        .unwrap_or_default();
    Error::at(vec![Diagnostic {
        message: invalid.message,
        path: Path::new(request.stage.as_str())
            .join(&file)
            .display()
            .to_string(),
        line: line.max(1),
        column: (line > 0).then_some(1),
        width: 1,
        text: String::from_utf8_lossy(text).trim_end().to_owned(),
        help: Some("gomplate refuses it too: it makes a regular expression of it".to_owned()),
    }])
}
