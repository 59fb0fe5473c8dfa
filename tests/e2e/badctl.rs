//! A `ctl` that cannot be run, dies, prints without end or leaves processes; and clocks that do not go forward.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use crate::sandbox::{CTL, Sandbox};

#[test]
fn a_ctl_that_cannot_be_run_says_why() {
    for (ctl, why, help) in [
        (
            "#!/no/such/interpreter\n",
            "its interpreter `/no/such/interpreter` does not exist",
            "correct its first line, as in `#!/usr/bin/env bash`, or install the interpreter",
        ),
        (
            "#!/bin/sh\r\necho hi\r\n",
            "its lines end as on Windows (CR LF), so that its interpreter is not found",
            "save it with LF line ends",
        ),
        (
            "#!\necho hi\n",
            "its first line `#!` names no interpreter",
            "begin it with a line such as `#!/usr/bin/env bash`",
        ),
        (
            "echo hi\n",
            "it is neither a program of this machine nor a script with a `#!` line",
            "begin it with a line such as `#!/bin/sh`",
        ),
        (
            "\u{feff}#!/bin/sh\necho hi\n",
            "a byte order mark stands before its `#!` line",
            "save it without one",
        ),
        (
            "#!/etc/passwd\n",
            "its interpreter `/etc/passwd` is not executable",
            "correct its first line, as in `#!/usr/bin/env bash`",
        ),
    ] {
        let sandbox = Sandbox::with_dag(&[("odd", ""), ("after", "odd"), ("other", "")]);
        sandbox.ctl("odd", ctl);
        let ran = sandbox.run(&["apply", "-j1"]).exits(1);
        let program = sandbox.path("dep/genfiles/odd/ctl");
        let message = format!("cannot run `{}`: {why}", program.display());
        ran.says(&format!(": {message}\n"))
            .says("odd: up failed after ")
            .says(&format!("    help: {help}\n"))
            .says("after: blocked by odd\n");
        assert_eq!(sandbox.calls(), ["other up"], "{ctl}");
        let ran = sandbox.run(&["plan"]).exits(0);
        assert!(
            ran.stdout
                .contains(&format!("odd    stale: last up failed ({message})")),
            "{ran:?}"
        );
        // It never ran, which betterform does not take for granted.
        sandbox.ctl("odd", CTL);
        sandbox.run(&["apply", "-j1"]).exits(0);
        assert_eq!(sandbox.calls(), ["odd up", "after up"], "{ctl}");
    }
}

#[test]
fn an_empty_ctl_is_told() {
    let sandbox = Sandbox::with_dag(&[("odd", "")]);
    sandbox.ctl("odd", "");
    for command in ["plan", "apply"] {
        let ran = sandbox.run(&[command]).exits(1);
        ran.says("`odd/ctl` is not stamped: it is left out, or nothing but white space\n")
            .says("help: write `odd/ctl`, an executable that takes `up` and `down`\n");
    }
    sandbox.run(&["status"]).exits(0).says("odd  -  never up");
}

#[test]
fn a_ctl_that_a_signal_kills_failed_whatever_the_signal() {
    for (signal, number) in [("KILL", 9), ("SEGV", 11), ("TERM", 15), ("PIPE", 13)] {
        let sandbox = Sandbox::with_dag(&[("victim", ""), ("after", "victim")]);
        sandbox.ctl(
            "victim",
            &format!("{CTL}[ $1 = down ] || kill -{signal} $$\n"),
        );
        let ran = sandbox.run(&["apply"]).exits(1);
        assert!(
            ran.stderr.contains(&format!(": signal {number}\n")),
            "{ran:?}"
        );
        ran.says("victim: up failed after ")
            .says("after: blocked by victim");
        sandbox
            .run(&["status", "victim"])
            .exits(0)
            .says(&format!("signal {number}"));
        sandbox.calls();
        sandbox.run(&["down", "--yes"]).exits(0);
        assert_eq!(sandbox.calls(), ["victim down"]);
    }
}

#[test]
fn a_ctl_down_that_a_signal_kills_leaves_its_stage_to_be_taken_down() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("victim", "net")]);
    sandbox.ctl(
        "victim",
        &format!("{CTL}[ $1 = up ] || [ -e \"$OUTPUT_DIR/../mended\" ] || kill -9 $$\n"),
    );
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox
        .run(&["down", "--yes"])
        .exits(1)
        .says("victim: down failed after ")
        .says("net: blocked by victim");
    sandbox
        .run(&["status", "victim"])
        .exits(0)
        .says("stop-failed");
    sandbox.file("dep/mended", "");
    sandbox.calls();
    sandbox.run(&["down", "--yes", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["victim down", "net down"]);
}

