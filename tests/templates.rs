//! Random whole templates against the gomplate that is installed, and those of them that were recorded, without it.
//! `tests/templates/README.md` says how many, and how to have others.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail anywhere, and says what it skips"
)]

#[path = "functions/arguments.rs"]
mod arguments;
#[allow(dead_code, reason = "calls alone are the matter of other tests")]
#[path = "functions/calls.rs"]
mod calls;
#[allow(dead_code, reason = "whole cases are the matter of other tests")]
#[path = "stamping/case.rs"]
mod case;
#[path = "gotemplate/chance.rs"]
mod chance;
#[path = "templates/expressions.rs"]
mod expressions;
#[path = "templates/generator.rs"]
mod generator;
#[path = "functions/methods.rs"]
mod methods;
#[allow(dead_code, reason = "whole cases are the matter of other tests")]
#[path = "stamping/outcome.rs"]
mod outcome;
#[path = "templates/pieces.rs"]
mod pieces;
#[path = "templates/recorded.rs"]
mod recorded;
#[path = "stamping/tree.rs"]
mod tree;
#[path = "templates/world.rs"]
mod world;

use std::path::PathBuf;

use betterform::template::gomplate::functions;

use crate::generator::Templates;
use crate::world::{Made, World};

/// How many templates are drawn, unless `BETTERFORM_TEMPLATES` says so.
const DRAWN: usize = 300;

/// How many templates gomplate renders in one process.
const TOGETHER: usize = 400;

#[expect(clippy::disallowed_methods, reason = "the environment of tests")]
fn number(name: &str, default: usize) -> usize {
    let value = std::env::var(name).ok();
    value.and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[expect(clippy::disallowed_methods, reason = "tests find gomplate as users do")]
fn installed() -> Option<PathBuf> {
    let named = std::env::var_os("GOMPLATE").filter(|name| !name.is_empty());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|directory| directory.join("gomplate"));
    named
        .map(PathBuf::from)
        .or_else(|| on_path.into_iter().find(|path| path.is_file()))
}

/// Each random template gives the bytes that gomplate gives, or fails where it fails, with its message, or is handed over.
#[test]
fn templates_by_chance() {
    let Some(binary) = installed() else {
        eprintln!("SKIPPED: no gomplate to compare random templates with");
        return;
    };
    let count = number("BETTERFORM_TEMPLATES", DRAWN);
    let seed = u64::try_from(number("BETTERFORM_SEED", 1)).unwrap();
    let mut templates = Templates::new(seed, &functions());
    let world = World::new();
    let mut wrong = Vec::new();
    let (mut equal, mut failed, mut left) = (0, 0, 0);
    for start in (0..count).step_by(TOGETHER) {
        let drawn = (start..count.min(start + TOGETHER)).map(|_| templates.template());
        let mut rendered = Vec::new();
        for template in drawn {
            match world.embedded(&template) {
                None => left += 1,
                Some(Made::Text(_)) => rendered.push(template),
                Some(ours) => {
                    failed += 1;
                    let theirs = world.gomplate(&binary, &template);
                    wrong.extend(world::difference(&template, &ours, &theirs));
                }
            }
        }
        let (compared, differ) = world.differences(&binary, &rendered);
        equal += compared;
        wrong.extend(differ);
    }
    eprintln!(
        "{count} templates of seed {seed}: {equal} rendered, {failed} failed, {left} handed over"
    );
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(left * 3 < count, "{left} of {count} were handed over");
}
