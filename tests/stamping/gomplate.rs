//! The stamper that runs the real gomplate, where a case of files alone cannot show it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use betterform::core::stage::StageName;
use betterform::stamp::gomplate::Gomplate;
use betterform::stamp::source::{Source, Treatment};
use betterform::stamp::{Request, StampSettings, Stamper};
use betterform::system::environment::Environment;
use serde_json::json;

use crate::case::Case;
use crate::outcome::Outcome;
use crate::tree::{copy_tree, write};
use crate::{installed, stampers};

/// A case of one's own, with gomplate's stamper; `None`, loudly, without gomplate.
fn with_gomplate(name: &str) -> Option<(Case, Box<dyn Stamper>)> {
    let Some((binary, _)) = installed() else {
        eprintln!("SKIPPED: gomplate is not installed, so `{name}` is not tested");
        return None;
    };
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stamping/idiom-01-int");
    let (_, stamper) = stampers(Some(&binary)).pop().expect("gomplate is the last");
    Some((Case::set_up(&directory), stamper))
}

fn text(outcome: &Outcome, path: &str) -> String {
    match outcome {
        Outcome::Files(files) => String::from_utf8(files[Path::new(path)].0.clone()).unwrap(),
        Outcome::Failure(failure) => panic!("{failure:?}"),
    }
}

#[test]
fn the_configuration_need_not_be_written_yet() {
    let Some((mut case, stamper)) = with_gomplate("a configuration in memory") else {
        return;
    };
    write(&case.stage_dir().join("f"), b"{{ .cfg.x }}");
    case.config = json!({ "x": "in memory" });
    assert_eq!(text(&case.render(&*stamper), "f"), "in memory");
    std::fs::remove_file(case.root.join("config.json")).unwrap();
    assert_eq!(text(&case.render(&*stamper), "f"), "in memory");
}

