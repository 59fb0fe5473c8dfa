use super::*;
use crate::core::event::VERSION;
use crate::core::record::RunResult;

fn stage(name: &str) -> StageName {
    StageName::new(name).unwrap()
}

fn started(name: &str) -> Event {
    Event::StageStarted {
        stage: stage(name),
        action: Action::Up,
        attempt: 1,
        reasons: vec!["new".into()],
        log: format!("/logs/{name}.up.log").into(),
    }
}

fn output(name: &str, text: &str) -> Event {
    Event::Output {
        stage: stage(name),
        action: Action::Up,
        text: text.into(),
    }
}

fn finished(name: &str, outcome: Outcome) -> Event {
    let succeeded = outcome == Outcome::Succeeded;
    Event::StageFinished {
        stage: stage(name),
        action: Action::Up,
        outcome,
        duration_ms: 1500,
        log: format!("/logs/{name}.up.log").into(),
        tail: if succeeded {
            vec![]
        } else {
            vec!["last words".into()]
        },
    }
}

/// A run of two stages whose output is interleaved; one of them fails and blocks a third.
fn run() -> Vec<Event> {
    vec![
        Event::RunStarted {
            version: VERSION,
            run: "r1".into(),
            command: "apply".into(),
            stages: 3,
            jobs: 2,
            time_ms: 0,
        },
        started("a"),
        started("b"),
        output("a", "one\ntw"),
        output("b", "\u{1b}[31mred\n10%\r20%"),
        output("a", "o\n\n"),
        output("b", "\r30%\n"),
        finished("a", Outcome::Succeeded),
        output("b", "last words"),
        finished("b", Outcome::Failed { code: 3 }),
        Event::StageBlocked {
            stage: stage("c"),
            by: vec![stage("b")],
        },
        Event::RunFinished {
            result: RunResult::Failed,
            counts: Counts {
                ran: 1,
                failed: 1,
                blocked: 1,
                ..Counts::default()
            },
            duration_ms: 2000,
        },
    ]
}

/// What is written to both streams.
fn told(style: Style, color: bool, events: &[Event]) -> (String, String) {
    let now = Instant::now();
    let events: Vec<_> = events.iter().map(|event| (event.clone(), now)).collect();
    told_at(style, color, &events, &[])
}

/// The same with times, and ticks at the end.
fn told_at(
    style: Style,
    color: bool,
    events: &[(Event, Instant)],
    ticks: &[Instant],
) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let colors = Colors {
        stdout: color,
        stderr: color,
    };
    let mut sink = Text::new(style, colors, Box::new(&mut out), Box::new(&mut err));
    for (event, at) in events {
        sink.event_at(event, *at);
    }
    for at in ticks {
        sink.tick_at(*at);
    }
    drop(sink);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(out), text(err))
}

const SUMMARY: &str = "
b: up failed after 1.5s: exit 3
    last words
  log: /logs/b.up.log
c: blocked by b
1 done, 1 failed, 1 blocked in 2.0s
";

#[test]
fn lines_stand_behind_the_names_of_their_stages() {
    let (out, err) = told(Style::Prefix, false, &run());
    let expected = "[a] one\n[b] red\n[a] two\n[a]\n[b] 30%\n[b] last words\n";
    assert_eq!(out, expected);
    let expected =
        "a: up (new)\nb: up (new)\na: up done in 1.5s\nb: up failed after 1.5s: exit 3\n";
    assert_eq!(err, format!("{expected}{SUMMARY}"));
}

#[test]
fn each_stage_has_its_colour_and_none_reaches_into_the_next_line() {
    let (out, err) = told(Style::Prefix, true, &run());
    let (a, b) = ("\u{1b}[36m[a]\u{1b}[0m", "\u{1b}[35m[b]\u{1b}[0m");
    let red = "\u{1b}[31mred\u{1b}[0m";
    assert_eq!(
        out,
        format!("{a} one\n{b} {red}\n{a} two\n{a}\n{b} 30%\n{b} last words\n")
    );
    assert!(
        err.contains("a: up \u{1b}[32mdone\u{1b}[0m in 1.5s\n"),
        "{err:?}"
    );
}

