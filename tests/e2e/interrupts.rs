//! The user asks to stop while betterform runs a tool of its own, or evaluates: the tool ends with all that it started, and
//! nothing has begun.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox::{CTL, Ran, Sandbox, find, ran, send, wait_for};

/// Notes its own process and one that it starts, and would run for ever.
const ENDLESS: &str = "#!/bin/sh
sleep 600 &
echo $$ $! > \"$PIDS.new\"
mv \"$PIDS.new\" \"$PIDS\"
wait
";

/// A library whose stage must not run, and a tool that does not end.
fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.file("tool", ENDLESS);
    sandbox.executable("tool", true);
    let pids = sandbox.path("pids");
    sandbox.set("PIDS", pids.to_str().unwrap());
    sandbox
}

fn start(sandbox: &Sandbox, arguments: &[&str]) -> Child {
    sandbox
        .command(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Interrupts a command while its tool runs, in both ways.
#[track_caller]
fn interrupt(sandbox: &Sandbox, arguments: &[&str]) {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let begin = Instant::now();
        let child = start(sandbox, arguments);
        wait_for(sandbox, "pids");
        let pids = sandbox.read("pids");
        sandbox.remove("pids");
        send(signal, child.id());
        let ran = ran(child.wait_with_output().unwrap())
            .exits(code)
            .says(&format!("interrupted by SIG{signal}"))
            .never_says("failed");
        assert!(begin.elapsed() < Duration::from_secs(60), "{ran:?}");
        for pid in pids.split_whitespace() {
            assert!(!lives(pid), "{pid} of {pids} lives: {ran:?}");
        }
        nothing_began(sandbox, &ran);
    }
}

fn nothing_began(sandbox: &Sandbox, ran: &Ran) {
    assert_eq!(sandbox.calls(), [""; 0], "{ran:?}");
    assert!(!sandbox.exists("dep/genfiles/net/ctl"), "{ran:?}");
}

/// A process that ended may still have to be reaped, by whoever adopted it.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z") && !stat.contains(") X"))
}

#[test]
fn while_make_evaluates_the_dag() {
    let sandbox = sandbox();
    let tool = sandbox.path("tool");
    let dag = format!(
        "X := $(shell {})\n$(call define_stage, net,)\n",
        tool.display()
    );
    sandbox.file("lib/betterform_dag.mk", &dag);
    if find("make").is_none() {
        println!("SKIPPED: no make to interrupt");
        return;
    }
    interrupt(&sandbox, &["apply"]);
    interrupt(&sandbox, &["plan"]);
    interrupt(&sandbox, &["down"]);
}

#[test]
fn while_the_users_own_jsonnet_runs() {
    let mut sandbox = sandbox();
    sandbox.file("dep/config.jsonnet", "{}\n");
    let tool = sandbox.path("tool");
    sandbox.set("JSONNET", &format!("sh {}", tool.display()));
    interrupt(&sandbox, &["apply"]);
    interrupt(&sandbox, &["config"]);
}

#[test]
fn while_jsonnet_is_evaluated_in_process() {
    let sandbox = sandbox();
    let endless = "local f(n) = if n < 0 then n else f(n + 1) tailstrict;\n{ a: f(1) }\n";
    sandbox.file("dep/config.jsonnet", endless);
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let child = start(&sandbox, &["apply"]);
        // The lock is taken just before.
        wait_for(&sandbox, "dep/.betterform/genfiles/lock");
        std::thread::sleep(Duration::from_millis(200));
        send(signal, child.id());
        let ran = ran(child.wait_with_output().unwrap()).exits(code);
        nothing_began(&sandbox, &ran);
    }
}

#[test]
fn while_gomplate_stamps() {
    let mut sandbox = sandbox();
    // A stand-in that says which version it is: the real one does not take long enough.
    sandbox.file(
        "gomplate",
        &format!("#!/bin/sh\n[ \"$1\" != --version ] || {{ echo gomplate version 5.2.0; exit; }}\n{ENDLESS}"),
    );
    sandbox.executable("gomplate", true);
    let tool = sandbox.path("gomplate");
    sandbox.set("GOMPLATE", tool.to_str().unwrap());
    interrupt(&sandbox, &["apply", "--stamper", "gomplate"]);
    interrupt(&sandbox, &["plan", "--stamper", "gomplate"]);
    sandbox.unset("GOMPLATE");
    sandbox.ctl("net", CTL);
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up"]);
}
