//! What is made of make's output, of which some cannot be had from every version.

use std::os::unix::process::ExitStatusExt as _;

use super::*;

const FILE: &str = "/lib/betterform_dag.mk";
const DONE: &str = "after.mk:1: *** M:doneM:/usr/includeM:M:.  Stop.\n";

/// How make ended, by what it printed; `M:` is the mark, `/t/after.mk` the last makefile.
fn end(stdout: &str, stderr: &str) -> End {
    let nowhere = Path::new("/no/such/place");
    let mut reader = Reader::new("M:".to_owned(), Path::new(FILE), nowhere, nowhere);
    reader.read_stdout(stdout.as_bytes(), Path::new("/t/after.mk"));
    reader.read_stderr(stderr.as_bytes());
    reader.finish(ExitStatus::from_raw(11)).end
}

#[test]
fn reports_that_may_have_got_lost_are_errors() {
    let read = "Reading makefile '/t/after.mk'...\n";
    let call = format!("{FILE}:1: M:\n{FILE}:1: M:define_stageM:aM:bM:M:\n");
    for (stdout, stderr, expected) in [
        (read, format!("{call}{DONE}"), "Done"),
        // As make 3.81 quotes.
        (
            "Reading makefile `/t/after.mk'...\n",
            DONE.to_owned(),
            "Done",
        ),
        (
            "",
            DONE.to_owned(),
            "Failed(\"the file changes `MAKEFLAGS` so that",
        ),
        (
            read,
            format!("{FILE}:1: M:\n{call}{DONE}"),
            "Failed(\"something that it started in the background wrote",
        ),
        (
            read,
            DONE.replace("M:M:", "M:dag_deps M:"),
            "Failed(\"the file defines `dag_deps` itself",
        ),
        (read, call, "Failed(\"it ended early (signal: 11 (SIGSEGV)"),
    ] {
        let told = format!("{:?}", end(stdout, &stderr));
        assert!(told.starts_with(expected), "{told}\n{expected}");
    }
}

#[test]
fn included_files_are_told_in_the_quotes_of_every_version() {
    let last = "Reading makefile '/t/after.mk'...\n";
    for (line, expected) in [
        (
            "Reading makefile 'gone.mk' (search path) (no ~ expansion)...",
            "Missing([\"gone.mk\"])",
        ),
        (
            "Reading makefile `gone.mk' (search path) (no ~ expansion)...",
            "Missing([\"gone.mk\"])",
        ),
        (
            "Reading makefile 'gone.mk' (search path) (don't care) (no ~ expansion)...",
            "Done",
        ),
        ("Reading makefile '/lib/betterform_dag.mk'...", "Done"),
    ] {
        let told = format!("{:?}", end(&format!("{line}\n{last}"), DONE));
        assert_eq!(told, expected, "{line}");
    }
}
