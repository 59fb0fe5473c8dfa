//! `.gomplate.yaml`: gomplate's own settings, as far as they concern stamping.
//!
//! What it says of input and output is overruled by the command that stamps. Knows nothing of how templates are rendered.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::core::fingerprint::Digest;
use crate::error::{Diagnostic, Error, Result};

/// The name of the file.
pub const CONFIG_FILE: &str = ".gomplate.yaml";

/// Keys without an effect here, because the command line that stamps overrules them.
const OVERRULED: [&str; 6] = [
    "in",
    "inputDir",
    "inputFiles",
    "outputDir",
    "outputMap",
    "outputFiles",
];

/// Keys that only the real gomplate obeys.
const HANDED_OVER: [&str; 6] = [
    "plugins",
    "pluginTimeout",
    "postExec",
    "execPipe",
    EXPERIMENTAL,
    "chmod",
];

/// A key that is obeyed where its value is a truth value; gomplate fails at others.
const EXPERIMENTAL: &str = "experimental";

/// The settings of a `.gomplate.yaml`; the default is that of an absent file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GomplateConfig {
    /// `leftDelim`, unless empty.
    pub left_delim: Option<String>,
    /// `rightDelim`, unless empty.
    pub right_delim: Option<String>,
    /// `context`: data by its alias, beside `cfg`.
    pub context: BTreeMap<String, Datasource>,
    /// `datasources`, by alias.
    pub datasources: BTreeMap<String, Datasource>,
    /// `templates`: nested templates, by alias.
    pub templates: BTreeMap<String, Datasource>,
    /// `missingKey`.
    pub missing_key: MissingKey,
    /// `excludes`: patterns of files that are left out.
    pub excludes: Vec<String>,
    /// `excludeProcessing`: patterns of files that are copied.
    pub exclude_processing: Vec<String>,
    /// `experimental`: experimental functions are enabled.
    pub is_experimental: bool,
    /// The keys that are set and that only the real gomplate obeys.
    pub handed_over: Vec<&'static str>,
    settings: BTreeMap<String, Digest>,
}

/// Where data or a nested template is read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Datasource {
    /// A URL, or a path relative to the deployment.
    pub url: String,
    /// HTTP headers.
    pub header: BTreeMap<String, Vec<String>>,
}

/// What a key that is not in a map gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// An error.
    #[default]
    Error,
    /// The zero value of the map's element type.
    Zero,
    /// `<no value>` (`default` and `invalid`, which mean the same).
    NoValue,
}

impl GomplateConfig {
    /// Reads the text of the file that is shown as `path`.
    ///
    /// # Errors
    /// It is not YAML, or a key has a value of the wrong type. Unknown keys are ignored, as gomplate does.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let options = serde_saphyr::options! {
            strict_booleans: true,
            legacy_octal_numbers: true,
            with_snippet: false,
        };
        let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options)
            .map_err(|error| not_yaml(&error, text, path))?;
        match documents.into_iter().next() {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(Value::Object(keys)) => Self::from_keys(&keys).map_err(|(key, message)| {
                let message = format!("`{key}` {message}");
                Error::at(vec![place(message, text, path, line_of(text, &key), None)])
            }),
            Some(_) => Err(Error::at(vec![place(
                "gomplate's configuration must be a map of keys".to_owned(),
                text,
                path,
                1,
                None,
            )])),
        }
    }

    fn from_keys(keys: &Map<String, Value>) -> Result<Self, (String, String)> {
        let read = |key: &str| keys.get(key).unwrap_or(&Value::Null);
        let named = |key: &str| {
            let key = key.to_owned();
            move |message| (key, message)
        };
        let delimiter = |key| {
            let text = text(read(key)).map_err(named(key))?;
            Ok::<_, (String, String)>(text.filter(|text| !text.is_empty()))
        };
        let sources = |key| sources(read(key)).map_err(named(key));
        let lines = |key| list(read(key)).map_err(named(key));
        Ok(Self {
            left_delim: delimiter("leftDelim")?,
            right_delim: delimiter("rightDelim")?,
            context: sources("context")?,
            datasources: sources("datasources")?,
            templates: sources("templates")?,
            missing_key: missing_key(read("missingKey")).map_err(named("missingKey"))?,
            excludes: lines("excludes")?,
            exclude_processing: lines("excludeProcessing")?,
            is_experimental: *read(EXPERIMENTAL) == Value::Bool(true),
            handed_over: HANDED_OVER
                .into_iter()
                .filter(|key| is_set(read(key)))
                .filter(|key| *key != EXPERIMENTAL || !read(key).is_boolean())
                .collect(),
            settings: keys
                .iter()
                .filter(|(key, _)| !OVERRULED.contains(&key.as_str()))
                .map(|(key, value)| (key.clone(), Digest::of(value.to_string().as_bytes())))
                .collect(),
        })
    }

    /// The digest of every key that is set, unknown ones too, by its name.
    pub fn settings(&self) -> BTreeMap<String, Digest> {
        self.settings.clone()
    }
}

