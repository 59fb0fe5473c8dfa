//! The template engine against what Go's own library makes of the same templates.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]
#![expect(clippy::print_stdout, reason = "a test may tell what it skipped")]

#[path = "gotemplate/case.rs"]
mod case;
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

use case::{Case, Outcome};
use serde_json::Value as Json;

/// Cases where betterform differs from Go on purpose, and why.
const DIFFERENT: &[(u64, &str)] = &[];

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
    let cases = include_str!("gotemplate/cases.jsonl")
        .lines()
        .map(Case::read);
    let mut wrong = Vec::new();
    let mut texts = 0;
    let mut total = 0;
    for case in cases {
        total += 1;
        let seen = case.run(&common);
        let agrees = seen.agrees(&case.expected);
        match DIFFERENT.iter().find(|(id, _)| *id == case.id) {
            Some((id, _)) if agrees => wrong.push(format!("{id} agrees: take it off the list")),
            None if !agrees => {
                let expected = &case.expected;
                wrong.push(format!(
                    "{} {:?}\n  go   {expected:?}\n  here {seen:?}",
                    case.id, case.template
                ));
            }
            _ => {}
        }
        if let (Outcome::Error(.., go), Outcome::Error(.., here)) = (&case.expected, &seen)
            && go != here
        {
            texts += 1;
            println!(
                "text {} {:?}\n  go   {go}\n  here {here}",
                case.id, case.template
            );
        }
    }
    println!("{total} cases, {} wrong, {texts} other texts", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(total > 700, "only {total} cases were read");
}
