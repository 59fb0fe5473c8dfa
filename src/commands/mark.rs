//! `mark up|down STAGE`: records what a person says of a stage; nothing is run.

use crate::cli::{Global, Mark as Options, MarkAs};
use crate::commands::selection;
use crate::commands::session::{Call, Library, Session};
use crate::core::lineage::Lineage;
use crate::core::stage::StageName;
use crate::error::Result;
use crate::execute::adopt;
use crate::state::{Mark, Records, Store};
use crate::ui::sink;

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let library = match options.what {
        MarkAs::Up => Library::Needed,
        MarkAs::Down => Library::Optional,
    };
    let session = Session::load(call, global, None, library)?;
    let (_lock, opened) = session.write("mark", options.lock_timeout.as_deref())?;
    let (mut store, records) = (opened.store, opened.records);
    let known = match options.what {
        MarkAs::Up => session.stages(),
        MarkAs::Down => session.all_stages(&records),
    };
    let stages = selection::resolve(&options.stages, &known)?;
    match options.what {
        MarkAs::Down => {
            for stage in &stages {
                store.mark(stage, &Mark::Down)?;
                sink::print(&format!("{stage} is recorded as down\n"))?;
            }
        }
        MarkAs::Up => mark_up(&session, &mut store, records, &stages)?,
    }
    store.close()?;
    Ok(0)
}

/// Records stages as up, with what they depend on now, in the order of the DAG.
fn mark_up(
    session: &Session,
    store: &mut Store,
    mut records: Records,
    stages: &std::collections::BTreeSet<StageName>,
) -> Result<()> {
    let config = session.config(true)?;
    session.make_directories()?;
    let (cache, stamper) = (session.cache(), session.stamper());
    let observer = session.observer(&config, &cache, &stamper, store);
    let site = session.site(&observer, &mut records);
    let names = (0..session.graph.len())
        .map(|index| site.name(index).clone())
        .collect();
    let mut lineage = Lineage::new(names, site.dependencies());
    for ix in session.graph.order() {
        let (index, stage) = (ix.index(), session.graph.name(*ix));
        if stages.contains(stage) {
            let own = adopt::mark_up(&site, store, &mut lineage, index)
                .map_err(|error| error.context(format!("`{stage}` cannot be recorded as up")))?;
            lineage.settle(index, own);
            sink::print(&format!("{stage} is recorded as up\n"))?;
        } else if let Some(known) = site.known(index) {
            lineage.settle(index, known.own());
        }
    }
    Ok(())
}
