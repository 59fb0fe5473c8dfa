//! Which of gomplate's functions the templates of a stage use that are not embedded: every mention with its place, without rendering
//! anything. Knows nothing of what is done about it.

use crate::error::Diagnostic;
use crate::stamp::Request;
use crate::stamp::place;
use crate::stamp::source::{Source, SourceFile, Treatment, shown};
use crate::template::analysis::{FunctionUse, mentions};
use crate::template::gomplate::is_known;
use crate::template::{Delimiters, Functions, parse};

/// All such uses, in the order of the files and of their texts. A file that cannot be parsed has none.
pub(super) fn uses(
    request: &Request<'_>,
    source: &Source,
    functions: &Functions,
) -> Vec<Diagnostic> {
    let delimiters = &source.delimiters;
    let delimiters = Delimiters::new(delimiters.left.as_bytes(), delimiters.right.as_bytes());
    let rendered = source.files.iter();
    let rendered = rendered.filter(|file| file.treatment == Treatment::Render);
    let mut found = Vec::new();
    for file in rendered {
        let Ok(definitions) = parse("", &file.content, &delimiters, &|_| true) else {
            continue;
        };
        let mut used = mentions(&definitions).functions;
        used.retain(|used| is_missing(functions, &used.name));
        used.sort_by_key(|used| used.position.at);
        found.extend(used.iter().map(|used| diagnostic(request, file, used)));
    }
    found
}

fn is_missing(functions: &Functions, name: &str) -> bool {
    match name.split_once('.') {
        Some((namespace, method)) => match functions.namespace(namespace) {
            Some(namespace) => namespace.method(method).is_none(),
            None => is_known(namespace),
        },
        None => !functions.contains(name) && is_known(name),
    }
}

fn diagnostic(request: &Request<'_>, file: &SourceFile, used: &FunctionUse) -> Diagnostic {
    let (line, column) = used.position.line_and_column();
    // The place of a function in a namespace is that of its point.
    let namespace = used.name.split_once('.').map_or(0, |(name, _)| name.len());
    let before = column.saturating_sub(namespace);
    let message = format!("gomplate is needed: `{}` is not embedded", used.name);
    let path = shown(request, &request.template_dir.join(&file.path));
    let path = path.display().to_string();
    place::diagnostic(path, &file.content, line, Some(before), message)
}
