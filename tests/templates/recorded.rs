//! What gomplate made of templates, recorded, so that it can be compared without it.

use std::path::Path;

use betterform::template::gomplate::functions;
use serde_json::{Value, json};

use crate::generator::Templates;
use crate::installed;
use crate::world::{Made, World};

/// The templates, and what gomplate made of them.
const RECORDED: &str = "tests/templates/recorded.jsonl";

/// Templates that were rendered otherwise once, one JSON text a line; they are recorded before those by chance.
const FOUND: &str = include_str!("found.jsonl");

/// How many by chance are recorded, and from what seed.
const DRAWN: usize = 400;
const SEED: u64 = 0;

fn templates() -> Vec<String> {
    let mut by_chance = Templates::new(SEED, &functions());
    let found = FOUND
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    found
        .chain((0..DRAWN).map(|_| by_chance.template()))
        .collect()
}

/// What became of a template, as it is recorded; `None` if it is no text.
fn record(world: &World, made: &Made) -> Option<Value> {
    match made {
        Made::Text(bytes) => {
            let text = std::str::from_utf8(bytes).ok()?;
            Some(json!({ "output": world.placeless(text) }))
        }
        Made::Failure(place, message) => {
            let (line, column) = place.unzip();
            Some(json!({ "line": line, "column": column.flatten(), "error": message }))
        }
    }
}

/// Templates give what gomplate gave: the output, or the line, the column and the words of the failure.
/// `BETTERFORM_BLESS=1 cargo test --test templates` records them anew with the gomplate that is installed.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that writes its golden file"
)]
fn recorded() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDED);
    let world = World::new();
    if std::env::var_os("BETTERFORM_BLESS").is_some() {
        let binary = installed()
            .expect("templates are recorded from the real gomplate, which is not installed");
        let mut lines = String::new();
        for template in templates() {
            if let Some(made) = record(&world, &world.gomplate(&binary, &template)) {
                lines += &format!("{}\n", json!({ "template": template, "made": made }));
            }
        }
        std::fs::write(&path, lines).unwrap();
    }
    let mut wrong = Vec::new();
    let (mut compared, mut placed) = (0, 0);
    for line in std::fs::read_to_string(&path).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (template, theirs) = (line["template"].as_str().unwrap(), &line["made"]);
        let Some(ours) = world
            .embedded(template)
            .and_then(|made| record(&world, &made))
        else {
            continue;
        };
        compared += 1;
        placed += usize::from(theirs["column"].is_u64());
        if ours != *theirs {
            wrong.push(format!(
                "{template:?}\n  ours:   {ours}\n  theirs: {theirs}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        compared > 300 && placed > 50,
        "{compared} were compared, {placed} of them failures at a column"
    );
}
