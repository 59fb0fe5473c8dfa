//! What was seen of stages before their turn. What a stage does not inherit can be looked at whenever a worker has nothing
//! better to do; it holds until any stage has run. Knows nothing of what is looked at.

use std::collections::VecDeque;

use crate::execute::worker::Batch;
use crate::observe::look::Look;

/// How far the look at one stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// Nobody looked.
    Nothing,
    /// A worker looks, since so many stages had run.
    Asked(usize),
    /// This, when so many stages had run.
    Look(Look, usize),
    /// It counts no more; a worker looks again.
    Again,
}

/// Looks at stages, by index.
#[derive(Debug)]
pub(super) struct Ahead {
    seen: Vec<Seen>,
    /// Stages whose turn it is, and that wait for a look.
    turn: VecDeque<usize>,
    /// Whether it is a stage's turn while a worker looks at it.
    awaited: Vec<bool>,
    /// Stages that nobody looked at, the first ones last.
    unseen: Vec<usize>,
    /// How many stages have run.
    ran: usize,
}

impl Ahead {
    /// For `count` stages; those in `worth` are looked at before their turn, in that order.
    pub(super) fn new(count: usize, mut worth: Vec<usize>) -> Self {
        worth.reverse();
        Self {
            seen: vec![Seen::Nothing; count],
            turn: VecDeque::new(),
            awaited: vec![false; count],
            unseen: worth,
            ran: 0,
        }
    }

    /// A stage has run, and may have changed anything: what was seen so far counts no more.
    pub(super) fn forget(&mut self) {
        self.ran += 1;
    }

    /// It is a stage's turn: what was seen of it, or `None` if that is still to come.
    pub(super) fn turn(&mut self, stage: usize) -> Option<Look> {
        match self.seen[stage] {
            Seen::Look(look, ran) if ran == self.ran => return Some(look),
            Seen::Asked(ran) if ran == self.ran => self.awaited[stage] = true,
            _ => {
                self.seen[stage] = Seen::Again;
                self.turn.push_back(stage);
            }
        }
        None
    }

    /// A worker looked: `Some` if it is the stage's turn and this is what was waited for.
    pub(super) fn looked(&mut self, stage: usize, ahead: bool, look: Look) -> Option<Look> {
        if !ahead {
            return Some(look);
        }
        let Seen::Asked(ran) = self.seen[stage] else {
            return None;
        };
        self.seen[stage] = Seen::Look(look, ran);
        self.awaited[stage].then_some(look)
    }

    /// What a worker looks at next, `most` stages at once.
    pub(super) fn next(&mut self, most: usize) -> Option<Batch> {
        if !self.turn.is_empty() {
            let stages = self.turn.drain(..most.min(self.turn.len())).collect();
            return Some(Batch {
                stages,
                ahead: false,
            });
        }
        let mut stages = Vec::new();
        while stages.len() < most {
            let Some(stage) = self.unseen.pop() else {
                break;
            };
            if self.seen[stage] == Seen::Nothing {
                self.seen[stage] = Seen::Asked(self.ran);
                stages.push(stage);
            }
        }
        (!stages.is_empty()).then_some(Batch {
            stages,
            ahead: true,
        })
    }

    /// How many stages there are to look at, at most.
    pub(super) fn len(&self) -> usize {
        if self.turn.is_empty() {
            self.unseen.len()
        } else {
            self.turn.len()
        }
    }

    /// The stages whose turn it is and that no worker looks at.
    pub(super) fn waiting(&self) -> impl Iterator<Item = usize> {
        self.turn.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAME: Look = Look::Same { generated: false };

    fn batch(ahead: &mut Ahead, most: usize) -> Option<(Vec<usize>, bool)> {
        ahead.next(most).map(|batch| (batch.stages, batch.ahead))
    }

    #[test]
    fn what_was_seen_before_a_stages_turn_is_there_when_it_comes() {
        let mut ahead = Ahead::new(3, vec![0, 1, 2]);
        assert_eq!(batch(&mut ahead, 2), Some((vec![0, 1], true)));
        assert_eq!(ahead.looked(0, true, SAME), None);
        assert_eq!(ahead.turn(0), Some(SAME));
        // Its turn comes while a worker still looks.
        assert_eq!(ahead.turn(1), None);
        assert_eq!(ahead.looked(1, true, Look::Changed), Some(Look::Changed));
        // Nobody looked yet: it goes before all others, and is not looked at twice.
        assert_eq!(ahead.turn(2), None);
        assert_eq!(batch(&mut ahead, 2), Some((vec![2], false)));
        assert_eq!(ahead.looked(2, false, SAME), Some(SAME));
        assert_eq!(batch(&mut ahead, 2), None);
    }

    #[test]
    fn what_was_seen_before_something_ran_does_not_count() {
        let mut ahead = Ahead::new(2, vec![0, 1]);
        assert_eq!(batch(&mut ahead, 9), Some((vec![0, 1], true)));
        assert_eq!(ahead.looked(0, true, SAME), None);
        ahead.forget();
        assert_eq!(ahead.turn(0), None);
        assert_eq!(ahead.turn(1), None);
        // The early look at the second comes too late, and must not be taken for the new one.
        assert_eq!(ahead.looked(1, true, SAME), None);
        assert_eq!(batch(&mut ahead, 9), Some((vec![0, 1], false)));
        assert_eq!(ahead.looked(0, false, Look::Changed), Some(Look::Changed));
        assert_eq!(ahead.looked(1, false, SAME), Some(SAME));
    }
}
