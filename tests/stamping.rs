//! Every case of `tests/stamping/`, with every stamper, against what the real gomplate writes into an empty directory.
//! `tests/stamping/README.md` says what a case consists of.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use betterform::core::stage::StageName;
use betterform::error::Error;
use betterform::stamp::gomplate::Gomplate;
use betterform::stamp::source::{Source, Treatment};
use betterform::stamp::{Rendered, Request, StampSettings, Stamper};
use betterform::system::environment::Environment;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use walkdir::WalkDir;

/// The gomplate that the cases were recorded with.
const RECORDED_WITH: &str = "5.2.0";

/// Stands for the temporary directory in what is recorded.
const ROOT: &str = "@ROOT@";

/// All stampers that can be had here. This is the place for another one.
fn stampers(gomplate: Option<&Path>) -> Vec<(&'static str, Box<dyn Stamper>)> {
    let mut stampers: Vec<(&'static str, Box<dyn Stamper>)> = Vec::new();
    if let Some(binary) = gomplate {
        let mut environment = Environment::default();
        environment.set("GOMPLATE", binary);
        let found = Gomplate::find(&environment, Path::new("/")).unwrap();
        stampers.push(("gomplate", Box::new(found.unwrap())));
    }
    stampers
}

/// What becomes of a case: files with their modes, or a failure.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Files(BTreeMap<PathBuf, (Vec<u8>, u32)>),
    Failure(Failure),
}

#[derive(Clone, Debug, PartialEq)]
struct Failure {
    /// The file in the stage, the line, and the column in characters from 1, if there is a place.
    place: Option<(String, usize, Option<usize>)>,
    /// gomplate's own words.
    message: String,
}

/// A case, set up in a directory of its own.
struct Case {
    directory: PathBuf,
    /// The temporary directory, without symlinks in its path.
    root: PathBuf,
    config: Value,
    settings: StampSettings,
    copied: Vec<PathBuf>,
    environment: Environment,
    _temporary: TempDir,
}

