//! Reading a stage template directory that git could not hold.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use betterform::core::stage::StageName;
use betterform::error::Result;
use betterform::stamp::source::{Source, Treatment};
use betterform::stamp::{Request, StampSettings};
use betterform::system::environment::Environment;
use rustix::fs::{CWD, FileType, Mode};
use tempfile::TempDir;

use crate::tree::write;

fn stage() -> (TempDir, PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let stage = temporary.path().join("stage");
    std::fs::create_dir(&stage).unwrap();
    write(&stage.join("f"), b"{{ x }}");
    (temporary, stage)
}

fn read(stage: &Path) -> Result<Source> {
    Source::read(&Request {
        stage: &StageName::new("stage").unwrap(),
        template_dir: stage,
        config_json_file: Path::new("/nowhere.json"),
        config: &serde_json::Value::Null,
        environment: &Environment::default(),
        deployment: stage.parent().unwrap(),
        settings: &StampSettings::default(),
    })
}

#[test]
fn what_cannot_be_read_is_refused_unless_it_is_ignored() {
    let (_temporary, stage) = stage();
    let mode = Mode::from_raw_mode(0o644);
    rustix::fs::mknodat(CWD, stage.join("pipe"), FileType::Fifo, mode, 0).unwrap();
    let error = read(&stage).unwrap_err();
    let message = "`stage/pipe` is neither a file nor a directory";
    assert_eq!(error.message(), message);
    write(&stage.join(".gomplateignore"), b"pipe\n");
    assert_eq!(read(&stage).unwrap().files.len(), 2);
    let _listener = UnixListener::bind(stage.join("socket")).unwrap();
    let message = "`stage/socket` is neither a file nor a directory";
    assert_eq!(read(&stage).unwrap_err().message(), message);
}

#[test]
fn an_unreadable_file_is_named() {
    let (_temporary, stage) = stage();
    write(&stage.join("secret"), b"x");
    let none = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(stage.join("secret"), none).unwrap();
    if std::fs::read(stage.join("secret")).is_ok() {
        eprintln!("SKIPPED: this user can read every file");
        return;
    }
    let error = read(&stage).unwrap_err();
    assert!(
        error.message().starts_with("cannot read `stage/secret`"),
        "{error}"
    );
}

#[test]
fn a_link_to_the_null_device_is_an_empty_file() {
    let (_temporary, stage) = stage();
    symlink("/dev/null", stage.join("null")).unwrap();
    symlink("/dev/zero", stage.join("zero")).unwrap();
    assert!(read(&stage).unwrap_err().message().contains("`stage/zero`"));
    std::fs::remove_file(stage.join("zero")).unwrap();
    let source = read(&stage).unwrap();
    let null = source.file(Path::new("null")).unwrap();
    assert_eq!((null.treatment, null.copied()), (Treatment::Copy, None));
}

#[test]
fn names_need_not_be_utf_8() {
    let (_temporary, stage) = stage();
    let odd = PathBuf::from(OsString::from_vec(b"d\xff".to_vec()));
    if std::fs::create_dir(stage.join(&odd)).is_err() {
        eprintln!("SKIPPED: this file system has only UTF-8 names");
        return;
    }
    write(&stage.join(&odd).join("x"), b"{{ 1 }}");
    write(&stage.join("g"), b"2");
    let paths = |source: &Source| -> Vec<PathBuf> {
        source.files.iter().map(|file| file.path.clone()).collect()
    };
    let source = read(&stage).unwrap();
    assert_eq!(paths(&source), [odd.join("x"), "f".into(), "g".into()]);
    write(&stage.join(".gomplateignore"), b".*\nd?\n");
    let source = read(&stage).unwrap();
    assert_eq!(paths(&source), [PathBuf::from("f"), "g".into()]);
}

#[test]
fn files_come_in_the_order_of_their_bytes() {
    let (_temporary, stage) = stage();
    std::fs::create_dir(stage.join("a")).unwrap();
    std::fs::create_dir(stage.join("a-b")).unwrap();
    for name in ["a/z", "a-b/z", "a.z", "B", "_u", ".h", "0"] {
        write(&stage.join(name), b"x");
    }
    let source = read(&stage).unwrap();
    let names: Vec<_> = source
        .files
        .iter()
        .map(|file| file.path.to_str().unwrap())
        .collect();
    assert_eq!(names, [".h", "0", "B", "_u", "a-b/z", "a.z", "a/z", "f"]);
}

#[test]
fn a_wrong_pattern_is_shown_where_it_stands() {
    let (_temporary, stage) = stage();
    write(&stage.join(".gomplateignore"), b"# x\na(\n");
    let error = read(&stage).unwrap_err();
    let at = &error.diagnostics()[0];
    assert_eq!((at.path.as_str(), at.line), ("stage/.gomplateignore", 2));
    assert_eq!(at.text, "a(");
    write(&stage.join(".gomplateignore"), b"");
    write(&stage.join(".betterformverbatim"), b"\n[z-a]\n");
    let error = read(&stage).unwrap_err();
    let at = &error.diagnostics()[0];
    assert_eq!(
        (at.path.as_str(), at.line),
        ("stage/.betterformverbatim", 2)
    );
}
