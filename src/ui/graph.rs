//! The graph of stages as text, Graphviz, Mermaid and JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::json;

use crate::core::graph::StageGraph;
use crate::core::stage::{StageName, Status};

/// What is recorded of stages, to be shown with them.
pub type Statuses = BTreeMap<StageName, Status>;

/// A line for each stage, dependencies first.
pub fn text(graph: &StageGraph, statuses: &Statuses) -> String {
    let names = graph
        .order()
        .iter()
        .map(|ix| graph.name(*ix).as_str().len());
    let width = names.max().unwrap_or(0);
    let mut text = String::new();
    for ix in graph.order() {
        let name = graph.name(*ix);
        let status = statuses.get(name).map_or("-", |status| status.as_str());
        let needed: Vec<_> = graph
            .dependencies(*ix)
            .iter()
            .map(|ix| graph.name(*ix).as_str())
            .collect();
        let arrow = if needed.is_empty() { "" } else { "  <- " };
        let _ = writeln!(
            text,
            "{name:width$}  {status:11}{arrow}{}",
            needed.join(" ")
        );
    }
    text.lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

/// Graphviz.
pub fn dot(graph: &StageGraph, statuses: &Statuses) -> String {
    let mut text = String::from("digraph stages {\n  rankdir = LR;\n  node [shape = box];\n");
    for ix in graph.order() {
        let name = graph.name(*ix);
        let color = match statuses.get(name) {
            Some(Status::Up) => ", color = green",
            Some(Status::Failed | Status::StopFailed) => ", color = red",
            Some(Status::Running | Status::Stopping) => ", color = orange",
            _ => "",
        };
        let status = statuses
            .get(name)
            .map_or(String::new(), |status| format!("\\n{status}"));
        let _ = writeln!(text, "  \"{name}\" [label = \"{name}{status}\"{color}];");
    }
    for ix in graph.order() {
        for needed in graph.dependencies(*ix) {
            let _ = writeln!(
                text,
                "  \"{}\" -> \"{}\";",
                graph.name(*needed),
                graph.name(*ix)
            );
        }
    }
    text + "}\n"
}

/// Mermaid, as the description of the system uses it.
pub fn mermaid(graph: &StageGraph, statuses: &Statuses) -> String {
    let mut text = String::from("flowchart LR;\n");
    for ix in graph.order() {
        let name = graph.name(*ix);
        let status = statuses
            .get(name)
            .map_or(String::new(), |status| format!("<br/>{status}"));
        let _ = writeln!(text, "  s{}(\"{name}{status}\")", ix.index());
    }
    for ix in graph.order() {
        for needed in graph.dependencies(*ix) {
            let _ = writeln!(text, "  s{} --> s{};", needed.index(), ix.index());
        }
    }
    text
}

/// One JSON document.
pub fn document(graph: &StageGraph, statuses: &Statuses) -> serde_json::Value {
    let stages = graph.order().iter().map(|ix| {
        let name = graph.name(*ix);
        let needed: Vec<_> = graph
            .dependencies(*ix)
            .iter()
            .map(|ix| graph.name(*ix))
            .collect();
        json!({ "stage": name, "dependencies": needed, "status": statuses.get(name) })
    });
    json!({ "version": 1, "stages": stages.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diamond() -> (StageGraph, Statuses) {
        let name = |text: &str| StageName::new(text).unwrap();
        let stages = [("a", ""), ("b.1", "a"), ("c", "a b.1")]
            .map(|(stage, needed)| (name(stage), needed.split_whitespace().map(name).collect()));
        let statuses = BTreeMap::from([(name("a"), Status::Up), (name("c"), Status::Failed)]);
        (StageGraph::new(&stages).unwrap(), statuses)
    }

    #[test]
    fn every_form_shows_stages_edges_and_statuses() {
        let (graph, statuses) = diamond();
        assert_eq!(
            text(&graph, &statuses),
            "a    up\nb.1  -            <- a\nc    failed       <- a b.1\n"
        );
        let drawn = dot(&graph, &statuses);
        assert!(drawn.contains("  \"a\" -> \"b.1\";\n"), "{drawn}");
        assert!(
            drawn.contains("\"c\" [label = \"c\\nfailed\", color = red];"),
            "{drawn}"
        );
        let drawn = mermaid(&graph, &statuses);
        assert!(drawn.contains("  s0(\"a<br/>up\")\n"), "{drawn}");
        assert!(drawn.contains("  s1 --> s2;\n"), "{drawn}");
        let document = document(&graph, &statuses);
        assert_eq!(document["stages"][2]["dependencies"], json!(["a", "b.1"]));
        assert_eq!(document["stages"][1]["status"], json!(null));
    }
}
