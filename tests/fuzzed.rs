//! The areas that `fuzz/` runs without end, each with a bounded number of random inputs, and with all that was ever found.
//! `fuzz/README.md` says how to run one for longer.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

#[allow(unreachable_pub, reason = "the fuzz targets are other programs")]
#[path = "../fuzz/src/areas.rs"]
mod areas;
#[allow(unreachable_pub, reason = "the fuzz targets are other programs")]
#[path = "../fuzz/src/host.rs"]
mod host;

#[allow(unreachable_pub, reason = "the fuzz targets are other programs")]
#[path = "../fuzz/src/seeds.rs"]
mod seeds;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

/// What no input may take; without optimisation, three times as long.
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 3 } else { 1 });

/// Inputs of each area, unless `PROPTEST_CASES` says so.
const CASES: u32 = 400;

/// Words of templates, data, expressions and layouts.
const WORDS: &[&str] = &[
    "{{",
    "}}",
    "{{- ",
    " -}}",
    "if ",
    "else ",
    "end",
    "range ",
    "with ",
    "define ",
    "template ",
    "\"t\"",
    "$x",
    ":=",
    "|",
    "(",
    ")",
    ".cfg",
    ".cfg.list",
    ".cfg.text",
    "printf ",
    "\"%[2]*.[1]*d\"",
    "toYAML",
    "toJSON",
    "json ",
    "index ",
    "nil",
    "strings.Repeat ",
    "1000000000",
    "-1",
    "0x1F",
    "1e308",
    "\n",
    "\t",
    "  ",
    ": ",
    "- ",
    "a",
    "é",
    "\u{0}",
    "\u{0}",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "`",
    "\\",
    "&a ",
    "*a",
    "<<: ",
    "|\n ",
    ">-\n",
    "#",
    "---\n",
    "[[a]]",
    "a = ",
    "2006-01-02",
    "T15:04:05",
    "Z07:00",
    "MST",
    "Jan",
    "_2",
    ".000",
    "24h",
    "1.5h",
    "-9223372036854775808",
    "(?i)",
    "(?P<n>a*)",
    "[a-z]+",
    "a{2,1000}",
    "^",
    "$",
    "\\pL",
    "$1",
    "${n}",
    "**",
    "?",
    "\r\n",
    "\u{feff}",
    "!!int ",
    "0",
    "1",
    "2",
    "j[1, \"a\", null]",
    "j{\"a\": 1}",
    "j-1.5",
];

/// What this thread has had of the processor: how long others had it is none of the input's doing.
#[cfg(target_os = "linux")]
fn spent() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};

    let usage = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
    let microseconds = [usage.user_time(), usage.system_time()]
        .iter()
        .map(|time| time.tv_sec() * 1_000_000 + time.tv_usec())
        .sum::<i64>();
    Duration::from_micros(u64::try_from(microseconds).unwrap())
}

/// Time that has passed, where there is no better measure.
#[cfg(not(target_os = "linux"))]
fn spent() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

/// Runs an area, and asserts that it ends soon; that it does not panic shows by itself.
fn within_the_limit(name: &str, area: areas::Area, input: &[u8]) {
    let start = spent();
    area(input);
    let taken = spent().saturating_sub(start);
    assert!(taken < LIMIT, "{name} took {taken:?} for {input:?}");
}

fn by_chance(name: &str) {
    let (_, area) = areas::ALL
        .into_iter()
        .find(|(known, _)| *known == name)
        .unwrap();
    // The first run makes what all use.
    area(b"");
    let words = vec(select(WORDS), 0..24).prop_map(|words| words.concat().into_bytes());
    let bytes = vec(any::<u8>(), 0..48);
    let starts = any::<[u8; 2]>();
    let input = (starts, prop_oneof![3 => words, 1 => bytes])
        .prop_map(|(start, rest)| [&start[..], &rest].concat());
    let mut config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    if config.cases == 256 {
        config.cases = CASES;
    }
    let ran = TestRunner::new(config).run(&input, |input| {
        // Where the first bytes choose something, and where they do not.
        within_the_limit(name, area, &input);
        within_the_limit(name, area, input.get(2..).unwrap_or_default());
        Ok(())
    });
    ran.unwrap();
}

#[test]
fn parse() {
    by_chance("parse");
}

#[test]
fn evaluate() {
    by_chance("evaluate");
}

#[test]
fn call() {
    by_chance("call");
}

#[test]
fn text() {
    by_chance("text");
}

#[test]
fn pattern() {
    by_chance("pattern");
}

#[test]
fn time() {
    by_chance("time");
}

/// What the fuzzer found, in files that begin with the name of their area.
#[test]
fn found() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzzed");
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let area = areas::ALL
            .into_iter()
            .find(|(area, _)| name.starts_with(area));
        let (area, run) = area.unwrap_or_else(|| panic!("`{name}` belongs to no area"));
        // The first run makes what all use.
        run(b"");
        within_the_limit(area, run, &std::fs::read(&path).unwrap());
    }
}

/// Writes a first corpus for the fuzz targets, if `BETTERFORM_SEEDS` says where.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the documented command is told by a variable"
)]
fn seeds() {
    if let Some(place) = std::env::var_os("BETTERFORM_SEEDS") {
        seeds::write(std::path::Path::new(&place)).unwrap();
    }
}
