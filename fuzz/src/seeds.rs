//! A first corpus for each target, from the templates and texts of the tests. Knows nothing of what the targets do with it.

use std::fs;
use std::path::Path;

/// One seed for each line that is not empty.
fn lines(path: &str) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What the key holds in each line of JSON.
fn members(path: &str, key: &str) -> Vec<String> {
    let value = |line: String| serde_json::from_str::<serde_json::Value>(&line).ok();
    let values = lines(path).into_iter().filter_map(value);
    values
        .filter_map(|value| value.get(key).unwrap_or(&value).as_str().map(str::to_owned))
        .collect()
}

/// Writes `TARGET/seed-N` below a directory; the directory of the project is the current one.
#[expect(clippy::disallowed_methods, reason = "a program of developers")]
pub fn write(place: &Path) -> std::io::Result<()> {
    let put = |target: &str, at: usize, seed: &[u8]| {
        let directory = place.join(target);
        fs::create_dir_all(&directory)?;
        fs::write(directory.join(format!("seed-{at:05}")), seed)
    };
    let mut templates = members("tests/gotemplate/cases.jsonl", "template");
    templates.extend(members("tests/gotemplate/nasty.jsonl", ""));
    templates.extend(members("tests/functions/recorded.jsonl", "template"));
    templates.extend(members("tests/functions/recorded_times.jsonl", "template"));
    templates.extend(members("tests/templates/recorded.jsonl", "template"));
    let quoted = |text: &str| -> Vec<String> {
        let parts = text.split(['"', '`']).skip(1).step_by(2);
        parts
            .map(|part| part.replace("\\n", "\n").replace("\\\\", "\\"))
            .collect()
    };
    for (at, template) in templates.iter().enumerate() {
        put("parse", at, template.as_bytes())?;
        put(
            "evaluate",
            at,
            format!(
                "{}{template}",
                char::from(b'0' + u8::try_from(at % 3).unwrap_or(0))
            )
            .as_bytes(),
        )?;
        let parts = quoted(template);
        put(
            "call",
            at,
            format!(
                "\0{}{}",
                char::from(u8::try_from(at % 128).unwrap_or(0)),
                parts.join("\0")
            )
            .as_bytes(),
        )?;
        if template.contains("regexp.") || template.contains("Match") {
            put("pattern", at, parts.join("\0").as_bytes())?;
        }
        if template.contains("time.") {
            put("time", at, parts.join("\0").as_bytes())?;
        }
        for (number, part) in parts.iter().filter(|part| part.len() > 3).enumerate() {
            let format = char::from(u8::try_from(at % 10).unwrap_or(0));
            put(
                "text",
                at * 10 + number,
                format!("{format}{part}").as_bytes(),
            )?;
        }
    }
    Ok(())
}
