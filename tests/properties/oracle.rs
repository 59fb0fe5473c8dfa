//! What must happen, worked out from the library's files and from running every `ctl` by hand, from scratch.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::edits::Edit;
use crate::sandbox::Sandbox;
use crate::world::{World, name};

mod reasons;
mod scratch;

/// What is known of a stage from all that happened to it.
#[derive(Clone, Debug, Default)]
struct Past {
    standing: Standing,
    /// Renewed by every `down`.
    incarnation: u32,
    /// What its `ctl` depended on when it last came up.
    cause: Option<Cause>,
    /// Direct dependencies of every `up` since the last `down`.
    edges: BTreeSet<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Standing {
    #[default]
    Never,
    Up,
    Failed,
    Down,
}

/// All that can make a `ctl up` do something else.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cause {
    effect: String,
    reads: BTreeSet<usize>,
    incarnations: BTreeMap<usize, u32>,
    outputs: BTreeMap<usize, String>,
    effects: BTreeMap<usize, String>,
    output: String,
    inputs: BTreeMap<(String, String), String>,
}

/// How everything was when `plan` and `apply` looked at it.
struct Before {
    past: Vec<Past>,
    /// The output of each stage.
    disk: Vec<Option<String>>,
}

struct Oracle {
    sandbox: Sandbox,
    world: World,
    past: Vec<Past>,
}

/// Follows a world through its edits, and asserts everything on the way.
pub fn follow(world: World, edits: &[Edit]) {
    let sandbox = Sandbox::new();
    let past = vec![Past::default(); world.stages.len()];
    let mut oracle = Oracle {
        sandbox,
        world,
        past,
    };
    oracle.reconcile();
    for edit in edits {
        oracle.perform(edit);
        oracle.reconcile();
    }
    oracle.down(&(0..oracle.past.len()).collect(), &["down", "--yes"]);
    oracle.down(&BTreeSet::new(), &["down", "--yes"]);
}

impl Oracle {
    fn perform(&mut self, edit: &Edit) {
        let count = self.world.stages.len();
        let world = &mut self.world;
        match *edit {
            Edit::Value(s, v) => world.stages[s % count].value = v,
            Edit::Comment(s, v) => world.stages[s % count].comment = v,
            Edit::Executable(s) => world.stages[s % count].executable ^= true,
            Edit::Config(k, v) => world.config[k] = v,
            Edit::UnusedConfig(v) => world.unused = v,
            Edit::Variable(k, v) => world.variables[k] = v,
            Edit::Shared(k, v) => world.shared[k] = v,
            Edit::File(k, v) => world.files[k] = v,
            Edit::Fail(s) => world.stages[s % count].fails = true,
            Edit::Heal => world.stages.iter_mut().for_each(|s| s.fails = false),
            Edit::RemoveStage(s) => world.stages[s % count].present = world.present().len() == 1,
            Edit::RestoreStage(s) => world.stages[s % count].present = true,
            Edit::AddEdge(s, d) => {
                let (s, d) = (s % count, d % count);
                if d < s {
                    world.stages[s].dependencies.insert(d);
                }
            }
            Edit::RemoveEdges(s) => world.stages[s % count].dependencies.clear(),
            Edit::Touch => self.sandbox.touch_everything(),
            Edit::DeleteOutput(s) => self.output(s % count, None),
            Edit::EditOutput(s) => self.output(s % count, Some("edited\n")),
            // What ancestors left there is read by those that run then: it must not be gone.
            Edit::DeleteGenfiles if world.stages.iter().any(|s| s.generated) => {}
            Edit::DeleteGenfiles => self.sandbox.remove("dep/genfiles"),
            Edit::Move => self.sandbox.relocate(),
            Edit::Down => self.down(&(0..count).collect(), &["down", "--yes"]),
            Edit::DownOne(s) => self.down_one(s % count),
            Edit::MarkDown(s) => self.mark_down(s % count),
        }
    }

    fn output(&self, stage: usize, text: Option<&str>) {
        let path = format!("dep/output/{}/out", name(stage));
        match text {
            _ if !self.sandbox.exists(&path) => {}
            Some(text) => self.sandbox.file(&path, text),
            None => self.sandbox.remove(&path),
        }
    }

    fn may_be_up(&self, stage: usize) -> bool {
        matches!(self.past[stage].standing, Standing::Up | Standing::Failed)
    }

