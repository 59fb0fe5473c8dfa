//! Carries decisions out: one coordinator that holds the schedule, the state and the sink, and workers that look, render and
//! run, and know nothing of the graph.
//!
//! The way of a stage in `apply`: *look* (are the recorded inputs as they were? nothing is rendered, many stages at once),
//! then, where that is not certain, *examine* (render in memory, fingerprint), *decide*, *begin* (durable), *sync*, `ctl up`,
//! *outputs*, *commit* (durable). `plan` is the same walk, stopped after *decide*.

pub mod adopt;
mod changes;
pub mod ctl;
pub mod down;
pub mod reconcile;
pub mod relocate;
pub mod report;
pub mod restore;
pub mod settle;
pub mod site;
mod stopping;
pub mod unrecorded;
mod worker;
