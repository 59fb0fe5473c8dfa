//! The tools that are compared: what they are told, and where they leave things. Knows nothing of measuring.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Result;
use crate::library::{FILES, Library};
use crate::measure::Call;
use crate::options::Options;

/// Where betterform stands among the tools.
pub(crate) const BETTERFORM: usize = 0;

/// A tool with a library to build.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// Brings everything up to date.
    pub(crate) build: Call,
    /// Succeeds only if everything is up to date.
    pub(crate) confirm: Call,
    output: PathBuf,
    /// Where the tool renders files, if it does.
    stamped: Option<PathBuf>,
    made: Vec<PathBuf>,
}

/// betterform, and those of make and ninja that are installed.
pub(crate) fn installed(place: &Path, options: &Options) -> Result<Vec<Tool>> {
    let jobs = format!("-j{}", options.jobs);
    let mut tools = vec![betterform(place, options, &jobs)];
    // ninja succeeds whether or not there is something to do, and says which.
    let ninja = ["-c", "ninja -n | grep -q 'no work to do'"];
    for (name, confirm, arguments) in [("make", "make", &["-q"][..]), ("ninja", "sh", &ninja)] {
        if version(name)?.is_some() {
            let directory = place.join(name);
            let mut made = vec![directory.join("output")];
            made.extend([".ninja_log", ".ninja_deps"].map(|file| directory.join(file)));
            tools.push(Tool {
                name,
                build: Call::new(&directory, name, &[&jobs]),
                confirm: Call::new(&directory, confirm, arguments),
                output: directory.join("output"),
                stamped: None,
                made,
            });
        }
    }
    Ok(tools)
}

fn betterform(place: &Path, options: &Options, jobs: &str) -> Tool {
    let directory = place.join("dep");
    let call = |words: &[&str]| Call::new(&directory, &options.betterform, words);
    Tool {
        name: "betterform",
        build: call(&["apply", "--yes", jobs]),
        confirm: call(&["plan", "--detailed-exitcode", jobs]),
        output: directory.join("output"),
        stamped: Some(directory.join("genfiles")),
        made: ["genfiles", "output", ".betterform"]
            .map(|name| directory.join(name))
            .into(),
    }
}

/// The first line of what `--version` of a program says, if it is installed.
pub(crate) fn version(program: &str) -> Result<Option<String>> {
    let asked = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    match asked {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Tool {
    /// Moves away all that the tool and the stages made, into a new directory in `place`. It is not removed: right after many
    /// files were, some file systems are slow to make new ones, and a first run never meets that.
    pub(crate) fn reset(&self, place: &Path) -> Result<()> {
        let aside = tempfile::Builder::new()
            .prefix("before-")
            .tempdir_in(place)?;
        let aside = aside.keep();
        let stamps = self.build.directory.join("stamps");
        let has_stamps = stamps.exists();
        for path in self.made.iter().chain([&stamps]) {
            let to = aside.join(path.file_name().unwrap_or_default());
            fs::rename(path, to).or_else(|error| match error.kind() {
                ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })?;
        }
        if has_stamps {
            fs::create_dir(&stamps)?;
        }
        Ok(())
    }

    /// Makes sure that every stage ran, and on the same files as with the other tools.
    pub(crate) fn check_built(&self, library: &Library, place: &Path) -> Result<()> {
        for name in library.names() {
            let path = self.output.join(name).join("out");
            let expected = format!("made by {name}\n");
            if fs::read_to_string(&path).unwrap_or_default() != expected {
                return Err(format!("{} did not make `{}`", self.name, path.display()).into());
            }
            let Some(stamped) = &self.stamped else {
                continue;
            };
            for file in FILES.iter().map(|(file, _)| *file).chain(["ctl"]) {
                let path = stamped.join(name).join(file);
                let expected = fs::read(place.join("plain").join(name).join(file))?;
                if fs::read(&path).unwrap_or_default() != expected {
                    return Err(format!("`{}` is not as expected", path.display()).into());
                }
            }
        }
        Ok(())
    }
}
