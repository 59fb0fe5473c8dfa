//! Records a stage as up with what it depends on now, as if its `ctl up` had just succeeded. Nothing is run.

use std::sync::Arc;

use crate::core::fingerprint::{Digest, Kind};
use crate::core::lineage::{INHERITED, Lineage, Own};
use crate::error::Result;
use crate::execute::site::Site;
use crate::observe::examine::Inherited;
use crate::observe::left::Before;
use crate::state::{Mark, Payload, Store};
use crate::system::clock;

/// Records a stage as up, and gives what it passes on.
///
/// # Errors
/// It cannot be rendered, or something cannot be read or written.
pub fn mark_up(
    site: &Site<'_>,
    store: &mut Store,
    lineage: &mut Lineage,
    stage: usize,
) -> Result<Own> {
    let inherited = Inherited {
        outputs: lineage.inherited(stage, Kind::Output),
        generated: lineage.inherited(stage, Kind::Generated),
        ancestors: lineage.inherited(stage, Kind::Ancestor),
    };
    let (examined, rendered) = site.examine(stage, &inherited)?;
    site.sync(stage, &rendered)?;
    let before = Before {
        watch: site.observer.watch(stage, &examined.detail)?,
        files: examined.files,
        attempt: examined.attempt,
        detail: examined.detail,
        incarnation: Digest::ABSENT,
        started: clock::now_ns(),
    };
    let (left, own) = site.observer.left(stage, &before, &[])?;
    let mut attempt = before.attempt;
    if let Some(detail) = left.detail {
        attempt.detail = detail;
    }
    let mut payload = examined.payload;
    payload.manifests.extend(left.payload.manifests);
    payload.contents.extend(left.payload.contents);
    add_nodes(&mut payload, lineage, stage);
    let name = site.name(stage);
    store.mark(
        name,
        &Mark::Up {
            attempt: Some(Box::new(attempt)),
            outputs: Some(left.outputs),
            generated: Some(left.generated),
            payload,
        },
    )?;
    let incarnation = store
        .records()?
        .get(name)
        .map(|recorded| recorded.incarnation);
    Ok(Own {
        incarnation: incarnation.unwrap_or(own.incarnation),
        ..own
    })
}

fn add_nodes(payload: &mut Payload, lineage: &mut Lineage, stage: usize) {
    let inherited = INHERITED.map(|kind| lineage.inherited(stage, kind));
    let nodes = lineage.new_nodes(stage).into_iter().chain(inherited);
    let nodes = nodes.map(|node| (node.digest(), Arc::new(node)));
    payload.manifests.extend(nodes);
}
