//! What becomes of a case: compared, recorded and read back.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use crate::case::Case;

/// Stands for the temporary directory in what is recorded.
pub(crate) const ROOT: &str = "@ROOT@";

/// What becomes of a case: files with their modes, or a failure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Files(BTreeMap<PathBuf, (Vec<u8>, u32)>),
    Failure(Failure),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    /// The file in the stage, the line, and the column in characters from 1, if there is a place.
    pub(crate) place: Option<(String, usize, Option<usize>)>,
    /// gomplate's own words.
    pub(crate) message: String,
}

impl Case {
    pub(crate) fn expected_file(&self) -> PathBuf {
        self.directory.join("expected.json")
    }

    pub(crate) fn record(&self, outcome: &Outcome) -> String {
        let root = self.root.to_str().unwrap();
        let value = match outcome {
            Outcome::Files(files) => {
                let mut recorded = Map::new();
                for (path, (content, mode)) in files {
                    let mut file = Map::new();
                    match std::str::from_utf8(content) {
                        Ok(text) => file.insert("text".into(), text.replace(root, ROOT).into()),
                        Err(_) => file.insert("base64".into(), BASE64.encode(content).into()),
                    };
                    if mode & 0o100 != 0 {
                        file.insert("executable".into(), true.into());
                    }
                    recorded.insert(path.to_str().unwrap().to_owned(), file.into());
                }
                json!({ "files": recorded })
            }
            Outcome::Failure(failure) => json!({ "error": {
                "place": failure.place.as_ref().map(|(file, line, column)| json!([file, line, column])),
                "message": failure.message,
            }}),
        };
        serde_json::to_string_pretty(&value).unwrap() + "\n"
    }

    pub(crate) fn recorded(&self) -> Outcome {
        let text = std::fs::read(self.expected_file()).expect("the case is recorded");
        let value: Value = serde_json::from_slice(&text).unwrap();
        let Some(files) = value["files"].as_object() else {
            let place = value["error"]["place"].as_array().map(|place| {
                let number = |value: &Value| value.as_u64().map(|n| usize::try_from(n).unwrap());
                let file = place[0].as_str().unwrap().to_owned();
                (file, number(&place[1]).unwrap(), number(&place[2]))
            });
            let message = value["error"]["message"].as_str().unwrap().to_owned();
            return Outcome::Failure(Failure { place, message });
        };
        let root = self.root.to_str().unwrap();
        let file = |file: &Value| {
            let content = match file["text"].as_str() {
                Some(text) => text.replace(ROOT, root).into_bytes(),
                None => BASE64.decode(file["base64"].as_str().unwrap()).unwrap(),
            };
            (content, if file["executable"] == true { 0o100 } else { 0 })
        };
        Outcome::Files(
            files
                .iter()
                .map(|(path, value)| (path.into(), file(value)))
                .collect(),
        )
    }
}

/// Why two outcomes differ, if they do. Of modes that were recorded only the owner's executable bit is known.
pub(crate) fn difference(expected: &Outcome, actual: &Outcome, modes: u32) -> Option<String> {
    match (expected, actual) {
        (Outcome::Files(expected), Outcome::Files(actual)) => {
            let mut text = String::new();
            for path in expected.keys().chain(actual.keys()) {
                let (wanted, found) = (expected.get(path), actual.get(path));
                let masked = |file: Option<&(Vec<u8>, u32)>| {
                    file.map(|(content, mode)| (content.clone(), mode & modes))
                };
                if masked(wanted) != masked(found) {
                    let show = |file: Option<&(Vec<u8>, u32)>| {
                        file.map(|(c, mode)| {
                            (String::from_utf8_lossy(c).into_owned(), format!("{mode:o}"))
                        })
                    };
                    let _ = writeln!(
                        text,
                        "{}:\n  want {:?}\n  got  {:?}",
                        path.display(),
                        show(wanted),
                        show(found)
                    );
                }
            }
            (!text.is_empty()).then_some(text)
        }
        (Outcome::Failure(expected), Outcome::Failure(actual)) => {
            // Without a place, gomplate failed before it rendered; we may know better where.
            let same = expected.place.is_none() || expected.place == actual.place;
            (!same).then(|| format!("want {expected:?}\n  got  {actual:?}"))
        }
        (expected, actual) => Some(format!("want {expected:?}\n  got  {actual:?}")),
    }
}
