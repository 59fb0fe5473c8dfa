use std::fs;

use crate::core::location::Locations;
use crate::observe::cache::{Contents, DigestCache, Key};
use crate::observe::tests::Sandbox;
use crate::observe::tree::Hashing;

const PLAIN: Hashing<'_> = Hashing {
    prefix: "",
    executable: false,
    locations: None,
    contents: false,
};

fn look(cache: &DigestCache, sandbox: &Sandbox) -> Contents {
    let key = Key::new("test", sandbox.root());
    cache.contents(key, &sandbox.tree(), PLAIN).unwrap()
}

#[test]
fn a_tree_that_did_not_change_is_not_read_again() {
    let (sandbox, home) = (Sandbox::new(), Sandbox::new());
    let path = home.path(b"digests");
    sandbox.put(b"a", "1");
    sandbox.settled();
    let cache = DigestCache::load(&path);
    let first = look(&cache, &sandbox);
    assert!(first.manifest.is_some());
    let again = look(&cache, &sandbox);
    assert_eq!((again.digest, again.manifest), (first.digest, None));
    assert!(cache.save());

    let cache = DigestCache::load(&path);
    // Nobody may open it now: what is said must come from the cache.
    let hit = look(&cache, &sandbox);
    assert_eq!((hit.digest, hit.manifest), (first.digest, None));
    assert!(!cache.save(), "nothing is new");
    sandbox.put(b"a", "2");
    let changed = look(&cache, &sandbox);
    assert_ne!(changed.digest, first.digest);
    assert!(changed.manifest.is_some());
}

#[test]
fn a_tree_that_just_changed_is_not_remembered() {
    let sandbox = Sandbox::new();
    let cache = DigestCache::in_memory();
    for text in ["1", "2", "3", "4"] {
        sandbox.put(b"a", text);
        let tree = sandbox.tree();
        let contents = look(&cache, &sandbox);
        assert!(tree.is_settled() || contents.manifest.is_some());
        assert_eq!(contents.digest, tree.manifest(PLAIN).unwrap().digest());
    }
    assert!(!cache.save());
}

#[test]
fn how_it_is_hashed_counts() {
    let sandbox = Sandbox::new();
    sandbox.put(b"a", "1");
    sandbox.settled();
    let cache = DigestCache::in_memory();
    look(&cache, &sandbox);
    let key = Key::new("test", sandbox.root());
    let (one, other) = (Locations::new([("A", "/a")]), Locations::new([("A", "/b")]));
    let ways = [
        Hashing {
            executable: true,
            ..PLAIN
        },
        Hashing {
            prefix: "p/",
            ..PLAIN
        },
        Hashing {
            locations: Some(&one),
            contents: true,
            ..PLAIN
        },
        Hashing {
            locations: Some(&other),
            contents: true,
            ..PLAIN
        },
    ];
    for way in ways {
        assert!(
            cache
                .contents(key, &sandbox.tree(), way)
                .unwrap()
                .manifest
                .is_some(),
            "{way:?}"
        );
        assert!(
            cache
                .contents(key, &sandbox.tree(), way)
                .unwrap()
                .manifest
                .is_none(),
            "{way:?}"
        );
    }
    assert_ne!(Key::new("a", sandbox.root()), Key::new("b", sandbox.root()));
    assert_ne!(
        Key::new("a", sandbox.root()),
        Key::new("a", &sandbox.path(b"x"))
    );
}

