//! `status`: what is recorded of every stage.

use serde_json::json;

use crate::cli::{Global, Status as Options};
use crate::commands::selection;
use crate::commands::session::{Call, Library, Session};
use crate::core::stage::StageName;
use crate::error::Result;
use crate::state::Records;
use crate::ui::sink;
use crate::ui::table::{columns, duration, time};

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let session = Session::load(call, global, None, Library::Optional)?;
    let records = session.read()?.records;
    let all = session.all_stages(&records);
    let named = selection::resolve(&options.stages, &all)?;
    let order = session
        .graph
        .order()
        .iter()
        .map(|ix| session.graph.name(*ix).clone());
    let mut stages: Vec<StageName> = order.collect();
    let in_dag = session.stages();
    stages.extend(
        records
            .keys()
            .filter(|stage| !in_dag.contains(*stage))
            .cloned(),
    );
    stages.retain(|stage| options.stages.is_empty() || named.contains(stage));
    if options.json {
        let documents: Vec<_> = stages
            .iter()
            .map(|stage| document(&session, &records, stage))
            .collect();
        sink::print(&format!(
            "{:#}\n",
            json!({ "version": 1, "stages": documents })
        ))?;
    } else {
        let rows: Vec<_> = stages
            .iter()
            .map(|stage| row(&session, &records, stage))
            .collect();
        sink::print(&columns(&rows))?;
    }
    Ok(0)
}

fn row(session: &Session, records: &Records, stage: &StageName) -> Vec<String> {
    let Some(recorded) = records.get(stage) else {
        return vec![stage.to_string(), "-".into(), "never up".into()];
    };
    let since = match recorded.outcome {
        None => recorded.started_ms.map(|ms| format!("since {}", time(ms))),
        Some(_) => recorded.ended_ms.map(|ms| format!("since {}", time(ms))),
    };
    let took = recorded
        .duration_ms
        .map(|ms| format!("took {}", duration(ms)));
    let mut notes = Vec::new();
    if let Some(outcome) = recorded
        .outcome
        .as_ref()
        .filter(|_| !recorded.status.is_up())
    {
        notes.push(outcome.to_string());
    }
    if recorded.protect {
        notes.push("protected".into());
    }
    if session.graph.find(stage.as_str()).is_none() && recorded.status.may_be_up() {
        notes.push("no longer in the DAG".into());
    }
    vec![
        stage.to_string(),
        recorded.status.to_string(),
        since.unwrap_or_default(),
        took.unwrap_or_default(),
        notes.join(", "),
    ]
}

fn document(session: &Session, records: &Records, stage: &StageName) -> serde_json::Value {
    let recorded = records.get(stage);
    json!({
        "stage": stage,
        "in_dag": session.graph.find(stage.as_str()).is_some(),
        "status": recorded.map(|recorded| recorded.status),
        "run": recorded.and_then(|recorded| recorded.run.clone()),
        "started_ms": recorded.and_then(|recorded| recorded.started_ms),
        "ended_ms": recorded.and_then(|recorded| recorded.ended_ms),
        "duration_ms": recorded.and_then(|recorded| recorded.duration_ms),
        "up_since_ms": recorded.and_then(|recorded| recorded.up_since_ms),
        "outcome": recorded.and_then(|recorded| recorded.outcome.clone()),
        "protected": recorded.is_some_and(|recorded| recorded.protect),
    })
}
