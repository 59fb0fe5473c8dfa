//! How much work a jq program may do before it is left to gomplate: programs may run for ever, and values may grow without end.
//! Knows neither the programs nor the values.

use std::cell::Cell;

/// Steps of one program; each loop, each value that is made, and each of its elements is one.
const STEPS: u64 = 1_000_000;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(0) };
    static WHY: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Runs a program, and says why its result does not count, if it does not.
pub(super) fn within<T>(run: impl FnOnce() -> T) -> (T, Option<&'static str>) {
    LEFT.set(STEPS);
    WHY.set(None);
    let result = run();
    (result, WHY.take())
}

/// Counts steps; false when there are none left, or when the program was given up.
pub(super) fn charge(steps: usize) -> bool {
    let steps = u64::try_from(steps).unwrap_or(u64::MAX);
    match LEFT.get().checked_sub(steps) {
        Some(left) => LEFT.set(left),
        None => give_up("more work than is done for a query here"),
    }
    !is_over()
}

/// The program does what may differ from gomplate: nothing that it still does counts.
pub(super) fn give_up(why: &'static str) {
    LEFT.set(0);
    if !is_over() {
        WHY.set(Some(why));
    }
}

/// Whether the program was given up, for whatever reason.
pub(super) fn is_over() -> bool {
    let why = WHY.take();
    WHY.set(why);
    why.is_some()
}
