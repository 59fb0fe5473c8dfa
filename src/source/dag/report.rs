//! Takes apart what GNU make printed while it evaluated a DAG file: the calls, and how it ended.
//! Does not know what the calls mean.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use crate::source::dag::calls::{Call, Macro, Place, Problem, Word};

/// What make made of a DAG file.
#[derive(Debug)]
pub(super) struct Evaluated {
    /// The calls, with places that number `files`.
    pub(super) calls: Vec<Call>,
    /// Calls of what is no macro but was meant to be one.
    pub(super) problems: Vec<Problem>,
    /// The DAG file, then what it includes.
    pub(super) files: Vec<PathBuf>,
    /// What else make wrote to stderr.
    pub(super) notes: Vec<String>,
    /// How it ended.
    pub(super) end: End,
}

/// How make ended.
#[derive(Debug)]
pub(super) enum End {
    /// It read everything.
    Done,
    /// It read everything, but these included files do not exist or cannot be read.
    Missing(Vec<PathBuf>),
    /// It failed with this message, at this place if it told one.
    Failed(String, Option<Place>),
}

/// What the last of the makefiles reports.
struct Done {
    /// The directories in which make looks for included files.
    directories: Vec<PathBuf>,
    /// Names of macros that are no longer ours.
    replaced: String,
}

/// Takes apart what make printed.
pub(super) struct Reader<'a> {
    mark: String,
    library: &'a Path,
    deployment: &'a Path,
    /// As make names them.
    files: Vec<PathBuf>,
    numbers: HashMap<PathBuf, usize>,
    /// Files that were to be included, existing or not.
    included: Vec<PathBuf>,
    /// Whether make still told at the end which files it reads.
    told_files: bool,
    calls: Vec<Call>,
    problems: Vec<Problem>,
    /// How many calls there must be, by the warnings that come before them.
    announced: usize,
    notes: Vec<String>,
    undefined: Vec<Undefined>,
    done: Option<Done>,
}

/// A variable that was used and is not defined.
struct Undefined {
    name: String,
    file: usize,
    /// What make says of it.
    line: String,
}

impl<'a> Reader<'a> {
    pub(super) fn new(mark: String, file: &Path, library: &'a Path, deployment: &'a Path) -> Self {
        let mut reader = Self {
            mark,
            library,
            deployment,
            files: Vec::new(),
            numbers: HashMap::new(),
            included: Vec::new(),
            told_files: false,
            calls: Vec::new(),
            problems: Vec::new(),
            announced: 0,
            notes: Vec::new(),
            undefined: Vec::new(),
            done: None,
        };
        reader.number(file.to_owned());
        reader
    }

    fn number(&mut self, file: PathBuf) -> usize {
        if let Some(number) = self.numbers.get(&file) {
            return *number;
        }
        let number = self.files.len();
        self.files.push(file.clone());
        self.numbers.insert(file, number);
        number
    }

    /// Finds the lines `Reading makefile 'x' (search path) (no ~ expansion)...`: make tells by nothing else that an included
    /// file is missing, before it would try to make it. `last` is the makefile that is read last.
    pub(super) fn read_stdout(&mut self, stdout: &[u8], last: &Path) {
        for line in stdout.split(|byte| *byte == b'\n') {
            // The name stands in quotes, of which the first is another one in old versions.
            let Some(rest) = line.strip_prefix(b"Reading makefile ") else {
                continue;
            };
            let rest = rest.get(1..).unwrap_or_default();
            self.told_files |= rest.starts_with(last.as_os_str().as_bytes());
            let Some(end) = find(rest, b"' (search path)") else {
                continue;
            };
            let needed = find(rest, b" (don't care)").is_none();
            if let Some(name) = rest.get(..end).filter(|_| needed) {
                self.included.push(PathBuf::from(OsStr::from_bytes(name)));
            }
        }
    }

