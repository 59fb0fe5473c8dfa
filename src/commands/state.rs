//! `state …`: looks at the state, or repairs it.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::{Global, StateCommand};
use crate::commands::selection;
use crate::commands::session::{Call, Library, Session};
use crate::core::record::{Attempted, Edge, Recorded, StampedFile};
use crate::core::stage::{StageName, Status};
use crate::error::{Error, Result};
use crate::state::{Adoption, Snapshot, Store};
use crate::ui::sink;
use crate::ui::table::{columns, duration, time};

pub(super) fn run(call: &Call, global: &Global, command: &StateCommand) -> Result<u8> {
    let session = Session::load(call, global, None, Library::Optional)?;
    match command {
        StateCommand::List { json } => list(&session, *json),
        StateCommand::Show { stage, json } => show(&session, stage, *json),
        StateCommand::Mv { old, new, json } => {
            let (old, new) = rename(&session, old, new)?;
            let text = format!("{old} is recorded as {new}");
            tell(
                *json,
                &text,
                &json!({ "version": 1, "stage": new, "renamed_from": old }),
            )
        }
        StateCommand::Rm { stage, force, json } => {
            let (stage, was) = remove(&session, stage, *force)?;
            let text = format!("{stage} is forgotten");
            tell(
                *json,
                &text,
                &json!({ "version": 1, "stage": stage, "forgotten": was }),
            )
        }
        StateCommand::Adopt(how) => {
            adopt(&session, how.place.copy)?;
            let (how_adopted, what) = if how.place.copy {
                ("copy", "nothing is up here")
            } else {
                ("moved", "this is its place now")
            };
            let text = format!("the state is adopted: {what}");
            tell(
                how.json,
                &text,
                &json!({ "version": 1, "adopted": how_adopted }),
            )
        }
        StateCommand::Unprotect { stage, json } => {
            let stage = unprotect(&session, stage)?;
            let text = format!("{stage} may be taken down");
            tell(
                *json,
                &text,
                &json!({ "version": 1, "stage": stage, "protected": false }),
            )
        }
    }
}

/// Says what was done: a line, or a document.
fn tell(json: bool, text: &str, document: &Value) -> Result<u8> {
    if json {
        sink::print(&format!("{document:#}\n"))?;
    } else {
        sink::print(&format!("{text}\n"))?;
    }
    Ok(0)
}

fn list(session: &Session, json: bool) -> Result<u8> {
    let opened = session.read()?;
    if json {
        let stages: Vec<_> = (opened.records.iter())
            .map(|(stage, recorded)| json!({ "stage": stage, "status": recorded.status, "run": recorded.run, "protected": recorded.protect }))
            .collect();
        let document = json!({ "version": 1, "path": opened.store.path(), "stages": stages });
        sink::print(&format!("{document:#}\n"))?;
    } else {
        let rows: Vec<_> = (opened.records.iter())
            .map(|(stage, recorded)| {
                let run = recorded.run.as_ref().map(ToString::to_string);
                vec![
                    stage.to_string(),
                    recorded.status.to_string(),
                    run.unwrap_or_default(),
                ]
            })
            .collect();
        sink::print(&columns(&rows))?;
    }
    Ok(0)
}

fn show(session: &Session, name: &str, json: bool) -> Result<u8> {
    let opened = session.read()?;
    let stage = selection::recorded(name, &opened.records)?;
    let edges = opened.store.edges()?.into_iter();
    let shown = Shown {
        recorded: &opened.records[&stage],
        snapshot: opened.store.snapshot(&stage)?,
        edges: edges.filter(|edge| edge.stage == stage).collect(),
        attempts: opened.store.attempts(&stage)?,
        stage,
    };
    if json {
        sink::print(&format!("{:#}\n", shown.document()))?;
    } else {
        sink::print(&shown.text())?;
    }
    Ok(0)
}

/// All that is recorded of a stage.
struct Shown<'a> {
    stage: StageName,
    recorded: &'a Recorded,
    snapshot: Snapshot,
    edges: Vec<Edge>,
    attempts: Vec<Attempted>,
}

impl Shown<'_> {
    fn document(&self) -> Value {
        let detail: Value = serde_json::from_str(&self.recorded.detail).unwrap_or_default();
        let mut record = serde_json::to_value(self.recorded).unwrap_or_default();
        record["detail"] = detail;
        json!({
            "version": 1, "stage": self.stage, "record": record, "stamped": self.snapshot.stamped,
            "locations": self.snapshot.locations, "edges": self.edges, "attempts": self.attempts,
        })
    }

    fn text(&self) -> String {
        let mut text = format!("{}: {}\n", self.stage, self.recorded.status);
        let needed = self.edges.iter().filter(|edge| edge.last);
        let needed: Vec<_> = needed.map(|edge| edge.dependency.as_str()).collect();
        if !needed.is_empty() {
            text.push_str(&format!("depends on {}\n", needed.join(", ")));
        }
        if self.recorded.protect {
            text.push_str("protected\n");
        }
        let stamped: Vec<_> = self.snapshot.stamped.iter().map(stamped_row).collect();
        text.push_str(&format!("\nStamped files:\n{}", columns(&stamped)));
        let attempts: Vec<_> = self.attempts.iter().map(attempt_row).collect();
        text.push_str(&format!(
            "\nAttempts, latest first:\n{}",
            columns(&attempts)
        ));
        text
    }
}