impl Case {
    fn set_up(directory: &Path) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().canonicalize().unwrap();
        let parts = [
            ("stage", "library/stage"),
            ("shared", "shared"),
            ("deployment", "deployment"),
            ("output", "output"),
        ];
        for (from, to) in parts {
            copy_tree(&directory.join(from), &root.join(to));
        }
        let config = std::fs::read(directory.join("config.json"))
            .or_else(|_| std::fs::read(directory.with_file_name("config.json")))
            .unwrap();
        write(&root.join("config.json"), &config);
        let settings: Value = std::fs::read(directory.join("settings.json"))
            .map(|text| serde_json::from_slice(&text).unwrap())
            .unwrap_or_default();
        let text = |key: &str| settings[key].as_str().map(str::to_owned);
        let list = |key: &str| -> Vec<String> {
            let items = settings[key].as_array().into_iter().flatten();
            items
                .map(|item| item.as_str().unwrap().to_owned())
                .collect()
        };
        let case = Self {
            directory: directory.to_owned(),
            config: serde_json::from_slice(&config).unwrap(),
            settings: StampSettings {
                left_delim: text("left_delim"),
                right_delim: text("right_delim"),
                verbatim: list("verbatim"),
                ..StampSettings::default()
            },
            copied: list("copied").into_iter().map(PathBuf::from).collect(),
            environment: environment(directory, &root),
            root,
            _temporary: temporary,
        };
        case.prepare();
        case
    }

    /// Does what `setup` says.
    fn prepare(&self) {
        let text = std::fs::read_to_string(self.directory.join("setup")).unwrap_or_default();
        for line in text.lines() {
            let (command, rest) = line.split_once(' ').unwrap();
            match command {
                "mkdir" => std::fs::create_dir_all(self.root.join("library").join(rest)).unwrap(),
                "chmod" => {
                    let (mode, path) = rest.split_once(' ').unwrap();
                    let mode = u32::from_str_radix(mode, 8).unwrap();
                    let permissions = std::fs::Permissions::from_mode(mode);
                    let path = self.root.join("library").join(path);
                    std::fs::set_permissions(path, permissions).unwrap();
                }
                other => panic!("`setup` does not know `{other}`"),
            }
        }
    }

    fn with_request<T>(&self, stage_dir: &Path, action: impl FnOnce(&Request<'_>) -> T) -> T {
        action(&Request {
            stage: &StageName::new("stage").unwrap(),
            template_dir: stage_dir,
            config_json_file: &self.root.join("config.json"),
            config: &self.config,
            environment: &self.environment,
            deployment: &self.root.join("deployment"),
            settings: &self.settings,
        })
    }

    fn stage_dir(&self) -> PathBuf {
        self.root.join("library/stage")
    }

    /// What gomplate itself makes of it, with the files taken out that it is not to see.
    fn run_gomplate(&self, binary: &Path) -> Outcome {
        let stage = self.stage_dir();
        let own = stage.join(".betterformverbatim");
        let mut copies = BTreeMap::new();
        for path in &self.copied {
            let full = stage.join(path);
            copies.insert(path.clone(), (std::fs::read(&full).unwrap(), mode(&full)));
        }
        let taken_out: Vec<_> = self.copied.iter().map(|path| stage.join(path)).collect();
        let taken_out: Vec<_> = taken_out
            .into_iter()
            .chain(own.exists().then_some(own))
            .collect();
        let aside: Vec<_> = taken_out
            .iter()
            .map(|path| (std::fs::read(path).unwrap(), mode(path)))
            .collect();
        for path in &taken_out {
            std::fs::remove_file(path).unwrap();
        }
        let outcome = self.run_gomplate_on(binary, &stage);
        for (path, (content, mode)) in taken_out.iter().zip(aside) {
            write(path, &content);
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        match outcome {
            Outcome::Files(mut files) => {
                files.extend(copies);
                Outcome::Files(files)
            }
            failure @ Outcome::Failure(_) => failure,
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the test runs gomplate itself")]
    fn run_gomplate_on(&self, binary: &Path, stage: &Path) -> Outcome {
        let output_dir = self.root.join("direct");
        let mut context = OsString::from("cfg=");
        context.push(self.root.join("config.json"));
        let mut command = Command::new(binary);
        command.arg("--context").arg(context);
        command.arg("--input-dir").arg(stage);
        command.arg("--output-dir").arg(&output_dir);
        if stage.join(".gomplate.yaml").exists() {
            command.arg("--config").arg(stage.join(".gomplate.yaml"));
        }
        for (flag, delimiter) in [
            ("--left-delim", &self.settings.left_delim),
            ("--right-delim", &self.settings.right_delim),
        ] {
            command.args(delimiter.iter().flat_map(|text| [flag, text]));
        }
        command.env_clear().envs(self.environment.iter());
        command
            .current_dir(self.root.join("deployment"))
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        if output.status.success() {
            return Outcome::Files(read_tree(&output_dir));
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        let record = stderr.lines().find(|line| line.starts_with("{\"time\""));
        let record: Value = serde_json::from_str(record.unwrap()).unwrap();
        let message = record["err"].as_str().unwrap();
        Outcome::Failure(self.failure(message))
    }

    /// gomplate's message, and the place that it names, worked out from the message alone.
    fn failure(&self, message: &str) -> Failure {
        let stage = format!("{}/", self.stage_dir().display());
        let expression = format!(
            r"template: {}([^:]+):(\d+)(?::(\d+))?: ",
            regex::escape(&stage)
        );
        let found = regex::Regex::new(&expression).unwrap().captures(message);
        let place = found.map(|found| {
            let file = found[1].to_owned();
            let line: usize = found[2].parse().unwrap();
            let content = std::fs::read(self.stage_dir().join(&file)).unwrap();
            let text = content
                .split(|byte| *byte == b'\n')
                .nth(line - 1)
                .unwrap()
                .to_owned();
            let column = found.get(3).map(|bytes| {
                let bytes: usize = bytes.as_str().parse().unwrap();
                String::from_utf8_lossy(&text[..bytes]).chars().count() + 1
            });
            (file, line, column)
        });
        let root = self.root.to_str().unwrap();
        let message = message.replace(root, ROOT);
        // gomplate's own file system has no leading slash.
        let message = message.replace(root.trim_start_matches('/'), ROOT);
        Failure { place, message }
    }

    /// What a stamper makes of it.
    fn render(&self, stamper: &dyn Stamper) -> Outcome {
        match self.with_request(&self.stage_dir(), |request| stamper.render(request)) {
            Ok(Rendered { files, .. }) => Outcome::Files(
                files
                    .into_iter()
                    .map(|(path, file)| (path, (file.content.to_vec(), file.mode)))
                    .collect(),
            ),
            Err(error) => Outcome::Failure(Failure {
                place: place_of(&error),
                message: error.message().to_owned(),
            }),
        }
    }

    /// Compares the files that need no rendering, and the list of files, with what is expected.
    fn check_source(&self, expected: &Outcome) -> Result<(), String> {
        let source = self.with_request(&self.stage_dir(), Source::read);
        let (source, expected) = match (source, expected) {
            (Ok(source), Outcome::Files(files)) => (source, files),
            (Err(_) | Ok(_), Outcome::Failure(_)) => return Ok(()),
            (Err(error), Outcome::Files(_)) => return Err(format!("cannot be read: {error}")),
        };
        for path in expected.keys() {
            if source.file(path).is_none() {
                return Err(format!("`{}` is left out", path.display()));
            }
        }
        for file in source
            .files
            .iter()
            .filter(|file| file.treatment != Treatment::Render)
        {
            let copy = file
                .copied()
                .map(|copy| (copy.content.to_vec(), copy.mode & 0o100));
            let wanted = expected.get(&file.path);
            let wanted = wanted.map(|(content, mode)| (content.clone(), mode & 0o100));
            if copy != wanted {
                return Err(format!("`{}` is copied wrongly", file.path.display()));
            }
        }
        Ok(())
    }

    fn expected_file(&self) -> PathBuf {
        self.directory.join("expected.json")
    }

    fn record(&self, outcome: &Outcome) -> String {
        let root = self.root.to_str().unwrap();
        let value = match outcome {
            Outcome::Files(files) => {
                let mut recorded = Map::new();
                for (path, (content, mode)) in files {
                    let mut file = Map::new();
                    match std::str::from_utf8(content) {
                        Ok(text) => file.insert("text".into(), text.replace(root, ROOT).into()),
                        Err(_) => file.insert("base64".into(), BASE64.encode(content).into()),
                    };
                    if mode & 0o100 != 0 {
                        file.insert("executable".into(), true.into());
                    }
                    recorded.insert(path.to_str().unwrap().to_owned(), file.into());
                }
                json!({ "files": recorded })
            }
            Outcome::Failure(failure) => json!({ "error": {
                "place": failure.place.as_ref().map(|(file, line, column)| json!([file, line, column])),
                "message": failure.message,
            }}),
        };
        serde_json::to_string_pretty(&value).unwrap() + "\n"
    }

    fn recorded(&self) -> Outcome {
        let text = std::fs::read(self.expected_file()).expect("the case is recorded");
        let value: Value = serde_json::from_slice(&text).unwrap();
        let Some(files) = value["files"].as_object() else {
            let place = value["error"]["place"].as_array().map(|place| {
                let number = |value: &Value| value.as_u64().map(|n| usize::try_from(n).unwrap());
                let file = place[0].as_str().unwrap().to_owned();
                (file, number(&place[1]).unwrap(), number(&place[2]))
            });
            let message = value["error"]["message"].as_str().unwrap().to_owned();
            return Outcome::Failure(Failure { place, message });
        };
        let root = self.root.to_str().unwrap();
        let file = |file: &Value| {
            let content = match file["text"].as_str() {
                Some(text) => text.replace(ROOT, root).into_bytes(),
                None => BASE64.decode(file["base64"].as_str().unwrap()).unwrap(),
            };
            (content, if file["executable"] == true { 0o100 } else { 0 })
        };
        Outcome::Files(
            files
                .iter()
                .map(|(path, value)| (path.into(), file(value)))
                .collect(),
        )
    }
}

fn place_of(error: &Error) -> Option<(String, usize, Option<usize>)> {
    let at = error.diagnostics().first()?;
    let file = at.path.strip_prefix("stage/").unwrap_or(&at.path);
    Some((file.to_owned(), at.line, at.column))
}

/// The environment of a case, and nothing of ours.
fn environment(directory: &Path, root: &Path) -> Environment {
    let mut environment = Environment::default();
    let paths = [
        ("HOME", "home"),
        ("IMPL_DIR", "library"),
        ("GENFILES", "genfiles"),
        ("OUTPUT_DIR", "output"),
        ("CONFIG_JSON_FILE", "config.json"),
    ];
    for (name, path) in paths {
        environment.set(name, root.join(path));
    }
    environment.set("PATH", "/usr/bin:/bin");
    environment.set("STAGE_NAME", "stage");
    let text = std::fs::read_to_string(directory.join("env")).unwrap_or_default();
    for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
        environment.set(name, value);
    }
    environment
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for found in WalkDir::new(from)
        .min_depth(1)
        .into_iter()
        .filter_map(Result::ok)
    {
        let target = to.join(found.path().strip_prefix(from).unwrap());
        let kind = found.file_type();
        if kind.is_dir() {
            std::fs::create_dir_all(&target).unwrap();
        } else if kind.is_symlink() {
            let link = std::fs::read_link(found.path()).unwrap();
            std::os::unix::fs::symlink(link, &target).unwrap();
        } else {
            std::fs::copy(found.path(), &target).unwrap();
        }
    }
}

fn read_tree(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32)> {
    WalkDir::new(directory)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|found| found.file_type().is_file())
        .map(|found| {
            let path = found.path().strip_prefix(directory).unwrap().to_owned();
            let content = std::fs::read(found.path()).unwrap();
            (path, (content, mode(found.path())))
        })
        .collect()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn write(path: &Path, content: &[u8]) {
    std::fs::write(path, content).unwrap();
}

/// Why two outcomes differ, if they do. Of modes that were recorded only the owner's executable bit is known.
fn difference(expected: &Outcome, actual: &Outcome, modes: u32) -> Option<String> {
    match (expected, actual) {
        (Outcome::Files(expected), Outcome::Files(actual)) => {
            let mut text = String::new();
            for path in expected.keys().chain(actual.keys()) {
                let (wanted, found) = (expected.get(path), actual.get(path));
                let masked = |file: Option<&(Vec<u8>, u32)>| {
                    file.map(|(content, mode)| (content.clone(), mode & modes))
                };
                if masked(wanted) != masked(found) {
                    let show = |file: Option<&(Vec<u8>, u32)>| {
                        file.map(|(c, mode)| {
                            (String::from_utf8_lossy(c).into_owned(), format!("{mode:o}"))
                        })
                    };
                    let _ = writeln!(
                        text,
                        "{}:\n  want {:?}\n  got  {:?}",
                        path.display(),
                        show(wanted),
                        show(found)
                    );
                }
            }
            (!text.is_empty()).then_some(text)
        }
        (Outcome::Failure(expected), Outcome::Failure(actual)) => {
            // Without a place, gomplate failed before it rendered; we may know better where.
            let same = expected.place.is_none() || expected.place == actual.place;
            (!same).then(|| format!("want {expected:?}\n  got  {actual:?}"))
        }
        (expected, actual) => Some(format!("want {expected:?}\n  got  {actual:?}")),
    }
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
    for (name, stamper) in stampers {
        let rendered = case.render(&**stamper);
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
