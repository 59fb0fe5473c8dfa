//! Random histories, checked against a model that is too simple to be wrong.

use std::collections::{BTreeMap, BTreeSet};

use betterform::core::fingerprint::Digest;
use betterform::core::stage::{Action, Outcome, Status};
use betterform::state::{Access, Begin, Ended, Mark, Payload, RunToken, Store};
use proptest::prelude::*;

use crate::support::*;

const STAGES: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Debug)]
enum Step {
    /// Begins some stages in one batch.
    Begin(Vec<(usize, Action)>),
    /// Ends the oldest attempts, well or not.
    Commit(usize, bool),
    /// Forgets the oldest token.
    Lose,
    /// A person's word.
    Mark(usize, bool),
    Remove(usize),
    /// Closes and opens.
    Reopen,
    /// Opens without having closed.
    Crash,
    Gc,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let action = prop_oneof![3 => Just(Action::Up), 2 => Just(Action::Down)];
    let begins = proptest::collection::vec((0..3usize, action), 1..3);
    let step = prop_oneof![
        6 => begins.prop_map(Step::Begin),
        6 => (1..3usize, any::<bool>()).prop_map(|(n, well)| Step::Commit(n, well)),
        1 => Just(Step::Lose),
        1 => (0..3usize, any::<bool>()).prop_map(|(stage, up)| Step::Mark(stage, up)),
        1 => (0..3usize).prop_map(Step::Remove),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
        1 => Just(Step::Gc),
    ];
    proptest::collection::vec(step, 1..25)
}

#[derive(Clone, Debug, PartialEq)]
struct Stage {
    status: Status,
    /// The attempt that may end.
    attempt: Option<usize>,
    fingerprint: bool,
    edges: BTreeSet<String>,
    /// How often it was torn down.
    downs: usize,
}

#[derive(Default)]
struct Model {
    stages: BTreeMap<String, Stage>,
    begun: usize,
    incarnations: BTreeMap<(String, usize), Digest>,
    seen: BTreeSet<Digest>,
    removed: usize,
}

impl Model {
    fn stage(&mut self, name: &str) -> &mut Stage {
        // A stage that was removed is another one when it comes again.
        let downs = self.removed * 1000;
        self.stages.entry(name.to_owned()).or_insert(Stage {
            status: Status::Down,
            attempt: None,
            fingerprint: false,
            edges: BTreeSet::new(),
            downs,
        })
    }

    fn begin(&mut self, name: &str, action: Action, edges: &[&str]) -> usize {
        self.begun += 1;
        let attempt = self.begun;
        let stage = self.stage(name);
        stage.attempt = Some(attempt);
        match action {
            Action::Up => {
                stage.status = Status::Running;
                stage.fingerprint = true;
                stage
                    .edges
                    .extend(edges.iter().map(|&edge| edge.to_owned()));
            }
            Action::Down => {
                stage.status = Status::Stopping;
                stage.downs += 1;
            }
        }
        attempt
    }

    /// Whether an attempt may end, and what becomes of the stage then.
    fn end(&mut self, name: &str, attempt: usize, action: Action, well: bool) -> bool {
        let Some(stage) = self.stages.get_mut(name) else {
            return false;
        };
        if stage.attempt != Some(attempt) {
            return false;
        }
        stage.attempt = None;
        stage.status = match (action, well) {
            (Action::Up, true) => Status::Up,
            (Action::Up, false) => Status::Failed,
            (Action::Down, true) => Status::Down,
            (Action::Down, false) => Status::StopFailed,
        };
        if stage.status == Status::Down {
            (stage.fingerprint, stage.edges) = (false, BTreeSet::new());
        }
        true
    }

    fn mark(&mut self, name: &str, up: bool) {
        let stage = self.stage(name);
        stage.attempt = None;
        if up {
            stage.status = Status::Up;
        } else {
            stage.status = Status::Down;
            stage.downs += 1;
            (stage.fingerprint, stage.edges) = (false, BTreeSet::new());
        }
    }

