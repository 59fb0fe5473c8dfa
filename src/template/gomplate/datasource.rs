//! `datasource`, `include` and their kin: data from elsewhere, read by its media type. The host finds the texts; it knows neither
//! schemes nor files.

use std::sync::Arc;

use crate::template::function::{Function, Functions, Signature};
use crate::template::gomplate::{HANDOVER, data, dotenv, handover, yaml};
use crate::template::host::{Host, SourceText};
use crate::template::kind::Type;
use crate::template::value::{Text, Value};

pub(super) fn add(functions: &mut Functions) {
    let readers = Arc::new(Readers::of(functions));
    let methods = methods(&readers);
    for (alias, name) in [
        ("datasource", "Datasource"),
        ("ds", "Datasource"),
        ("datasourceExists", "DatasourceExists"),
        ("datasourceReachable", "DatasourceReachable"),
        ("defineDatasource", "DefineDatasource"),
        ("include", "Include"),
        ("listDatasources", "ListDatasources"),
    ] {
        let method = methods.iter().find(|(known, _)| *known == name);
        if let Some((_, function)) = method {
            functions.add(alias, function.clone());
        }
    }
    functions.add_namespace("_datasource", "*funcs.dataSourceFuncs", methods);
}

/// The data of a datasource, for those that are read before anything is rendered.
///
/// # Errors
/// As `datasource`.
pub fn read(functions: &Functions, host: &mut dyn Host, alias: &str) -> Result<Value, String> {
    let readers = Readers::of(functions);
    let text = readers.text(host, &[Value::text(alias)])?;
    readers.parse(host, &text)
}

fn methods(readers: &Arc<Readers>) -> Vec<(&'static str, Function)> {
    const ALIAS: &[Type] = &[Type::Str];
    let reading = |result, body: fn(&Readers, &mut dyn Host, &[Value]) -> Result<Value, String>| {
        let readers = Arc::clone(readers);
        Function::new(
            Signature::variadic(ALIAS, Type::Str, result),
            move |host, args| body(&readers, host, args),
        )
    };
    vec![
        (
            "Datasource",
            reading(Type::Any, |readers, host, args| {
                let text = readers.text(host, args)?;
                readers.parse(host, &text)
            }),
        ),
        (
            "Include",
            reading(Type::Str, |readers, host, args| {
                Ok(Value::text(readers.text(host, args)?.text))
            }),
        ),
        (
            "DatasourceReachable",
            reading(Type::Bool, |readers, host, args| {
                let alias = args.first().and_then(Value::as_text).unwrap_or_default();
                if !host.has_datasource(alias) {
                    return Ok(false.into());
                }
                match readers.text(host, args) {
                    Err(why) if why.starts_with(HANDOVER) => Err(why),
                    read => Ok(read.is_ok().into()),
                }
            }),
        ),
        (
            "DatasourceExists",
            Function::new(Signature::new(ALIAS, Type::Bool), |host, args| {
                let alias = args[0].as_text().unwrap_or_default();
                Ok(host.has_datasource(alias).into())
            }),
        ),
        (
            "DefineDatasource",
            Function::new(
                Signature::new(&[Type::Str, Type::Str], Type::Str),
                |host, args| {
                    let alias = args[0].as_text().unwrap_or_default();
                    if alias.is_empty() {
                        return Err("datasource alias must be provided".to_owned());
                    }
                    // What is defined already stays as it is.
                    if !host.has_datasource(alias) {
                        host.define_datasource(alias, args[1].as_text().unwrap_or_default())?;
                    }
                    Ok("".into())
                },
            ),
        ),
        (
            "ListDatasources",
            Function::new(Signature::new(&[], Type::STRINGS), |host, _| {
                Ok(Value::strings(host.datasources()))
            }),
        ),
    ]
}

