//! The settings that rendering a stage depends on, as digests by name. Knows nothing of what they do.

use std::collections::BTreeMap;

use crate::core::fingerprint::{Digest, Hasher};
use crate::error::Result;
use crate::stamp::Request;
use crate::stamp::source::{Delimiters, read_config};

/// The delimiters that count, the verbatim patterns of `betterform.toml`, and every key of the `.gomplate.yaml` that counts.
///
/// The renderer, which is a setting too, is what [`Rendered`](crate::stamp::Rendered) names. `.betterformverbatim` is not
/// here: it is a file of the stage template directory like any other.
///
/// # Errors
/// The `.gomplate.yaml` cannot be read, or is not valid.
pub fn settings(request: &Request<'_>) -> Result<BTreeMap<String, Digest>> {
    let (config, _) = read_config(request)?;
    let delimiters = Delimiters::resolve(request, &config);
    let mut settings = config.settings();
    // They are named as in `betterform.toml`, wherever they come from.
    settings.remove("leftDelim");
    settings.remove("rightDelim");
    let text = |text: &str| Digest::of(text.as_bytes());
    settings.insert("left_delim".to_owned(), text(&delimiters.left));
    settings.insert("right_delim".to_owned(), text(&delimiters.right));
    let mut verbatim = Hasher::new("verbatim");
    for pattern in &request.settings.verbatim {
        verbatim.field(pattern.as_bytes());
    }
    settings.insert("verbatim".to_owned(), verbatim.finish());
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::settings;
    use crate::core::fingerprint::Digest;
    use crate::core::stage::StageName;
    use crate::stamp::{Request, StampSettings};
    use crate::system::environment::Environment;
    use std::collections::BTreeMap;
    use std::path::Path;

    fn with(
        directory: &Path,
        change: impl FnOnce(&mut StampSettings, &mut Environment),
    ) -> BTreeMap<String, Digest> {
        let mut own = StampSettings::default();
        let mut environment = Environment::default();
        change(&mut own, &mut environment);
        settings(&Request {
            stage: &StageName::new("s").unwrap(),
            template_dir: &directory.join("s"),
            config_json_file: Path::new("/nowhere.json"),
            config: &serde_json::Value::Null,
            environment: &environment,
            deployment: directory,
            settings: &own,
        })
        .unwrap()
    }

    #[test]
    fn tells_apart_what_renders_differently() {
        let directory = tempfile::tempdir().unwrap();
        let plain = with(directory.path(), |_, _| {});
        let names: Vec<_> = plain.keys().map(String::as_str).collect();
        assert_eq!(names, ["left_delim", "right_delim", "verbatim"]);
        let changed = with(directory.path(), |own, _| {
            own.left_delim = Some("[[".into());
        });
        assert_ne!(changed["left_delim"], plain["left_delim"]);
        let same = with(directory.path(), |_, environment| {
            environment.set("GOMPLATE_LEFT_DELIM", "[[");
        });
        assert_eq!(same, changed);
        let changed = with(directory.path(), |own, _| {
            own.verbatim = vec!["*.png".into()];
        });
        assert_ne!(changed["verbatim"], plain["verbatim"]);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    fn reads_the_stages_configuration_else_what_is_named_else_the_deployments() {
        let directory = tempfile::tempdir().unwrap();
        let dir = directory.path();
        std::fs::create_dir(dir.join("s")).unwrap();
        let left = |environment: &[(&str, &str)]| {
            with(dir, |_, to| {
                for (name, value) in environment {
                    to.set(*name, *value);
                }
            })["left_delim"]
        };
        let digest = |text: &str| Digest::of(text.as_bytes());
        std::fs::write(dir.join(".gomplate.yaml"), "leftDelim: '<<'").unwrap();
        std::fs::write(dir.join("other.yaml"), "leftDelim: '(('").unwrap();
        assert_eq!(left(&[]), digest("<<"));
        assert_eq!(left(&[("GOMPLATE_CONFIG", "other.yaml")]), digest("(("));
        assert_eq!(left(&[("GOMPLATE_CONFIG", "")]), digest("{{"));
        std::fs::write(dir.join("s/.gomplate.yaml"), "leftDelim: '[['").unwrap();
        assert_eq!(left(&[("GOMPLATE_CONFIG", "other.yaml")]), digest("[["));
    }
}