    /// Finds the reports of the macros and of the last makefile.
    pub(super) fn read_stderr(&mut self, stderr: &[u8]) {
        for line in stderr.split(|byte| *byte == b'\n') {
            if let Some(at) = find(line, self.mark.as_bytes()) {
                self.read_report(line, at);
            } else if let Some((place, name)) = undefined(line) {
                self.read_undefined(line, place, name);
            } else if !line.is_empty() {
                self.notes.push(String::from_utf8_lossy(line).into_owned());
            }
        }
    }

    /// Reads `FILE:LINE: ` and then, each after a mark, what is reported. The first mark is `at`.
    fn read_report(&mut self, line: &[u8], at: usize) {
        let text = String::from_utf8_lossy(line.get(at..).unwrap_or_default());
        let fields: Vec<&str> = text.split(self.mark.as_str()).skip(1).collect();
        match fields.as_slice() {
            ["done", directories, replaced, ..] => {
                self.done = Some(Done {
                    directories: directories.split(' ').map(PathBuf::from).collect(),
                    replaced: replaced.trim().to_owned(),
                });
            }
            [name, first, second, extra, ""] => {
                let prefix = line.get(..at).unwrap_or_default();
                let prefix = prefix.strip_suffix(b": ").unwrap_or(prefix);
                let Some(callee) = Macro::named(name) else {
                    return;
                };
                let place = self.place(prefix).unwrap_or(FIRST_LINE);
                self.calls.push(Call {
                    callee,
                    place,
                    first: words(first, place),
                    second: words(second, place),
                    extra: words(extra, place).into_iter().next(),
                });
            }
            [""] => self.announced += 1,
            _ => {}
        }
    }

    /// What is called and not defined expands to nothing: a stage that it should have defined would be missing without a word.
    fn read_undefined(&mut self, line: &[u8], place: &[u8], name: String) {
        let word = name.split([' ', '\t', ',']).next().unwrap_or_default();
        let problem = match Macro::named(word) {
            // `$(define_stage, a, b)`; but `$(call define_stage a, b)` calls it, with one argument less.
            Some(known) if word != name => {
                let message = format!("`{word}` without `call`");
                Some(Problem::new(FIRST_LINE, message).help(known.usage()))
            }
            Some(_) => return,
            None => Macro::misspelled(word, FIRST_LINE),
        };
        let Some(place) = self.place(place) else {
            return;
        };
        match problem {
            Some(problem) => self.problems.push(Problem { place, ..problem }),
            None if name.is_empty() => {}
            None => self.undefined.push(Undefined {
                name,
                file: place.file,
                line: String::from_utf8_lossy(line).into_owned(),
            }),
        }
    }

    /// The place that `FILE:LINE` names.
    fn place(&mut self, text: &[u8]) -> Option<Place> {
        let colon = text.iter().rposition(|byte| *byte == b':')?;
        let line = std::str::from_utf8(text.get(colon + 1..)?).ok()?;
        let line = line.parse().ok()?;
        let path = PathBuf::from(OsStr::from_bytes(text.get(..colon)?));
        Some(Place {
            file: self.number(path),
            line,
            column: None,
            width: 1,
        })
    }

    /// All that was found; `status` is how make ended.
    pub(super) fn finish(mut self, status: ExitStatus) -> Evaluated {
        let done = self.done.take();
        let end = match &done {
            Some(done) => self
                .lost(done)
                .unwrap_or_else(|| self.missing(&done.directories)),
            None => self.failure(status),
        };
        let directories = done.map(|done| done.directories).unwrap_or_default();
        let files = self.files.iter().map(|name| {
            let place = self.locate(name, &directories);
            place.unwrap_or_else(|| name.clone())
        });
        let files: Vec<_> = files.collect();
        let mut notes = self.called(&files);
        notes.append(&mut self.notes);
        Evaluated {
            files,
            calls: self.calls,
            problems: self.problems,
            notes,
            end,
        }
    }