fn stamped_row(file: &StampedFile) -> Vec<String> {
    let kept = match (&file.content, file.sensitive) {
        (Some(_), _) => "",
        (None, true) => "sensitive: content not kept",
        (None, false) => "content not kept",
    };
    vec![format!("  {}", file.path), file.digest.short(), kept.into()]
}

fn attempt_row(attempt: &Attempted) -> Vec<String> {
    let outcome = attempt.outcome.as_ref();
    vec![
        format!("  {}", attempt.run),
        attempt.action.to_string(),
        time(attempt.started_ms),
        attempt.duration_ms.map(duration).unwrap_or_default(),
        outcome.map_or("interrupted".into(), ToString::to_string),
    ]
}

/// A stage was renamed: its record, its edges, and its directories, which are moved first, so that a failure leaves the record
/// that the next try needs.
fn rename(session: &Session, old: &str, new: &str) -> Result<(StageName, StageName)> {
    let (_lock, opened) = session.write("state mv", None)?;
    let mut store = opened.store;
    let old = selection::recorded(old, &opened.records)?;
    let new = StageName::new(new).map_err(|wrong| Error::usage(format!("`{new}`: {wrong}")))?;
    if old == new {
        return Err(Error::usage(format!("`{old}` is its name already")));
    }
    if let Some(status) = opened.records.get(&new).map(|recorded| recorded.status)
        && status.may_be_up()
    {
        return Err(
            Error::failed(format!("`{new}` is recorded already, as {status}")).hint(format!(
                "choose another name, or take it down before: `betterform down {new}`"
            )),
        );
    }
    let wave = &session.project.wave;
    let moves = [&wave.genfiles, &wave.output_dir]
        .map(|directory| (directory.join(old.as_str()), directory.join(new.as_str())));
    for (old, new) in &moves {
        refuse_to_replace(old, new)?;
    }
    for (old, new) in &moves {
        move_directory(old, new)?;
    }
    if opened.records.contains_key(&new) {
        store.remove(&new)?;
    }
    store.rename(&old, &new)?;
    store.close()?;
    Ok((old, new))
}

/// Refuses to move a directory to where there is something, before any is moved.
fn refuse_to_replace(old: &Path, new: &Path) -> Result<()> {
    if old.symlink_metadata().is_err() || new.symlink_metadata().is_err() {
        return Ok(());
    }
    let (old, new) = (old.display(), new.display());
    Err(
        Error::failed(format!("cannot move `{old}`: `{new}` exists already"))
            .hint("move that away, and run this again"),
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "a whole directory is moved, at the user's word"
)]
fn move_directory(old: &Path, new: &Path) -> Result<()> {
    if old.symlink_metadata().is_err() {
        return Ok(());
    }
    std::fs::rename(old, new).map_err(|error| Error::io("cannot move", old, &error))
}

/// Forgets a stage, and says as what it was recorded.
fn remove(session: &Session, name: &str, force: bool) -> Result<(StageName, Status)> {
    let (_lock, opened) = session.write("state rm", None)?;
    let mut store = opened.store;
    let stage = selection::recorded(name, &opened.records)?;
    let status = opened.records[&stage].status;
    if status.may_be_up() && !force {
        return Err(Error::failed(format!(
            "`{stage}` is recorded as {status}; what it brought up would be forgotten"
        ))
        .hint(format!(
            "take it down with `betterform down {stage}`, or forget it with `--force`"
        )));
    }
    store.remove(&stage)?;
    store.close()?;
    Ok((stage, status))
}

fn adopt(session: &Session, copy: bool) -> Result<()> {
    let _lock = session.lock("state adopt", None)?;
    let adoption = if copy {
        Adoption::Copy
    } else {
        Adoption::Moved
    };
    let opened = Store::adopt(session.project.state_path(), adoption)?;
    opened
        .notes
        .iter()
        .for_each(|note| session.warn(&note.to_string(), None));
    opened.store.close()
}

fn unprotect(session: &Session, name: &str) -> Result<StageName> {
    let (_lock, opened) = session.write("state unprotect", None)?;
    let mut store = opened.store;
    let stage = selection::recorded(name, &opened.records)?;
    store.unprotect(&stage)?;
    store.close()?;
    Ok(stage)
}