    fn mark_down(&mut self, stage: usize) {
        if self.may_be_up(stage) {
            self.prepare();
            self.run(&["mark", "down", &name(stage)]).exits(0);
            self.went_down(stage);
        }
    }

    fn went_down(&mut self, stage: usize) {
        let past = &mut self.past[stage];
        past.standing = Standing::Down;
        past.incarnation += 1;
        past.edges.clear();
        past.cause = None;
    }

    /// `down STAGE`: it, and what depends on it by the DAG or by what is recorded.
    fn down_one(&mut self, stage: usize) {
        if !self.world.stages[stage].present && self.past[stage].standing == Standing::Never {
            return;
        }
        let mut reached = BTreeSet::from([stage]);
        for _ in 0..self.past.len() {
            for other in 0..self.past.len() {
                let present = self.world.stages[other].present;
                let by_dag = if present {
                    self.world.dependencies(other)
                } else {
                    BTreeSet::new()
                };
                if !reached.is_disjoint(&by_dag) || !reached.is_disjoint(&self.past[other].edges) {
                    reached.insert(other);
                }
            }
        }
        self.down(&reached, &["down", "--yes", &name(stage)]);
    }

    /// Takes down those of `stages` that may be up, and asserts that it happens in an order that no edge forbids.
    fn down(&mut self, stages: &BTreeSet<usize>, arguments: &[&str]) {
        self.prepare();
        let expected: BTreeSet<usize> = stages
            .iter()
            .copied()
            .filter(|s| self.may_be_up(*s))
            .collect();
        let ran = self.run(arguments).exits(0);
        let calls = self.sandbox.calls();
        let called: Vec<usize> = calls.iter().map(|call| parse(call, "down")).collect();
        let set: BTreeSet<usize> = called.iter().copied().collect();
        assert_eq!(set, expected, "{ran:?}");
        assert_eq!(called.len(), expected.len(), "each once: {calls:?}");
        for (at, stage) in called.iter().enumerate() {
            for later in &called[at + 1..] {
                let wrong = self.past[*later].edges.contains(stage);
                assert!(
                    !wrong,
                    "{} went down before {}: {calls:?}",
                    name(*stage),
                    name(*later)
                );
            }
        }
        for stage in expected {
            self.went_down(stage);
        }
    }

    fn prepare(&mut self) {
        for (index, value) in self.world.variables.iter().enumerate() {
            match value {
                Some(value) => self
                    .sandbox
                    .set(&format!("APP_{index}"), &value.to_string()),
                None => self.sandbox.unset(&format!("APP_{index}")),
            }
        }
        let (fail, library) = (self.sandbox.path("dep/fail"), self.sandbox.path("lib"));
        fs::create_dir_all(&fail).expect("a directory");
        self.sandbox.set("FAIL_DIR", fail.to_str().expect("UTF-8"));
        self.sandbox
            .set("LIBRARY", library.to_str().expect("UTF-8"));
        for (index, stage) in self.world.stages.iter().enumerate() {
            let path = format!("dep/fail/{}", name(index));
            match (stage.fails, self.sandbox.exists(&path)) {
                (true, false) => self.sandbox.file(&path, ""),
                (false, true) => self.sandbox.remove(&path),
                _ => {}
            }
        }
        self.world.write(&self.sandbox);
    }

    fn run(&self, arguments: &[&str]) -> crate::sandbox::Ran {
        self.sandbox.run(arguments)
    }

