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

mod advice;
mod badctl;
mod baddag;
mod badinput;
mod badplaces;
mod badtemplates;
mod clock;
mod commands;
mod datasources;
mod downrules;
mod events;
mod examples;
mod failures;
mod faults;
mod inputs;
mod interrupts;
mod lifecycle;
mod orphans;
mod output;
mod places;
mod records;
mod sandbox;
mod secrets;
mod selection;
mod space;
mod table;
mod tools;
mod trust;
mod unreadable;
