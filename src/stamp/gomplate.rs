//! The real gomplate as a stamper: run once for a stage, into a private directory that is read and removed.
//!
//! It is the reference that the embedded stamper is held to. Knows nothing of when it is the one to take.

use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use rustix::fs::Access;
use tempfile::TempDir;
use walkdir::WalkDir;

use crate::error::{Error, Result};
use crate::stamp::gomplate_output::Messages;
use crate::stamp::scan::scan;
use crate::stamp::source::{Source, Treatment};
use crate::stamp::verbatim::VERBATIM_FILE;
use crate::stamp::{Rendered, RenderedFile, RenderedFiles, Request};
use crate::system::environment::Environment;
use crate::system::process;

/// How the name of this renderer begins.
pub const GOMPLATE: &str = "gomplate";

/// What to do where gomplate is missing.
pub const HOW_TO_INSTALL: &str = "install gomplate 5 (https://docs.gomplate.ca/installing/) so that it is on `PATH`, or name it with `GOMPLATE`";

/// The gomplate of a machine.
#[derive(Debug)]
pub struct Gomplate {
    binary: PathBuf,
    version: OnceLock<String>,
}

impl Gomplate {
    /// The binary that `GOMPLATE` names, else the first `gomplate` on `PATH`; `None` if there is none. Relative paths are
    /// relative to the deployment.
    ///
    /// # Errors
    /// `GOMPLATE` names something that cannot be executed.
    pub fn find(environment: &Environment, deployment: &Path) -> Result<Option<Self>> {
        let named = environment.get("GOMPLATE").filter(|name| !name.is_empty());
        let name = named.unwrap_or(OsStr::new("gomplate"));
        let binary = if name.as_bytes().contains(&b'/') {
            Some(deployment.join(name)).filter(|path| is_executable(path))
        } else {
            on_path(environment, deployment, name)
        };
        match (binary, named) {
            (Some(binary), _) => Ok(Some(Self {
                binary,
                version: OnceLock::new(),
            })),
            (None, None) => Ok(None),
            (None, Some(name)) => Err(Error::failed(format!(
                "`GOMPLATE` names `{}`, which is no program that can be run",
                name.display()
            ))
            .hint(HOW_TO_INSTALL)),
        }
    }

    /// Its version, as in `5.2.0`. Asked for once.
    ///
    /// # Errors
    /// It cannot be run, or does not say.
    pub fn version(&self, environment: &Environment, deployment: &Path) -> Result<&str> {
        if let Some(version) = self.version.get() {
            return Ok(version);
        }
        let output = self.run(environment, deployment, &["--version".into()])?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.split_whitespace().next_back().unwrap_or_default();
        if !output.status.success() || version.is_empty() {
            let binary = self.binary.display();
            let message = format!("`{binary} --version` does not say which gomplate this is");
            return Err(Error::failed(message).hint(HOW_TO_INSTALL));
        }
        Ok(self.version.get_or_init(|| version.to_owned()))
    }

    /// What it is called in [`Rendered::renderer`], with its version.
    ///
    /// # Errors
    /// As [`Gomplate::version`].
    pub fn renderer(&self, request: &Request<'_>) -> Result<String> {
        let version = self.version(request.environment, request.deployment)?;
        Ok(format!("{GOMPLATE} {version}"))
    }

    /// The one place that starts gomplate.
    #[expect(
        clippy::disallowed_methods,
        reason = "waits for a program without a terminal and reads what it says, which needs no more than this"
    )]
    fn run(
        &self,
        environment: &Environment,
        deployment: &Path,
        arguments: &[OsString],
    ) -> Result<Output> {
        let mut command = std::process::Command::new(&self.binary);
        command
            .args(arguments)
            .env_clear()
            .envs(environment.iter())
            .current_dir(deployment);
        process::output(&mut command, |error| {
            Error::io("cannot run", &self.binary, error)
        })
    }
}

