//! gomplate's functions as embedded, against the gomplate that is installed: the lines of `tests/functions/expressions.txt`,
//! `tests/functions/time.txt`, `tests/functions/dropped.txt`, generated values through `toYAML`, and calls by chance. A line that begins with `! ` is one that
//! the embedded functions hand over, one with `x ` fails, with the same message.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail anywhere, and says what it skips"
)]

#[path = "functions/arguments.rs"]
mod arguments;
#[path = "functions/calls.rs"]
mod calls;
#[path = "functions/chance.rs"]
mod chance;
#[path = "gotemplate/host.rs"]
mod host;
#[path = "functions/methods.rs"]
mod methods;
#[path = "functions/queries.rs"]
mod queries;
#[path = "functions/texts.rs"]
mod texts;
#[path = "functions/yaml.rs"]
mod yaml;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};

use betterform::template::format::UNPRINTABLE;
use betterform::template::gomplate::functions;
use betterform::template::{Functions, Settings, Templates, Value};

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

#[expect(clippy::disallowed_methods, reason = "the environment of tests")]
fn version_4() -> Option<PathBuf> {
    std::env::var_os("GOMPLATE_V4").map(PathBuf::from)
}

static FUNCTIONS: LazyLock<Arc<Functions>> = LazyLock::new(|| Arc::new(functions()));

/// What the embedded functions make of a template, or the message.
fn embedded(template: &str) -> Result<Vec<u8>, String> {
    let mut templates = Templates::new(Arc::clone(&FUNCTIONS), Settings::default());
    templates
        .parse("<arg>", template.as_bytes())
        .and_then(|()| templates.execute("<arg>", Value::Nil, &mut Nowhere::default()))
        .map_err(|error| error.message)
}

fn is_left(message: &str) -> bool {
    message.contains(UNPRINTABLE)
        || message.contains("gomplate is needed")
        || message.contains("exceeded")
}

