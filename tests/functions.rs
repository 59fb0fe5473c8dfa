//! gomplate's functions as embedded, against the gomplate that is installed: the lines of `tests/functions/expressions.txt`,
//! `tests/functions/time.txt`, and generated values through `toYAML`. A line that begins with `! ` is one that the embedded functions hand over.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail anywhere, and says what it skips"
)]

#[path = "gotemplate/host.rs"]
mod host;
#[path = "functions/yaml.rs"]
mod yaml;

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use betterform::template::gomplate::functions;
use betterform::template::{Settings, Templates, Value};

use crate::host::Nowhere;

/// Between the outputs of expressions that are rendered together.
const BETWEEN: &str = "\u{1}\n";

#[expect(clippy::disallowed_methods, reason = "tests find gomplate as users do")]
fn installed() -> Option<PathBuf> {
    let named = std::env::var_os("GOMPLATE").filter(|name| !name.is_empty());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|directory| directory.join("gomplate"));
    named
        .map(PathBuf::from)
        .or_else(|| on_path.into_iter().find(|path| path.is_file()))
}

fn embedded(template: &str) -> Result<String, String> {
    let mut templates = Templates::new(Arc::new(functions()), Settings::default());
    let rendered = templates
        .parse("<arg>", template.as_bytes())
        .and_then(|()| templates.execute("<arg>", Value::Nil, &mut Nowhere::default()));
    match rendered {
        Ok(bytes) => Ok(String::from_utf8(bytes).unwrap()),
        Err(error) => Err(error.message),
    }
}

#[expect(clippy::disallowed_methods, reason = "the real gomplate is run")]
fn real(binary: &PathBuf, template: &str) -> Result<String, String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("t");
    std::fs::write(&file, template).unwrap();
    let mut command = Command::new(binary);
    command.arg("-f").arg(&file).env("TZ", "UTC");
    let output = command.output().unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// What differs between the two, over all templates.
fn differences(binary: &PathBuf, templates: &[(String, String)]) -> Vec<String> {
    let together: Vec<&str> = templates
        .iter()
        .map(|(template, _)| template.as_str())
        .collect();
    let theirs = real(binary, &together.join(BETWEEN)).unwrap();
    let theirs: Vec<&str> = theirs.split(BETWEEN).collect();
    assert_eq!(theirs.len(), templates.len(), "one output per template");
    templates
        .iter()
        .zip(theirs)
        .filter(|((_, ours), theirs)| ours != theirs)
        .map(|((template, ours), theirs)| {
            format!("{template}\n  ours:   {ours:?}\n  theirs: {theirs:?}")
        })
        .collect()
}

#[test]
fn expressions() {
    let texts = [
        include_str!("functions/expressions.txt"),
        include_str!("functions/time.txt"),
    ];
    let lines = texts.iter().flat_map(|text| text.lines());
    let mut wrong = Vec::new();
    let mut rendered = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let (expression, left) = match line.strip_prefix("! ") {
            Some(expression) => (expression, true),
            None => (line, false),
        };
        let template = format!("{{{{ {expression} }}}}");
        match embedded(&template) {
            Ok(_) if left => wrong.push(format!("{expression}: not handed over any more")),
            Ok(text) => rendered.push((template, text)),
            Err(why) if left && why.contains("gomplate is needed") => {}
            Err(why) => wrong.push(format!("{expression}: {why}")),
        }
    }
    match installed() {
        Some(binary) => wrong.extend(differences(&binary, &rendered)),
        None => eprintln!("SKIPPED: gomplate is not installed, so nothing is compared"),
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn yaml_of_generated_values() {
    let mut rendered = Vec::new();
    let mut left = 0;
    for json in yaml::documents() {
        let template = format!("{{{{ `{json}` | json | toYAML }}}}");
        match embedded(&template) {
            Ok(text) => rendered.push((template, text)),
            Err(why) if why.contains("gomplate is needed") => left += 1,
            Err(why) => panic!("{json}: {why}"),
        }
    }
    assert!(
        rendered.len() >= 300,
        "only {} were embedded, {left} left",
        rendered.len()
    );
    match installed() {
        Some(binary) => {
            let wrong = differences(&binary, &rendered);
            assert!(
                wrong.is_empty(),
                "{} differ:\n{}",
                wrong.len(),
                wrong.join("\n")
            );
        }
        None => eprintln!("SKIPPED: gomplate is not installed, so nothing is compared"),
    }
}
