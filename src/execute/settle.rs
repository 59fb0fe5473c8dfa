//! The end of a run: a stage may have rewritten a file that another owns. Then that one's record is taken again, and the user is
//! told. A change that no stage of the run can be held to have made stays a change, and its owner stale. Knows nothing of how
//! stages run.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::core::event::{Event, Sink};
use crate::core::fingerprint::Kind;
use crate::core::name::unescape;
use crate::core::plan::{self, Change, InputChange};
use crate::core::record::Recorded;
use crate::core::stage::StageName;
use crate::error::Result;
use crate::execute::changes::Manifests;
use crate::execute::reconcile::Walked;
use crate::execute::site::Site;
use crate::observe::detail::Detail;
use crate::observe::own::Owned;
use crate::state::{Outputs, Payload, Records, Store};

/// Takes the outputs again of stages that are up, where stages that ran rewrote them.
///
/// # Errors
/// The state cannot be read or written, or an output cannot be read.
pub fn outputs(
    site: &Site<'_>,
    store: &mut Store,
    walked: &Walked,
    sink: &mut dyn Sink,
) -> Result<()> {
    if walked.ran.is_empty() {
        return Ok(());
    }
    let records = store.records()?;
    let mut taken = Vec::new();
    for stage in 0..site.graph.len() {
        let name = site.name(stage);
        let is_settled = walked.decided.contains_key(&stage) && !walked.failed.contains(&stage);
        let Some(recorded) = records.get(name).filter(|r| is_settled && r.status.is_up()) else {
            continue;
        };
        let owned = detail(recorded).owned;
        if Some(site.observer.outputs_digest(stage, &owned)?) == recorded.outputs {
            continue;
        }
        let now = site.observer.outputs_now(stage, &owned)?;
        let suspects = suspects(site, &records, walked, stage);
        let changed = changes(store, recorded, &now)?;
        if changed.is_empty() {
            continue;
        }
        if was_rewritten(site, &changed, &suspects) {
            let stages: Vec<_> = suspects.iter().map(|suspect| suspect.stage).collect();
            sink.event(&rewritten(name, &stages));
            taken.push(retaken(name, &now));
        } else {
            sink.event(&unexplained(name));
        }
    }
    if taken.is_empty() {
        return Ok(());
    }
    store.record_outputs(taken)
}

/// Records the protection of stages that got it in the settings while they were up, and need not run.
///
/// # Errors
/// The state cannot be read or written.
pub fn protection(site: &Site<'_>, store: &mut Store, walked: &Walked) -> Result<()> {
    let meant: Vec<&StageName> = (walked.decided.keys())
        .filter(|stage| site.settings(**stage).protect)
        .map(|stage| site.name(*stage))
        .collect();
    if meant.is_empty() {
        return Ok(());
    }
    let records = store.records()?;
    let lacks = |stage: &&&StageName| {
        (records.get(**stage)).is_some_and(|recorded| recorded.status.is_up() && !recorded.protect)
    };
    let stages: Vec<StageName> = meant
        .iter()
        .filter(lacks)
        .map(|name| (*name).clone())
        .collect();
    if stages.is_empty() {
        return Ok(());
    }
    store.protect(&stages)
}

fn detail(recorded: &Recorded) -> Detail {
    serde_json::from_str(&recorded.detail).unwrap_or_default()
}

/// A stage that ran, and whose text names files of another's.
struct Suspect<'a> {
    stage: &'a StageName,
    names: BTreeSet<PathBuf>,
    /// When its `ctl` ran, in milliseconds since 1970.
    ran: RangeInclusive<i64>,
}

impl Suspect<'_> {
    /// Whether it may have written a file below `$OUTPUT_DIR`: it names it, or a directory above it, and ran when it changed.
    fn may_have_written(&self, file: &Path, changed: i64) -> bool {
        self.ran.contains(&changed) && self.names.iter().any(|name| file.starts_with(name))
    }
}

/// Times of files are as coarse as two seconds on some file systems.
const MARGIN: i64 = 2000;

fn suspects<'a>(
    site: &'a Site<'_>,
    records: &Records,
    walked: &Walked,
    owner: usize,
) -> Vec<Suspect<'a>> {
    let suspect = |stage: &usize| {
        let recorded = records.get(site.name(*stage))?;
        let mut names = site.observer.outputs_named(*stage, &detail(recorded));
        let below = site.name(owner).as_str();
        let owned = detail(records.get(site.name(owner))?).owned;
        let owned: BTreeSet<PathBuf> = owned.iter().filter_map(|name| path(name)).collect();
        names.retain(|name| name.starts_with(below) || owned.contains(name));
        (*stage != owner && !names.is_empty()).then_some(Suspect {
            stage: site.name(*stage),
            names,
            ran: recorded.started_ms? - MARGIN..=recorded.ended_ms? + MARGIN,
        })
    };
    walked.ran.iter().filter_map(suspect).collect()
}

fn path(name: &str) -> Option<PathBuf> {
    Some(PathBuf::from(OsString::from_vec(unescape(name)?)))
}

/// What changed of a stage's outputs since they were recorded.
fn changes(store: &Store, recorded: &Recorded, now: &Owned) -> Result<Vec<InputChange>> {
    let Some(then) = recorded.outputs else {
        return Ok(Vec::new());
    };
    let then = Manifests::new(store, None, []).entries(then)?;
    Ok(plan::compare(Kind::Output, &then, &now.entries))
}

/// Whether each change is one that a suspect may have made. A file that is gone was not rewritten.
fn was_rewritten(site: &Site<'_>, changes: &[InputChange], suspects: &[Suspect<'_>]) -> bool {
    let made = |change: &InputChange| {
        let file = path(&change.name)?;
        let metadata = site.project.wave.output_dir.join(&file).metadata().ok()?;
        let changed = metadata.ctime() * 1000 + metadata.ctime_nsec() / 1_000_000;
        let mut suspects = suspects.iter();
        Some(suspects.any(|suspect| suspect.may_have_written(&file, changed)))
    };
    let is_gone = |change: &InputChange| change.change == Change::Removed;
    changes
        .iter()
        .all(|change| !is_gone(change) && made(change) == Some(true))
}

fn retaken(stage: &StageName, now: &Owned) -> Outputs {
    let manifests = now.manifests.iter();
    Outputs {
        stage: stage.clone(),
        outputs: now.digest,
        payload: Payload {
            manifests: manifests
                .map(|manifest| (manifest.digest(), manifest.clone()))
                .collect(),
            ..Payload::default()
        },
    }
}

fn unexplained(owner: &StageName) -> Event {
    Event::Warning {
        stage: None,
        message: format!(
            "outputs of `{owner}` changed during this run, and not by a stage that names them"
        ),
        help: Some(format!(
            "`{owner}` is stale: run `betterform apply` again; a stage that writes another's files has to name them"
        )),
    }
}

fn rewritten(owner: &StageName, suspects: &[&StageName]) -> Event {
    let named: Vec<String> = suspects.iter().map(|stage| format!("`{stage}`")).collect();
    Event::Warning {
        stage: None,
        message: format!(
            "outputs of `{owner}` were rewritten by {} later in this run; they are recorded as they are now",
            named.join(" or ")
        ),
        help: Some(format!(
            "stages that read what `{owner}` had written are stale: run `betterform apply` again"
        )),
    }
}
