//! betterform, make and ninja side by side on the same library: prints a Markdown table. Knows nothing of how any works.
//!
//! `cargo bench --bench side_by_side -- 1000 10000` measures libraries of these sizes. Options: `--repeat N` (odd, default
//! 3), `--jobs N` (default: the number of processors), `--seed N`, `--in DIR` (where to work; it is kept), `--betterform
//! PROGRAM` (another build than this one).
//!
//! Every figure is that of one command, which a small process of its own starts and waits for. The tools take turns, so
//! that a slow minute of the machine falls on all of them.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own, which starts others, writes files and prints what it measured"
)]

mod library;
mod measure;
mod options;
mod table;
mod tools;
mod trace;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::library::Library;
use crate::measure::Figure;
use crate::options::Options;
use crate::table::Row;
use crate::tools::Tool;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let done = if arguments
        .next_if(|first| first == measure::AS_CHILD)
        .is_some()
    {
        measure::child(arguments)
    } else {
        Options::parse(arguments).and_then(|options| compare(&options))
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(options: &Options) -> Result<()> {
    let temporary = tempfile::Builder::new()
        .prefix("betterform-bench-")
        .tempdir()?;
    let root = options.place.as_deref().unwrap_or(temporary.path());
    println!("{}\n", table::machine(options)?);
    println!("{}", table::head(options.jobs));
    let mut traced = Vec::new();
    for &size in &options.sizes {
        let place = root.join(size.to_string());
        let library = Library::generate(size, options.seed);
        library.write(&place)?;
        let tools = tools::installed(&place, options)?;
        for row in measured(&tools, &library, &place, options.repeat)? {
            println!("{}", row.line(size));
        }
        traced.push((size, trace::opened_templates(&tools, &place)?));
    }
    println!();
    for (size, opened) in traced {
        println!("{}", trace::sentence(size, opened));
    }
    Ok(())
}

/// Runs everything for one library: cold runs in turn, then runs that have nothing to do in turn.
fn measured(tools: &[Tool], library: &Library, place: &Path, repeat: usize) -> Result<Vec<Row>> {
    let mut cold = Row::new("cold `apply`", tools);
    for turn in 1..=repeat {
        for (index, tool) in tools.iter().enumerate() {
            eprintln!(
                "{} stages, cold, turn {turn} of {repeat}: {}",
                library.len(),
                tool.name
            );
            tool.reset(place)?;
            cold.add(index, measure::run(&tool.build, place)?);
            tool.check_built(library, place)?;
        }
    }
    let mut rows = vec![cold];
    let betterform = tools::BETTERFORM;
    for tool in tools {
        // The first run with nothing to do may still fill caches; it is not counted, and shows that nothing is to be done.
        measure::run(&tool.build, place)?;
        measure::run(&tool.confirm, place)
            .map_err(|error| format!("{} has something to do after all: {error}", tool.name))?;
    }
    let (mut apply, mut plan) = (
        Row::new("no-op `apply`", tools),
        Row::new("no-op `plan`", tools),
    );
    for turn in 1..=repeat {
        eprintln!(
            "{} stages, nothing to do, turn {turn} of {repeat}",
            library.len()
        );
        for (index, tool) in tools.iter().enumerate() {
            let figure: Figure = measure::run(&tool.build, place)?;
            apply.add(index, figure);
            if index == betterform {
                plan.add(index, measure::run(&tool.confirm, place)?);
            } else {
                plan.add(index, figure);
            }
        }
    }
    rows.extend([apply, plan]);
    fs::remove_file(place.join(measure::LOG))?;
    Ok(rows)
}
