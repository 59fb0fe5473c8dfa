//! The table of `README.md` names tests that there are.

use std::fs;
use std::path::Path;

#[test]
fn the_table_names_tests_that_exist() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e");
    let mut tests = String::new();
    for entry in fs::read_dir(&directory).expect("tests/e2e").flatten() {
        if entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "rs")
        {
            tests.push_str(&fs::read_to_string(entry.path()).expect("a module"));
        }
    }
    let table = fs::read_to_string(directory.join("README.md")).expect("README.md");
    let rows = table.lines().filter(|line| line.starts_with('|'));
    let words = rows.flat_map(|row| row.rsplit('|').nth(1).unwrap_or_default().split('`'));
    let mut named = 0;
    for word in words.filter(|word| word.contains('_') && !word.contains(['.', ' ', '/'])) {
        // An ellipsis stands for any rest of a name.
        let parts: Vec<&str> = word.split('…').collect();
        let found = tests.lines().any(|line| {
            let name = line
                .strip_prefix("fn ")
                .and_then(|rest| rest.split_once('('));
            name.is_some_and(|(name, _)| match parts.as_slice() {
                [whole] => name == *whole,
                [start, .., end] => {
                    name.starts_with(start) && name.ends_with(end)
                        || name.contains(parts[1]) && start.is_empty()
                }
                [] => false,
            })
        });
        assert!(found, "there is no test `{word}`");
        named += 1;
    }
    assert!(named > 25, "{named}");
}
