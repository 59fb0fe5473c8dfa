//! Signs of life, with real processes.
#![expect(clippy::disallowed_methods, reason = "real children")]

use super::*;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

fn names() -> (RunId, StageName) {
    (
        RunId::new("20260102-030405-7kq2").unwrap(),
        StageName::new("net.work").unwrap(),
    )
}

fn script(text: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", text])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

fn end(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

fn until_none(directory: &Path) {
    for _ in 0..500 {
        if survivors(directory).unwrap().is_empty() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{:?}", survivors(directory).unwrap());
}

#[test]
fn a_ctl_is_found_as_long_as_it_lives() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("live");
    assert_eq!(survivors(&directory).unwrap(), []);
    let (run, stage) = names();
    let liveness = Liveness::create(&directory, &run, &stage).unwrap();
    let mut child = liveness
        .spawn(script("exec sleep 60").stdout(Stdio::null()))
        .unwrap();
    let expected = [Survivor {
        run,
        stage,
        pids: vec![child.id()],
    }];
    assert_eq!(survivors(&directory).unwrap(), expected);
    // As if betterform were killed.
    drop(liveness);
    assert_eq!(survivors(&directory).unwrap(), expected);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(survivors(&directory).unwrap(), []);
    let left: Vec<_> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, [".gitignore"]);
}

#[test]
fn what_ctl_leaves_running_is_found_after_it_ended() {
    let scratch = tempfile::tempdir().unwrap();
    let (run, stage) = names();
    let liveness = Liveness::create(scratch.path(), &run, &stage).unwrap();
    // Low numbers are reopened, as scripts do.
    let text = "exec 3>/dev/null 4>&3 5>&3 6>&3 7>&3 8>&3 9>&3; sleep 60 >/dev/null & echo $!";
    let output = liveness
        .spawn(&mut script(text))
        .unwrap()
        .wait_with_output()
        .unwrap();
    let pid: u32 = String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    drop(liveness);
    let expected = [Survivor {
        run: run.clone(),
        stage: stage.clone(),
        pids: vec![pid],
    }];
    assert_eq!(survivors(scratch.path()).unwrap(), expected);
    let again = Liveness::create(scratch.path(), &run, &stage).unwrap();
    let second = scratch.path().join("20260102-030405-7kq2.net.work.2");
    let again_there = again.file.metadata().unwrap().ino();
    assert_eq!(second.metadata().unwrap().ino(), again_there);
    drop(again);
    end(pid);
    until_none(scratch.path());
}

#[test]
fn children_started_at_the_same_time_do_not_mix() {
    let scratch = tempfile::tempdir().unwrap();
    let run = names().0;
    let children: Vec<_> = thread::scope(|scope| {
        let start = |n: usize| {
            let stage = StageName::new(&format!("stage-{n:02}")).unwrap();
            let liveness = Liveness::create(scratch.path(), &run, &stage).unwrap();
            let child = liveness
                .spawn(script("exec sleep 60").stdout(Stdio::null()))
                .unwrap();
            let other = inherit::spawn(script("exec sleep 60").stdout(Stdio::null()), &[]).unwrap();
            (stage, liveness, child, other)
        };
        let threads: Vec<_> = (0..16).map(|n| scope.spawn(move || start(n))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let expected: Vec<_> = children
        .iter()
        .map(|(stage, _, child, _)| Survivor {
            run: run.clone(),
            stage: stage.clone(),
            pids: vec![child.id()],
        })
        .collect();
    let found = survivors(scratch.path()).unwrap();
    for (_, liveness, mut child, mut other) in children {
        child.kill().unwrap();
        child.wait().unwrap();
        other.kill().unwrap();
        other.wait().unwrap();
        drop(liveness);
    }
    assert_eq!(found, expected);
    // What another test is just starting has, until it executes, all that is open in this process.
    let is_free = || survivors(scratch.path()).unwrap().is_empty();
    assert!((0..500).any(|_| is_free() || {
        thread::sleep(Duration::from_millis(10));
        false
    }));
}

#[test]
fn looking_while_files_are_made_disturbs_nobody() {
    let scratch = tempfile::tempdir().unwrap();
    let (run, stage) = names();
    thread::scope(|scope| {
        let looking =
            scope.spawn(|| (0..300).for_each(|_| drop(survivors(scratch.path()).unwrap())));
        for _ in 0..300 {
            let liveness = Liveness::create(scratch.path(), &run, &stage).unwrap();
            let links = liveness.file.metadata().unwrap().nlink();
            assert_eq!(links, 1, "a sign of life was removed");
        }
        looking.join().unwrap();
    });
    assert_eq!(survivors(scratch.path()).unwrap(), []);
}

#[test]
fn a_long_name_and_a_file_that_says_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let (run, _) = names();
    let long = StageName::new(&"x".repeat(255)).unwrap();
    let liveness = Liveness::create(scratch.path(), &run, &long).unwrap();
    let silent = File::create(scratch.path().join("20260102-030405-7kq2.quiet")).unwrap();
    flock(&silent, FlockOperation::LockExclusive).unwrap();
    let found = survivors(scratch.path()).unwrap();
    let stages: Vec<_> = found
        .iter()
        .map(|survivor| survivor.stage.as_str())
        .collect();
    assert_eq!(stages, ["quiet", long.as_str()]);
    drop(liveness);
}