#[test]
fn a_block_comes_when_its_stage_ends() {
    let (out, _) = told(Style::Group, false, &run());
    assert_eq!(out, "[a]\none\ntwo\n\n[b]\nred\n30%\nlast words\n");
}

#[test]
fn a_block_may_be_large() {
    let line = "x".repeat(99) + "\n";
    let mut events = vec![started("a")];
    events.extend((0..3 * BLOCK / 100).map(|_| output("a", &line)));
    events.push(finished("a", Outcome::Succeeded));
    let (out, _) = told(Style::Group, false, &events);
    assert_eq!(out, format!("[a]\n{}", line.repeat(3 * BLOCK / 100)));
}

#[test]
fn quiet_tells_of_failures_alone() {
    let (out, err) = told(Style::Quiet, false, &run());
    assert_eq!(out, "");
    assert_eq!(err, format!("b: up failed after 1.5s: exit 3\n{SUMMARY}"));
}

#[test]
fn nothing_done_is_nothing_told() {
    let events = [Event::RunFinished {
        result: RunResult::Done,
        counts: Counts {
            up_to_date: 4,
            ..Counts::default()
        },
        duration_ms: 3,
    }];
    assert_eq!(
        told(Style::Prefix, false, &events),
        (String::new(), String::new())
    );
}

#[test]
fn silence_is_broken_after_a_minute() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let events = [
        (started("a"), at(0)),
        (started("b"), at(0)),
        (output("b", "x\n"), at(30)),
    ];
    let (out, _) = told_at(
        Style::Prefix,
        false,
        &events,
        &[at(59), at(60), at(61), at(90), at(120)],
    );
    assert_eq!(
        out,
        "[b] x\n[a] still running, 1m\n[b] still running, 1m 30s\n[a] still running, 2m\n"
    );
}

#[test]
fn the_grace_is_counted_down() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let stopping = |level| Event::Stopping {
        signal: 2,
        level,
        grace_ms: 300_000,
    };
    let events = [
        (started("a"), at(0)),
        (started("b"), at(0)),
        (stopping(1), at(10)),
        (finished("a", Outcome::Interrupted), at(20)),
        (stopping(2), at(30)),
        (stopping(3), at(40)),
    ];
    let (_, err) = told_at(Style::Quiet, false, &events, &[at(60), at(70)]);
    assert_eq!(
        err,
        "stopping: waiting for a, b, SIGKILL in 5m; again: SIGTERM
a: up interrupted after 1.5s
stopping: waiting for b, SIGKILL in 4m 40s; SIGTERM was sent; again: SIGKILL
stopping: SIGKILL was sent
stopping: waiting for b, SIGKILL in 4m
"
    );
}

#[test]
fn what_never_ran_has_no_duration_and_warnings_and_retries_are_lines() {
    let events = [
        started("a"),
        output("a", "half a line"),
        Event::StageRetrying {
            stage: stage("a"),
            attempt: 2,
            delay_ms: 2000,
            outcome: Outcome::TimedOut,
        },
        Event::Warning {
            stage: Some(stage("a")),
            message: "odd \u{1b}[2J".into(),
            help: Some("do this".into()),
        },
        finished(
            "x",
            Outcome::Broken {
                message: "cannot be rendered".into(),
            },
        ),
    ];
    let (out, err) = told(Style::Prefix, false, &events);
    assert_eq!(out, "[a] half a line\n");
    assert_eq!(
        err,
        "a: up (new)\na: timed out; attempt 2 in 2.0s\nwarning: a: odd \u{fffd}[2J\nhelp: do this\nx: failed: cannot be rendered\n"
    );
}
