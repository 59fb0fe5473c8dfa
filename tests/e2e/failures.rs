//! Stages that fail, hang, die or misbehave.

use std::time::{Duration, Instant};

use crate::sandbox::{CTL, Sandbox, ran, send, wait_for};

#[test]
fn what_does_not_depend_on_a_failure_goes_on_and_the_end_says_what_is_what() {
    let sandbox = Sandbox::with_dag(&[("bad", ""), ("after", "bad"), ("good", "")]);
    sandbox.ctl("bad", &format!("{CTL}echo something went wrong\nexit 4\n"));
    sandbox
        .run(&["apply", "-j1"])
        .exits(1)
        .says("after: blocked by bad")
        .says("something went wrong")
        .says("bad.up.log")
        .says("exit 4");
    assert_eq!(sandbox.calls(), ["bad up", "good up"]);
}

#[test]
fn fail_fast_starts_nothing_new() {
    let sandbox = Sandbox::with_dag(&[("bad", ""), ("good", "")]);
    sandbox.ctl("bad", &format!("{CTL}exit 4\n"));
    sandbox.run(&["apply", "-j1", "--fail-fast"]).exits(1);
    assert_eq!(sandbox.calls(), ["bad up"]);
}

#[test]
fn a_stage_that_runs_too_long_is_ended_whole() {
    let sandbox = Sandbox::with_dag(&[("slow", "")]);
    sandbox.ctl(
        "slow",
        &format!("{CTL}sleep 600 & echo $! > \"$OUTPUT_DIR/../pid\"\nwait\n"),
    );
    sandbox.file(
        "lib/betterform.toml",
        "[stage.slow]\ntimeout = \"1s\"\ngrace = \"1s\"\n",
    );
    let start = Instant::now();
    sandbox.run(&["apply"]).exits(1).says("timed out");
    assert!(start.elapsed() < Duration::from_secs(30));
    let pid = sandbox.read("dep/pid");
    // It may still have to be reaped, by whoever adopted it.
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    assert!(
        stat.is_err() || stat.is_ok_and(|stat| stat.contains(") Z")),
        "{pid}"
    );
    sandbox
        .run(&["plan"])
        .exits(0)
        .says("last up failed (timed out)");
}

#[test]
fn a_stage_is_tried_again_as_often_as_it_says() {
    let sandbox = Sandbox::with_dag(&[("flaky", "")]);
    let text = format!("{CTL}[ $(wc -l < \"$ORDER_LOG\") -ge 3 ]\n");
    sandbox.ctl("flaky", &text);
    sandbox.file(
        "lib/betterform.toml",
        "[stage.flaky]\nretries = 2\nretry_delay = \"10ms\"\n",
    );
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(sandbox.calls(), ["flaky up"; 3]);
}

#[test]
fn a_signal_that_kills_a_ctl_is_named() {
    let sandbox = Sandbox::with_dag(&[("victim", "")]);
    sandbox.ctl("victim", &format!("{CTL}kill -9 $$\n"));
    sandbox.run(&["apply"]).exits(1).says("signal 9");
    sandbox
        .run(&["plan"])
        .exits(0)
        .says("last up failed (signal 9)");
}

#[test]
fn a_bad_interpreter_is_named() {
    let sandbox = Sandbox::with_dag(&[("odd", "")]);
    sandbox.ctl("odd", "#!/no/such/interpreter\n");
    sandbox
        .run(&["apply"])
        .exits(1)
        .says("/no/such/interpreter");
}

#[test]
fn a_daemon_that_holds_the_output_open_does_not_hang_betterform() {
    let sandbox = Sandbox::with_dag(&[("daemon", ""), ("next", "daemon")]);
    sandbox.ctl("daemon", &format!("{CTL}sleep 20 &\n"));
    let start = Instant::now();
    sandbox
        .run(&["apply"])
        .exits(0)
        .says("holds its output open");
    assert!(start.elapsed() < Duration::from_secs(15));
    assert_eq!(sandbox.calls(), ["daemon up", "next up"]);
}

#[test]
fn much_output_without_a_newline_is_no_trouble() {
    let sandbox = Sandbox::with_dag(&[("loud", "")]);
    sandbox.ctl(
        "loud",
        &format!("{CTL}head -c 20000000 /dev/zero | tr '\\0' x\n"),
    );
    let ran = sandbox.run(&["apply", "--output", "quiet"]).exits(0);
    assert!(ran.stdout.len() < 1_000_000);
}

#[test]
fn an_interrupt_goes_to_the_stage_and_nothing_new_starts() {
    let sandbox = Sandbox::with_dag(&[("slow", ""), ("next", "slow")]);
    sandbox.ctl(
        "slow",
        &format!("{CTL}trap 'echo caught >> \"$ORDER_LOG\"; exit 7' INT TERM\ntouch \"$OUTPUT_DIR/../ready\"\nwhile :; do sleep 0.05; done\n"),
    );
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let child = sandbox
            .command(&["apply"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        wait_for(&sandbox, "dep/ready");
        sandbox.remove("dep/ready");
        send(signal, child.id());
        let ran = ran(child.wait_with_output().unwrap()).exits(code);
        assert_eq!(sandbox.calls(), ["slow up", "caught"], "{ran:?}");
        assert!(
            ran.stderr.contains("\n1 interrupted, 1 blocked in "),
            "{ran:?}"
        );
        assert!(!ran.stderr.contains("failed"), "{ran:?}");
        sandbox
            .run(&["plan"])
            .exits(0)
            .says("slow  stale: interrupted");
    }
}

/// An `apply` whose stage runs for another second.
fn busy() -> (Sandbox, std::process::Child) {
    let sandbox = Sandbox::with_dag(&[("slow", "")]);
    sandbox.ctl(
        "slow",
        &format!("{CTL}touch \"$OUTPUT_DIR/../ready\"\nsleep 1\n"),
    );
    let child = sandbox.command(&["apply"]).spawn().unwrap();
    wait_for(&sandbox, "dep/ready");
    (sandbox, child)
}

#[test]
fn a_killed_betterform_leaves_an_interrupted_stage_that_runs_again() {
    let (sandbox, mut child) = busy();
    send("KILL", child.id());
    child.wait().unwrap();
    sandbox.run(&["apply"]).exits(75).says("slow").says("still");
    std::thread::sleep(Duration::from_millis(1300));
    sandbox
        .run(&["plan"])
        .exits(0)
        .says("slow  stale: interrupted");
    sandbox.calls();
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(sandbox.calls(), ["slow up"]);
}

#[test]
fn a_second_run_says_who_holds_the_lock_or_waits() {
    let (sandbox, mut child) = busy();
    let pid = child.id().to_string();
    sandbox.run(&["apply"]).exits(75).says(&pid).says("apply");
    sandbox.run(&["plan"]).exits(0);
    sandbox.run(&["status"]).exits(0).says("running");
    sandbox
        .run(&["apply", "--lock-timeout", "30s"])
        .exits(0)
        .says("Nothing to do");
    child.wait().unwrap();
    assert_eq!(sandbox.calls(), ["slow up"]);
}
