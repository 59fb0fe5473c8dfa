//! Against Go's own library, where `go` is installed: one process that answers all cases.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use betterform::template::{Delimiters, MissingKey};
use serde_json::{Value as Json, json};

use crate::case::{render, value};
use crate::generator::Generator;
use crate::{common_data, on_large_stack};

const SEED: u64 = 20_261_124;
const GENERATED: usize = 4000;

/// The usual seed, or that of a search for more differences.
#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
fn seed() -> u64 {
    std::env::var("GOTEMPLATE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(SEED)
}

/// A template, the missing-key mode, and the delimiters.
type Given = (String, &'static str, [&'static str; 2]);

fn cases() -> Vec<Given> {
    let plain = ["{{", "}}"];
    let mut cases: Vec<Given> = Vec::new();
    // Templates that are likely to be read differently, from knowledge of Go's corners.
    for line in include_str!("nasty.jsonl").lines() {
        let template: String = serde_json::from_str(line).unwrap();
        for mode in ["default", "zero", "error"] {
            cases.push((template.clone(), mode, plain));
        }
        let other = template.replace("{{", "<<").replace("}}", ">>");
        cases.push((other, "default", ["<<", ">>"]));
    }
    let mut generator = Generator::new(seed());
    for _ in 0..GENERATED {
        let mode = generator.chance.pick(&["default", "zero", "error"]);
        cases.push((generator.template(), mode, plain));
    }
    cases
}

#[expect(clippy::disallowed_methods, reason = "the oracle is another program")]
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}

/// Builds the program next to its source; `None` when there is no `go`.
#[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
fn build(place: &Path) -> Option<std::path::PathBuf> {
    command("go")
        .arg("version")
        .stdout(Stdio::null())
        .status()
        .ok()?;
    std::fs::write(place.join("oracle.go"), include_str!("oracle.go")).unwrap();
    let built = command("go")
        .args(["build", "-o", "oracle", "oracle.go"])
        .env("GOTOOLCHAIN", "local")
        .current_dir(place)
        .status()
        .unwrap();
    assert!(built.success(), "the oracle does not compile");
    Some(place.join("oracle"))
}

fn ask(program: &Path, cases: &[Given], data: &Json) -> Vec<Json> {
    let mut child = command(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = String::new();
    for (template, mode, [left, right]) in cases {
        let case = json!({
            "template": template, "data": data, "missingkey": mode, "left": left, "right": right,
        });
        input.push_str(&case.to_string());
        input.push('\n');
    }
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn digit(value: u8) -> Option<char> {
    char::from_digit(u32::from(value), 16)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(digit)
        .collect()
}

#[test]
fn the_same_as_go() {
    let place = tempfile::tempdir().unwrap();
    let Some(program) = build(place.path()) else {
        println!("SKIPPED: go is not installed");
        return;
    };
    on_large_stack(move || compare(&program));
}

fn compare(program: &Path) {
    let (cases, data) = (cases(), common_data());
    let answers = ask(program, &cases, &data);
    assert_eq!(answers.len(), cases.len(), "the oracle stopped early");
    let mut wrong = Vec::new();
    let mut failed = 0;
    for ((template, mode, [left, right]), answer) in cases.iter().zip(&answers) {
        let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        let expected = match text("phase").as_str() {
            "" => Ok(text("output")),
            _ => Err(text("error")),
        };
        failed += usize::from(expected.is_err());
        let delimiters = Delimiters::new(left.as_bytes(), right.as_bytes());
        let mode_here = MissingKey::from_name(mode).unwrap();
        let seen = render(template, value(&data), mode_here, &delimiters);
        let seen = seen
            .map(|text| hexadecimal(&text))
            .map_err(|error| error.message);
        if seen != expected {
            wrong.push(format!(
                "{mode} {template:?}\n  go   {expected:?}\n  here {seen:?}"
            ));
        }
    }
    let share = (failed * 100 / cases.len(), cases.len());
    println!(
        "{} cases, {}% of them failing in Go, {} differ",
        share.1,
        share.0,
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
