//! Killed at any moment, the state says what was acknowledged last, or what was just being recorded; nothing else.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use betterform::core::stage::Status;
use betterform::state::{Access, Note, Store};

use crate::support::*;

/// What is recorded of the stage after each acknowledgement of [`victim`]; it starts with a state that is not there.
const STATES: [Option<Status>; 8] = [
    None,
    None,
    Some(Status::Running),
    Some(Status::Up),
    Some(Status::Running),
    Some(Status::Failed),
    Some(Status::Stopping),
    Some(Status::Down),
];

#[test]
#[ignore = "run as a child"]
fn victim() {
    let mut store = Store::open(&path_of_child(), Access::Write).unwrap().store;
    acknowledge(1);
    let token = one(store.begin(vec![begin_up("a", &["b"])]).unwrap());
    acknowledge(2);
    store.commit(vec![(token, left("a"))]).unwrap();
    acknowledge(3);
    let token = one(store.begin(vec![begin_up("a", &["b"])]).unwrap());
    acknowledge(4);
    store.commit(vec![(token, failed(1))]).unwrap();
    acknowledge(5);
    let token = one(store.begin(vec![begin_down("a")]).unwrap());
    acknowledge(6);
    store.commit(vec![(token, down())]).unwrap();
    acknowledge(7);
    store.gc().unwrap();
    store.close().unwrap();
}

fn acknowledge(n: usize) {
    println!("\nacknowledged {n}");
    std::io::stdout().flush().unwrap();
}

/// How many of the child's steps were acknowledged before it died of `fault`, or ended.
fn acknowledged(scratch: &Scratch, fault: &str) -> (usize, bool) {
    let output = child_command(scratch, fault).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("acknowledged "));
    let killed = std::os::unix::process::ExitStatusExt::signal(&output.status) == Some(9);
    assert!(
        killed || output.status.success(),
        "{fault}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    (last.map_or(0, |n| n.parse().unwrap()), killed)
}

fn child_command(scratch: &Scratch, fault: &str) -> std::process::Command {
    let mut command = child("kill::victim", &scratch.path());
    command.env("BETTERFORM_FAULT", fault);
    command
}

fn recorded(scratch: &Scratch) -> Option<Status> {
    scratch.statuses().get("a").copied()
}

/// Reading changes nothing; the next writer has nothing to tell, sees the same, and can go on.
fn check(scratch: &Scratch, fault: &str, allowed: &[Option<Status>]) {
    let seen = recorded(scratch);
    assert!(
        allowed.contains(&seen),
        "{fault}: {seen:?}, not one of {allowed:?}"
    );
    assert_eq!(recorded(scratch), seen, "{fault}");
    let mut store = scratch.store();
    let records = store.records().unwrap();
    assert_eq!(
        records.get(&stage("a")).map(|recorded| recorded.status),
        seen,
        "{fault}"
    );
    bring_up(&mut store, "b", &[]);
    store.close().unwrap();
    assert_eq!(recorded(scratch), seen, "{fault}");
    assert_eq!(scratch.files(), [".gitignore", "state.db"], "{fault}");
}

#[test]
fn at_every_fault_point() {
    // The number of acknowledgements at which the child comes to a point, and whether its next state is durable then.
    let points = [
        ("state.migrate.before-commit", 0, false),
        ("state.migrate.after-commit", 0, false),
        ("state.create.before-rename", 0, false),
        ("state.create.after-rename", 0, false),
        ("state.enter.switched", 1, false),
        ("state.enter.marked", 1, false),
        ("state.enter.done", 1, false),
        ("state.begin.before-commit", 1, false),
        ("state.begin.after-commit", 1, true),
        ("state.commit.between", 2, false),
        ("state.commit.before-commit", 2, false),
        ("state.commit.after-commit", 2, true),
        ("state.begin.before-commit:2", 3, false),
        ("state.begin.after-commit:2", 3, true),
        ("state.commit.before-commit:2", 4, false),
        ("state.commit.after-commit:2", 4, true),
        ("state.begin.before-commit:3", 5, false),
        ("state.begin.after-commit:3", 5, true),
        ("state.commit.before-commit:3", 6, false),
        ("state.commit.after-commit:3", 6, true),
        ("state.gc.before-commit", 7, false),
        ("state.gc.after-commit", 7, false),
        ("state.leave.unmarked", 7, false),
        ("state.leave.done", 7, false),
    ];
    for (point, expected, durable) in points {
        let scratch = Scratch::new();
        let (count, killed) = acknowledged(&scratch, point);
        assert!(killed, "`{point}` was not reached");
        assert_eq!(count, expected, "{point}");
        check(&scratch, point, &[STATES[count + usize::from(durable)]]);
    }
    let scratch = Scratch::new();
    assert_eq!(acknowledged(&scratch, "none"), (7, false));
    check(&scratch, "none", &[Some(Status::Down)]);
}

#[test]
fn at_any_other_moment() {
    for n in 0..40u64 {
        let scratch = Scratch::new();
        let mut command = child_command(&scratch, "none");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let killer = thread::spawn(move || {
            thread::sleep(Duration::from_micros(2_000 + n * 700));
            child.kill().unwrap();
            child.wait().unwrap();
        });
        let mut count = 0;
        for line in output.lines().map_while(Result::ok) {
            if let Some(n) = line.strip_prefix("acknowledged ") {
                count = n.parse().unwrap();
            }
        }
        killer.join().unwrap();
        let next = STATES.get(count + 1).copied().unwrap_or(STATES[7]);
        check_if_made(&scratch, &format!("after {count}"), &[STATES[count], next]);
    }
}

fn check_if_made(scratch: &Scratch, when: &str, allowed: &[Option<Status>]) {
    if scratch.path().parent().unwrap().exists() {
        check(scratch, when, allowed);
    }
}

#[test]
fn a_wal_file_that_was_taken_away_after_a_kill_is_missed() {
    for point in [
        "state.begin.after-commit",
        "state.commit.after-commit",
        "state.leave.unmarked",
    ] {
        for empty in [false, true] {
            let scratch = Scratch::new();
            // Something that was complete in the file before.
            bring_up(&mut scratch.store(), "before", &[]);
            assert!(acknowledged(&scratch, point).1);
            let wal = scratch.path().with_file_name("state.db-wal");
            if empty {
                std::fs::File::create(&wal).unwrap();
            } else {
                std::fs::remove_file(&wal).unwrap();
            }
            let note = Note::ChangesLost {
                path: std::fs::canonicalize(scratch.path().parent().unwrap())
                    .unwrap()
                    .join("state.db-wal"),
            };
            for access in [Access::Read, Access::Read, Access::Write, Access::Write] {
                let opened = scratch.open(access);
                assert_eq!(opened.notes, std::slice::from_ref(&note), "{point}");
                assert_eq!(statuses(&opened)["before"], Status::Running);
            }
            bring_up(&mut scratch.open(Access::Write).store, "after", &[]);
            let seen = scratch.statuses();
            assert_eq!(
                (seen["before"], seen["after"]),
                (Status::Running, Status::Up)
            );
        }
    }
}
