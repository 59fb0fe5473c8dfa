//! Tests with real processes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::TempDir;

use super::*;

/// A directory with a script.
struct Place {
    directory: TempDir,
    environment: Environment,
    timeout: Option<Duration>,
    grace: Duration,
}

impl Place {
    fn new(script: &str) -> Self {
        let place = Self {
            directory: tempfile::tempdir().unwrap(),
            environment: Environment::inherited(),
            timeout: None,
            grace: Duration::from_secs(60),
        };
        place.write("ctl", script.as_bytes(), 0o755);
        place
    }

    fn sh(script: &str) -> Self {
        Self::new(&format!("#!/bin/sh\n{script}\n"))
    }

    /// The shell does not say that what it waits for was ended.
    fn silent_sh(script: &str) -> Self {
        Self::sh(&format!("exec 2>/dev/null\n{script}"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    #[expect(clippy::disallowed_methods, reason = "a script for a test")]
    fn write(&self, name: &str, text: &[u8], mode: u32) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn call(&self) -> Call<'_> {
        Call {
            program: "./ctl".into(),
            args: vec!["up".into()],
            cwd: self.directory.path().to_owned(),
            environment: self.environment.clone(),
            inherit: Vec::new(),
            terminal: false,
            timeout: self.timeout,
            grace: self.grace,
        }
    }

    fn run(&self, stop: &Stop) -> (Ended, String) {
        let mut output = Vec::new();
        let ended = run(&self.call(), stop, &mut |chunk| {
            output.extend_from_slice(chunk);
        })
        .unwrap();
        (ended, String::from_utf8(output).unwrap())
    }

    /// Runs it, and asks it to stop with these signals, each once the file of its number is there: `0`, `1`, `2`.
    fn run_and_stop(&self, signals: &[i32]) -> (Ended, String) {
        let stop = Stop::new().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                for (number, signal) in signals.iter().enumerate() {
                    self.await_file(&number.to_string());
                    stop.ask(*signal);
                }
            });
            self.run(&stop)
        })
    }

    fn await_file(&self, name: &str) {
        let start = Instant::now();
        while !self.path(name).exists() {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "`{name}` never came"
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The process whose number the script wrote to a file.
    fn pid(&self, name: &str) -> String {
        fs::read_to_string(self.path(name))
            .unwrap()
            .trim()
            .to_owned()
    }

    fn error(&self) -> String {
        let stop = Stop::new().unwrap();
        run(&self.call(), &stop, &mut |_| {})
            .unwrap_err()
            .to_string()
    }
}

fn never() -> Stop {
    Stop::new().unwrap()
}

/// Whether a process lives, and is not merely waiting to be reaped.
fn lives(pid: &str) -> bool {
    assert!(!pid.is_empty());
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z"))
}

#[test]
fn both_streams_keep_their_order_and_there_is_nothing_to_read() {
    let place =
        Place::sh("cat; for i in 1 2 3 4 5; do echo out $i $1; echo err $i >&2; done; exit 7");
    let (ended, output) = place.run(&never());
    assert_eq!(ended.ending, Ending::Exited(7));
    assert!(!ended.held_open);
    let expected: String = (1..=5).map(|i| format!("out {i} up\nerr {i}\n")).collect();
    assert_eq!(output, expected);
}

#[test]
fn a_signal_from_elsewhere_is_told() {
    let place = Place::sh("kill -9 $$");
    assert_eq!(place.run(&never()).0.ending, Ending::Signalled(9));
}

#[test]
fn much_output_without_a_newline_comes_in_small_pieces() {
    let place = Place::sh("head -c 100000000 /dev/zero");
    let (mut all, mut largest) = (0, 0);
    let ended = run(&place.call(), &never(), &mut |chunk| {
        all += chunk.len();
        largest = largest.max(chunk.len());
    });
    assert_eq!(ended.unwrap().ending, Ending::Exited(0));
    assert_eq!(all, 100_000_000);
    assert!(largest <= 64 * 1024);
}

#[test]
fn a_daemon_of_a_success_is_left_alone_and_its_hold_on_the_output_told() {
    for (redirect, held_open) in [("", true), (">/dev/null 2>&1", false)] {
        let place = Place::sh(&format!("sleep 60 {redirect} & echo $! > pid; echo done"));
        let start = Instant::now();
        let (ended, output) = place.run(&never());
        assert_eq!(
            (ended.ending, ended.held_open),
            (Ending::Exited(0), held_open)
        );
        assert_eq!(output, "done\n");
        assert!(start.elapsed() < Duration::from_secs(20));
        let pid = place.pid("pid");
        assert!(lives(&pid));
        let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }
}

#[test]
fn what_a_failure_leaves_is_ended_even_if_it_ignores_sigterm() {
    for ignore in ["", "trap '' TERM; "] {
        let place = Place::sh(&format!(
            "({ignore}sleep 60) >/dev/null 2>&1 & echo $! > pid; sleep 0.2; exit 3"
        ));
        let (ended, _) = place.run(&never());
        assert_eq!(ended.ending, Ending::Exited(3));
        assert!(!lives(&place.pid("pid")), "{ignore}");
    }
}

#[test]
fn the_last_words_of_a_failure_are_heard() {
    // As with `exec > >(tee log)`: the shell ends before what passes its output on.
    let place = Place::sh("(sleep 0.3; echo last words) & exit 3");
    assert_eq!(place.run(&never()).1, "last words\n");
}

#[test]
fn a_process_that_runs_too_long_is_asked_to_end_with_all_that_it_started() {
    let mut place = Place::sh("sleep 60 & echo $! > pid; wait");
    place.timeout = Some(Duration::from_millis(300));
    let (ended, _) = place.run(&never());
    assert_eq!(ended.ending, Ending::TimedOut);
    assert!(!lives(&place.pid("pid")));
}

#[test]
fn one_that_does_not_end_in_its_grace_is_killed() {
    let mut place =
        Place::silent_sh("trap 'echo asked' TERM; echo $$ > pid; while :; do sleep 0.05; done");
    place.timeout = Some(Duration::from_millis(300));
    place.grace = Duration::from_millis(700);
    let start = Instant::now();
    let (ended, output) = place.run(&never());
    assert_eq!(ended.ending, Ending::TimedOut);
    assert_eq!(output, "asked\n");
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert!(!lives(&place.pid("pid")));
}

#[test]
fn the_users_own_signal_comes_first_and_once() {
    for (signal, name) in [(2, "INT"), (15, "TERM"), (1, "HUP")] {
        let place = Place::silent_sh(&format!(
            "trap 'echo {name}; sleep 0.3; exit 0' {name}; touch 0; while :; do sleep 0.05; done"
        ));
        let (ended, output) = place.run_and_stop(&[signal]);
        // It says that it succeeded, but it was asked to end: nobody knows.
        assert_eq!(ended.ending, Ending::Interrupted);
        assert_eq!(output, format!("{name}\n"));
    }
}

#[test]
fn a_second_wish_to_stop_is_sigterm_and_a_third_sigkill() {
    let place = Place::silent_sh(
        "trap 'echo INT; touch 1' INT; trap 'echo TERM; touch 2' TERM; touch 0; while :; do sleep 0.05; done",
    );
    let start = Instant::now();
    let (ended, output) = place.run_and_stop(&[2, 2, 2]);
    assert_eq!(ended.ending, Ending::Interrupted);
    assert_eq!(output, "INT\nTERM\n");
    assert!(start.elapsed() < place.grace);
}

#[test]
fn a_tool_may_save_its_state_after_its_shell_died() {
    // SIGTERM ends a shell at once; what it started ends in its own time and gets no second signal.
    let place = Place::silent_sh(
        "sh -c 'trap \"echo saving; sleep 2.5; echo saved; exit 0\" TERM; touch 0; while :; do sleep 0.05; done' & wait",
    );
    let (ended, output) = place.run_and_stop(&[15]);
    assert_eq!(ended.ending, Ending::Interrupted);
    assert_eq!(output, "saving\nsaved\n");
}

#[test]
fn background_jobs_which_ignore_ctrl_c_do_not_use_up_the_grace() {
    let place = Place::sh("sleep 60 & echo $! > pid; touch 0; while :; do sleep 0.05; done");
    let start = Instant::now();
    let (ended, _) = place.run_and_stop(&[2]);
    assert_eq!(ended.ending, Ending::Interrupted);
    assert!(!lives(&place.pid("pid")));
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn nothing_is_started_after_the_wish_to_stop() {
    let place = Place::sh("touch started");
    let stop = never();
    stop.ask(2);
    assert_eq!(place.run(&stop).0.ending, Ending::Interrupted);
    assert!(!place.path("started").exists());
}

#[test]
fn a_process_inherits_the_file_that_is_meant_for_it() {
    let place = Place::sh("ls -l /proc/self/fd | grep -c locked");
    let file = fs::File::create(place.path("locked")).unwrap();
    let mut call = place.call();
    call.inherit = vec![std::os::fd::AsFd::as_fd(&file)];
    let mut output = Vec::new();
    run(&call, &never(), &mut |chunk| {
        output.extend_from_slice(chunk);
    })
    .unwrap();
    assert_eq!(output, b"1\n");
}

#[test]
fn what_cannot_be_started_is_explained() {
    let cases: [(&[u8], u32, &str); 9] = [
        (
            b"#!/nonexistent/sh -e\n",
            0o755,
            "cannot run `./ctl`: its interpreter `/nonexistent/sh` does not exist\nhelp: correct its first line, as in \
             `#!/usr/bin/env bash`, or install the interpreter",
        ),
        (
            b"#!/bin/sh\r\necho\r\n",
            0o755,
            "cannot run `./ctl`: its lines end as on Windows (CR LF), so that its interpreter is not found\nhelp: save it with LF \
             line ends",
        ),
        (
            b"echo hello\n",
            0o755,
            "cannot run `./ctl`: it is neither a program of this machine nor a script with a `#!` line\nhelp: begin it with a \
             line such as `#!/bin/sh`",
        ),
        (
            b"",
            0o755,
            "cannot run `./ctl`: it is empty\nhelp: begin it with a line such as `#!/usr/bin/env bash`",
        ),
        (
            b"\xef\xbb\xbf#!/bin/sh\n",
            0o755,
            "cannot run `./ctl`: a byte order mark stands before its `#!` line\nhelp: save it without one",
        ),
        (
            b"\x7fELF\x01\x01\x01",
            0o755,
            "cannot run `./ctl`: it is a program for another kind of machine",
        ),
        (
            b"#!\n",
            0o755,
            "cannot run `./ctl`: its first line `#!` names no interpreter\nhelp: begin it with a line such as \
             `#!/usr/bin/env bash`",
        ),
        (
            b"#!/bin/sh\n",
            0o644,
            "cannot run `./ctl`: it is not executable\nhelp: make it so where it comes from: `chmod +x`, in the library",
        ),
        (
            b"#!/etc/passwd\n",
            0o755,
            "cannot run `./ctl`: its interpreter `/etc/passwd` is not executable\nhelp: correct its first line, as in \
             `#!/usr/bin/env bash`",
        ),
    ];
    for (text, mode, expected) in cases {
        let place = Place::new("");
        place.write("ctl", text, mode);
        assert_eq!(place.error(), expected);
    }
}

#[test]
fn a_missing_program_and_a_missing_directory_are_told_apart() {
    let place = Place::sh("");
    fs::remove_file(place.path("ctl")).unwrap();
    assert_eq!(
        place.error(),
        "cannot run `./ctl`: No such file or directory (os error 2)"
    );
    fs::create_dir(place.path("ctl")).unwrap();
    assert_eq!(place.error(), "cannot run `./ctl`: it is a directory");
    let mut call = place.call();
    call.program = "no-such-program-anywhere".into();
    let error = run(&call, &never(), &mut |_| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot run `no-such-program-anywhere`: there is no such program on `PATH`"
    );
    call.cwd = place.path("gone");
    let error = run(&call, &never(), &mut |_| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot run `no-such-program-anywhere`: there is no directory `{}` to run it in",
            place.path("gone").display()
        )
    );
}

#[test]
fn an_environment_that_is_too_large_is_explained_without_its_values() {
    let mut place = Place::sh("");
    place.environment = [
        ("SMALL", "1".to_owned()),
        ("LARGE", "secret".repeat(40_000)),
    ]
    .map(|(name, value)| (name.into(), value.into()))
    .into_iter()
    .collect();
    assert_eq!(
        place.error(),
        "cannot run `./ctl`: its arguments and its environment (240015 bytes) are more than the system allows\nhelp: the largest \
         variable is `LARGE` (240007 bytes): put what it holds in a file"
    );
}

#[test]
fn a_betterform_inside_has_less_grace() {
    let environment = |ms: &str| {
        [(GRACE.into(), ms.into())]
            .into_iter()
            .collect::<Environment>()
    };
    let seconds = Duration::from_secs;
    assert_eq!(grace(seconds(300), &Environment::default()), seconds(300));
    assert_eq!(grace(seconds(300), &environment("295000")), seconds(295));
    assert_eq!(grace(seconds(10), &environment("295000")), seconds(10));
    assert_eq!(grace(seconds(10), &environment("soon")), seconds(10));
    assert_eq!(nested_grace(seconds(300)), seconds(295));
    assert_eq!(nested_grace(seconds(4)), seconds(2));
}

#[test]
fn sleep_ends_with_the_wish_to_stop() {
    let stop = never();
    assert!(!sleep(Duration::from_millis(20), &stop));
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(50));
            stop.ask(2);
        });
        assert!(sleep(Duration::from_secs(60), &stop));
    });
}
