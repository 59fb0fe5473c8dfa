//! How much one function may make or look at. What is more is left to gomplate: it has the memory and the time, or not.

use crate::template::gomplate::handover;

/// The longest text that a function makes, in bytes.
pub(super) const LONG: usize = 1 << 24;

/// The longest list that a function makes of a text.
pub(super) const MANY: usize = 1 << 20;

/// How deep containers are looked into; deeper ones may contain themselves.
pub(super) const DEPTH: usize = 100;

/// How many values a function looks at. Containers may share their parts, so that there are far more of them than in memory.
pub(super) const VALUES: usize = 1 << 18;

/// Hands over a text of so many bytes if it is too long.
pub(super) fn short(length: usize) -> Result<(), String> {
    if length > LONG {
        return handover("a very long text");
    }
    Ok(())
}

/// Hands over a list of so many parts of a text if they are too many.
pub(super) fn few(count: usize) -> Result<(), String> {
    if count > MANY {
        return handover("a text of very many parts");
    }
    Ok(())
}

/// One level deeper into a value, from a depth that counts down, with so many values left to look at.
pub(super) fn deeper(depth: usize, left: &mut usize) -> Result<usize, String> {
    let Some(rest) = left.checked_sub(1) else {
        return handover("very large values");
    };
    *left = rest;
    depth
        .checked_sub(1)
        .map_or_else(|| handover("very deep values"), Ok)
}
