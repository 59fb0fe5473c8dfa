//! A plan as people read it. Knows nothing of how it came about.

use std::fmt::Write;

use crate::core::fingerprint::Digest;
use crate::core::plan::{Decision, Entry, Plan, is_new};
use crate::core::stage::StageName;

/// How many reasons of a stage are shown unless more is asked for.
const REASONS: usize = 6;

/// The plan as lines of text: a line for each stage that is not up to date, then a summary.
pub fn render(plan: &Plan, verbose: bool) -> String {
    let mut text = String::new();
    let shown = (plan.stages.iter()).filter(|entry| verbose || is_shown(entry));
    let names = shown.clone().map(|entry| entry.stage.as_str().len());
    let orphans = plan
        .orphans
        .iter()
        .map(|orphan| orphan.stage.as_str().len());
    let width = names.chain(orphans).max().unwrap_or(0);
    for entry in shown {
        let _ = writeln!(text, "{:width$}  {}", entry.stage, sentence(entry, verbose));
        if verbose {
            detail(&mut text, entry);
        }
        for warning in &entry.warnings {
            let _ = writeln!(text, "    warning: {warning}");
        }
    }
    for orphan in &plan.orphans {
        let _ = writeln!(
            text,
            "{:width$}  orphan: {}, no longer in the DAG (`apply --prune` takes it down)",
            orphan.stage, orphan.status
        );
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&summary(plan));
    text.push('\n');
    text
}

fn is_shown(entry: &Entry) -> bool {
    entry.decision.may_run() || !entry.warnings.is_empty()
}

fn sentence(entry: &Entry, verbose: bool) -> String {
    match &entry.decision {
        Decision::UpToDate => "up to date".into(),
        Decision::Restamp => {
            "up to date (what it is rendered from changed, the result did not)".into()
        }
        Decision::Undetermined { after } => {
            let after: Vec<_> = after.iter().map(StageName::as_str).collect();
            format!("to be re-checked after {}", after.join(", "))
        }
        Decision::Run { reasons } => {
            let (word, rest) = if is_new(reasons) {
                ("new", &reasons[1..])
            } else {
                ("stale", &reasons[..])
            };
            let most = if verbose { usize::MAX } else { REASONS };
            let mut told: Vec<_> = rest.iter().take(most).map(ToString::to_string).collect();
            if rest.len() > most {
                told.push(format!("{} more", rest.len() - most));
            }
            if told.is_empty() {
                word.into()
            } else {
                format!("{word}: {}", told.join(", "))
            }
        }
    }
}

fn detail(text: &mut String, entry: &Entry) {
    if let Some(stamper) = &entry.stamper {
        let _ = writeln!(text, "    stamper: {stamper}");
    }
    for why in &entry.stamper_because {
        let _ = writeln!(text, "      {why}");
    }
    if let Some(inputs) = &entry.inputs {
        for (key, kinds) in [("stamp", &inputs.stamp), ("run", &inputs.run)] {
            for (kind, names) in kinds {
                for (name, digest) in names {
                    let digest = match *digest {
                        Digest::ABSENT => "-".into(),
                        digest => digest.short(),
                    };
                    let _ = writeln!(text, "    {key:5} {kind:9} {digest:12} {name}");
                }
            }
        }
    }
}

/// The last line: what would happen, in numbers.
pub fn summary(plan: &Plan) -> String {
    let counts = plan.counts();
    let up = stages(counts.up_to_date);
    let are = if counts.up_to_date == 1 { "is" } else { "are" };
    if plan.failed > 0 {
        let blocked = match plan.blocked {
            0 => String::new(),
            1 => ", and 1 that depends on that".to_owned(),
            count => format!(", and {count} that depend on that"),
        };
        let failed = stages(plan.failed);
        return format!("The plan is not complete: {failed} cannot be looked at{blocked}.");
    }
    if !plan.has_changes() && counts.orphans == 0 {
        return format!("Nothing to do: {up} {are} up to date.");
    }
    let mut parts = Vec::new();
    for (count, what) in [
        (counts.new, "new"),
        (counts.stale, "stale"),
        (counts.undetermined, "to be re-checked"),
        (counts.orphans, "removed from the DAG"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    format!("Plan: {}; {up} {are} up to date.", parts.join(", "))
}

/// `1 stage`, `2 stages`.
pub fn stages(count: usize) -> String {
    match count {
        1 => "1 stage".into(),
        _ => format!("{count} stages"),
    }
}
