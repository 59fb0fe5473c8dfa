//! betterform as users meet it: the real program on real files, one module a topic.

#![expect(
    clippy::disallowed_methods,
    reason = "tests start processes and write files as users do"
)]

mod baddag;
mod badinput;
mod commands;
mod failures;
mod faults;
mod lifecycle;
mod orphans;
mod places;
mod sandbox;
mod secrets;
mod selection;