#[test]
fn a_file_that_cannot_be_trusted_is_no_cache() {
    let (sandbox, home) = (Sandbox::new(), Sandbox::new());
    let path = home.path(b"digests");
    sandbox.put(b"a", "1");
    sandbox.settled();
    let cache = DigestCache::load(&path);
    look(&cache, &sandbox);
    cache.save();
    let whole = fs::read(&path).unwrap();
    let hits = |bytes: &[u8]| {
        fs::remove_file(&path).unwrap();
        home.put(b"digests", "");
        #[expect(clippy::disallowed_methods, reason = "a test's own files")]
        fs::write(&path, bytes).unwrap();
        look(&DigestCache::load(&path), &sandbox).manifest.is_none()
    };
    assert!(hits(&whole));
    assert!(!hits(b""));
    for at in 0..whole.len() {
        let mut broken = whole.clone();
        broken[at] ^= 1;
        assert!(!hits(&broken), "byte {at}");
        assert!(!hits(&whole[..at]), "cut at {at}");
    }
    assert!(!hits(&[whole.as_slice(), b"x"].concat()));
}

#[test]
fn a_place_that_cannot_be_written_is_no_error() {
    let (sandbox, home) = (Sandbox::new(), Sandbox::new());
    sandbox.put(b"a", "1");
    sandbox.settled();
    for path in [home.path(b"none/digests"), home.root().to_owned()] {
        let cache = DigestCache::load(&path);
        assert!(look(&cache, &sandbox).manifest.is_some());
        assert!(!cache.save());
    }
}

#[test]
fn many_trees_and_many_writers() {
    let home = Sandbox::new();
    let path = home.path(b"digests");
    let trees: Vec<_> = (0..40).map(|_| Sandbox::new()).collect();
    for (number, tree) in trees.iter().enumerate() {
        tree.put(b"a", &number.to_string());
    }
    for tree in &trees {
        tree.settled();
    }
    let cache = DigestCache::load(&path);
    std::thread::scope(|scope| {
        for part in trees.chunks(10) {
            let cache = &cache;
            scope.spawn(move || part.iter().for_each(|tree| drop(look(cache, tree))));
        }
    });
    assert!(cache.save());
    let cache = DigestCache::load(&path);
    assert!(
        trees
            .iter()
            .all(|tree| look(&cache, tree).manifest.is_none())
    );
    std::thread::scope(|scope| {
        for tree in &trees[..8] {
            scope.spawn(|| {
                let cache = DigestCache::load(&path);
                tree.put(b"b", "");
                tree.settled();
                look(&cache, tree);
                assert!(cache.save());
            });
        }
    });
    let cache = DigestCache::load(&path);
    assert!(
        trees[8..]
            .iter()
            .all(|tree| look(&cache, tree).manifest.is_none())
    );
    assert_eq!(
        fs::read_dir(home.root()).unwrap().count(),
        1,
        "no temporary file is left"
    );
}

#[test]
fn what_nobody_asks_for_is_forgotten_in_the_end() {
    let (old, home) = (Sandbox::new(), Sandbox::new());
    let path = home.path(b"digests");
    old.put(b"a", "1");
    old.settled();
    let cache = DigestCache::load(&path);
    look(&cache, &old);
    cache.save();
    let mut kept = 0;
    while fs::metadata(&path).unwrap().len() > 48 + 72 || kept == 0 {
        let cache = DigestCache::load(&path);
        let other = Sandbox::new();
        cache.put(
            Key::new("test", other.root()),
            &other.tree(),
            PLAIN,
            crate::core::fingerprint::Digest::ABSENT,
        );
        assert!(cache.save());
        kept += 1;
        let fresh = look(&DigestCache::load(&path), &old).manifest.is_some();
        if fresh {
            break;
        }
    }
    assert_eq!(kept, 21);
}

/// On FAT, say, one of a file's times is fine and the other is coarse, and files elsewhere may be led to by links.
#[test]
fn one_file_of_a_coarse_time_keeps_its_tree_from_being_trusted() {
    let sandbox = Sandbox::new();
    sandbox.put(b"a", "1");
    sandbox.put(b"b", "1");
    let file = fs::File::open(sandbox.path(b"a")).unwrap();
    let whole = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000);
    file.set_modified(whole).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(!sandbox.tree().is_settled());
    fs::remove_file(sandbox.path(b"a")).unwrap();
    assert!(sandbox.tree().is_settled());
}