#[test]
fn paths_may_hold_what_gomplate_takes_for_something_else() {
    let Some((mut case, stamper)) = with_gomplate("odd paths") else {
        return;
    };
    for name in ["a,b", "a#b", "a?b", "a%41", "a b", "é", "a\"b", "a=b"] {
        let odd = case.root.join(name);
        std::fs::create_dir(&odd).unwrap();
        let stage = odd.join("stage");
        copy_tree(&case.stage_dir(), &stage);
        write(&stage.join("f"), b"{{ .cfg.x }} {{ tmpl.Path }}");
        write(&odd.join("config.json"), br#"{"x":1}"#);
        case.config = json!({ "x": 1 });
        let settings = StampSettings::default();
        let request = Request {
            stage: &StageName::new("stage").unwrap(),
            template_dir: &stage,
            config_json_file: &odd.join("config.json"),
            config: &case.config,
            environment: &case.environment,
            deployment: &case.root,
            settings: &settings,
        };
        let rendered = stamper.render(&request).unwrap();
        let expected = format!("1 {}", stage.join("f").display());
        let actual = &rendered.files[Path::new("f")].content[..];
        assert_eq!(String::from_utf8_lossy(actual), expected, "{name}");
    }
}

#[test]
fn what_was_read_and_rendered_with_is_told() {
    let Some((case, stamper)) = with_gomplate("what was read") else {
        return;
    };
    let template = br#"{{ .Env.STAGE_NAME }}{{ file.Read "x" }}{{ uuid.V4 }}{{ conv.ToString 1 }}"#;
    write(&case.stage_dir().join("f"), template);
    write(&case.root.join("deployment/x"), b"x");
    let rendered = case.with_request(&case.stage_dir(), |request| stamper.render(request));
    let rendered = rendered.unwrap();
    assert!(
        rendered.renderer.starts_with("gomplate "),
        "{}",
        rendered.renderer
    );
    assert!(rendered.reads.env.contains("STAGE_NAME"));
    assert!(
        rendered
            .reads
            .files
            .contains(&case.root.join("deployment/x"))
    );
    assert!(!rendered.reads.is_reproducible());
}

#[test]
fn gomplates_warnings_are_passed_on() {
    let Some((case, stamper)) = with_gomplate("warnings") else {
        return;
    };
    let template = br#"{{ crypto.EncryptAES "swordfishswordfish123456" "x" | len }}"#;
    write(&case.stage_dir().join("f"), template);
    let rendered = case.with_request(&case.stage_dir(), |request| stamper.render(request));
    // Versions before 5.1 do not know it as deprecated, but as experimental.
    if let Ok(rendered) = rendered {
        let warning = &rendered.warnings[0];
        assert!(
            warning.starts_with("gomplate: Deprecated: crypto.EncryptAES"),
            "{warning}"
        );
    }
}

#[test]
fn what_only_betterform_reads_is_not_stamped() {
    let Some((case, stamper)) = with_gomplate("betterform's own file") else {
        return;
    };
    write(&case.stage_dir().join(".betterformverbatim"), b"*.raw\n");
    write(&case.stage_dir().join("x.raw"), b"{{ raw");
    let Outcome::Files(files) = case.render(&*stamper) else {
        panic!("it is rendered");
    };
    let names: Vec<_> = files
        .keys()
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(names, ["f", "x.raw"]);
}

#[test]
fn gomplate_is_found_as_a_program_is() {
    let Some((binary, version)) = installed() else {
        eprintln!("SKIPPED: gomplate is not installed, so finding it is not tested");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("bin")).unwrap();
    std::os::unix::fs::symlink(&binary, directory.path().join("bin/gomplate")).unwrap();
    write(&directory.path().join("gomplate"), b"not a program");
    let find = |name: &str, value: &str| {
        let mut environment = Environment::default();
        environment.set(name, value);
        Gomplate::find(&environment, directory.path())
    };
    for (name, value) in [("PATH", ".:bin"), ("GOMPLATE", "bin/gomplate")] {
        let found = find(name, value).unwrap().unwrap();
        let environment = Environment::default();
        assert_eq!(
            found.version(&environment, directory.path()).unwrap(),
            version
        );
    }
    assert!(find("PATH", "/nowhere").unwrap().is_none());
    let error = find("GOMPLATE", "./gomplate").unwrap_err();
    assert!(
        error.message().contains("no program that can be run"),
        "{error}"
    );
}

#[test]
fn a_read_only_library_is_stamped() {
    let Some((case, stamper)) = with_gomplate("a read-only library") else {
        return;
    };
    let stage = case.stage_dir();
    std::fs::create_dir(stage.join("sub")).unwrap();
    write(&stage.join("sub/g"), b"{{ .cfg.a }}");
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(&stage, 0o555);
    let rendered = case.render(&*stamper);
    set(&stage, 0o755);
    assert_eq!(text(&rendered, "sub/g"), "1");
}

/// Pieces of patterns, well-formed and not.
const PIECES: &[&str] = &[
    "*", "**", "/", "?", "a", "b", ".txt", "sub", "!", "#", " ", "\\", "[ab]", "[!a]", "[^a]", "é",
    "{1,2}", "{", "+", "(", ")", "|", "$", ".", "..", "ab", "\\d", "[", "]", "-", "^",
];

/// What gomplate keeps of a tree with this ignore file; `None` if it fails.
fn kept_by_gomplate(case: &Case, binary: &Path) -> Option<Vec<String>> {
    match case.run_gomplate(binary) {
        Outcome::Files(files) => Some(
            files
                .keys()
                .map(|path| path.display().to_string())
                .collect(),
        ),
        Outcome::Failure(_) => None,
    }
}

#[test]
fn any_ignore_file_leaves_out_the_same() {
    let Some((binary, _)) = installed() else {
        eprintln!("SKIPPED: gomplate is not installed, so random ignore files are not tested");
        return;
    };
    let line = proptest::collection::vec(proptest::sample::select(PIECES), 1..5);
    let lines = proptest::collection::vec(line, 1..4);
    let files = (lines.clone(), proptest::option::of(lines));
    // Each takes a run of gomplate; `PROPTEST_CASES` asks for more.
    let mut config = proptest::test_runner::Config {
        failure_persistence: None,
        ..Default::default()
    };
    if config.cases == 256 {
        config.cases = 24;
    }
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stamping/idiom-01-int");
    let checked = runner.run(&files, |(root, sub)| {
        let mut case = Case::set_up(&directory);
        // Ignore files are templates too.
        case.settings.left_delim = Some("<@".to_owned());
        let stage = case.stage_dir();
        std::fs::create_dir_all(stage.join("sub/b")).unwrap();
        std::fs::create_dir_all(stage.join("é")).unwrap();
        for name in [
            "a",
            "b.txt",
            "ab",
            "sub/a",
            "sub/b/a.txt",
            "sub/ab.txt",
            "é/a",
            "aa",
            "1",
            "a+",
            "sub/é",
        ] {
            write(&stage.join(name), b"x");
        }
        let text = |lines: Vec<Vec<&str>>| {
            let lines: Vec<String> = lines.iter().map(|pieces| pieces.concat()).collect();
            lines.join("\n")
        };
        write(&stage.join(".gomplateignore"), text(root).as_bytes());
        if let Some(sub) = sub {
            write(&stage.join("sub/.gomplateignore"), text(sub).as_bytes());
        }
        let ours = case.with_request(&stage, Source::read).ok().map(|source| {
            let copies = source
                .files
                .iter()
                .filter(|file| file.treatment == Treatment::Render || file.copied().is_some());
            let mut names: Vec<_> = copies.map(|file| file.path.clone()).collect();
            names.sort();
            names
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
        });
        proptest::prop_assert_eq!(ours, kept_by_gomplate(&case, &binary));
        Ok(())
    });
    checked.unwrap();
}
