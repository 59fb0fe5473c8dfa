//! Where random templates are rendered, by both: the configuration, the environment and the datasources of
//! `tests/templates/case`. Knows nothing of how templates are made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use betterform::stamp::RenderedFile as File;
use betterform::stamp::choose::{Attempt, Embedded};
use betterform::stamp::embedded::InProcess;
use betterform::stamp::source::Source;

use crate::case::Case;
use crate::outcome::{Failure, Outcome, ROOT};
use crate::tree::write;

/// What became of a template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Made {
    /// The bytes; none if they are blank, as no file is made of such.
    Text(Vec<u8>),
    /// The line and the column, in characters from 1, and gomplate's words from there on.
    Failure(Option<(usize, Option<usize>)>, String),
}

type Files = BTreeMap<String, Vec<u8>>;

/// What became of the stage.
#[derive(Debug)]
enum Stage {
    Files(Files),
    /// The file that failed, and how.
    Failed(String, Made),
    /// The file that betterform leaves to gomplate.
    Left(String),
}

/// The case, and the stamper.
pub(crate) struct World {
    case: Case,
    stamper: InProcess,
}

impl World {
    pub(crate) fn new() -> Self {
        let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates/case");
        Self {
            case: Case::set_up(&case),
            stamper: InProcess::default(),
        }
    }

    /// A text without the temporary directory.
    pub(crate) fn placeless(&self, text: &str) -> String {
        text.replace(self.case.root.to_str().unwrap(), ROOT)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.case.stage_dir().join(name)
    }

    /// What betterform makes of a template; `None` if it leaves it to gomplate.
    pub(crate) fn embedded(&self, template: &str) -> Option<Made> {
        write(&self.file("t"), template.as_bytes());
        let stage = self.render();
        std::fs::remove_file(self.file("t")).unwrap();
        match stage {
            Stage::Files(mut files) => Some(Made::Text(files.remove("t").unwrap_or_default())),
            Stage::Failed(_, made) => Some(made),
            Stage::Left(_) => None,
        }
    }

    /// What betterform makes of all that lies in the stage.
    fn render(&self) -> Stage {
        let attempt = self.case.with_request(&self.case.stage_dir(), |request| {
            let source = Source::read(request).unwrap();
            self.stamper.attempt(request, &source)
        });
        let name = |path: &str| path.trim_start_matches("stage/").to_owned();
        match attempt {
            Ok(Attempt::Refused(uses)) => Stage::Left(name(&uses[0].path)),
            Ok(Attempt::Rendered(rendered)) => {
                let files = rendered.files.into_iter();
                let pair = |(path, file): (PathBuf, File)| {
                    (path.display().to_string(), file.content.to_vec())
                };
                Stage::Files(files.map(pair).collect())
            }
            Err(error) => {
                let at = error.diagnostics().first().unwrap();
                let message = self.placeless(&at.message.replace("stage/", ""));
                Stage::Failed(
                    name(&at.path),
                    Made::Failure(Some((at.line, at.column)), message),
                )
            }
        }
    }

    /// What gomplate makes of a template.
    pub(crate) fn gomplate(&self, binary: &Path, template: &str) -> Made {
        write(&self.file("t"), template.as_bytes());
        let made = match self.run(binary) {
            Stage::Files(mut files) => Made::Text(files.remove("t").unwrap_or_default()),
            Stage::Failed(_, made) => made,
            Stage::Left(name) => panic!("{name}"),
        };
        std::fs::remove_file(self.file("t")).unwrap();
        made
    }

    /// What gomplate makes of all that lies in the stage.
    fn run(&self, binary: &Path) -> Stage {
        let output = self.case.root.join("direct");
        let outcome = self.case.run_gomplate_on(binary, &self.case.stage_dir());
        let _ = std::fs::remove_dir_all(output);
        match outcome {
            Outcome::Files(files) => {
                let files = files.into_iter();
                Stage::Files(
                    files
                        .map(|(path, (content, _))| (path.display().to_string(), content))
                        .collect(),
                )
            }
            Outcome::Failure(failure) => self::failure(&failure),
        }
    }

    /// What differs among templates that betterform rendered, and how many were compared. They are files of one stage, as a
    /// template may change what those after it see; one that fails or is handed over so is taken out.
    pub(crate) fn differences(&self, binary: &Path, rendered: &[String]) -> (usize, Vec<String>) {
        let name = |at: usize| format!("f{at:05}");
        let mut left: BTreeMap<String, &str> = BTreeMap::new();
        for (at, template) in rendered.iter().enumerate() {
            write(&self.file(&name(at)), template.as_bytes());
            left.insert(name(at), template);
        }
        let mut wrong = Vec::new();
        let (ours, theirs) = loop {
            let ours = self.render();
            let theirs = if matches!(ours, Stage::Left(_)) {
                None
            } else {
                Some(self.run(binary))
            };
            let out = match (ours, theirs) {
                (Stage::Files(ours), Some(Stage::Files(theirs))) => break (ours, theirs),
                (Stage::Failed(name, ours), Some(Stage::Failed(other, theirs)))
                    if name == other =>
                {
                    wrong.extend(difference(left[&name], &ours, &theirs));
                    name
                }
                (Stage::Failed(name, ours), theirs) => {
                    wrong.push(format!(
                        "{:?}\n  ours:   {ours:?}\n  theirs: {theirs:?}",
                        left[&name]
                    ));
                    name
                }
                (ours, Some(Stage::Failed(name, theirs))) => {
                    wrong.push(format!(
                        "{:?}\n  ours:   {ours:?}\n  theirs: {theirs:?}",
                        left[&name]
                    ));
                    name
                }
                (Stage::Left(name), _) => name,
                (_, theirs) => panic!("{theirs:?}"),
            };
            left.remove(&out);
            std::fs::remove_file(self.file(&out)).unwrap();
        };
        for (name, template) in &left {
            let made = |files: &Files| Made::Text(files.get(name).cloned().unwrap_or_default());
            std::fs::remove_file(self.file(name)).unwrap();
            wrong.extend(difference(template, &made(&ours), &made(&theirs)));
        }
        (left.len(), wrong)
    }
}

/// gomplate's failure: the file, and what is wrong in it.
fn failure(failure: &Failure) -> Stage {
    let Some((name, line, column)) = &failure.place else {
        panic!("{failure:?}");
    };
    let stage = format!("{ROOT}/library/stage/");
    let (_, rest) = failure
        .message
        .split_once(&format!("template: {stage}{name}:"))
        .unwrap();
    let (_, message) = rest.split_once(": ").unwrap();
    let made = Made::Failure(Some((*line, *column)), message.replace(&stage, ""));
    Stage::Failed(name.clone(), made)
}

/// How two of them differ, if they do.
pub(crate) fn difference(template: &str, ours: &Made, theirs: &Made) -> Option<String> {
    let show = |made: &Made| match made {
        Made::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
        failure @ Made::Failure(..) => format!("{failure:?}"),
    };
    (ours != theirs).then(|| {
        format!(
            "{template:?}\n  ours:   {}\n  theirs: {}",
            show(ours),
            show(theirs)
        )
    })
}