/// What gomplate makes of a template, or its message.
#[expect(clippy::disallowed_methods, reason = "the real gomplate is run")]
fn real(binary: &Path, template: &str) -> Result<Vec<u8>, String> {
    let mut child = Command::new(binary)
        .args(["-f", "-"])
        .env("GOMPLATE_LOG_FORMAT", "json")
        .env("TZ", "UTC")
        .env("GOMPLATE_EXPERIMENTAL", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let template = template.to_owned();
    let writer = std::thread::spawn(move || input.write_all(template.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    if output.status.success() {
        return Ok(output.stdout);
    }
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = log.lines().last().unwrap_or_default();
    let message = serde_json::from_str::<serde_json::Value>(last)
        .ok()
        .and_then(|record| record["err"].as_str().map(str::to_owned));
    Err(message.unwrap_or(log))
}

/// What differs between the two, over templates of one line each. It ends when it is plain that much does.
fn differences(binary: &Path, templates: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for templates in templates.chunks(400) {
        wrong.extend(chunk_differences(binary, templates));
        if wrong.len() > 30 {
            break;
        }
    }
    wrong
}

fn chunk_differences(binary: &Path, templates: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut left: Vec<&(String, Vec<u8>)> = templates.iter().collect();
    while !left.is_empty() {
        let together: Vec<&str> = left.iter().map(|(template, _)| template.as_str()).collect();
        match real(binary, &together.join(BETWEEN)) {
            Ok(theirs) => {
                let theirs = parts(&theirs);
                assert_eq!(theirs.len(), left.len(), "one output per template");
                for ((template, ours), theirs) in left.into_iter().zip(theirs) {
                    if *ours != theirs {
                        let (ours, theirs) = (shown(ours), shown(theirs));
                        wrong.push(format!("{template}\n  ours:   {ours}\n  theirs: {theirs}"));
                    }
                }
                return wrong;
            }
            Err(message) => {
                let line = message
                    .split_once("template: -:")
                    .and_then(|(_, rest)| rest.split(':').next())
                    .and_then(|line| line.parse::<usize>().ok());
                let at = line.unwrap_or_else(|| panic!("{message}")) - 1;
                let (template, ours) = left.remove(at);
                wrong.push(format!(
                    "{template}\n  ours:   {}\n  theirs: {message}",
                    shown(ours)
                ));
            }
        }
    }
    wrong
}

fn parts(output: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = output;
    while let Some(at) = rest
        .windows(BETWEEN.len())
        .position(|part| part == BETWEEN.as_bytes())
    {
        parts.push(&rest[..at]);
        rest = &rest[at + BETWEEN.len()..];
    }
    parts.push(rest);
    parts
}

fn shown(output: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(output))
}

#[test]
fn expressions() {
    let texts = [
        include_str!("functions/expressions.txt"),
        include_str!("functions/time.txt"),
    ];
    let lines = texts.iter().flat_map(|text| text.lines());
    compare_expressions(lines, installed());
}

/// What version 5 of gomplate dropped, against version 4.
#[test]
fn dropped_expressions() {
    compare_expressions(include_str!("functions/dropped.txt").lines(), version_4());
}

fn compare_expressions<'l>(lines: impl Iterator<Item = &'l str>, binary: Option<PathBuf>) {
    let mut wrong = Vec::new();
    let mut rendered = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let (kind, expression) = match line.split_at_checked(2) {
            Some(("! ", expression)) => ("left", expression),
            Some(("x ", expression)) => ("failing", expression),
            _ => ("equal", line),
        };
        let template = format!("{{{{ {expression} }}}}");
        match embedded(&template) {
            Ok(text) if kind == "equal" => rendered.push((template, text)),
            Err(why) if kind == "left" && is_left(&why) => {}
            Err(why) if kind == "failing" && !is_left(&why) => {
                let binary = binary.as_deref();
                wrong.extend(binary.and_then(|binary| other_failure(binary, &template, &why)));
            }
            other => wrong.push(format!("{expression}: is not {kind}: {other:?}")),
        }
    }
    match binary {
        Some(binary) => wrong.extend(differences(&binary, &rendered)),
        None => eprintln!("SKIPPED: gomplate is not installed, so nothing is compared"),
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const RECORDED: &str = "tests/functions/recorded.jsonl";

/// The same of `time.txt`, without zones, of which other machines have other data.
const RECORDED_TIMES: &str = "tests/functions/recorded_times.jsonl";

/// What version 4 of gomplate made of `dropped.txt`, written with `GOMPLATE_V4`.
const RECORDED_DROPPED: &str = "tests/functions/recorded_dropped.jsonl";

/// What gomplate gave is what the embedded functions give, or they hand it over. `BETTERFORM_BLESS=1 cargo test --test functions`
/// records it anew with the gomplate that is installed: the lines of `expressions.txt`, and calls by chance.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that writes its golden file"
)]
fn recorded() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (path, times) = (root.join(RECORDED), root.join(RECORDED_TIMES));
    let dropped = root.join(RECORDED_DROPPED);
    if std::env::var_os("BETTERFORM_BLESS").is_some() {
        match installed() {
            Some(binary) => {
                std::fs::write(&path, record(&binary)).unwrap();
                std::fs::write(&times, record_times(&binary)).unwrap();
            }
            None => eprintln!("SKIPPED: no gomplate to record with"),
        }
        match version_4() {
            Some(binary) => {
                let expressions = expressions_of(include_str!("functions/dropped.txt"));
                std::fs::write(&dropped, results(&binary, expressions)).unwrap();
            }
            None => eprintln!("SKIPPED: `GOMPLATE_V4` is not set, to record with"),
        }
    }
    let mut wrong = Vec::new();
    let mut compared = 0;
    let text = [path, times, dropped].map(|path| std::fs::read_to_string(path).unwrap());
    for line in text.iter().flat_map(|text| text.lines()) {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let template = record["template"].as_str().unwrap();
        let (ours, expected) = match embedded(template) {
            Err(why) if is_left(&why) => continue,
            Err(why) => (why.replace("<arg>", "-"), record["error"].as_str()),
            // gomplate writes nothing where all is blank.
            Ok(text) if text.trim_ascii().is_empty() => (String::new(), record["output"].as_str()),
            Ok(text) => (String::from_utf8(text).unwrap(), record["output"].as_str()),
        };
        compared += 1;
        if expected != Some(&ours) {
            wrong.push(format!(
                "{template}\n  ours:   {ours:?}\n  theirs: {record}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 800, "only {compared} were compared");
}

/// One line for each template, with what gomplate makes of it.
fn record(binary: &Path) -> String {
    let calls = calls::templates(&functions(), false, None, 1, 900);
    let calls = calls.into_iter().map(|(template, _)| template);
    let expressions = expressions_of(include_str!("functions/expressions.txt"));
    results(binary, expressions.chain(calls))
}

fn record_times(binary: &Path) -> String {
    let expressions = expressions_of(include_str!("functions/time.txt"));
    results(
        binary,
        expressions.filter(|template| !template.contains("InLocation")),
    )
}

/// The templates of a file of lines, without those that are handed over.
fn expressions_of(lines: &str) -> impl Iterator<Item = String> {
    let lines = lines.lines();
    let expressions = lines.filter(|line| !line.is_empty() && !line.starts_with("! "));
    expressions.map(|line| format!("{{{{ {} }}}}", line.strip_prefix("x ").unwrap_or(line)))
}

fn results(binary: &Path, templates: impl Iterator<Item = String>) -> String {
    let mut recorded = String::new();
    for template in templates {
        let result = match real(binary, &template) {
            Ok(output) => String::from_utf8(output)
                .ok()
                .map(|output| ("output", output)),
            Err(error) => error
                .split_once("template: -:")
                .map(|(_, rest)| ("error", format!("template: -:{rest}"))),
        };
        if let Some((kind, text)) = result {
            let record = serde_json::json!({ "template": template, kind: text });
            recorded.push_str(&format!("{record}\n"));
        }
    }
    recorded
}

/// What differs where the embedded functions fail, if anything does.
fn other_failure(binary: &Path, template: &str, ours: &str) -> Option<String> {
    let ours = ours.replace("<arg>", "-");
    match real(binary, template) {
        Err(theirs) if theirs.ends_with(&ours) => None,
        theirs => {
            let theirs = theirs.map(|output| shown(&output));
            Some(format!(
                "{template}\n  ours:   {ours}\n  theirs: {theirs:?}"
            ))
        }
    }
}

#[test]
fn yaml_of_generated_values() {
    let mut rendered = Vec::new();
    let mut left = 0;
    for json in yaml::documents() {
        let template = format!("{{{{ `{json}` | json | toYAML }}}}");
        match embedded(&template) {
            Ok(text) => rendered.push((template, text)),
            Err(why) if is_left(&why) => left += 1,
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

/// Calls by chance: each gives what gomplate gives, or fails as it does, or is handed over. `BETTERFORM_CALLS` is how many, and
/// `BETTERFORM_SEED` which; `BETTERFORM_FUNCTION` of which functions; `BETTERFORM_LEFT` prints how many calls of each function are handed over.
#[test]
fn calls_by_chance() {
    match installed() {
        Some(binary) => compare_calls(&binary, false, number("BETTERFORM_CALLS", 3000)),
        None => eprintln!("SKIPPED: no gomplate to compare calls with"),
    }
}

/// What is by chance has the form that gomplate's has.
#[test]
fn forms() {
    let mut wrong = chance::wrong_forms(embedded);
    wrong.extend(chance::wrong_shares(embedded));
    match installed() {
        Some(binary) => wrong.extend(chance::wrong_forms(|template| real(&binary, template))),
        None => eprintln!("SKIPPED: no gomplate to compare forms with"),
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same with what only version 4 of gomplate has, as `GOMPLATE_V4` has it.
#[test]
fn dropped_calls_by_chance() {
    match version_4() {
        Some(binary) => compare_calls(&binary, true, number("BETTERFORM_CALLS", 3000) / 10),
        None => eprintln!(
            "SKIPPED: `GOMPLATE_V4` is not set, so what version 5 dropped is not compared"
        ),
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment of tests")]
fn number(name: &str, default: usize) -> usize {
    let value = std::env::var(name).ok();
    value.and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[expect(clippy::disallowed_methods, reason = "the environment of tests")]
fn compare_calls(binary: &Path, dropped: bool, count: usize) {
    let mut rendered = Vec::new();
    let mut failed = Vec::new();
    let mut left: BTreeMap<String, (usize, usize, String)> = BTreeMap::new();
    let seed = u64::try_from(number("BETTERFORM_SEED", 1)).unwrap();
    let only = std::env::var("BETTERFORM_FUNCTION").ok();
    for (template, name) in calls::templates(&functions(), dropped, only.as_deref(), seed, count) {
        let entry = left.entry(name).or_default();
        entry.1 += 1;
        match embedded(&template) {
            Ok(text) => rendered.push((template, text)),
            Err(why) if is_left(&why) => {
                entry.0 += 1;
                entry.2 = format!("{template}: {why}");
            }
            Err(why) => failed.push((template, why)),
        }
    }
    let mut wrong = differences(binary, &rendered);
    // Each failure is a process of its own.
    let compared = failed.len().min(number("BETTERFORM_FAILURES", count / 20));
    for (template, ours) in &failed[..compared] {
        wrong.extend(other_failure(binary, template, ours));
    }
    if number("BETTERFORM_LEFT", 0) > 0 {
        for (name, (left, all, example)) in left.iter().filter(|(_, (left, ..))| *left > 0) {
            eprintln!("{left:3} of {all:3} {name}: {example}");
        }
        let (equal, failed) = (rendered.len(), failed.len());
        eprintln!("{equal} equal, {failed} failures, {compared} compared");
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// jq programs and JSON paths by chance: each gives what gomplate gives, or fails as it does, or is handed over.
#[test]
fn queries_by_chance() {
    let Some(binary) = installed() else {
        eprintln!("SKIPPED: no gomplate to compare queries with");
        return;
    };
    let (count, seed) = (
        number("BETTERFORM_CALLS", 3000),
        number("BETTERFORM_SEED", 1),
    );
    let seed = u64::try_from(seed).unwrap();
    let kinds = [
        ("jq", queries::programs(seed, count)),
        ("jsonpath", queries::paths(seed, count)),
    ];
    for (kind, made) in kinds {
        let (mut rendered, mut failed, mut left) = (Vec::new(), Vec::new(), Vec::new());
        for template in made {
            match embedded(&template) {
                Ok(text) => rendered.push((template, text)),
                Err(why) if is_left(&why) => left.push((template, why)),
                Err(why) => failed.push((template, why)),
            }
        }
        let counts = (rendered.len(), failed.len(), left.len());
        eprintln!(
            "{kind}: {} rendered, {} failed, {} left",
            counts.0, counts.1, counts.2
        );
        if number("BETTERFORM_LEFT", 0) > 0 {
            for (template, why) in &left {
                eprintln!("  left: {template}: {why}");
            }
        }
        let mut wrong = differences(&binary, &rendered);
        // Each failure is a process of its own.
        let compared = number("BETTERFORM_FAILURES", count / 20);
        for (template, ours) in failed.iter().take(compared) {
            wrong.extend(other_failure(&binary, template, ours));
        }
        assert!(
            rendered.len() > count / 8,
            "only {} of {kind} were embedded",
            rendered.len()
        );
        assert!(
            wrong.is_empty(),
            "{} differ:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }
}

/// Texts of the formats that `data` reads, by chance: read as gomplate reads them, or handed over.
#[test]
fn texts_by_chance() {
    let Some(binary) = installed() else {
        eprintln!("SKIPPED: no gomplate to compare texts with");
        return;
    };
    for (kind, made) in texts::all(3000) {
        let mut rendered = Vec::new();
        let mut failed = Vec::new();
        let mut left = Vec::new();
        for template in made {
            match embedded(&template) {
                Ok(text) => rendered.push((template, text)),
                Err(why) if is_left(&why) => left.push((template, why)),
                Err(why) => failed.push((template, why)),
            }
        }
        let count = (rendered.len(), failed.len(), left.len());
        eprintln!(
            "{kind}: {} read, {} failed, {} left",
            count.0, count.1, count.2
        );
        if number("BETTERFORM_LEFT", 0) > 0 {
            for (template, why) in &left {
                eprintln!("  left: {template}: {why}");
            }
        }
        let mut wrong = differences(&binary, &rendered);
        for (template, ours) in failed.iter().take(60) {
            wrong.extend(other_failure(&binary, template, ours));
        }
        assert!(
            wrong.is_empty(),
            "{} differ:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        assert!(
            rendered.len() > 500,
            "only {} of {kind} were read",
            rendered.len()
        );
    }
}

/// Every character through the functions that go by Unicode's tables: as gomplate has it, or handed over.
#[test]
fn every_character() {
    let Some(binary) = installed() else {
        eprintln!("SKIPPED: no gomplate to compare characters with");
        return;
    };
    let mut rendered = Vec::new();
    let mut left = 0;
    for start in (0x80..0x3_2000_u32).step_by(16) {
        let characters = (start..start + 16).filter_map(char::from_u32);
        let text: String = characters
            .map(|character| format!("\\U{:08x} ", u32::from(character)))
            .collect();
        for function in [
            "toUpper",
            "toLower",
            "quote",
            "title",
            "trimSpace",
            "strings.Slug",
            "toJSON",
            "toYAML",
        ] {
            let template = format!("{{{{ {function} \"{text}\" }}}}");
            match embedded(&template) {
                Ok(output) => rendered.push((template, output)),
                Err(why) if is_left(&why) => left += 1,
                Err(why) => panic!("{template}: {why}"),
            }
        }
    }
    let compared = rendered.len();
    assert!(compared > 50_000, "{compared} compared, {left} left");
    let wrong = differences(&binary, &rendered);
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
