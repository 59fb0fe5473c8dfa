//! The end of a run: a stage may have rewritten a file that another owns. Then that one's record is taken again, and the user is
//! told. Knows nothing of how stages run.

use crate::core::event::{Event, Sink};
use crate::core::stage::StageName;
use crate::error::Result;
use crate::execute::reconcile::Walked;
use crate::execute::site::Site;
use crate::observe::detail::Detail;
use crate::state::{Outputs, Payload, Store};

/// Takes the outputs again of stages that are up, where they are not as recorded, if any stage ran.
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
        let detail: Detail = serde_json::from_str(&recorded.detail).unwrap_or_default();
        if Some(site.observer.outputs_digest(stage, &detail.owned)?) == recorded.outputs {
            continue;
        }
        let now = site.observer.outputs_now(stage, &detail.owned)?;
        let manifests = now
            .manifests
            .iter()
            .map(|manifest| (manifest.digest(), manifest.clone()));
        taken.push(Outputs {
            stage: name.clone(),
            outputs: now.digest,
            payload: Payload {
                manifests: manifests.collect(),
                ..Payload::default()
            },
        });
        sink.event(&rewritten(name, &suspects(site, &records, walked, stage)));
    }
    if taken.is_empty() {
        return Ok(());
    }
    store.record_outputs(taken)
}

/// The stages that ran and whose text names a file of another's.
fn suspects(
    site: &Site<'_>,
    records: &crate::state::Records,
    walked: &Walked,
    owner: usize,
) -> Vec<StageName> {
    let prefix = format!("{}/", site.name(owner));
    let names_it = |stage: &usize| {
        let Some(recorded) = records.get(site.name(*stage)) else {
            return false;
        };
        let detail: Detail = serde_json::from_str(&recorded.detail).unwrap_or_default();
        *stage != owner
            && detail
                .mentions
                .outputs()
                .any(|output| output.starts_with(&prefix))
    };
    walked
        .ran
        .iter()
        .filter(|stage| names_it(stage))
        .map(|stage| site.name(*stage).clone())
        .collect()
}

fn rewritten(owner: &StageName, suspects: &[StageName]) -> Event {
    let named: Vec<String> = suspects.iter().map(|stage| format!("`{stage}`")).collect();
    let by = if named.is_empty() {
        "another stage".to_owned()
    } else {
        named.join(" or ")
    };
    Event::Warning {
        stage: None,
        message: format!(
            "outputs of `{owner}` were rewritten by {by} later in this run; they are recorded as they are now"
        ),
        help: Some(format!(
            "stages that read what `{owner}` had written are stale: run `betterform apply` again"
        )),
    }
}
