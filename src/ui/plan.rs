//! A plan as people read it. Knows nothing of how it came about.

use std::fmt::Write;

use crate::core::plan::{Decision, Entry, Plan, is_new};

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
    !matches!(entry.decision, Decision::UpToDate | Decision::Restamp) || !entry.warnings.is_empty()
}

fn sentence(entry: &Entry, verbose: bool) -> String {
    match &entry.decision {
        Decision::UpToDate => "up to date".into(),
        Decision::Restamp => {
            "up to date (what it is rendered from changed, the result did not)".into()
        }
        Decision::Undetermined { after } => {
            let after: Vec<_> = after
                .iter()
                .map(super::super::core::stage::StageName::as_str)
                .collect();
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
    if let Some(inputs) = &entry.inputs {
        for (key, kinds) in [("stamp", &inputs.stamp), ("run", &inputs.run)] {
            for (kind, names) in kinds {
                for (name, digest) in names {
                    let _ = writeln!(text, "    {key:5} {kind:9} {} {name}", digest.short());
                }
            }
        }
    }
    if !entry.unrepeatable.is_empty() {
        let names: Vec<_> = (entry.unrepeatable.iter())
            .map(|name| format!("`{name}`"))
            .collect();
        let _ = writeln!(
            text,
            "    warning: not reproducible: it calls {}",
            names.join(", ")
        );
    }
    for warning in &entry.warnings {
        let _ = writeln!(text, "    warning: {warning}");
    }
}

/// The last line: what would happen, in numbers.
pub fn summary(plan: &Plan) -> String {
    let counts = plan.counts();
    let up = stages(counts.up_to_date);
    let are = if counts.up_to_date == 1 { "is" } else { "are" };
    if plan.failed > 0 {
        return format!(
            "The plan is not complete: {} cannot be looked at, and {} that depend on them.",
            stages(plan.failed),
            plan.blocked
        );
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
