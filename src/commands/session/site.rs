//! What looks at the stages of a session, and where they are worked on. Knows nothing of what is done there.

use std::sync::OnceLock;

use crate::commands::session::Session;
use crate::execute::site::Site;
use crate::observe::cache::DigestCache;
use crate::observe::examine::Known;
use crate::observe::observer::{Observer, Sources};
use crate::source::config::Config;
use crate::source::settings::Stamper as StamperSetting;
use crate::stamp::choose::{Choice, Chosen};
use crate::stamp::embedded::InProcess;
use crate::state::{Records, Store};

impl Session {
    /// Digests of files from earlier calls.
    pub(in crate::commands) fn cache(&self) -> DigestCache {
        DigestCache::load(&self.project.beside_state("digests"))
    }

    /// What renders.
    pub(in crate::commands) fn stamper(&self) -> Chosen {
        let settings = &self.project.settings;
        let choice = settings
            .stamper
            .or(settings.file.stamp.stamper)
            .unwrap_or_default();
        let choice = match choice {
            StamperSetting::Auto => Choice::Auto,
            StamperSetting::Embedded => Choice::Embedded,
            StamperSetting::Gomplate => Choice::Gomplate,
        };
        Chosen::new(choice, Some(Box::<InProcess>::default()))
    }

    /// What looks at stages.
    pub(in crate::commands) fn observer<'a>(
        &'a self,
        config: &'a Config,
        cache: &'a DigestCache,
        stamper: &'a Chosen,
        store: &Store,
    ) -> Observer<'a> {
        Observer::new(&Sources {
            project: &self.project,
            graph: &self.graph,
            dag_files: &self.dag_files,
            config,
            cache,
            key: *store.secret(),
            secrets: &self.secrets,
            stamper,
        })
    }

    /// Where stages are worked on; takes the records of the stages in the DAG out of `records`.
    pub(in crate::commands) fn site<'a>(
        &'a self,
        observer: &'a Observer<'a>,
        records: &mut Records,
    ) -> Site<'a> {
        let mut known: Vec<_> = (0..self.graph.len()).map(|_| None).collect();
        let others = std::mem::take(records)
            .into_iter()
            .filter_map(|(stage, recorded)| {
                let Some(ix) = self.graph.find(stage.as_str()) else {
                    return Some((stage, recorded));
                };
                known[ix.index()] = Some(Known::new(recorded));
                None
            });
        *records = others.collect();
        Site {
            project: &self.project,
            graph: &self.graph,
            observer,
            stop: self.stop.clone(),
            secrets: &self.secrets,
            advises: false,
            known,
            reports: OnceLock::new(),
        }
    }
}
