//! The template engine against what Go's own library makes of the same templates.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]
#![expect(clippy::print_stdout, reason = "a test may tell what it skipped")]

#[path = "gotemplate/case.rs"]
mod case;
#[path = "gotemplate/chance.rs"]
mod chance;
#[path = "gotemplate/differential.rs"]
mod differential;
#[path = "gotemplate/generator.rs"]
mod generator;
#[path = "gotemplate/host.rs"]
mod host;
#[path = "gotemplate/hostile.rs"]
mod hostile;
#[path = "gotemplate/objects.rs"]
mod objects;
#[path = "gotemplate/pieces.rs"]
mod pieces;
#[path = "gotemplate/reads.rs"]
mod reads;

use case::Case;
use serde_json::Value as Json;

/// Cases where betterform differs from Go on purpose, and why.
const DIFFERENT: &[(u64, &str)] = &[];

/// Cases that fail at the same place with another text, and why.
const OTHER_TEXT: &[(u64, &str)] = &[(
    768,
    "Go's list had room for more elements than it has; betterform's lists never do",
)];

fn common_data() -> Json {
    serde_json::from_str(include_str!("gotemplate/data.json")).unwrap()
}

/// Runs on a stack on which templates may nest as deep as the golden cases do.
fn on_large_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(case::STACK)
        .spawn(run)
        .unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn golden_cases() {
    on_large_stack(compare_golden_cases);
}

fn compare_golden_cases() {
    let common = common_data();
    let mut wrong = Vec::new();
    let mut total = 0;
    for case in include_str!("gotemplate/cases.jsonl")
        .lines()
        .map(Case::read)
    {
        total += 1;
        let (seen, expected) = (case.run(&common), &case.expected);
        let listed = |list: &[(u64, &str)]| list.iter().any(|(id, _)| *id == case.id);
        let complaint = match (seen == *expected, seen.agrees(expected)) {
            (true, _) if listed(DIFFERENT) || listed(OTHER_TEXT) => "equal: take it off the list",
            (false, true) if listed(DIFFERENT) => "at the same place: take it off the list",
            (false, true) if !listed(OTHER_TEXT) => "at the same place with another text",
            (false, false) if !listed(DIFFERENT) => "different",
            _ => continue,
        };
        let template = &case.template;
        let sides = format!("  go   {expected:?}\n  here {seen:?}");
        wrong.push(format!("{} {template:?}: {complaint}\n{sides}", case.id));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(total > 700, "only {total} cases were read");
}
