//! `stamp`: renders stages into their stamped directories, and runs nothing.

use crate::cli::{Global, Running, Stamp as Options};
use crate::commands::selection;
use crate::commands::session::{Call, Library, Session};
use crate::core::event::Event;
use crate::error::Result;
use crate::ui::{diagnostic, sink};

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let session = Session::load(call, global, Some(&Running::default()), Library::Needed)?;
    let (_lock, opened) = session.write("stamp", options.lock_timeout.as_deref())?;
    let (store, mut records) = (opened.store, opened.records);
    let named = selection::resolve(&options.stages, &session.stages())?;
    let config = session.config(true)?;
    session.make_directories()?;
    let (cache, stamper) = (session.cache(), session.stamper());
    let observer = session.observer(&config, &cache, &stamper, &store);
    let site = session.site(&observer, &mut records);
    let mut teller = session.sink(options.json);
    let mut failed = false;
    for ix in session.graph.order() {
        let stage = session.graph.name(*ix);
        if !options.stages.is_empty() && !named.contains(stage) {
            continue;
        }
        session.interrupted()?;
        let rendered = observer.render(ix.index());
        match rendered.and_then(|rendered| site.sync_alone(ix.index(), &rendered)) {
            Ok(synced) => teller.event(&Event::StageStamped {
                stage: stage.clone(),
                written: synced.written.len(),
                removed: synced.removed.len(),
                unchanged: synced.unchanged,
            }),
            Err(error) => {
                failed = true;
                let error = error.mapped(&|text| session.secrets.mask_text(text));
                teller.event(&Event::StageNotStamped {
                    stage: stage.clone(),
                    message: error.located(),
                });
                sink::complain(&diagnostic::render(&error, session.colors.stderr));
            }
        }
    }
    Ok(u8::from(failed))
}
