//! Which stages may start, which have ended, and which are blocked by a failure. Every change of a stage's step goes
//! through [`Schedule::go`]. Knows nothing of what is done with a stage, nor of time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// Where a stage stands in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Something it depends on has not ended.
    Waiting,
    /// It may start.
    Ready,
    /// It was handed out.
    Started,
    /// It ended well.
    Done,
    /// It failed.
    Failed,
    /// It cannot start, because these failed.
    Blocked(BTreeSet<usize>),
    /// It takes no part.
    Absent,
}

/// The order in which stages are handed out: never before what they depend on; among those that may start, the heaviest
/// goes first, and the one with the smaller index among equals.
#[derive(Debug)]
pub struct Schedule {
    steps: Vec<Step>,
    waits_for: Vec<usize>,
    dependents: Vec<Vec<u32>>,
    weights: Vec<u64>,
    ready: BinaryHeap<(u64, Reverse<usize>)>,
    unfinished: usize,
    running: usize,
}

impl Schedule {
    /// A schedule of the stages `taking_part` (by index), where `dependencies[i]` are those that must end before `i`
    /// starts (ones that take no part are ignored). `order` lists all stages so that dependencies come first. Among those that
    /// may start, the one with the greatest weight goes first; `weight` is told a stage and the greatest weight of what
    /// waits for it directly, so that the duration of a stage added to that gives the longest remaining chain.
    pub fn new(
        order: &[usize],
        dependencies: &[Vec<u32>],
        taking_part: &dyn Fn(usize) -> bool,
        weight: &dyn Fn(usize, u64) -> u64,
    ) -> Self {
        let count = dependencies.len();
        let mut steps = vec![Step::Absent; count];
        let mut waits_for = vec![0; count];
        let mut dependents = vec![Vec::new(); count];
        let mut unfinished = 0;
        for &stage in order.iter().filter(|stage| taking_part(**stage)) {
            unfinished += 1;
            steps[stage] = Step::Waiting;
            for &dependency in &dependencies[stage] {
                if taking_part(dependency as usize) {
                    waits_for[stage] += 1;
                    dependents[dependency as usize].push(u32::try_from(stage).unwrap_or(u32::MAX));
                }
            }
        }
        let mut weights = vec![0; count];
        for &stage in order.iter().rev() {
            let chain = dependents[stage].iter().map(|next| weights[*next as usize]);
            weights[stage] = weight(stage, chain.max().unwrap_or(0));
        }
        let mut schedule = Self {
            steps,
            waits_for,
            dependents,
            weights,
            ready: BinaryHeap::new(),
            unfinished,
            running: 0,
        };
        for &stage in order {
            if schedule.steps[stage] == Step::Waiting && schedule.waits_for[stage] == 0 {
                schedule.go(stage, Step::Ready);
            }
        }
        schedule
    }

    /// Where a stage stands.
    pub fn step(&self, stage: usize) -> &Step {
        &self.steps[stage]
    }

    /// How urgent a stage is.
    pub fn weight(&self, stage: usize) -> u64 {
        self.weights[stage]
    }

    /// Whether every stage has ended or is blocked.
    pub fn is_finished(&self) -> bool {
        self.unfinished == 0
    }

    /// How many stages are handed out.
    pub fn running(&self) -> usize {
        self.running
    }

    /// How many stages may start.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Hands out the next stage that may start and that `admits` lets through; the others keep their places.
    pub fn start(&mut self, admits: &mut dyn FnMut(usize) -> bool) -> Option<usize> {
        let mut held = Vec::new();
        let mut chosen = None;
        while let Some(entry) = self.ready.pop() {
            let stage = entry.1.0;
            if admits(stage) {
                chosen = Some(stage);
                break;
            }
            held.push(entry);
        }
        self.ready.extend(held);
        let stage = chosen?;
        self.go(stage, Step::Started);
        Some(stage)
    }

    /// A stage that was handed out ended well.
    pub fn finish(&mut self, stage: usize) {
        self.go(stage, Step::Done);
        for next in self.dependents[stage].clone() {
            let next = next as usize;
            self.waits_for[next] = self.waits_for[next].saturating_sub(1);
            if self.waits_for[next] == 0 && self.steps[next] == Step::Waiting {
                self.go(next, Step::Ready);
            }
        }
    }