    fn check(&mut self, store: &Store) {
        let records = store.records().unwrap();
        let names: Vec<_> = records.keys().map(ToString::to_string).collect();
        assert_eq!(names, self.stages.keys().cloned().collect::<Vec<_>>());
        let edges = store.edges().unwrap();
        for (name, recorded) in &records {
            let model = &self.stages[name.as_str()];
            assert_eq!(recorded.status, model.status, "{name}");
            assert_eq!(recorded.fingerprint.is_some(), model.fingerprint, "{name}");
            assert_eq!(
                recorded.up_since_ms.is_none(),
                recorded.up_since_ms.is_none()
            );
            let since: BTreeSet<_> = edges
                .iter()
                .filter(|edge| edge.stage == *name && edge.since_down)
                .map(|edge| edge.dependency.to_string())
                .collect();
            assert_eq!(since, model.edges, "{name}");
            // As long as it was not torn down, the same incarnation; and never that of another.
            let key = (name.to_string(), model.downs);
            let known = *self.incarnations.entry(key).or_insert_with(|| {
                assert!(
                    self.seen.insert(recorded.incarnation),
                    "{name}: an old incarnation"
                );
                recorded.incarnation
            });
            assert_eq!(recorded.incarnation, known, "{name}");
            if recorded.fingerprint.is_some() {
                for digest in recorded
                    .fingerprint
                    .iter()
                    .flat_map(|print| print.run.values())
                {
                    assert!(store.manifest(digest).unwrap().is_some(), "{name}");
                }
                let snapshot = store.snapshot(name).unwrap();
                let content = snapshot
                    .stamped
                    .iter()
                    .find_map(|file| file.content)
                    .unwrap();
                assert!(store.content(&content).unwrap().is_some(), "{name}");
            }
        }
    }
}

fn end_of(action: Action, well: bool, name: &str) -> Ended {
    let duration = std::time::Duration::ZERO;
    match (action, well) {
        (Action::Up, true) => left(name),
        (Action::Up, false) => failed(1),
        (Action::Down, true) => down(),
        (Action::Down, false) => Ended::StopFailed {
            outcome: Outcome::Killed { signal: 9 },
            duration,
        },
    }
}

struct Play {
    scratch: Scratch,
    store: Option<Store>,
    /// Stores that were not closed, as in a crash.
    crashed: Vec<Store>,
    tokens: Vec<(RunToken, usize)>,
    model: Model,
}

impl Play {
    fn store(&mut self) -> &mut Store {
        self.store.as_mut().unwrap()
    }

    fn open(&mut self) {
        let opened = self.scratch.open(Access::Write);
        assert_eq!(opened.notes, []);
        self.store = Some(opened.store);
        self.tokens.clear();
    }

    fn play(&mut self, step: &Step) {
        match step {
            Step::Begin(stages) => self.begin(stages),
            Step::Commit(n, well) => self.commit(*n, *well),
            Step::Lose => self.tokens.truncate(self.tokens.len().saturating_sub(1)),
            Step::Mark(n, up) => {
                let mark = if *up {
                    Mark::Up {
                        attempt: None,
                        outputs: None,
                        generated: None,
                        payload: Payload::default(),
                    }
                } else {
                    Mark::Down
                };
                self.store().mark(&stage(STAGES[*n]), &mark).unwrap();
                self.model.mark(STAGES[*n], *up);
            }
            Step::Remove(n) => {
                let removed = self.store().remove(&stage(STAGES[*n])).is_ok();
                assert_eq!(removed, self.model.stages.remove(STAGES[*n]).is_some());
                self.model.removed += 1;
            }
            Step::Reopen => {
                self.store.take().unwrap().close().unwrap();
                self.open();
            }
            Step::Crash => {
                let store = self.store.take().unwrap();
                self.crashed.push(store);
                self.open();
            }
            Step::Gc => self.store().gc().unwrap(),
        }
    }

    fn begin(&mut self, stages: &[(usize, Action)]) {
        let edges = [
            "x",
            if self.model.begun.is_multiple_of(2) {
                "y"
            } else {
                "z"
            },
        ];
        let begins: Vec<Begin> = stages
            .iter()
            .map(|&(n, action)| match action {
                Action::Up => begin_up(STAGES[n], &edges),
                Action::Down => begin_down(STAGES[n]),
            })
            .collect();
        let tokens = self.store().begin(begins).unwrap();
        for (token, &(n, action)) in tokens.into_iter().zip(stages) {
            assert_eq!(
                (token.stage().as_str(), token.action()),
                (STAGES[n], action)
            );
            let attempt = self.model.begin(STAGES[n], action, &edges);
            self.tokens.push((token, attempt));
        }
    }

    fn commit(&mut self, n: usize, well: bool) {
        let n = n.min(self.tokens.len());
        let mut ends = Vec::new();
        let mut all = true;
        for (token, attempt) in self.tokens.drain(..n) {
            let name = token.stage().to_string();
            all &= self.model.end(&name, attempt, token.action(), well);
            let ended = end_of(token.action(), well, &name);
            ends.push((token, ended));
        }
        assert_eq!(self.store().commit(ends).is_ok(), all);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn records_follow_the_model(steps in steps()) {
        let mut play = Play {
            scratch: Scratch::new(),
            store: None,
            crashed: Vec::new(),
            tokens: Vec::new(),
            model: Model::default(),
        };
        play.open();
        for step in &steps {
            play.play(step);
            let store = play.store.take().unwrap();
            play.model.check(&store);
            play.store = Some(store);
        }
        drop(play.store.take());
        let store = play.scratch.open(Access::Read).store;
        play.model.check(&store);
    }
}
