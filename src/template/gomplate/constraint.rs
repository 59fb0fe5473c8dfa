//! Constraints on versions, by the rules of the library that gomplate uses: `>= 1.2, < 2 || ~1.0`. It knows no values.

use std::cmp::Ordering;

use crate::template::gomplate::semver::{Version, compare_prereleases, is_number};

/// One comparison.
pub(super) struct Constraint {
    operator: &'static str,
    version: Version,
    /// Whether a part is absent, or any: the first, the second or the third, where that is the first such part.
    open: Option<Open>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Major,
    Minor,
    Patch,
}

/// The longer ones first.
const OPERATORS: [&str; 11] = ["!=", ">=", "=>", "<=", "=<", "~>", "=", ">", "<", "~", "^"];

/// Constraints of which one group has to hold whole. Ranges with a hyphen, and what is unusual, are none of ours.
pub(super) fn parse(text: &str) -> Option<Vec<Vec<Constraint>>> {
    if text.len() > 500 || text.matches("||").count() > 30 {
        return None;
    }
    text.split("||").map(group).collect()
}

fn group(text: &str) -> Option<Vec<Constraint>> {
    let mut all = Vec::new();
    let mut rest = text.trim_matches(is_blank);
    loop {
        let operator = OPERATORS.into_iter().find(|known| rest.starts_with(known));
        let operator = operator.unwrap_or_default();
        rest = rest.strip_prefix(operator)?.trim_start_matches(is_blank);
        let end = rest.find(|c| is_blank(c) || c == ',').unwrap_or(rest.len());
        let (version, after) = rest.split_at(end);
        all.push(one(operator, version)?);
        let after = after.trim_start_matches(is_blank);
        if after.is_empty() {
            return Some(all);
        }
        let after = after.strip_prefix(',').unwrap_or(after);
        rest = after.trim_start_matches(is_blank);
        if rest.starts_with(['-', ',']) {
            return None;
        }
    }
}

fn is_blank(c: char) -> bool {
    c == ' '
}

fn one(operator: &'static str, text: &str) -> Option<Constraint> {
    let (numbers, more) = match text.find(['-', '+']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let pre = more.split('+').next().unwrap_or_default();
    let bare = numbers.strip_prefix('v').unwrap_or(numbers);
    let parts: Vec<&str> = bare.split('.').collect();
    let is_any = |part: &&str| matches!(*part, "x" | "X" | "*");
    if parts.len() > 3 || !parts.iter().all(|part| is_any(part) || is_number(part)) {
        return None;
    }
    let open_at = (0..3).find(|at| parts.get(*at).is_none_or(is_any));
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let (version, open) = match open_at {
        Some(0) => (format!("0.0.0{pre}"), Some(Open::Major)),
        Some(1) => (format!("{}.0.0{pre}", part(0)), Some(Open::Minor)),
        Some(_) => (format!("{}.{}.0{pre}", part(0), part(1)), Some(Open::Patch)),
        None => (text.to_owned(), None),
    };
    // All that was written has to be right, also where it does not count.
    Version::parse(&format!("0.0.0{more}"))?;
    Some(Constraint {
        operator,
        version: Version::parse(&version)?,
        open,
    })
}

/// Whether a version fits: prereleases only where the group names one.
pub(super) fn fit(groups: &[Vec<Constraint>], version: &Version) -> bool {
    groups.iter().any(|group| {
        let names_one = group.iter().any(|one| !one.version.prerelease.is_empty());
        (version.prerelease.is_empty() || names_one) && group.iter().all(|one| one.holds(version))
    })
}

impl Constraint {
    fn holds(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        match self.operator {
            "!=" => self.differs(version),
            ">" => self.is_less_than(version),
            "<" => order.is_lt(),
            ">=" | "=>" => order.is_ge(),
            "<=" | "=<" => self.is_not_less_than(version),
            "~" | "~>" => self.tilde(version),
            "^" => self.caret(version),
            _ if self.open.is_some() => self.tilde(version),
            _ => order.is_eq(),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let ([major, minor, _], [own_major, own_minor, _]) =
            (version.numbers, self.version.numbers);
        if self.open.is_some() {
            if major != own_major {
                return true;
            }
            if self.open == Some(Open::Minor) {
                return false;
            }
            if minor != own_minor {
                return true;
            }
            if self.open == Some(Open::Patch) {
                let (a, b) = (&*version.prerelease, &*self.version.prerelease);
                return !(a.is_empty() && b.is_empty()) && compare_prereleases(a, b).is_ne();
            }
            if version.numbers[2] != self.version.numbers[2] {
                return true;
            }
        }
        version.compare(&self.version).is_ne()
    }

    fn is_less_than(&self, version: &Version) -> bool {
        let (mine, others) = (self.version.numbers, version.numbers);
        match (self.open, others[0].cmp(&mine[0])) {
            (None, _) => version.compare(&self.version).is_gt(),
            (_, Ordering::Greater) => true,
            (_, Ordering::Less) | (Some(Open::Minor), _) => false,
            (Some(Open::Patch), _) => others[1] > mine[1],
            (Some(Open::Major), _) => version.compare(&self.version).is_gt(),
        }
    }

    fn is_not_less_than(&self, version: &Version) -> bool {
        let (mine, others) = (self.version.numbers, version.numbers);
        if self.open.is_none() {
            return version.compare(&self.version).is_le();
        }
        let is_more = others[0] == mine[0] && others[1] > mine[1] && self.open != Some(Open::Minor);
        others[0] <= mine[0] && !is_more
    }

    fn tilde(&self, version: &Version) -> bool {
        let (mine, others) = (self.version.numbers, version.numbers);
        if version.compare(&self.version).is_lt() {
            return false;
        }
        let is_open = matches!(self.open, Some(Open::Minor | Open::Patch));
        if mine == [0, 0, 0] && !is_open {
            return true;
        }
        others[0] == mine[0] && (others[1] == mine[1] || self.open == Some(Open::Minor))
    }

    fn caret(&self, version: &Version) -> bool {
        let (mine, others) = (self.version.numbers, version.numbers);
        if version.compare(&self.version).is_lt() || others[0] != mine[0] {
            return false;
        }
        if mine[0] > 0 || self.open == Some(Open::Minor) {
            return true;
        }
        if mine[1] > 0 || self.open == Some(Open::Patch) {
            return others[1] == mine[1];
        }
        others[1] == 0 && others[2] == mine[2]
    }
}