#[test]
fn a_child_that_holds_the_output_open_is_left_alone_after_a_second() {
    let sandbox = Sandbox::with_dag(&[("daemon", ""), ("next", "daemon")]);
    sandbox.ctl(
        "daemon",
        &format!("{CTL}echo before\n(sleep 4; echo too late; sleep 30) &\necho $! > \"$OUTPUT_DIR/../pid\"\n"),
    );
    let start = Instant::now();
    let ran = sandbox.run(&["apply"]).exits(0);
    let took = start.elapsed();
    assert!(took > Duration::from_millis(900), "{took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    ran.says("warning: daemon: a process that it left holds its output open; its further output is not shown\n")
        .says("help: let background processes close their output, as in `server >/dev/null 2>&1 &`\n")
        .says("[daemon] before\n")
        .never_says("too late");
    let pid = sandbox.read("dep/pid");
    let alive = fs::metadata(format!("/proc/{}", pid.trim())).is_ok();
    let _ = std::process::Command::new("kill").arg(pid.trim()).status();
    assert!(alive, "what a successful `ctl up` left was ended");
    assert_eq!(sandbox.calls(), ["daemon up", "next up"]);
    sandbox.run(&["plan", "--detailed-exitcode"]).exits(0);
}

/// The most memory that a process had, in KiB, asked for until it ends.
fn peak(child: &mut std::process::Child) -> u64 {
    let mut peak = 0;
    let path = format!("/proc/{}/status", child.id());
    while child.try_wait().expect("waited").is_none() {
        let status = fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(now.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    peak
}

#[test]
fn a_hundred_megabytes_without_a_newline_do_not_fill_the_memory() {
    const SIZE: u64 = 100_000_000;
    for how in [
        &["--output", "prefix"][..],
        &["--output", "group"],
        &["--output", "quiet"],
        &["--json"],
    ] {
        let sandbox = Sandbox::with_dag(&[("loud", ""), ("next", "loud")]);
        sandbox.ctl(
            "loud",
            &format!("{CTL}head -c {SIZE} /dev/zero | tr '\\0' x\n"),
        );
        let mut command = sandbox.command(&[&["apply"], how].concat());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("betterform starts");
        let peak = peak(&mut child);
        assert!(child.wait().expect("it ends").success(), "{how:?}");
        println!("{how:?}: {peak} KiB");
        assert!(peak > 1024 && peak < 64 * 1024, "{how:?}: {peak} KiB");
        let log = walkdir::WalkDir::new(sandbox.path("dep/.betterform/genfiles/logs"));
        let log = log
            .into_iter()
            .flatten()
            .find(|entry| entry.file_name() == "loud.up.log");
        let size = log
            .and_then(|entry| entry.metadata().ok())
            .map(|found| found.len());
        assert_eq!(size, Some(SIZE), "{how:?}");
        assert_eq!(sandbox.calls(), ["loud up", "next up"]);
    }
}

#[test]
fn a_hundred_megabytes_and_a_failure_are_repeated_in_a_few_lines() {
    let sandbox = Sandbox::with_dag(&[("loud", "")]);
    sandbox.ctl(
        "loud",
        &format!("{CTL}head -c 100000000 /dev/zero | tr '\\0' x\nexit 3\n"),
    );
    let ran = sandbox.run(&["apply", "--output", "quiet"]).exits(1);
    assert!(ran.stderr.len() < 10_000, "{} bytes", ran.stderr.len());
    ran.says("exit 3");
}

/// Opens the state as another program would.
fn state(sandbox: &Sandbox) -> rusqlite::Connection {
    rusqlite::Connection::open(sandbox.path("dep/.betterform/genfiles/state.db")).expect("a state")
}

#[test]
fn records_from_the_future_are_as_good_as_others() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net")]);
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.calls();
    // The clock was ten years ahead then.
    let ahead = "10 * 365 * 86400000";
    let state = state(&sandbox);
    for (table, column) in [
        ("stage", "started_ms"),
        ("stage", "ended_ms"),
        ("stage", "up_since_ms"),
        ("attempt", "started_ms"),
        ("run", "started_ms"),
    ] {
        let changed = state
            .execute(
                &format!("UPDATE {table} SET {column} = {column} + {ahead}"),
                [],
            )
            .unwrap_or_else(|error| panic!("{table}.{column}: {error}"));
        assert!(changed > 0, "{table}.{column}");
    }
    drop(state);
    sandbox.run(&["plan", "--detailed-exitcode"]).exits(0);
    sandbox.run(&["status"]).exits(0).says("net  up  since 203");
    sandbox.run(&["apply"]).exits(0).says("Nothing to do");
    sandbox.file("lib/net/new", "new\n");
    sandbox.run(&["apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up"]);
    let shown = sandbox.run(&["state", "show", "net"]).exits(0).stdout;
    assert!(shown.contains("Attempts, latest first:"), "{shown}");
    sandbox.run(&["logs", "net"]).exits(0);
    sandbox.run(&["down", "--yes", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["app down", "net down"]);
}

#[test]
fn a_clock_that_jumped_back_between_two_stages_does_not_turn_their_order() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("db", "net"), ("app", "db")]);
    sandbox.run(&["apply", "-j1"]).exits(0);
    sandbox.calls();
    let state = state(&sandbox);
    state
        .execute("UPDATE stage SET started_ms = 1000000000000 - id", [])
        .expect("changed");
    drop(state);
    sandbox.run(&["down", "--yes", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["app down", "db down", "net down"]);
}

#[test]
fn the_run_that_comes_last_is_the_last_whatever_the_clock_said() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.ctl("net", &format!("{CTL}cat conf\n"));
    sandbox.file("lib/net/conf", "first\n");
    sandbox.run(&["apply"]).exits(0);
    let state = state(&sandbox);
    for sql in [
        "UPDATE attempt SET started_ms = started_ms + 86400000",
        "UPDATE run SET started_ms = started_ms + 86400000",
        "UPDATE stage SET started_ms = started_ms + 86400000",
    ] {
        state.execute(sql, []).expect("changed");
    }
    drop(state);
    sandbox.file("lib/net/conf", "second\n");
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(sandbox.run(&["logs", "net"]).exits(0).stdout, "second\n");
    let shown = sandbox
        .run(&["state", "show", "net", "--json"])
        .exits(0)
        .json();
    let attempts = shown["attempts"].as_array().expect("attempts");
    assert_eq!(attempts[0]["run"], shown["record"]["run"], "{shown}");
}

