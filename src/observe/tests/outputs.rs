use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use crate::core::location::Locations;
use crate::core::stage::StageName;
use crate::observe::cache::DigestCache;
use crate::observe::outputs::Outputs;
use crate::observe::patterns::Patterns;
use crate::observe::tests::{Sandbox, digest, names};

fn with<T>(sandbox: &Sandbox, look: impl FnOnce(Outputs<'_>) -> T) -> T {
    let locations = Locations::new([("OUTPUT_DIR", sandbox.root().to_str().unwrap())]);
    let cache = DigestCache::in_memory();
    look(Outputs {
        directory: sandbox.root(),
        locations: &locations,
        cache: &cache,
    })
}

fn stage(name: &str) -> StageName {
    StageName::new(name).unwrap()
}

#[test]
fn a_stage_owns_its_directory() {
    let sandbox = Sandbox::new();
    sandbox.put(b"a/output.json", "{}");
    sandbox.put(b"a/sub/\xff", "x");
    sandbox.put(b"ab/other", "");
    sandbox.put(b"top.json", "");
    symlink("output.json", sandbox.path(b"a/latest")).unwrap();
    symlink(sandbox.path(b"ab"), sandbox.path(b"a/dir")).unwrap();
    symlink("nowhere", sandbox.path(b"a/dangling")).unwrap();
    with(&sandbox, |outputs| {
        let manifest = outputs.of_stage(&stage("a")).unwrap().manifest.unwrap();
        assert_eq!(
            names(&manifest),
            "a/dangling a/dir a/latest a/output.json a/sub/\\xff"
        );
        assert_eq!(manifest.entries["a/output.json"], digest("{}"));
        assert_eq!(manifest.entries["a/latest"], digest("{}"));
        assert_eq!(outputs.read_stage(&stage("a")).unwrap(), manifest);
        assert!(
            outputs
                .of_stage(&stage("none"))
                .unwrap()
                .manifest
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn only_contents_count_and_not_the_place() {
    let manifest = |executable: bool| {
        let sandbox = Sandbox::new();
        sandbox.put(b"a/x", "1");
        sandbox.put(b"b/y", "");
        sandbox.mode(b"a/x", if executable { 0o755 } else { 0o600 });
        symlink(sandbox.path(b"b"), sandbox.path(b"a/dir")).unwrap();
        with(&sandbox, |outputs| outputs.of_stage(&stage("a")).unwrap())
    };
    assert_eq!(manifest(true), manifest(false));
}

#[test]
fn single_files_by_name() {
    let sandbox = Sandbox::new();
    sandbox.put(b"top.json", "1");
    sandbox.put(b"sub/\xff", "2");
    with(&sandbox, |outputs| {
        let names_of = [
            "top.json",
            "sub/\\xff",
            "none",
            "../x",
            "/etc/passwd",
            "sub",
            "bad\\",
        ];
        let manifest = outputs.of_files("me", names_of).unwrap().manifest.unwrap();
        assert_eq!(names(&manifest), "sub sub/\\xff top.json");
        assert_eq!(manifest.entries["top.json"], digest("1"));
    });
}

#[test]
fn what_a_stage_declares() {
    let sandbox = Sandbox::new();
    for name in ["top.json", "reports/a/b", "reports/tmp/c", "other/x"] {
        sandbox.put(name.as_bytes(), "");
    }
    with(&sandbox, |outputs| {
        let declared = |patterns: &[&str]| {
            let patterns = Patterns::new(patterns.iter().copied()).unwrap();
            outputs.declared(&patterns).unwrap()
        };
        let set = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(
            declared(&["top.json", "none.json"]),
            set(&["top.json", "none.json"])
        );
        assert_eq!(
            declared(&["reports/**", "!reports/tmp/**"]),
            set(&["reports/a/b"])
        );
        assert_eq!(declared(&[]), set(&[]));
    });
}

#[test]
fn files_that_a_stage_writes_are_seen() {
    let sandbox = Sandbox::new();
    for name in ["same", "edited", "rewritten", "gone", "unseen"] {
        sandbox.put(name.as_bytes(), "1");
    }
    sandbox.settled();
    with(&sandbox, |outputs| {
        let watched = ["same", "edited", "rewritten", "gone", "new", "never"];
        let watch = outputs.watch(watched).unwrap();
        assert!(outputs.written(&watch).unwrap().is_empty());
        for (name, text) in [
            ("edited", "2"),
            ("rewritten", "1"),
            ("new", "3"),
            ("unseen", "4"),
        ] {
            sandbox.put(name.as_bytes(), text);
        }
        fs::remove_file(sandbox.path(b"gone")).unwrap();
        let written = outputs.written(&watch).unwrap();
        assert_eq!(names(&written), "edited new rewritten");
        assert_eq!(written.entries["edited"], digest("2"));
    });
}

#[test]
fn a_change_within_one_tick_of_the_clock_is_seen() {
    let sandbox = Sandbox::new();
    sandbox.put(b"x", "1");
    with(&sandbox, |outputs| {
        for text in ["2", "3", "4", "5", "6"] {
            let watch = outputs.watch(["x"]).unwrap();
            sandbox.put(b"x", text);
            assert_eq!(names(&outputs.written(&watch).unwrap()), "x");
        }
    });
}
