//! betterform as users meet it: the real program on real files, one module a topic.

#![expect(
    clippy::disallowed_methods,
    reason = "tests start processes and write files as users do"
)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    unreachable_pub,
    reason = "this is all test code, in modules of its own"
)]

mod baddag;
mod badinput;
mod clock;
mod commands;
mod datasources;
mod downrules;
mod examples;
mod failures;
mod faults;
mod inputs;
mod lifecycle;
mod orphans;
mod output;
mod places;
mod sandbox;
mod secrets;
mod selection;
