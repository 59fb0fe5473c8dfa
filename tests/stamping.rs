//! Every case of `tests/stamping/`, with every stamper, against what the real gomplate writes into an empty directory.
//! `tests/stamping/README.md` says what a case consists of.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail anywhere, and says what it skips"
)]

#[path = "stamping/case.rs"]
mod case;
#[path = "stamping/embedded.rs"]
mod embedded;
#[path = "stamping/gomplate.rs"]
mod gomplate;
#[path = "stamping/outcome.rs"]
mod outcome;
#[path = "stamping/source.rs"]
mod source;
#[path = "stamping/tree.rs"]
mod tree;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use betterform::error::Result;
use betterform::stamp::choose::{Choice, Chosen};
use betterform::stamp::embedded::InProcess;
use betterform::stamp::gomplate::Gomplate;
use betterform::stamp::source::Source;
use betterform::stamp::{Rendered, Request, Stamper};
use betterform::system::environment::Environment;

use crate::case::Case;
use crate::outcome::{Outcome, difference};
use crate::tree::write;

/// The gomplate that the cases were recorded with.
const RECORDED_WITH: &str = "5.2.0";

/// The gomplate of this machine, whatever the stage would choose.
struct Installed(Gomplate);

impl Stamper for Installed {
    fn render(&self, request: &Request<'_>) -> Result<Rendered> {
        self.0.render_source(request, &Source::read(request)?)
    }

    fn renderer_now(&self, request: &Request<'_>, _: &str) -> Result<String> {
        self.0.renderer(request)
    }
}

/// The cases that the embedded stamper leaves to gomplate, as they use what it does not have. Not one more, not one less.
const LEFT_TO_GOMPLATE: [&str; 1] = ["time-method-of-gomplate"];

/// All stampers that can be had here. This is the place for another one.
fn stampers(gomplate: Option<&Path>) -> Vec<(&'static str, Box<dyn Stamper>)> {
    let embedded = Chosen::new(Choice::Embedded, Some(Box::<InProcess>::default()));
    let mut stampers: Vec<(&'static str, Box<dyn Stamper>)> =
        vec![("embedded", Box::new(embedded))];
    if let Some(binary) = gomplate {
        let mut environment = Environment::default();
        environment.set("GOMPLATE", binary);
        let found = Gomplate::find(&environment, Path::new("/")).unwrap();
        stampers.push(("gomplate", Box::new(Installed(found.unwrap()))));
    }
    stampers
}

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stamping");
    let mut cases: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    cases
}

#[expect(clippy::disallowed_methods, reason = "tests find gomplate as users do")]
fn installed() -> Option<(PathBuf, String)> {
    let named = std::env::var_os("GOMPLATE").filter(|name| !name.is_empty());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|directory| directory.join("gomplate"));
    let binary = named
        .map(PathBuf::from)
        .or_else(|| on_path.into_iter().find(|path| path.is_file()))?;
    let output = Command::new(&binary).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    Some((binary, version.trim().replace("gomplate version ", "")))
}

/// Checks one case; says what is wrong with it.
fn check(
    directory: &Path,
    gomplate: Option<&(PathBuf, String)>,
    stampers: &[(&'static str, Box<dyn Stamper>)],
    bless: bool,
) -> Vec<String> {
    let case = Case::set_up(directory);
    let direct = gomplate.map(|(binary, _)| case.run_gomplate(binary));
    if let (true, Some(direct)) = (bless, &direct) {
        write(&case.expected_file(), case.record(direct).as_bytes());
    }
    let recorded = case.recorded();
    let mut wrong = Vec::new();
    let same_version = gomplate.is_some_and(|(_, version)| version == RECORDED_WITH);
    if let (true, Some(direct)) = (same_version, &direct) {
        let found = difference(&recorded, direct, 0o100);
        wrong.extend(found.map(|why| format!("recorded: {why}")));
    }
    wrong.extend(
        case.check_source(&recorded)
            .err()
            .map(|why| format!("source: {why}")),
    );
    let left = directory
        .file_name()
        .and_then(OsStr::to_str)
        .is_some_and(|name| LEFT_TO_GOMPLATE.contains(&name));
    for (name, stamper) in stampers {
        let rendered = case.render(&**stamper);
        if *name == "embedded" && left {
            if !matches!(rendered, Outcome::Failure(_)) {
                wrong.push("the embedded stamper does not leave it to gomplate any more".into());
            }
            continue;
        }
        if let Some(direct) = &direct {
            let found = difference(direct, &rendered, 0o777);
            wrong.extend(found.map(|why| format!("{name}, against gomplate: {why}")));
        }
        if gomplate.is_none() || same_version {
            let found = difference(&recorded, &rendered, 0o100);
            wrong.extend(found.map(|why| format!("{name}, against the record: {why}")));
        }
    }
    let name = directory.file_name().unwrap_or(OsStr::new("")).display();
    wrong
        .into_iter()
        .map(|why| format!("{name}: {why}"))
        .collect()
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the documented command is told by a variable"
)]
fn all_cases() {
    let bless = std::env::var_os("BETTERFORM_BLESS").is_some();
    let gomplate = installed();
    if gomplate.is_none() {
        assert!(
            !bless,
            "cases are recorded from the real gomplate, which is not installed"
        );
        eprintln!("SKIPPED: gomplate is not installed, so only what was recorded is compared");
    }
    let cases = cases();
    assert!(cases.len() >= 70, "only {} cases were found", cases.len());
    let stampers = stampers(gomplate.as_ref().map(|(binary, _)| binary.as_path()));
    let wrong: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = cases
            .chunks(cases.len().div_ceil(4))
            .map(|cases| {
                let (gomplate, stampers) = (gomplate.as_ref(), &stampers);
                scope.spawn(move || {
                    let found = cases
                        .iter()
                        .flat_map(|case| check(case, gomplate, stampers, bless));
                    found.collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    });
    assert!(
        wrong.is_empty(),
        "{} differences:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
