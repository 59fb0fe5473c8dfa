//! The `betterform` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(betterform::run(std::env::args_os().collect()))
}