impl Gomplate {
    /// Renders a stage that was read.
    ///
    /// # Errors
    /// As [`crate::stamp::Stamper::render`].
    pub fn render_source(&self, request: &Request<'_>, source: &Source) -> Result<Rendered> {
        let renderer = self.renderer(request)?;
        let private = tempfile::Builder::new()
            .prefix("betterform-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .map_err(|error| Error::io("cannot make", Path::new("a private directory"), &error))?;
        let output_dir = private.path().join("out");
        make_directories(&output_dir, source)?;
        let arguments = arguments(request, source, &private, &output_dir)?;
        let output = self.run(request.environment, request.deployment, &arguments)?;
        let messages = Messages::of(&output.stderr);
        if !output.status.success() {
            return Err(messages.failure(request, source, output.status));
        }
        let mut files = read_output(&output_dir)?;
        let verbatim = source
            .files
            .iter()
            .filter(|file| file.treatment == Treatment::Verbatim);
        for file in verbatim {
            files.extend(file.copied().map(|copy| (file.path.clone(), copy)));
        }
        Ok(Rendered {
            files,
            reads: scan(request, source),
            renderer,
            sources: Vec::new(),
            because: Vec::new(),
            warnings: messages.warnings(),
        })
    }
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok()
}

fn on_path(environment: &Environment, deployment: &Path, name: &OsStr) -> Option<PathBuf> {
    let path = environment.get("PATH")?;
    path.as_bytes()
        .split(|byte| *byte == b':')
        .map(|directory| deployment.join(OsStr::from_bytes(directory)).join(name))
        .find(|candidate| is_executable(candidate))
}

/// Makes the directories that gomplate will write to: it would give them the mode of the stage template directory, and
/// then cannot write to them if that is read-only.
fn make_directories(output_dir: &Path, source: &Source) -> Result<()> {
    let inside = source.files.iter().filter_map(|file| file.path.parent());
    for directory in std::iter::once(Path::new("")).chain(inside) {
        let directory = output_dir.join(directory);
        std::fs::create_dir_all(&directory)
            .map_err(|error| Error::io("cannot make", &directory, &error))?;
    }
    Ok(())
}

fn arguments(
    request: &Request<'_>,
    source: &Source,
    private: &TempDir,
    output_dir: &Path,
) -> Result<Vec<OsString>> {
    let config = source.config_file.as_deref().unwrap_or(Path::new(""));
    let context = context_file(request, private)?;
    let mut context_flag = OsString::from("cfg=");
    context_flag.push(context);
    let mut arguments: Vec<OsString> = vec![
        "--config".into(),
        config.into(),
        "--context".into(),
        list_item(&context_flag),
        "--input-dir".into(),
        request.template_dir.into(),
        "--output-dir".into(),
        output_dir.into(),
    ];
    let settings = request.settings;
    let delimiters = [
        ("--left-delim", &settings.left_delim),
        ("--right-delim", &settings.right_delim),
    ];
    for (flag, delimiter) in delimiters {
        if let Some(delimiter) = delimiter.as_ref().filter(|text| !text.is_empty()) {
            arguments.extend([flag.into(), delimiter.into()]);
        }
    }
    for pattern in excludes(request, source) {
        arguments.extend(["--exclude".into(), list_item(&pattern)]);
    }
    Ok(arguments)
}

/// A value for a flag that gomplate splits at commas as CSV.
fn list_item(value: &OsStr) -> OsString {
    let mut quoted = vec![b'"'];
    for byte in value.as_bytes() {
        if *byte == b'"' {
            quoted.push(b'"');
        }
        quoted.push(*byte);
    }
    quoted.push(b'"');
    OsStr::from_bytes(&quoted).to_owned()
}

/// The file that gomplate reads as `cfg`: the configuration's own, unless it says something else (or is not there yet) or
/// has a name that gomplate would not take for a path to JSON; then a private copy.
fn context_file(request: &Request<'_>, private: &TempDir) -> Result<PathBuf> {
    let file = request.config_json_file;
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'?' | b'%' | b'\\');
    let text = std::fs::read(file).ok().filter(|text| {
        serde_json::from_slice::<serde_json::Value>(text)
            .is_ok_and(|config| config == *request.config)
    });
    let name = file.as_os_str().as_bytes();
    if text.is_some() && name.ends_with(b".json") && name.iter().copied().all(plain) {
        return Ok(file.to_owned());
    }
    let copy = private.path().join("config.json");
    let text = text.unwrap_or_else(|| request.config.to_string().into_bytes());
    write_private(&copy, &text).map_err(|error| Error::io("cannot write", &copy, &error))?;
    Ok(copy)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a new file in a private directory, which nobody else reads while it is written"
)]
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    std::fs::write(path, content)
}

