//! The state: real SQLite files, real processes that are killed, and a model to check them against.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test panics where something is wrong, and children print what their parents check"
)]

mod concurrency;
mod damage;
mod early;
mod edits;
mod kill;
mod measure;
mod model;
mod place;
mod records;
mod support;
