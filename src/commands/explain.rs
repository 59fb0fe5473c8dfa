//! `explain STAGE`: all that a stage depends on, and what changed since it was last brought up.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::cli::{Explain as Options, Global, Selection};
use crate::commands::session::{Call, Library, Session};
use crate::commands::{selection, up};
use crate::core::fingerprint::{Digest, Kind};
use crate::core::graph::Ix;
use crate::core::plan::{Decision, Entry, NamedInputs};
use crate::core::stage::StageName;
use crate::error::Result;
use crate::execute::reconcile::{self, Walked};
use crate::state::{Records, Store};
use crate::ui::table::{columns, time};
use crate::ui::{diagnostic, sink};

/// Names and digests by kind.
type Inputs = BTreeMap<Kind, BTreeMap<String, Digest>>;

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let session = Session::load(call, global, None, Library::Needed)?;
    let stage = selection::one(&options.stage, &session.stages())?;
    let opened = session.read()?;
    let (mut store, records) = (opened.store, opened.records);
    let recorded = records.get(&stage).cloned();
    let Some((entry, walked)) = look(&session, &mut store, records, &stage)? else {
        return Ok(1);
    };
    let fingerprint = recorded.as_ref().and_then(|r| r.fingerprint.clone());
    let fingerprint = fingerprint.unwrap_or_default();
    let old = [
        load(&store, &fingerprint.stamp)?,
        load(&store, &fingerprint.run)?,
    ];
    let awaited = awaited(&session, &entry, &walked);
    let up_since = recorded.as_ref().and_then(|recorded| recorded.started_ms);
    if options.json {
        let mut document = serde_json::to_value(&entry).unwrap_or_default();
        document["version"] = json!(1);
        document["awaited"] = json!(awaited);
        document["recorded"] = json!({ "stamp": old[0], "run": old[1], "started_ms": up_since });
        sink::print(&format!("{document:#}\n"))?;
    } else {
        let since = up_since.map_or("never run".to_owned(), |ms| {
            format!("last run {}", time(ms))
        });
        sink::print(&text(&entry, &since, &old, &awaited))?;
    }
    Ok(0)
}

/// What a plan says of one stage, with all its inputs; `None`, and the errors on stderr, if it cannot be looked at.
fn look(
    session: &Session,
    store: &mut Store,
    mut records: Records,
    stage: &StageName,
) -> Result<Option<(Entry, Walked)>> {
    let config = session.config(false)?;
    let (cache, stamper) = (session.cache(), session.stamper());
    let observer = session.observer(&config, &cache, &stamper, store);
    let site = session.site(&observer, &mut records);
    let choice = Selection {
        stages: vec![stage.to_string()],
        ..Selection::default()
    };
    let mut goal = up::goal(session, &site, &choice, false)?;
    goal.verbose = true;
    let walked = reconcile::walk(&site, store, None, &goal, &mut up::Silent)?;
    session.interrupted()?;
    for error in walked.errors.values() {
        sink::complain(&diagnostic::render(error, session.colors.stderr));
    }
    if !walked.errors.is_empty() {
        return Ok(None);
    }
    let entries = up::entries(session, &walked).into_iter();
    let entry = entries.rev().find(|entry| entry.stage == *stage);
    Ok(entry.map(|entry| (entry, walked)))
}

/// The direct dependencies that have to run before all inputs of a stage can be known.
fn awaited<'a>(session: &'a Session, entry: &Entry, walked: &Walked) -> Vec<&'a StageName> {
    let found = session.graph.find(entry.stage.as_str());
    let Some(stage) = found.filter(|_| entry.inputs.is_none()) else {
        return Vec::new();
    };
    let is_awaited = |needed: &Ix| {
        let decided = walked.decided.get(&needed.index());
        decided.is_some_and(|entry| {
            matches!(
                entry.decision,
                Decision::Run { .. } | Decision::Undetermined { .. }
            )
        })
    };
    let needed = session.graph.dependencies(stage).iter().copied();
    needed
        .filter(is_awaited)
        .map(|needed| session.graph.name(needed))
        .collect()
}

fn load(store: &Store, kinds: &BTreeMap<Kind, Digest>) -> Result<Inputs> {
    let mut inputs = Inputs::new();
    for (kind, digest) in kinds {
        inputs.insert(*kind, store.flatten(digest)?.unwrap_or_default());
    }
    Ok(inputs)
}

fn text(entry: &Entry, since: &str, old: &[Inputs; 2], awaited: &[&StageName]) -> String {
    let mut text = format!("{} ({since})\n", entry.stage);
    match &entry.decision {
        Decision::UpToDate => text.push_str("up to date\n"),
        Decision::Restamp => {
            text.push_str("up to date; what it is rendered from changed, the result did not\n");
        }
        Decision::Undetermined { after } => {
            let after: Vec<_> = after.iter().map(StageName::as_str).collect();
            text.push_str(&format!("to be re-checked after {}\n", after.join(", ")));
        }
        Decision::Run { reasons } => {
            text.push_str("to be run:\n");
            for reason in reasons {
                text.push_str(&format!("  {reason}\n"));
            }
        }
    }
    if let Some(stamper) = &entry.stamper {
        text.push_str(&format!("stamped by {stamper}\n"));
    }
    for why in &entry.stamper_because {
        text.push_str(&format!("  {why}\n"));
    }
    if !awaited.is_empty() {
        let awaited: Vec<_> = awaited.iter().map(|stage| stage.as_str()).collect();
        let known = if old.iter().all(BTreeMap::is_empty) {
            "its inputs are known"
        } else {
            "its inputs are known again, below they are as recorded,"
        };
        text.push_str(&format!("{known} when {} ran\n", awaited.join(" and ")));
    }
    let empty = NamedInputs::default();
    let now = entry.inputs.as_ref().unwrap_or(&empty);
    for (title, old, new) in [
        ("What rendering depends on:", &old[0], &now.stamp),
        ("What `ctl up` depends on:", &old[1], &now.run),
    ] {
        let rows = rows(old, if entry.inputs.is_some() { new } else { old });
        if !rows.is_empty() {
            text.push_str(&format!("\n{title}\n{}", columns(&rows)));
        }
    }
    text
}

fn rows(old: &Inputs, new: &Inputs) -> Vec<Vec<String>> {
    let kinds: BTreeSet<&Kind> = old.keys().chain(new.keys()).collect();
    let empty = BTreeMap::new();
    let mut rows = Vec::new();
    for kind in kinds {
        let (old, new) = (
            old.get(kind).unwrap_or(&empty),
            new.get(kind).unwrap_or(&empty),
        );
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let shown = |digest: Option<&Digest>| match digest {
                None | Some(&Digest::ABSENT) => "-".to_owned(),
                Some(digest) => digest.short(),
            };
            let (then, now) = (shown(old.get(name)), shown(new.get(name)));
            let change = if then == now {
                String::new()
            } else {
                format!("was {then}")
            };
            rows.push(vec![format!("  {kind}"), name.clone(), now, change]);
        }
    }
    rows
}