    /// A stage that was handed out failed: everything that depends on it is blocked. Gives the newly blocked ones.
    pub fn fail(&mut self, stage: usize) -> Vec<usize> {
        self.go(stage, Step::Failed);
        let mut newly = Vec::new();
        let mut reached = BTreeSet::new();
        let mut open = self.dependents[stage].clone();
        while let Some(next) = open.pop() {
            let next = next as usize;
            if !reached.insert(next) {
                continue;
            }
            match &mut self.steps[next] {
                Step::Waiting => {
                    self.go(next, Step::Blocked(BTreeSet::from([stage])));
                    newly.push(next);
                }
                Step::Blocked(by) => {
                    by.insert(stage);
                }
                _ => {}
            }
            open.extend(&self.dependents[next]);
        }
        newly.sort_unstable();
        newly
    }

    /// The stages that are blocked, and by which failed ones.
    pub fn blocked(&self) -> BTreeMap<usize, &BTreeSet<usize>> {
        let blocked = self.steps.iter().enumerate();
        blocked
            .filter_map(|(stage, step)| match step {
                Step::Blocked(by) => Some((stage, by)),
                _ => None,
            })
            .collect()
    }

    /// The one place where a step changes.
    fn go(&mut self, stage: usize, step: Step) {
        match (&self.steps[stage], &step) {
            (Step::Waiting, Step::Ready) => self.ready.push((self.weights[stage], Reverse(stage))),
            (Step::Ready, Step::Started) => self.running += 1,
            (Step::Started, Step::Done | Step::Failed) => {
                self.running -= 1;
                self.unfinished -= 1;
            }
            (Step::Waiting, Step::Blocked(_)) => self.unfinished -= 1,
            (from, to) => debug_assert!(false, "a stage cannot go from {from:?} to {to:?}"),
        }
        self.steps[stage] = step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diamond(duration: &dyn Fn(usize) -> u64) -> Schedule {
        let dependencies = vec![vec![], vec![0], vec![0], vec![1, 2]];
        let weight = |stage, chain| duration(stage) + chain;
        Schedule::new(&[0, 1, 2, 3], &dependencies, &|_| true, &weight)
    }

    fn start(schedule: &mut Schedule) -> Option<usize> {
        schedule.start(&mut |_| true)
    }

    #[test]
    fn a_stage_starts_only_after_all_it_depends_on() {
        let mut schedule = diamond(&|_| 1);
        assert_eq!(start(&mut schedule), Some(0));
        assert_eq!(start(&mut schedule), None);
        schedule.finish(0);
        assert_eq!(start(&mut schedule), Some(1));
        assert_eq!(start(&mut schedule), Some(2));
        schedule.finish(2);
        assert_eq!(start(&mut schedule), None);
        schedule.finish(1);
        assert_eq!(start(&mut schedule), Some(3));
        schedule.finish(3);
        assert!(schedule.is_finished());
    }

    #[test]
    fn the_longest_remaining_chain_goes_first() {
        let mut schedule = diamond(&|stage| if stage == 2 { 10 } else { 1 });
        start(&mut schedule);
        schedule.finish(0);
        assert_eq!(start(&mut schedule), Some(2));
    }

    #[test]
    fn a_failure_blocks_what_depends_on_it_and_nothing_else() {
        let mut schedule = diamond(&|_| 1);
        start(&mut schedule);
        schedule.finish(0);
        start(&mut schedule);
        assert_eq!(schedule.fail(1), [3]);
        assert!(!schedule.is_finished());
        assert_eq!(start(&mut schedule), Some(2));
        assert_eq!(schedule.fail(2), Vec::<usize>::new());
        assert!(schedule.is_finished());
        assert_eq!(schedule.step(3), &Step::Blocked(BTreeSet::from([1, 2])));
    }

    #[test]
    fn stages_that_take_no_part_hold_nothing_up() {
        let dependencies = vec![vec![], vec![0]];
        let mut schedule = Schedule::new(&[0, 1], &dependencies, &|stage| stage == 1, &|_, _| 1);
        assert_eq!(start(&mut schedule), Some(1));
        schedule.finish(1);
        assert!(schedule.is_finished());
    }

    #[test]
    fn a_stage_that_is_not_admitted_keeps_its_place() {
        let dependencies = vec![vec![], vec![]];
        let mut schedule = Schedule::new(&[0, 1], &dependencies, &|_| true, &|_, _| 1);
        assert_eq!(schedule.start(&mut |stage| stage != 0), Some(1));
        assert_eq!(start(&mut schedule), Some(0));
    }
}
