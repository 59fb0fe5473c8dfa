//! From the text of a `betterform.toml` to its settings, or to what is wrong with it and where.
//! Reads no files.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use crate::core::stage::StageName;
use crate::core::suggest::suggest;
use crate::error::{Diagnostic, Error, Result};
use crate::source::place::place;
use crate::source::settings::file::File;

/// A settings file that was read.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// What it says.
    pub file: File,
    /// The stages that it names, and where.
    pub stages: Vec<Mention>,
    /// Where it sets `impl_dir`, with a diagnostic for the case that it may not.
    pub impl_dir: Option<Diagnostic>,
}

/// A stage that a settings file names.
#[derive(Clone, Debug)]
pub struct Mention {
    /// Its name.
    pub stage: StageName,
    source: Arc<(String, String)>,
    span: Range<usize>,
}

impl Mention {
    /// A diagnostic about it. It is made only here, as a line must be counted for it.
    pub fn place(&self, message: &str) -> Diagnostic {
        let (path, text) = &*self.source;
        place(path, text, self.span.clone(), message)
    }
}

/// Reads the text of a settings file, which users know as `path`.
///
/// # Errors
/// Says where the text is not UTF-8 or not TOML, or has an unknown key or a bad value.
pub fn parse(text: &[u8], path: &str) -> Result<Parsed> {
    let text = std::str::from_utf8(text).map_err(|error| {
        let valid = String::from_utf8_lossy(text.get(..error.valid_up_to()).unwrap_or(text));
        let end = valid.len();
        Error::at(vec![place(path, &valid, end..end, "this is not UTF-8")])
    })?;
    let wrong = |error: &toml::de::Error| Error::at(vec![explain(path, text, error)]);
    let table = DeTable::parse(text).map_err(|error| wrong(&error))?;
    let file: File = toml::from_str(text).map_err(|error| wrong(&error))?;
    let table = table.get_ref();
    refuse_doubles(path, text, table)?;
    Ok(Parsed {
        file,
        stages: stages(path, text, table),
        impl_dir: table.get_key_value("impl_dir").map(|(key, _)| {
            let message = "`impl_dir` is not allowed in the library's own `betterform.toml`";
            Diagnostic {
                help: Some("set it in the deployment's `betterform.toml`".to_owned()),
                ..place(path, text, key.span(), message)
            }
        }),
    })
}

/// What the TOML reader found wrong, in our words.
fn explain(path: &str, text: &str, error: &toml::de::Error) -> Diagnostic {
    let (message, help) = reword(error.message());
    Diagnostic {
        help,
        ..place(path, text, error.span().unwrap_or(0..0), &message)
    }
}

/// The message of serde or toml in our words, and what to do about it.
fn reword(message: &str) -> (String, Option<String>) {
    if let Some((key, known)) = unknown("unknown field", message) {
        let help = did_you_mean(key, &known)
            .unwrap_or_else(|| format!("the keys here are {}", listed(&known)));
        return (format!("unknown key `{key}`"), Some(help));
    }
    if let Some((word, known)) = unknown("unknown variant", message) {
        let message = format!("`{word}` is not one of {}", listed(&known));
        return (message, did_you_mean(word, &known));
    }
    let typed = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "));
    if let Some((got, expected)) = typed.and_then(|rest| rest.rsplit_once(", expected ")) {
        let expected = match expected {
            "a map" => "a table",
            "a sequence" => "a list",
            other => other,
        };
        let got = got.strip_prefix("string ").unwrap_or(got);
        let got = if got.starts_with('"') {
            format!("`{got}`")
        } else {
            got.replace("map", "a table").replace("sequence", "a list")
        };
        return (format!("expected {expected}, not {got}"), None);
    }
    (lower_case(message), None)
}

fn did_you_mean(word: &str, known: &[&str]) -> Option<String> {
    suggest(word, known.iter().copied()).map(|similar| format!("did you mean `{similar}`?"))
}

/// The unknown word and the known ones, if that is what serde's message is about.
fn unknown<'a>(what: &str, message: &'a str) -> Option<(&'a str, Vec<&'a str>)> {
    let rest = message.strip_prefix(what)?.strip_prefix(" `")?;
    let (word, expected) = rest.split_once("`, expected ")?;
    Some((word, expected.split('`').skip(1).step_by(2).collect()))
}

fn listed(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// Our messages begin in lower case and are one line.
fn lower_case(message: &str) -> String {
    let message = message.replace('\n', ", ");
    let mut letters = message.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            let rest = message.get(first.len_utf8()..).unwrap_or_default();
            first.to_lowercase().collect::<String>() + rest
        }
        _ => message,
    }
}

/// Each stage that the table `stage` names, and where.
fn stages(path: &str, text: &str, table: &DeTable<'_>) -> Vec<Mention> {
    let Some(DeValue::Table(stages)) = table.get("stage").map(toml::Spanned::get_ref) else {
        return Vec::new();
    };
    let source = Arc::new((path.to_owned(), text.to_owned()));
    let mention = |key: &toml::Spanned<Cow<'_, str>>| {
        Some(Mention {
            stage: StageName::new(key.get_ref()).ok()?,
            source: Arc::clone(&source),
            span: key.span(),
        })
    };
    stages.keys().filter_map(mention).collect()
}

