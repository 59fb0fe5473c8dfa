//! The floors of `src/`: a file imports only lower floors and its own. `docs/architecture.md` says what they are.

use std::path::Path;

/// From the lowest to the highest.
const FLOORS: [&str; 12] = [
    "error", "core", "template", "system", "state", "source", "stamp", "observe", "execute", "ui",
    "cli", "commands",
];

/// Floors without effects: no file system, clock, environment, process or thread.
const PURE: [&str; 2] = ["core", "template"];
const EFFECTS: [&str; 6] = [
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
];

/// What is wrong with a file of a floor, a line each.
fn violations(floor: &str, text: &str) -> Vec<String> {
    let height = FLOORS.iter().position(|known| *known == floor);
    let mut wrong = Vec::new();
    // Tests may reach anywhere.
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    for line in text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        for (above, name) in FLOORS.iter().enumerate() {
            let imports = line.contains(&format!("crate::{name}::"));
            if imports && height.is_some_and(|height| above > height) {
                wrong.push(format!("`{floor}` imports `{name}`: {}", line.trim()));
            }
        }
        let effect = EFFECTS.iter().find(|effect| line.contains(**effect));
        if let (true, Some(effect)) = (PURE.contains(&floor), effect) {
            wrong.push(format!("`{floor}` uses `{effect}`: {}", line.trim()));
        }
    }
    wrong
}

#[test]
fn every_file_imports_only_lower_floors() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut files = 0;
    for entry in walkdir::WalkDir::new(&source) {
        let entry = entry.unwrap();
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let inside = path.strip_prefix(&source).unwrap();
        let floor = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap();
        let floor = floor.trim_end_matches(".rs");
        let is_test = path.file_name().is_some_and(|name| name == "tests.rs")
            || inside.components().any(|part| part.as_os_str() == "tests");
        if is_test || matches!(floor, "lib" | "main") {
            continue;
        }
        files += 1;
        assert!(FLOORS.contains(&floor), "`{floor}` is no floor");
        let text = std::fs::read_to_string(path).unwrap();
        wrong.extend(
            violations(floor, &text)
                .into_iter()
                .map(|why| format!("{}: {why}", inside.display())),
        );
    }
    assert!(files > 100, "only {files} files were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_that_reaches_up_is_found() {
    let text = "use crate::state::Store;\nuse std::fs;\n// use crate::ui::sink;\n";
    let wrong = violations("core", text);
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].contains("`core` imports `state`"), "{wrong:?}");
    assert!(violations("commands", text).is_empty());
}