/// Whether a value differs from that of an absent key.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(keys) => !keys.is_empty(),
    }
}

fn text(value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Bool(_) | Value::Number(_) => Ok(Some(value.to_string())),
        Value::Array(_) | Value::Object(_) => Err("must be a text".to_owned()),
    }
}

fn list(value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items
            .iter()
            .map(|item| Ok(text(item)?.unwrap_or_default()))
            .collect(),
        _ => Err("must be a list of texts".to_owned()),
    }
}

fn sources(value: &Value) -> Result<BTreeMap<String, Datasource>, String> {
    match value {
        Value::Null => Ok(BTreeMap::new()),
        Value::Object(aliases) => aliases
            .iter()
            .map(|(alias, value)| Ok((alias.clone(), source(value)?)))
            .collect(),
        _ => Err("must be a map of aliases, each with a `url`".to_owned()),
    }
}

fn source(value: &Value) -> Result<Datasource, String> {
    let Value::Object(keys) = value else {
        return match value {
            Value::Null => Ok(Datasource::default()),
            _ => Err("must be a map of aliases, each with a `url`".to_owned()),
        };
    };
    let header = match keys.get("header") {
        None | Some(Value::Null) => BTreeMap::new(),
        Some(Value::Object(names)) => names
            .iter()
            .map(|(name, values)| Ok((name.clone(), list(values)?)))
            .collect::<Result<_, String>>()?,
        Some(_) => return Err("has a `header` that is not a map".to_owned()),
    };
    let url = text(keys.get("url").unwrap_or(&Value::Null))?.unwrap_or_default();
    Ok(Datasource { url, header })
}

fn missing_key(value: &Value) -> Result<MissingKey, String> {
    match text(value)?.as_deref() {
        None | Some("" | "error") => Ok(MissingKey::Error),
        Some("zero") => Ok(MissingKey::Zero),
        Some("default" | "invalid") => Ok(MissingKey::NoValue),
        Some(_) => Err("must be `error`, `zero`, `default` or `invalid`".to_owned()),
    }
}

fn not_yaml(error: &serde_saphyr::Error, text: &str, path: &Path) -> Error {
    let location = error.location();
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let line = location.map_or(1, |location| number(location.line()).max(1));
    let column = location.map(|location| number(location.column()).max(1));
    let message = error.to_string();
    let message = message.lines().next().unwrap_or_default();
    let message = format!("this is not valid YAML: {message}");
    Error::at(vec![place(message, text, path, line, column)])
}

fn place(
    message: String,
    text: &str,
    path: &Path,
    line: usize,
    column: Option<usize>,
) -> Diagnostic {
    Diagnostic {
        message,
        path: path.display().to_string(),
        line,
        column,
        width: 1,
        text: text.lines().nth(line - 1).unwrap_or_default().to_owned(),
        help: None,
    }
}

