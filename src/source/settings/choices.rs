//! Values of `betterform.toml` that are one of a few words.
//! Knows nothing of the keys that hold them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// What of the configuration is an input of running a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigInputs {
    /// All of it.
    All,
    /// None of it: only templates read it.
    Stamped,
    /// The values at these paths, each written `a.b`.
    Paths(Vec<String>),
}

impl<'de> Deserialize<'de> for ConfigInputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Expected;
        impl<'de> Visitor<'de> for Expected {
            type Value = ConfigInputs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "`\"all\"`, `\"stamped\"` or a list of paths such as `[\"network.cidr\"]`",
                )
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<ConfigInputs, E> {
                match word {
                    "all" => Ok(ConfigInputs::All),
                    "stamped" => Ok(ConfigInputs::Stamped),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ConfigInputs, A::Error> {
                let mut paths = Vec::new();
                while let Some(path) = list.next_element::<String>()? {
                    let path = path.strip_prefix('.').unwrap_or(&path);
                    if path.is_empty() || path.split('.').any(str::is_empty) {
                        return Err(de::Error::custom(format!(
                            "`{path}` is not a path of the configuration such as `network.cidr`"
                        )));
                    }
                    paths.push(path.to_owned());
                }
                Ok(ConfigInputs::Paths(paths))
            }
        }
        deserializer.deserialize_any(Expected)
    }
}

impl JsonSchema for ConfigInputs {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "config".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "enum": ["all", "stamped"] },
            { "type": "array", "items": { "type": "string", "minLength": 1 } },
        ] })
    }
}

/// Whose contents are kept so that `down` can restore them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Snapshots {
    /// Nothing is kept.
    None,
    /// Stamped files, except large ones and those in which a secret occurs.
    #[default]
    Usual,
    /// Those in which a secret occurs too.
    All,
}

impl<'de> Deserialize<'de> for Snapshots {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Expected;
        impl Visitor<'_> for Expected {
            type Value = Snapshots;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or `\"all\"`")
            }

            fn visit_bool<E: de::Error>(self, on: bool) -> Result<Snapshots, E> {
                Ok(if on {
                    Snapshots::Usual
                } else {
                    Snapshots::None
                })
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Snapshots, E> {
                if word == "all" {
                    Ok(Snapshots::All)
                } else {
                    Err(E::invalid_value(de::Unexpected::Str(word), &self))
                }
            }
        }
        deserializer.deserialize_any(Expected)
    }
}

impl JsonSchema for Snapshots {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "snapshots".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": [true, false, "all"] })
    }
}

/// Which stamper renders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Stamper {
    /// The embedded one, unless a template uses something that it does not have.
    #[default]
    Auto,
    /// The embedded one, in process.
    Embedded,
    /// The program gomplate.
    Gomplate,
}

/// How the output of stages is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum OutputStyle {
    /// A live region of running stages; the default on a terminal.
    Live,
    /// Lines prefixed with their stage; the default otherwise.
    Prefix,
    /// The whole output of a stage when it ends.
    Group,
    /// Only results.
    Quiet,
}

/// When colour is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where `ctl` is started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum CtlCwd {
    /// In the stage stamped directory.
    #[default]
    Stage,
    /// In the deployment.
    Caller,
}
