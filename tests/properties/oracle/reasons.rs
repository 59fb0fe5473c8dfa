//! What `plan` and `apply` say must be so: what is announced runs, what runs was announced, and each reason is true.

use std::collections::BTreeSet;

use serde_json::json;

use crate::oracle::{Before, Cause, Oracle, Standing, parse};
use crate::world::name;

impl Oracle {
    /// What ran contains all that the plan called stale, and nothing beyond that and *to be re-checked*; and every stage
    /// that the plan calls stale is so for reasons that are true.
    pub(super) fn check_plan(
        &self,
        plan: &serde_json::Value,
        before: &Before,
        ran: &BTreeSet<usize>,
        failed: &BTreeSet<usize>,
        told: &str,
    ) {
        let mut shown = BTreeSet::new();
        for entry in plan["stages"].as_array().expect("stages") {
            let stage = parse(entry["stage"].as_str().expect("a name"), "");
            let decision = entry["decision"].as_str().expect("a decision");
            shown.insert(stage);
            match decision {
                "run" => {
                    let blocked = !self.world.ancestors(stage).is_disjoint(failed);
                    assert!(blocked || ran.contains(&stage), "planned, not run: {told}");
                    let reasons = entry["reasons"].as_array().expect("reasons");
                    assert!(!reasons.is_empty(), "a run without a reason: {told}");
                    for reason in reasons {
                        let true_ = self.is_true(stage, reason, before);
                        assert!(true_, "{reason} is not true of {}: {told}", name(stage));
                    }
                }
                "undetermined" => {}
                _ => assert!(!ran.contains(&stage), "run, not planned: {told}"),
            }
        }
        assert!(ran.is_subset(&shown), "run, not in the plan: {told}");
    }

    /// Every stage that ran says why, and all that it says is true.
    pub(super) fn check_reasons(
        &self,
        events: &str,
        before: &Before,
        ran: &BTreeSet<usize>,
        told: &str,
    ) {
        let mut said = BTreeSet::new();
        for line in events.lines() {
            let event: serde_json::Value = serde_json::from_str(line).expect("an event");
            if event["event"] != "stage-started" {
                continue;
            }
            let stage = parse(event["stage"].as_str().expect("a name"), "");
            let reasons = event["reasons"].as_array().expect("reasons");
            assert!(!reasons.is_empty(), "a run without a reason: {told}");
            for reason in reasons {
                let reason = spoken(reason.as_str().expect("a text"));
                let true_ = self.is_true(stage, &reason, before);
                assert!(true_, "{reason} is not true of {}: {told}", name(stage));
            }
            said.insert(stage);
        }
        assert_eq!(&said, ran, "what ran is not what was told: {told}");
    }

    fn is_true(&self, stage: usize, reason: &serde_json::Value, before: &Before) -> bool {
        let past = &before.past[stage];
        let text = |key: &str| reason[key].as_str().unwrap_or_default().to_owned();
        let Some(cause) = &past.cause else {
            return matches!(
                (text("reason").as_str(), past.standing),
                ("new", Standing::Never)
                    | ("down", Standing::Down)
                    | ("last-up-failed", Standing::Failed)
            ) || (text("reason") == "input" && past.standing == Standing::Failed);
        };
        match text("reason").as_str() {
            "last-up-failed" => past.standing == Standing::Failed,
            // What a failed attempt depended on is recorded by betterform; the oracle keeps only what came up.
            "input" if past.standing == Standing::Failed => true,
            "input" => self.has_changed(stage, &text("kind"), &text("name"), cause, before),
            "output-drift" => before.disk[stage].as_ref() != Some(&cause.output),
            _ => false,
        }
    }

    /// Whether an input is another than it was for `then`.
    fn has_changed(
        &self,
        stage: usize,
        kind: &str,
        name: &str,
        then: &Cause,
        before: &Before,
    ) -> bool {
        let other = || parse(name.split('/').next().unwrap_or_default(), "");
        let is_ancestor = |other: &usize| self.world.ancestors(stage).contains(other);
        match kind {
            "output" => {
                let then = then.outputs.get(&other()).cloned();
                self.on_disk(other()) != then || !is_ancestor(&other())
            }
            "ancestor" => {
                let now = Some(other()).filter(is_ancestor);
                let now = now.map(|other| before.past[other].incarnation);
                then.incarnations.get(&other()).copied() != now
            }
            "generated" => {
                let past = &self.past[stage];
                let now = past.cause.as_ref();
                let now = now.and_then(|cause| cause.effects.get(&other()));
                let same = then.effects.get(&other()) == now;
                self.world.stages[stage].generated && (!same || past.standing == Standing::Failed)
            }
            _ => {
                let file = name.rsplit('/').next().unwrap_or_default();
                let name = if kind == "file" { file } else { name };
                let key = (kind.to_owned(), name.to_owned());
                then.inputs.get(&key) != self.world.inputs(stage).get(&key)
            }
        }
    }
}

/// A reason as `apply` says it, in the form in which `plan --json` gives it.
fn spoken(reason: &str) -> serde_json::Value {
    let input = |kind: &str, name: &str| json!({"reason": "input", "kind": kind, "name": name});
    let words: Vec<&str> = reason.split(' ').collect();
    match words[..] {
        ["new"] => json!({"reason": "new"}),
        ["is", "down"] => json!({"reason": "down"}),
        ["last", "up", "failed", ..] => json!({"reason": "last-up-failed"}),
        ["its", "output", ..] => json!({"reason": "output-drift"}),
        [name, "was", "re-created"]
        | [name, "became", "an", "ancestor"]
        | [name, "is", "no", "longer", "an", "ancestor"] => input("ancestor", name),
        [kind, name, _] => input(kind, name),
        _ => json!({"reason": reason}),
    }
}