/// The line, from 1, on which a key of the outermost map stands.
fn line_of(text: &str, key: &str) -> usize {
    let starts = |line: &str| {
        let line = line.trim_start_matches(['"', '\'']);
        line.strip_prefix(key)
            .is_some_and(|rest| rest.starts_with([':', '"', '\'', ' ']))
    };
    text.lines().position(starts).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::{Datasource, GomplateConfig, MissingKey};
    use std::collections::BTreeMap;
    use std::path::Path;

    fn parse(text: &str) -> GomplateConfig {
        GomplateConfig::parse(text, Path::new(".gomplate.yaml")).unwrap()
    }

    #[test]
    fn reads_all_keys() {
        let config = parse(
            "leftDelim: '<<'\nrightDelim: '>>'\nmissingKey: zero\nexcludes: ['*.a', '!b']\n\
             excludeProcessing:\n  - '*.png'\ncontext:\n  data:\n    url: ./data.yaml\n\
             datasources:\n  web:\n    url: https://x/y\n    header:\n      Accept: [a, b]\n\
             templates:\n  t:\n    url: t.tmpl\nunknown: 1\n",
        );
        let source = |url: &str| Datasource {
            url: url.to_owned(),
            ..Datasource::default()
        };
        assert_eq!(config.left_delim.as_deref(), Some("<<"));
        assert_eq!(config.right_delim.as_deref(), Some(">>"));
        assert_eq!(config.missing_key, MissingKey::Zero);
        assert_eq!(config.excludes, ["*.a", "!b"]);
        assert_eq!(config.exclude_processing, ["*.png"]);
        assert_eq!(config.context["data"], source("./data.yaml"));
        assert_eq!(config.templates["t"], source("t.tmpl"));
        let web = &config.datasources["web"];
        assert_eq!(web.url, "https://x/y");
        let header = BTreeMap::from([("Accept".to_owned(), vec!["a".to_owned(), "b".to_owned()])]);
        assert_eq!(web.header, header);
        assert!(config.handed_over.is_empty());
        assert_eq!(config.settings().len(), 9);
    }

    #[test]
    fn names_the_keys_that_only_gomplate_obeys() {
        let config = parse("postExec: [ls]\nplugins:\n  a: ./a\nexperimental: true\nchmod: ''\n");
        assert_eq!(config.handed_over, ["plugins", "postExec"]);
        assert!(config.is_experimental);
        assert_eq!(parse("experimental: x").handed_over, ["experimental"]);
        assert!(!parse("experimental: false").is_experimental);
    }

    #[test]
    fn digests_what_counts() {
        let settings = |text| parse(text).settings();
        assert_eq!(
            settings("leftDelim: a"),
            settings("# x\nleftDelim: 'a'\noutputDir: x")
        );
        assert_ne!(settings("leftDelim: a"), settings("leftDelim: b"));
        assert!(settings("").is_empty());
    }

    #[test]
    fn takes_empty_values_for_none() {
        for text in ["", "# only a comment\n", "leftDelim: ''\n", "leftDelim:\n"] {
            assert_eq!(parse(text).left_delim, None, "{text:?}");
        }
    }

    #[test]
    fn says_where_it_is_wrong() {
        let cases = [
            (
                "a: 1\nmissingKey: never\n",
                2,
                "`missingKey` must be `error`, `zero`, `default` or `invalid`",
            ),
            ("leftDelim: [a]\n", 1, "`leftDelim` must be a text"),
            (
                "x: 1\ncontext: [a]\n",
                2,
                "`context` must be a map of aliases, each with a `url`",
            ),
            ("- a\n", 1, "gomplate's configuration must be a map of keys"),
        ];
        for (text, line, message) in cases {
            let error = GomplateConfig::parse(text, Path::new("f/.gomplate.yaml")).unwrap_err();
            let at = &error.diagnostics()[0];
            assert_eq!((at.line, at.message.as_str()), (line, message));
            assert_eq!(at.path, "f/.gomplate.yaml");
        }
        let error = GomplateConfig::parse("a: 1\nb: [\n", Path::new("x")).unwrap_err();
        assert!(error.message().starts_with("this is not valid YAML: "));
    }
}
