//! `graph`: the stages and their dependencies.

use crate::cli::{Global, Graph as Options, GraphFormat};
use crate::commands::session::{Call, Library, Session};
use crate::error::Result;
use crate::ui::graph::{Statuses, document, dot, mermaid, text};
use crate::ui::sink;

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let session = Session::load(call, global, None, Library::Needed)?;
    let records = session.read()?.records.into_iter();
    let statuses: Statuses = records
        .map(|(stage, recorded)| (stage, recorded.status))
        .collect();
    let graph = &session.graph;
    sink::print(&match options.format {
        _ if options.json => format!("{:#}\n", document(graph, &statuses)),
        GraphFormat::Text => text(graph, &statuses),
        GraphFormat::Dot => dot(graph, &statuses),
        GraphFormat::Mermaid => mermaid(graph, &statuses),
        GraphFormat::Json => format!("{:#}\n", document(graph, &statuses)),
    })?;
    Ok(0)
}
