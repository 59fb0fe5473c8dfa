//! Random graphs, random edits, random failures and moves: `plan`, `apply` and `down` against an oracle that shares no code
//! with betterform. The oracle runs every `ctl` from scratch, by hand, and compares what they do.
//!
//! `BETTERFORM_CASES=200 cargo test --test properties` looks at more of them.

#![expect(
    clippy::disallowed_methods,
    reason = "tests start processes and write files as users do"
)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    clippy::struct_excessive_bools,
    clippy::enum_variant_names,
    clippy::wrong_self_convention,
    clippy::items_after_statements,
    unreachable_pub,
    reason = "this is all test code, in modules of its own"
)]

#[path = "../e2e/sandbox.rs"]
#[expect(dead_code, reason = "shared with the end-to-end tests")]
mod sandbox;

mod edits;
mod oracle;
mod world;

use proptest::test_runner::{Config, TestRunner};

#[test]
fn apply_runs_exactly_what_needs_to_run() {
    let cases = std::env::var("BETTERFORM_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(24);
    let config = Config {
        cases,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let strategy = (world::worlds(), edits::edits());
    if let Err(error) = runner.run(&strategy, |(world, edits)| {
        oracle::follow(world, &edits);
        Ok(())
    }) {
        panic!("{error}");
    }
}