    /// What make says of undefined variables that are called as macros; others may well be undefined.
    fn called(&self, files: &[PathBuf]) -> Vec<String> {
        let mut texts = HashMap::new();
        let called = self.undefined.iter().filter(|undefined| {
            let text = texts.entry(undefined.file).or_insert_with(|| {
                let bytes = files.get(undefined.file).map(std::fs::read);
                let bytes = bytes.and_then(std::io::Result::ok).unwrap_or_default();
                String::from_utf8_lossy(&bytes).into_owned()
            });
            let mut found = text.match_indices(&undefined.name);
            found.any(|(at, _)| {
                let before = text.get(..at).unwrap_or_default();
                before.trim_end().ends_with("call")
            })
        });
        called.map(|undefined| undefined.line.clone()).collect()
    }

    /// Why reports may have got lost: a stage that is not reported would be taken for one that is to go.
    fn lost(&self, done: &Done) -> Option<End> {
        let message = if !done.replaced.is_empty() {
            format!(
                "the file defines `{}` itself, which is betterform's to do",
                done.replaced
            )
        } else if self.announced != self.calls.len() {
            "something that it started in the background wrote into its reports".to_owned()
        } else if !self.told_files {
            "the file changes `MAKEFLAGS` so that included files are no longer told".to_owned()
        } else {
            return None;
        };
        Some(End::Failed(message, None))
    }

    /// Why make ended early. It says so last: `FILE:LINE: *** MESSAGE.  Stop.`, maybe in several lines.
    fn failure(&mut self, status: ExitStatus) -> End {
        let starts = |note: &String| note.contains(": *** ");
        let Some(at) = self.notes.iter().rposition(starts) else {
            return End::Failed(format!("it ended early ({status})"), None);
        };
        let text = self.notes.split_off(at).join("\n");
        let (place, message) = text.split_once(": *** ").unwrap_or(("", &text));
        let message = message.strip_suffix(".  Stop.").unwrap_or(message);
        let place = self.place(place.as_bytes());
        End::Failed(message.to_owned(), place)
    }

    fn missing(&mut self, directories: &[PathBuf]) -> End {
        let mut missing = Vec::new();
        for name in std::mem::take(&mut self.included) {
            if self.locate(&name, directories).is_some() {
                self.number(name);
            } else {
                missing.push(name);
            }
        }
        if missing.is_empty() {
            End::Done
        } else {
            End::Missing(missing)
        }
    }

    /// Looks for a file where make looks, which keeps to the names as they are written: from the deployment, in the library, in
    /// make's own directories.
    fn locate(&self, name: &Path, directories: &[PathBuf]) -> Option<PathBuf> {
        let places = [self.deployment, self.library].into_iter();
        // The library is among these, but cannot be told if there are spaces in its path.
        let places = places.chain(directories.iter().map(PathBuf::as_path));
        let mut candidates = places.map(|place| place.join(name));
        candidates.find(|candidate| std::fs::File::open(candidate).is_ok())
    }
}

/// Where something is that make tells no place of.
const FIRST_LINE: Place = Place {
    file: 0,
    line: 1,
    column: None,
    width: 1,
};

/// The parts of `FILE:LINE: warning: undefined variable 'NAME'`.
fn undefined(line: &[u8]) -> Option<(&[u8], String)> {
    const WARNING: &[u8] = b": warning: undefined variable ";
    let at = find(line, WARNING)?;
    let (place, rest) = line.split_at_checked(at)?;
    let name = rest.get(WARNING.len() + 1..rest.len().checked_sub(1)?)?;
    Some((place, String::from_utf8_lossy(name).into_owned()))
}

fn words(text: &str, place: Place) -> Vec<Word> {
    let word = |text: &str| Word {
        text: text.to_owned(),
        place,
    };
    text.split_ascii_whitespace().map(word).collect()
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, wanted)
}

#[cfg(test)]
mod tests;