/// The patterns for `--exclude`: verbatim files, which are copied here, and our own file. As the flag replaces the list of
/// the configuration file, that list comes first.
fn excludes(request: &Request<'_>, source: &Source) -> Vec<OsString> {
    let own = request.template_dir.join(VERBATIM_FILE).exists();
    let own = own.then(|| pattern_of(Path::new(VERBATIM_FILE), ""));
    let mut patterns: Vec<OsString> = verbatim_patterns(source);
    patterns.extend(own);
    if patterns.is_empty() {
        return patterns;
    }
    let configured = source.config.excludes.iter().map(OsString::from);
    configured.chain(patterns).collect()
}

/// A pattern for each verbatim file, or one for a whole directory where all files of it are verbatim: gomplate tries every
/// pattern on every file.
fn verbatim_patterns(source: &Source) -> Vec<OsString> {
    let (verbatim, others): (Vec<_>, Vec<_>) = source
        .files
        .iter()
        .partition(|file| file.treatment == Treatment::Verbatim);
    let mixed: std::collections::BTreeSet<&Path> = others
        .iter()
        .flat_map(|file| file.path.ancestors().skip(1))
        .collect();
    let mut patterns: Vec<OsString> = verbatim
        .iter()
        .map(|file| {
            let whole = file.path.ancestors().skip(1);
            let whole = whole
                .filter(|directory| !directory.as_os_str().is_empty() && !mixed.contains(directory))
                .last();
            whole.map_or_else(
                || pattern_of(&file.path, ""),
                |directory| pattern_of(directory, "/**"),
            )
        })
        .collect();
    patterns.dedup();
    patterns
}

/// A pattern for exactly this path, with `suffix` behind it.
fn pattern_of(path: &Path, suffix: &str) -> OsString {
    let mut pattern = vec![b'/'];
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_punctuation() && *byte != b'/' {
            pattern.push(b'\\');
        }
        pattern.push(*byte);
    }
    pattern.extend(suffix.as_bytes());
    OsStr::from_bytes(&pattern).to_owned()
}

fn read_output(output_dir: &Path) -> Result<RenderedFiles> {
    let mut files = RenderedFiles::new();
    for found in WalkDir::new(output_dir) {
        let found = found.map_err(|error| {
            let error = std::io::Error::from(error);
            Error::io("cannot list", output_dir, &error)
        })?;
        if !found.file_type().is_file() {
            continue;
        }
        let path = found.path();
        let failed = |error: std::io::Error| Error::io("cannot read", path, &error);
        let mode = path.metadata().map_err(failed)?.permissions().mode() & 0o777;
        let content = std::fs::read(path).map_err(failed)?.into();
        if let Ok(inside) = path.strip_prefix(output_dir) {
            files.insert(inside.to_owned(), RenderedFile { content, mode });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::{list_item, pattern_of};
    use crate::stamp::pattern::Pattern;
    use std::ffi::OsStr;
    use std::path::Path;

    #[test]
    fn quotes_values_of_list_flags() {
        for (value, expected) in [("a,b", r#""a,b""#), (r#"a"b"#, r#""a""b""#)] {
            assert_eq!(list_item(OsStr::new(value)), OsStr::new(expected));
        }
    }

    #[test]
    fn makes_patterns_that_match_one_path() {
        for path in [
            "a", "a b/c+d", "f{1,2}", "[x]", "é/ü", "!x", "a\\b", "$", "(a|b)", "~_-",
        ] {
            let text = pattern_of(Path::new(path), "");
            let pattern = Pattern::new(text.to_str().unwrap()).unwrap().unwrap();
            assert!(pattern.matches(path), "{path}");
            assert!(!pattern.matches(&format!("x/{path}")), "{path}");
            assert!(!pattern.matches(&format!("{path}x")), "{path}");
        }
        let text = pattern_of(Path::new("a.b"), "/**");
        let pattern = Pattern::new(text.to_str().unwrap()).unwrap().unwrap();
        assert!(pattern.matches("a.b/c/d") && !pattern.matches("aab/c"));
    }
}