/// The functions that read media types. What they lack is handed over.
struct Readers(Vec<(&'static str, Function)>);

impl Readers {
    fn of(functions: &Functions) -> Self {
        let names = ["yaml", "yamlArray", "toml", "csv", "merge"];
        let known = names.into_iter();
        Self(
            known
                .filter_map(|name| Some((name, functions.get(name)?.clone())))
                .collect(),
        )
    }

    fn call(&self, host: &mut dyn Host, name: &str, args: &[Value]) -> Result<Value, String> {
        match self.0.iter().find(|(known, _)| *known == name) {
            Some((_, function)) => function.apply(host, args),
            None => handover(&format!("a datasource that `{name}` reads")),
        }
    }

    /// The text of a datasource. `args`: its alias and what the function is told besides.
    fn text(&self, host: &mut dyn Host, args: &[Value]) -> Result<SourceText, String> {
        let alias = args.first().and_then(Value::as_text).unwrap_or_default();
        let rest = args.iter().skip(1).filter_map(Value::as_text);
        let rest: Vec<Text> = rest.map(Text::from).collect();
        let mut parts = host.datasource(alias, &rest)?;
        match (parts.pop(), parts.is_empty()) {
            (Some(only), true) => return Ok(only),
            (last, _) => parts.extend(last),
        }
        let mut maps = Vec::new();
        for part in &parts {
            match self.parse(host, part)? {
                map @ Value::Map(_) => maps.push(map),
                other => {
                    let found = other.type_name();
                    return Err(format!("can only merge maps, and one part is a `{found}`"));
                }
            }
        }
        let merged = self.call(host, "merge", &maps)?;
        Ok(SourceText {
            text: yaml::document(&merged)?.into_bytes(),
            media_type: Some("application/yaml".to_owned()),
        })
    }

    /// A text as data.
    fn parse(&self, host: &mut dyn Host, source: &SourceText) -> Result<Value, String> {
        let Some(media_type) = &source.media_type else {
            return handover("a datasource whose media type depends on the machine");
        };
        let text = &source.text;
        match canonical(media_type)?.as_str() {
            "application/json" => json(text),
            "application/array+json" => match json(text)? {
                list @ Value::List(_) => Ok(list),
                _ => handover("JSON that is no array"),
            },
            "application/yaml" => self.yaml(host, text),
            "application/toml" => self.call(host, "toml", &[Value::text(text)]),
            "text/csv" => self.call(host, "csv", &[Value::text(text)]),
            "application/x-env" => dotenv::parse(text),
            "text/plain" => Ok(Value::text(text)),
            "application/cue" => handover("CUE"),
            _ => Err(format!("data of type `{media_type}` not yet supported")),
        }
    }

    /// A map, or else a list.
    fn yaml(&self, host: &mut dyn Host, text: &[u8]) -> Result<Value, String> {
        let text = [Value::text(text)];
        self.call(host, "yaml", &text).or_else(|no_map| {
            let list = self.call(host, "yamlArray", &text);
            list.map_err(|no_list| {
                // What is handed over could still be either.
                let unsure = no_map.starts_with(HANDOVER);
                if unsure { no_map } else { no_list }
            })
        })
    }
}

/// A JSON text, which must be a map or a list; an empty one is an empty map.
fn json(text: &[u8]) -> Result<Value, String> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::map([].into()));
    }
    match data::parse(text)? {
        Value::Nil => Ok(Value::map([].into())),
        // This is how encrypted JSON is known.
        Value::Map(map) if map.get(b"_public_key").is_some() => handover("encrypted JSON"),
        container @ (Value::Map(_) | Value::List(_)) => Ok(container),
        _ => Err("JSON that is neither a map nor a list".to_owned()),
    }
}

/// A media type without parameters and aliases.
fn canonical(media_type: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '/' | '_' | '-');
    if !media_type.chars().all(is_plain) {
        return handover("an unusual media type");
    }
    Ok(match media_type.to_ascii_lowercase().as_str() {
        "application/x-yaml" => "application/yaml".to_owned(),
        "application/text" => "text/plain".to_owned(),
        other => other.to_owned(),
    })
}
