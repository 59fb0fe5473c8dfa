//! The datasources of a stage: those of `.gomplate.yaml`, and those that its templates define. Finds their texts; knows nothing
//! of what is in them.
//!
//! Facts: gomplate v5.2.0, `internal/datafs`, by its source and by running it.

use std::collections::BTreeMap;

use crate::stamp::gomplate_config::GomplateConfig;
use crate::template::SourceText;
use crate::template::gomplate::{HANDOVER, SourceUrl};

/// The alias of the configuration.
pub(super) const CONFIG: &str = "cfg";

/// Where a datasource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The configuration of the stage.
    Config,
    /// Anything else.
    Url(SourceUrl),
}

/// The datasources that are defined, and what was read of them.
#[derive(Debug, Default)]
pub(super) struct Datasources {
    known: BTreeMap<Vec<u8>, Place>,
    /// By alias and arguments, one behind the other: what is read once stays, as in gomplate.
    read: BTreeMap<Vec<u8>, Vec<SourceText>>,
}

impl Datasources {
    /// Those of a `.gomplate.yaml`, its `context` among them, and the configuration.
    ///
    /// # Errors
    /// One of them is left to gomplate: its alias, and why.
    pub(super) fn configured(config: &GomplateConfig) -> Result<Self, (String, String)> {
        let mut known = BTreeMap::new();
        let contexts = (config.context.iter()).filter(|(alias, _)| *alias != CONFIG);
        known.insert(CONFIG.as_bytes().to_vec(), Place::Config);
        for (alias, source) in contexts.chain(&config.datasources) {
            let url = match source.url.as_str() {
                "" => Err(format!("{HANDOVER}a datasource without a URL")),
                url => SourceUrl::parse_source(url),
            };
            let url = url.map_err(|why| (alias.clone(), why))?;
            known.insert(alias.as_bytes().to_vec(), Place::Url(url));
        }
        Ok(Self {
            known,
            read: BTreeMap::new(),
        })
    }

    /// The aliases, sorted.
    pub(super) fn aliases(&self) -> Vec<Vec<u8>> {
        self.known.keys().cloned().collect()
    }

    /// Where a defined one is.
    pub(super) fn get(&self, alias: &[u8]) -> Option<&Place> {
        self.known.get(alias)
    }

    /// Defines one.
    ///
    /// # Errors
    /// It is left to gomplate.
    pub(super) fn define(&mut self, alias: &[u8], url: &[u8]) -> Result<(), String> {
        let url = SourceUrl::parse_source(text(url)?)?;
        self.known.insert(alias.to_vec(), Place::Url(url));
        Ok(())
    }

    /// Where the datasource of this alias is, which may be a URL that defines itself.
    ///
    /// # Errors
    /// It is not defined, or left to gomplate.
    pub(super) fn find(&mut self, alias: &[u8]) -> Result<Place, String> {
        if let Some(place) = self.known.get(alias) {
            return Ok(place.clone());
        }
        let shown = text(alias)?;
        let url = SourceUrl::parse(shown)?;
        if url.scheme().is_empty() {
            // The end is a slip of theirs.
            return Err(format!("undefined datasource '{shown}': %!w(<nil>)"));
        }
        let place = Place::Url(url);
        self.known.insert(alias.to_vec(), place.clone());
        Ok(place)
    }

    /// What was read before with the same alias and arguments.
    pub(super) fn recall(&self, key: &[u8]) -> Option<&Vec<SourceText>> {
        self.read.get(key)
    }

    /// Keeps what was read.
    pub(super) fn keep(&mut self, key: Vec<u8>, texts: Vec<SourceText>) {
        self.read.insert(key, texts);
    }
}

/// Whether a datasource at this URL can be read here.
///
/// # Errors
/// It is: the scheme is not embedded, or the URL is not understood.
pub(super) fn check(url: &SourceUrl) -> Result<(), String> {
    if url.is_local() {
        return Ok(());
    }
    let scheme = url.scheme();
    Err(format!("{HANDOVER}a datasource of the scheme `{scheme}`"))
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| format!("{HANDOVER}a datasource that is not UTF-8"))
}

/// The media type of a file by the end of its name; `None` where it depends on the machine.
pub(super) fn media_type(name: &str) -> Option<&'static str> {
    let name = name.rsplit('/').next().unwrap_or_default();
    let Some((_, end)) = name.rsplit_once('.') else {
        return Some("text/plain");
    };
    Some(match end.to_ascii_lowercase().as_str() {
        "" | "txt" => "text/plain",
        "json" => "application/json",
        "yaml" | "yml" => "application/yaml",
        "toml" => "application/toml",
        "csv" => "text/csv",
        "env" => "application/x-env",
        "cue" => "application/cue",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Datasources, Place, check, media_type};
    use crate::stamp::gomplate_config::GomplateConfig;
    use std::path::Path;

    fn configured(text: &str) -> Result<Datasources, (String, String)> {
        let config = GomplateConfig::parse(text, Path::new(".gomplate.yaml")).unwrap();
        Datasources::configured(&config)
    }

    #[test]
    fn datasources_come_after_contexts() {
        let text =
            "context: {a: {url: a.json}, cfg: {url: no.json}}\ndatasources: {a: {url: b.json}}";
        let mut sources = configured(text).unwrap();
        assert_eq!(sources.aliases(), [b"a".to_vec(), b"cfg".to_vec()]);
        assert_eq!(sources.get(b"cfg"), Some(&Place::Config));
        let Place::Url(url) = sources.find(b"a").unwrap() else {
            panic!("`a` is a file");
        };
        assert_eq!(url.name(), "b.json");
        assert!(sources.find(b"no").is_err());
        assert!(sources.get(b"env:HOME").is_none());
        assert!(sources.find(b"env:HOME").is_ok() && sources.get(b"env:HOME").is_some());
    }

    #[test]
    fn schemes_that_need_gomplate_are_named() {
        let mut sources = configured("datasources: {w: {url: https://x:8/y}}").unwrap();
        let Place::Url(url) = sources.find(b"w").unwrap() else {
            panic!("`w` is a URL");
        };
        let why = check(&url).unwrap_err();
        assert!(why.ends_with("a datasource of the scheme `https`"), "{why}");
        for odd in ["datasources: {w: }", "context: {w: {url: 'https://u:p@x'}}"] {
            assert_eq!(configured(odd).unwrap_err().0, "w");
        }
    }

    #[test]
    fn media_types_are_known_by_names() {
        for (name, expected) in [
            ("a/b.JSON", Some("application/json")),
            (".env", Some("application/x-env")),
            ("x.d/plain", Some("text/plain")),
            ("x.", Some("text/plain")),
            ("x.conf", None),
        ] {
            assert_eq!(media_type(name), expected, "{name}");
        }
    }
}