    /// `plan`, then `apply`, then `apply` again, each against what must happen.
    fn reconcile(&mut self) {
        self.prepare();
        let scratch = self.from_scratch();
        let plan = self.run(&["plan", "--json"]).exits(0).json();
        let disk = (0..self.past.len()).map(|stage| self.on_disk(stage));
        let before = Before {
            past: self.past.clone(),
            disk: disk.collect(),
        };
        let (expected, failed) = self.expect(&scratch);
        let ran = self.run(&["apply", "-j2", "--json"]);
        let calls = self.sandbox.calls();
        let told = format!("{ran:?}\nplan: {plan}\ncalls: {calls:?}");
        assert_eq!(ran.code, i32::from(!failed.is_empty()), "{told}");
        let called: Vec<usize> = calls.iter().map(|call| parse(call, "up")).collect();
        let set: BTreeSet<usize> = called.iter().copied().collect();
        assert_eq!(set, expected, "what ran is not what had to: {told}");
        assert_eq!(called.len(), set.len(), "each once: {told}");
        for (at, stage) in called.iter().enumerate() {
            let ancestors = self.world.ancestors(*stage);
            let late = called[at + 1..]
                .iter()
                .find(|later| ancestors.contains(later));
            assert_eq!(
                late,
                None,
                "an ancestor of {} ran after it: {told}",
                name(*stage)
            );
        }
        self.check_plan(&plan, &before, &set, &failed, &told);
        self.check_reasons(&ran.stdout, &before, &set, &told);
        self.check_outputs(&scratch);
        let again = self.run(&["apply", "-j2"]);
        let calls: BTreeSet<usize> = self
            .sandbox
            .calls()
            .iter()
            .map(|c| parse(c, "up"))
            .collect();
        assert_eq!(calls, failed, "the second apply: {again:?}\nafter {told}");
    }

    /// Which stages must run, and which of them fail; what is known of them afterwards.
    fn expect(
        &mut self,
        scratch: &BTreeMap<usize, (String, String)>,
    ) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let (mut runs, mut failed, mut stuck) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for stage in self.world.present() {
            let ancestors = self.world.ancestors(stage);
            if ancestors
                .iter()
                .any(|a| failed.contains(a) || stuck.contains(a))
            {
                stuck.insert(stage);
                continue;
            }
            let cause = self.cause(stage, scratch);
            if self.past[stage].standing == Standing::Up
                && self.past[stage]
                    .cause
                    .as_ref()
                    .is_some_and(|past| same(past, &cause))
                && self.on_disk(stage).as_deref() == Some(&cause.output)
            {
                continue;
            }
            runs.insert(stage);
            let edges = self.world.dependencies(stage);
            self.past[stage].edges.extend(edges);
            if self.world.stages[stage].fails {
                failed.insert(stage);
                self.past[stage].standing = Standing::Failed;
            } else {
                self.past[stage].standing = Standing::Up;
                self.past[stage].cause = Some(cause);
            }
        }
        (runs, failed)
    }

    fn cause(&self, stage: usize, scratch: &BTreeMap<usize, (String, String)>) -> Cause {
        let ancestors = self.world.ancestors(stage);
        let incarnations = ancestors.iter().map(|a| (*a, self.past[*a].incarnation));
        let outputs = ancestors.iter().map(|a| (*a, scratch[a].1.clone()));
        let effects = ancestors.iter().map(|a| (*a, scratch[a].0.clone()));
        Cause {
            effect: scratch[&stage].0.clone(),
            incarnations: incarnations.collect(),
            outputs: outputs.collect(),
            effects: effects.collect(),
            output: scratch[&stage].1.clone(),
            inputs: self.world.inputs(stage),
            reads: ancestors,
        }
    }

    fn on_disk(&self, stage: usize) -> Option<String> {
        fs::read_to_string(
            self.sandbox
                .path(&format!("dep/output/{}/out", name(stage))),
        )
        .ok()
    }

    fn check_outputs(&self, scratch: &BTreeMap<usize, (String, String)>) {
        for stage in self.world.present() {
            if self.past[stage].standing == Standing::Up && self.past[stage].cause.is_some() {
                let ancestors = self.world.ancestors(stage);
                let settled = ancestors
                    .iter()
                    .all(|a| self.past[*a].standing == Standing::Up);
                let fresh = self.past[stage]
                    .cause
                    .as_ref()
                    .is_some_and(|c| c.output == scratch[&stage].1);
                if settled && fresh {
                    assert_eq!(
                        self.on_disk(stage).as_ref(),
                        Some(&scratch[&stage].1),
                        "{}",
                        name(stage)
                    );
                }
            }
        }
    }
}

/// Whether two causes make `ctl up` do the same: comments in templates are no part of it.
fn same(a: &Cause, b: &Cause) -> bool {
    (&a.effect, &a.reads, &a.incarnations, &a.outputs)
        == (&b.effect, &b.reads, &b.incarnations, &b.outputs)
}

fn parse(call: &str, action: &str) -> usize {
    let (stage, rest) = call.split_once(' ').unwrap_or((call, ""));
    assert_eq!(rest, action, "an unexpected call: {call}");
    stage
        .strip_prefix("stage_")
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("not a stage: {call}"))
}
