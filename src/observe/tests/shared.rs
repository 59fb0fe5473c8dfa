use std::fs;
use std::os::unix::fs::symlink;

use crate::core::name::escape;
use crate::observe::patterns::Patterns;
use crate::observe::shared::{Exclusions, SharedFiles};
use crate::observe::tests::Sandbox;
use crate::observe::tree::Tree;

fn shown(tree: &Tree) -> String {
    let names: Vec<_> = tree.files().map(|(name, _)| escape(name)).collect();
    names.join(" ")
}

fn library() -> Sandbox {
    let library = Sandbox::new();
    let files = [
        "betterform_dag.mk",
        "betterform.toml",
        "common.sh",
        "lib/a.sh",
        "lib/deep/b.sh",
        "lib/betterform.toml",
        "stage/ctl",
        "stage/main.tf",
        "lib/ctl/x",
        "nested/stage/ctl",
        ".git/HEAD",
        "lib/.git/HEAD",
        ".env",
        "config.libsonnet",
        "lib/used.libsonnet",
        "a.pyc",
        "lib/__pycache__/x",
        "a.sh~",
        "ignored.log",
        "build/out",
        "build/keep",
        "genfiles/stage/x",
        "output/stage/x",
        ".betterform/genfiles/state.db",
    ];
    for file in files {
        library.put(file.as_bytes(), "");
    }
    library.put(b".gitignore", "*.log\n/build/*\n!/build/keep\n");
    library.put(b"odd\xff", "");
    library
}

fn shared(library: &Sandbox) -> SharedFiles {
    let exclusions = Exclusions {
        generated: ["genfiles", "output", ".betterform"]
            .map(|name| library.path(name.as_bytes()))
            .into(),
        configuration: vec![
            library.path(b"config.libsonnet"),
            "/elsewhere/config.jsonnet".into(),
        ],
    };
    SharedFiles::new(library.root(), &exclusions)
}

#[test]
fn what_lies_outside_stages_is_shared() {
    let library = library();
    assert_eq!(
        shown(&shared(&library).list(&|_| false).unwrap()),
        ".env .gitignore build/keep common.sh lib/a.sh lib/betterform.toml lib/ctl/x lib/deep/b.sh \
         lib/used.libsonnet nested/stage/ctl odd\\xff"
    );
}

#[test]
fn a_directory_becomes_a_stage_by_its_ctl() {
    let library = Sandbox::new();
    library.put(b"lib/a.sh", "");
    library.put(b"tools/run", "");
    symlink("nowhere", library.path(b"tools/ctl")).unwrap();
    let files = SharedFiles::new(library.root(), &Exclusions::default());
    assert_eq!(shown(&files.list(&|_| false).unwrap()), "lib/a.sh");
    fs::remove_file(library.path(b"tools/ctl")).unwrap();
    assert_eq!(
        shown(&files.list(&|_| false).unwrap()),
        "lib/a.sh tools/run"
    );
}

#[test]
fn directories_are_followed_through_links() {
    let (library, elsewhere) = (Sandbox::new(), Sandbox::new());
    elsewhere.put(b"x.sh", "");
    elsewhere.put(b"y/z.sh", "");
    symlink(elsewhere.root(), library.path(b"linked")).unwrap();
    symlink(library.root(), elsewhere.path(b"back")).unwrap();
    let files = SharedFiles::new(library.root(), &Exclusions::default());
    assert_eq!(
        shown(&files.list(&|_| false).unwrap()),
        "linked/back linked/x.sh linked/y/z.sh"
    );
}

#[test]
fn patterns_replace_the_rule() {
    let library = library();
    let files = shared(&library);
    let declared = |patterns: &[&str]| {
        let patterns = Patterns::new(patterns.iter().copied()).unwrap();
        shown(&files.declared(&patterns, &|_| false).unwrap())
    };
    assert_eq!(
        declared(&["build/**", "*.log"]),
        "build/keep build/out ignored.log"
    );
    assert_eq!(declared(&["**/*.sh", "!lib/deep/**"]), "common.sh lib/a.sh");
    assert_eq!(declared(&["stage/**", "output/**", "betterform.toml"]), "");
    assert_eq!(declared(&[]), "");
}
