//! Random expressions of a kind that is asked for, most of which evaluate.

use crate::calls::{self, Row};
use crate::chance::Chance;
use crate::pieces::{FAILING, Kind, calls_of, fields_of, literals_of};
use betterform::template::gomplate::DROPPED;
use betterform::template::{Functions, Signature};

/// Random expressions. It knows the variables in scope and what the dot is, not the nodes around.
pub(crate) struct Expressions {
    pub(crate) chance: Chance,
    /// Arguments of functions, whatever their types.
    row: Row,
    functions: Vec<(String, Signature)>,
    /// Name and kind.
    pub(crate) variables: Vec<(String, Kind)>,
    /// What the dot is, and whether `$` is the root.
    pub(crate) dot: Kind,
    pub(crate) rooted: bool,
    /// One in so many expressions is of another kind than asked for; 0 for never.
    pub(crate) wrong: usize,
}

impl Expressions {
    pub(crate) fn new(seed: u64, functions: &Functions) -> Self {
        let functions = functions.signatures().into_iter();
        Self {
            chance: Chance::new(seed),
            row: Row(seed),
            functions: functions
                .filter(|(name, _)| calls::is_called(name) && !calls::is_by_chance(name))
                .filter(|(name, _)| !DROPPED.contains(&name.as_str()))
                .collect(),
            variables: Vec::new(),
            dot: Kind::Root,
            rooted: true,
            wrong: 0,
        }
    }

    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        count > 0 && self.chance.below(count) == 0
    }

    pub(crate) fn any_kind(&mut self) -> Kind {
        let kinds = [
            Kind::Text,
            Kind::Text,
            Kind::Whole,
            Kind::Whole,
            Kind::Float,
            Kind::Truth,
            Kind::Texts,
            Kind::Wholes,
            Kind::Map,
            Kind::Nested,
        ];
        kinds[self.chance.below(kinds.len())]
    }

    /// A pipeline: an operand, a call, or commands one behind the other.
    pub(crate) fn pipeline(&mut self, kind: Kind, depth: usize) -> String {
        let kind = self.perhaps_another(kind);
        if depth == 0 || self.one_in(4) {
            return self.operand(kind, 0);
        }
        if self.wrong > 0 && self.one_in(6) {
            return self.call_by_chance();
        }
        let calls = calls_of(kind);
        if calls.is_empty() {
            return self.operand(kind, depth);
        }
        let (name, kinds) = calls[self.chance.below(calls.len())];
        if name == "printf" {
            return self.printf(depth);
        }
        self.call(name, kinds, depth)
    }

    fn call(&mut self, name: &str, kinds: &[Kind], depth: usize) -> String {
        let (last, first) = match kinds.split_last() {
            Some((last, first)) if name.contains(" | ") || self.one_in(2) => (Some(*last), first),
            _ => (None, kinds),
        };
        let piped = last.map(|last| self.pipeline(last, depth - 1) + " | ");
        let mut text = piped.unwrap_or_default() + name;
        for kind in first {
            text.push(' ');
            text += &self.operand(*kind, depth - 1);
        }
        if self.wrong > 0 && self.one_in(4 * self.wrong) {
            text += " 1";
        }
        text
    }

    fn printf(&mut self, depth: usize) -> String {
        let mut text = format!("printf {}", self.chance.format());
        for _ in 0..self.chance.below(4) {
            let kind = self.any_kind();
            text.push(' ');
            text += &self.operand(kind, depth - 1);
        }
        text
    }

    fn call_by_chance(&mut self) -> String {
        let (name, signature) = &self.functions[self.chance.below(self.functions.len())];
        calls::call(&mut self.row, name, *signature)
    }

    fn perhaps_another(&mut self, kind: Kind) -> Kind {
        if self.one_in(self.wrong) {
            self.any_kind()
        } else {
            kind
        }
    }

    /// What may be an argument: a name, a literal, or something in parentheses.
    pub(crate) fn operand(&mut self, kind: Kind, depth: usize) -> String {
        let kind = self.perhaps_another(kind);
        if self.one_in(3 * self.wrong) {
            return self.chance.pick(FAILING).to_owned();
        }
        if depth > 0 && !self.one_in(3) {
            let pipeline = self.pipeline(kind, depth - 1);
            let open = self.chance.pick(&["(", "(", "( ", "(\n "]);
            return format!("{open}{pipeline})");
        }
        if self.dot == kind && self.one_in(3) {
            return ".".to_owned();
        }
        let mut known: Vec<String> = self
            .variables
            .iter()
            .filter(|(_, of)| *of == kind)
            .map(|(name, _)| name.clone())
            .collect();
        if !known.is_empty() && self.one_in(2) {
            return known.swap_remove(self.chance.below(known.len()));
        }
        let (from_root, from_anywhere) = fields_of(kind);
        match self.chance.below(4) {
            0 | 1 if !from_root.is_empty() && (self.rooted || self.one_in(self.wrong)) => {
                let field = self.chance.pick(from_root);
                let bare = self.dot == Kind::Root && self.rooted && self.one_in(2);
                format!("{}{field}", if bare { "" } else { "$" })
            }
            2 if !from_anywhere.is_empty() => self.chance.pick(from_anywhere).to_owned(),
            _ => self.chance.pick(literals_of(kind)).to_owned(),
        }
    }
}
