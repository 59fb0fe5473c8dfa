//! What in a stage's templates only gomplate has, found in their text alone: for the error of a machine that has no gomplate.

use std::collections::BTreeMap;

use crate::error::Diagnostic;
use crate::stamp::Request;
use crate::stamp::blame::Origin;
use crate::stamp::gomplate_config::GomplateConfig;
use crate::template::analysis::{FunctionUse, mentions};
use crate::template::gomplate::{SourceUrl, is_known};
use crate::template::{Delimiters, Functions, is_builtin, parse};

/// The functions whose first argument is the alias of a datasource.
const DATASOURCE: [&str; 5] = [
    "datasource",
    "ds",
    "include",
    "datasourceReachable",
    "defineDatasource",
];

/// The uses in these texts, which the error of one that could not be rendered comes on top of.
pub(super) fn uses(
    request: &Request<'_>,
    config: &GomplateConfig,
    functions: &Functions,
    delimiters: &Delimiters,
    origins: &[Origin<'_>],
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut urls: BTreeMap<String, String> = BTreeMap::new();
    for (alias, source) in config.context.iter().chain(&config.datasources) {
        urls.insert(alias.clone(), source.url.clone());
    }
    for origin in origins {
        // What cannot be parsed is said when it is rendered.
        let Ok(definitions) = parse(origin.name, origin.text, delimiters, &|_| true) else {
            continue;
        };
        let mut used = mentions(&definitions).functions;
        used.sort_by_key(|used| used.position.at);
        for used in &used {
            let why = lacking(functions, &used.name).or_else(|| elsewhere(&mut urls, used));
            if let Some(why) = why {
                let (line, column) = used.position.line_and_column();
                // The place of a function in a namespace is that of its point.
                let namespace = used.name.split_once('.').map_or(0, |(name, _)| name.len());
                let column = column.saturating_sub(namespace);
                found.push(origin.at(request, line, Some(column), why));
            }
        }
    }
    found
}

/// Why a function is left to gomplate, if it is not embedded.
fn lacking(functions: &Functions, name: &str) -> Option<String> {
    let embedded = match name.split_once('.') {
        Some((namespace, method)) => match functions.namespace(namespace) {
            Some(object) => object.method(method).is_some(),
            None => !is_known(namespace),
        },
        None => functions.contains(name) || is_builtin(name) || !is_known(name),
    };
    (!embedded).then(|| format!("gomplate is needed: `{name}` is not embedded"))
}

/// Why a datasource is left to gomplate, if its URL is known and has a scheme that is not embedded.
fn elsewhere(urls: &mut BTreeMap<String, String>, used: &FunctionUse) -> Option<String> {
    let name = used.name.trim_start_matches("_datasource.");
    let is_datasource = DATASOURCE
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name));
    let alias = std::str::from_utf8(used.texts.first()?.as_deref()?).ok()?;
    if !is_datasource {
        return None;
    }
    if name.eq_ignore_ascii_case("defineDatasource") {
        let url = std::str::from_utf8(used.texts.get(1)?.as_deref()?).ok()?;
        urls.entry(alias.to_owned())
            .or_insert_with(|| url.to_owned());
    }
    let url = urls.get(alias).map_or(alias, String::as_str);
    let scheme = match SourceUrl::parse_source(url) {
        Ok(url) if url.is_local() => return None,
        Ok(url) => url.scheme().to_owned(),
        Err(_) => url.split(':').next().unwrap_or_default().to_owned(),
    };
    Some(format!(
        "gomplate is needed: the datasource `{alias}` has the scheme `{scheme}`"
    ))
}