/// Sets a file's time of modification.
fn touch(sandbox: &Sandbox, path: &str, time: SystemTime) {
    let file = fs::File::options()
        .append(true)
        .open(sandbox.path(path))
        .expect(path);
    file.set_modified(time).expect("a time");
}

#[test]
fn a_change_is_seen_whatever_the_time_of_the_file_says() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.file("lib/net/conf", "one\n");
    let now = SystemTime::now();
    let year = Duration::from_secs(365 * 86400);
    for (number, time) in [now + year, now - year, now - year, SystemTime::UNIX_EPOCH]
        .into_iter()
        .enumerate()
    {
        // The same size each time, and at the third the same time as before.
        sandbox.file("lib/net/conf", &format!("{number:03}\n"));
        touch(&sandbox, "lib/net/conf", time);
        sandbox.run(&["apply"]).exits(0);
        assert_eq!(sandbox.calls(), ["net up"], "{number}");
        assert_eq!(
            sandbox.read("dep/genfiles/net/conf"),
            format!("{number:03}\n")
        );
        // Nothing changes, and the cache knows the file by now if it may.
        for _ in 0..2 {
            sandbox.run(&["apply"]).exits(0).says("Nothing to do");
        }
        std::thread::sleep(Duration::from_millis(60));
        sandbox.run(&["apply"]).exits(0).says("Nothing to do");
    }
    // Times alone change nothing.
    touch(&sandbox, "lib/net/conf", now + year);
    touch(&sandbox, "dep/genfiles/net/conf", now + year);
    touch(&sandbox, "lib/betterform_dag.mk", SystemTime::UNIX_EPOCH);
    touch(&sandbox, "dep/.betterform/genfiles/state.db", now + year);
    sandbox.run(&["apply"]).exits(0).says("Nothing to do");
    assert!(sandbox.calls().is_empty());
}

#[test]
fn an_output_that_was_edited_back_in_time_makes_its_owner_run() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.ctl(
        "net",
        &format!("{CTL}mkdir -p \"$OUTPUT_DIR/net\"; echo good > \"$OUTPUT_DIR/net/o\"\n"),
    );
    sandbox.run(&["apply"]).exits(0);
    std::thread::sleep(Duration::from_millis(60));
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    let path = sandbox.path("dep/output/net/o");
    let before = path
        .metadata()
        .and_then(|found| found.modified())
        .expect("a time");
    sandbox.file("dep/output/net/o", "evil\n");
    touch(&sandbox, "dep/output/net/o", before);
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up"]);
    assert_eq!(sandbox.read("dep/output/net/o"), "good\n");
}
