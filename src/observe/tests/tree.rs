use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

use crate::core::fingerprint::{Digest, Hasher};
use crate::core::location::Locations;
use crate::observe::tests::{Sandbox, digest, names};
use crate::observe::tree::{Hashing, Tree, mark_executable};
use crate::system::tree::{Follow, Walk};

#[test]
fn a_manifest_holds_contents() {
    let sandbox = Sandbox::new();
    let big = "x".repeat(300_000);
    sandbox.put(b"a", "1");
    sandbox.put(b"d/\xff\n", "2");
    sandbox.put(b"big", &big);
    sandbox.put(b"empty", "");
    symlink("a", sandbox.path(b"link")).unwrap();
    symlink("d", sandbox.path(b"to_d")).unwrap();
    let manifest = sandbox
        .tree()
        .manifest(Hashing {
            prefix: "p/",
            ..Hashing::default()
        })
        .unwrap();
    assert_eq!(
        names(&manifest),
        "p/a p/big p/d/\\xff\\x0a p/empty p/link p/to_d"
    );
    assert_eq!(manifest.entries["p/a"], digest("1"));
    assert_eq!(manifest.entries["p/link"], digest("1"));
    assert_eq!(manifest.entries["p/big"], digest(&big));
    assert_eq!(manifest.entries["p/empty"], digest(""));
    assert_eq!(manifest.entries["p/d/\\xff\\x0a"], digest("2"));
    assert_eq!(
        manifest.entries["p/to_d"],
        Hasher::new("link").field(b"d").finish()
    );
}

#[test]
fn the_executable_bit_counts_where_asked() {
    let sandbox = Sandbox::new();
    sandbox.put(b"ctl", "x");
    sandbox.mode(b"ctl", 0o700);
    let counted = Hashing {
        executable: true,
        ..Hashing::default()
    };
    let tree = sandbox.tree();
    assert_eq!(
        tree.manifest(Hashing::default()).unwrap().entries["ctl"],
        digest("x")
    );
    assert_eq!(
        tree.manifest(counted).unwrap().entries["ctl"],
        mark_executable(digest("x"))
    );
    sandbox.mode(b"ctl", 0o655);
    assert_eq!(
        sandbox.tree().manifest(counted).unwrap().entries["ctl"],
        digest("x")
    );
}

#[test]
fn places_in_contents_and_links_do_not_count_where_asked() {
    let manifest = |name: &str, contents: bool| {
        let sandbox = Sandbox::new();
        let place = sandbox.path(name.as_bytes());
        let place = place.to_str().unwrap();
        sandbox.put(b"file", &format!("cat {place}/x"));
        fs::create_dir(place).unwrap();
        symlink(place, sandbox.path(b"link")).unwrap();
        let locations = Locations::new([("OUTPUT_DIR", place)]);
        let tree = Tree::select(sandbox.root(), [&b"file"[..], b"link"]).unwrap();
        let locations = Some(&locations);
        tree.manifest(Hashing {
            locations,
            contents,
            ..Hashing::default()
        })
        .unwrap()
    };
    assert_eq!(manifest("one", true), manifest("other", true));
    let (one, other) = (manifest("one", false), manifest("other", false));
    assert_eq!(one.entries["link"], other.entries["link"]);
    assert_ne!(one.entries["file"], other.entries["file"]);
}

#[test]
fn what_is_special_is_not_opened_and_what_is_gone_is_left_out() {
    let sandbox = Sandbox::new();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let pipe = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, sandbox.path(b"pipe"), pipe, mode, 0).unwrap();
    sandbox.put(b"gone", "");
    let tree = sandbox.tree();
    fs::remove_file(sandbox.path(b"gone")).unwrap();
    assert_eq!(names(&tree.manifest(Hashing::default()).unwrap()), "pipe");
    let tree = Tree::select(sandbox.root(), [&b"gone"[..]]).unwrap();
    assert!(tree.manifest(Hashing::default()).unwrap().is_empty());
}

fn signature(tree: &Tree) -> Digest {
    let mut hasher = Hasher::new("test");
    tree.sign(&mut hasher);
    hasher.finish()
}

#[test]
fn every_change_changes_the_signature() {
    let sandbox = Sandbox::new();
    sandbox.put(b"a", "1");
    sandbox.put(b"b", "2");
    let mut seen = vec![signature(&sandbox.settled())];
    assert_eq!(signature(&sandbox.tree()), seen[0]);
    let changes: [(&str, &dyn Fn()); 6] = [
        ("content of the same size", &|| sandbox.put(b"a", "3")),
        ("mode", &|| sandbox.mode(b"a", 0o700)),
        ("new file", &|| sandbox.put(b"c", "")),
        ("file removed", &|| {
            fs::remove_file(sandbox.path(b"b")).unwrap();
        }),
        ("old time, other content", &|| {
            let old = fs::metadata(sandbox.path(b"c"))
                .unwrap()
                .modified()
                .unwrap();
            sandbox.put(b"c", "x");
            File::options()
                .write(true)
                .open(sandbox.path(b"c"))
                .unwrap()
                .set_modified(old)
                .unwrap();
        }),
        ("file replaced by a link", &|| {
            fs::remove_file(sandbox.path(b"c")).unwrap();
            symlink("a", sandbox.path(b"c")).unwrap();
        }),
    ];
    for (what, change) in changes {
        change();
        let signature = signature(&sandbox.settled());
        assert!(!seen.contains(&signature), "{what}");
        seen.push(signature);
    }
    let none = Tree::list(&sandbox.path(b"none"), Walk::all(Follow::Files)).unwrap();
    assert!(!none.exists() && none.is_empty());
    fs::create_dir(sandbox.path(b"none")).unwrap();
    let empty = Tree::list(&sandbox.path(b"none"), Walk::all(Follow::Files)).unwrap();
    assert!(empty.exists() && empty.is_settled());
    assert_ne!(signature(&none), signature(&empty));
}

#[test]
fn files_that_just_changed_are_not_settled() {
    let sandbox = Sandbox::new();
    sandbox.put(b"a", "");
    assert!(!sandbox.tree().is_settled());
    sandbox.settled();
    let file = File::options()
        .write(true)
        .open(sandbox.path(b"a"))
        .unwrap();
    #[expect(clippy::disallowed_methods, reason = "a time in the future is wanted")]
    let future = SystemTime::now() + Duration::from_secs(3600);
    file.set_modified(future).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert!(!sandbox.tree().is_settled());
    let missing = Tree::select(sandbox.root(), [&b"none"[..]]).unwrap();
    assert!(missing.is_settled());
    assert_eq!(missing.files().len(), 1);
    assert_ne!(signature(&missing), Digest::ABSENT);
}
