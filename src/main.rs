//! The `betterform` program.

fn main() {}