/// A variable of jsonnet is a text or code, not both.
fn refuse_doubles(path: &str, text: &str, table: &DeTable<'_>) -> Result<()> {
    let Some(DeValue::Table(jsonnet)) = table.get("jsonnet").map(toml::Spanned::get_ref) else {
        return Ok(());
    };
    let variables = |key: &str| match jsonnet.get(key).map(toml::Spanned::get_ref) {
        Some(DeValue::Table(variables)) => Some(variables.clone()),
        _ => None,
    };
    let mut found = Vec::new();
    for (texts, codes) in [("ext_str", "ext_code"), ("tla_str", "tla_code")] {
        let (Some(first), Some(second)) = (variables(texts), variables(codes)) else {
            continue;
        };
        for key in second
            .keys()
            .filter(|key| first.contains_key(key.get_ref().as_ref()))
        {
            let name = key.get_ref();
            let message = format!("`{name}` is in both `{texts}` and `{codes}`");
            found.push(place(path, text, key.span(), &message));
        }
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(Error::at(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &[u8]) -> String {
        let error = parse(text, "betterform.toml").unwrap_err();
        let tell = |it: &Diagnostic| {
            let help = it.help.iter().map(|help| format!(" [{help}]"));
            let column = it.column.unwrap_or(0);
            format!("{}:{column}+{} {}", it.line, it.width, it.message) + &help.collect::<String>()
        };
        let all: Vec<String> = error.diagnostics().iter().map(tell).collect();
        all.join(" & ")
    }

    #[test]
    fn mistakes_have_a_place_and_a_reason() {
        let jobs = "a whole number from 1 to 10000";
        let config = "`\"all\"`, `\"stamped\"` or a list of paths such as `[\"network.cidr\"]`";
        for (text, expected) in [
            ("a", "1:2+1 key with no value, expected `=`".to_owned()),
            ("x = [1,\n", "1:8+1 unclosed array, expected `]`".to_owned()),
            ("jobs = 1\njobs = 2", "2:1+4 duplicate key".to_owned()),
            ("\njbos = 3", "2:1+4 unknown key `jbos` [did you mean `jobs`?]".to_owned()),
            (
                "[stamp]\n\"ü\" = 3",
                "2:1+3 unknown key `ü` [the keys here are `stamper`, `left_delim`, `right_delim`, `verbatim`, `sensitive`]".to_owned(),
            ),
            ("[stage.final]\ntimout = \"3s\"", "2:1+6 unknown key `timout` [did you mean `timeout`?]".to_owned()),
            ("jobs = 0", format!("1:8+1 `0` is not {jobs}")),
            ("jobs = -1", format!("1:8+2 `-1` is not {jobs}")),
            ("jobs = \"x\"", format!("1:8+3 expected {jobs}, not `\"x\"`")),
            ("pools = { a = 0 }", format!("1:15+1 `0` is not {jobs}")),
            ("timeout = 3", "1:11+1 expected a string, not integer `3`".to_owned()),
            ("timeout = \"3\"", "1:11+3 `3` is not a duration such as `30m`, `5s`, `1h30m` or `500ms`".to_owned()),
            ("[stage.\"../x\"]", "1:8+6 a stage name must not start with `.`".to_owned()),
            ("stage = 3", "1:9+1 expected a table, not integer `3`".to_owned()),
            ("env = \"a\"", "1:7+3 expected a list, not `\"a\"`".to_owned()),
            ("output = \"livee\"", "1:10+7 `livee` is not one of `live`, `prefix`, `group`, `quiet` [did you mean `live`?]".to_owned()),
            ("config = 3", format!("1:10+1 expected {config}, not integer `3`")),
            ("config = \"al\"", format!("1:10+4 expected {config}, not `\"al\"`")),
            ("config = [\"a..b\"]", "1:10+8 `a..b` is not a path of the configuration such as `network.cidr`".to_owned()),
            ("snapshots = \"no\"", "1:13+4 expected `true`, `false` or `\"all\"`, not `\"no\"`".to_owned()),
            ("snapshot_limit = -1", "1:18+2 `-1` is negative: a size is not".to_owned()),
            (
                "[stage.x]\noutputs = [\"../b\"]",
                "2:11+8 `../b` leaves its directory: it must be relative and without `..`".to_owned(),
            ),
            ("[stage.x]\ninputs = [\"a[\"]", "2:10+6 `a[` is not a glob: unclosed character class; missing ']'".to_owned()),
            ("[jsonnet]\next_str = { a = 3 }", "2:17+1 expected a string or `{ env = \"NAME\" }`".to_owned()),
            (
                "[jsonnet]\next_str = { a = \"b\" }\next_code.a = \"3\"",
                "3:10+1 `a` is in both `ext_str` and `ext_code`".to_owned(),
            ),
            ("[stamp]\nleft_delim = \"\"", "2:14+2 a delimiter must not be empty or contain white space".to_owned()),
            (
                "env = [\"a=b\"]",
                "1:7+7 `a=b` is not the name of an environment variable, nor a pattern such as `APP_*` or `!APP_DEBUG`".to_owned(),
            ),
        ] {
            assert_eq!(complaint(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(complaint(b"a = \"\xff\""), "1:6+1 this is not UTF-8");
    }
}
