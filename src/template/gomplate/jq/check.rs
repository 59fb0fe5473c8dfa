//! Which jq programs mean the same here and in gojq: those that are made of known parts, and in which nothing depends on the order
//! in which several results are combined. Runs nothing.

mod names;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::{Opt, Part, Path};

use crate::template::gomplate::jq::known::known;
use crate::template::gomplate::jq::shape::{ANY, ONE, PLACE, SURE, Shape, combined, ordered};
use crate::template::gomplate::jq::syntax::{
    begins_constant, ends_in_branches, is_change, is_comparison, is_constant, is_loose, is_number,
    is_place,
};

/// How deep programs may be.
const DEPTH: usize = 60;

/// How many functions that walk through a value may be in each other: each needs stack for each level of it.
const WALKS: usize = 3;

/// The longest program, in bytes.
const LONGEST: usize = 4000;

/// A program, if it means the same in gojq.
pub(super) fn parsed(program: &str) -> Option<Term<&str>> {
    let odd = ["#", "::", "?//", "\\u", "import", "include", "core_"];
    let is_odd = odd.iter().any(|odd| program.contains(odd));
    let walks = ["walk", "recurse", "..", "paths"];
    let walks = walks.iter().map(|walk| program.matches(walk).count());
    if walks.sum::<usize>() > WALKS {
        return None;
    }
    if program.len() > LONGEST || nesting(program) > DEPTH * 4 || is_odd {
        return None;
    }
    if !program
        .bytes()
        .all(|byte| byte >= b' ' || byte == b'\n' || byte == b'\t')
    {
        return None;
    }
    let mut term = jaq_core::load::parse(program, |parser| parser.term())?;
    let mut check = Check::default();
    check.term(&mut term)?;
    Some(term)
}

/// An upper bound of how deep the parts of a program are in each other, before it is read: reading it takes stack.
fn nesting(program: &str) -> usize {
    let signs = program
        .bytes()
        .filter(|byte| b"([{-".contains(byte))
        .count();
    let words = [
        "try", "if", "def", "label", "as", "reduce", "foreach", "catch",
    ];
    let words = words.iter().map(|word| program.matches(word).count());
    signs + words.sum::<usize>()
}

/// What is in scope.
#[derive(Default)]
struct Check<'s> {
    depth: usize,
    variables: Vec<&'s str>,
    functions: Vec<(&'s str, usize, Option<Shape>)>,
    labels: Vec<&'s str>,
}

impl<'s> Check<'s> {
    fn term(&mut self, term: &mut Term<&'s str>) -> Option<Shape> {
        if self.depth > DEPTH {
            return None;
        }
        self.depth += 1;
        let shape = self.shape(term);
        self.depth -= 1;
        shape
    }

    fn terms<'t>(
        &mut self,
        terms: impl IntoIterator<Item = &'t mut Term<&'s str>>,
    ) -> Option<Vec<Shape>>
    where
        's: 't,
    {
        terms.into_iter().map(|term| self.term(term)).collect()
    }

    fn shape(&mut self, term: &mut Term<&'s str>) -> Option<Shape> {
        match term {
            Term::Id => Some(PLACE),
            Term::Recurse => Some(Shape {
                is_path: true,
                sure: true,
                ..ANY
            }),
            Term::Num(text) => is_number(text).then_some(SURE),
            Term::Str(format, parts) => {
                if let Some(format) = format {
                    known(format, 0)?;
                }
                let parts = parts.iter_mut().filter_map(|part| match part {
                    StrPart::Term(term) => Some(term),
                    StrPart::Str(_) | StrPart::Char(_) => None,
                });
                combined(&self.terms(parts)?)
            }
            Term::Arr(None) => Some(SURE),
            Term::Arr(Some(term)) => self.term(term).map(|shape| Shape {
                sure: shape.sure,
                ..ONE
            }),
            Term::Obj(entries) => self.object(entries),
            Term::Neg(term) => {
                let sure = matches!(**term, Term::Num(_));
                self.term(term).map(|shape| Shape {
                    is_path: false,
                    sure,
                    ..shape
                })
            }
            Term::BinOp(left, op, right) => self.operation(left, op, right),
            Term::Label(name, term) => {
                self.labels.push(name);
                let shape = self.term(term);
                self.labels.pop();
                shape.map(|shape| Shape {
                    none: true,
                    is_path: false,
                    ..shape
                })
            }
            Term::Break(name) => self
                .labels
                .contains(name)
                .then_some(Shape { none: true, ..ONE }),
            Term::Fold(kind, source, pattern, arguments) => {
                self.fold(kind, source, pattern, arguments)
            }
            Term::TryCatch(term, catch) => {
                if catch.as_deref().is_some_and(|catch| !is_constant(catch)) {
                    return None;
                }
                let shape = self.term(term)?;
                let caught = match catch {
                    Some(catch) => self.term(catch)?,
                    None => Shape {
                        none: true,
                        ..PLACE
                    },
                };
                Some(Shape {
                    many: shape.many,
                    none: shape.none || caught.none,
                    is_path: shape.is_path && caught.is_path,
                    sure: true,
                })
            }
            Term::IfThenElse(branches, otherwise) => {
                self.branches(branches, otherwise.as_deref_mut())
            }
            Term::Def(definitions, term) => {
                let known = self.functions.len();
                for definition in definitions {
                    self.definition(definition)?;
                }
                let shape = self.term(term);
                self.functions.truncate(known);
                shape
            }
            Term::Call(name, arguments) => self.call(name, arguments),
            Term::Var(name) => self.variables.contains(name).then_some(SURE),
            Term::Path(term, path) => self.path(term, path),
        }
    }

    fn object(&mut self, entries: &mut [(Term<&'s str>, Option<Term<&'s str>>)]) -> Option<Shape> {
        let mut shapes = Vec::new();
        let is_fixed = entries.iter().all(|(key, _)| is_constant(key));
        for (key, value) in entries {
            if matches!(key, Term::Num(_)) {
                return None;
            }
            shapes.push(self.term(key)?);
            if let Some(value) = value {
                // gojq allows less here, unless there are parentheses, which are not seen any more.
                if is_loose(value) {
                    return None;
                }
                shapes.push(self.term(value)?);
            }
        }
        let shape = combined(&shapes)?;
        Some(Shape {
            sure: shape.sure && is_fixed,
            ..shape
        })
    }

    fn operation(
        &mut self,
        left: &mut Term<&'s str>,
        op: &mut BinaryOp<&'s str>,
        right: &mut Box<Term<&'s str>>,
    ) -> Option<Shape> {
        match op {
            BinaryOp::Pipe(None) if ends_in_branches(left) && begins_constant(right) => None,
            BinaryOp::Pipe(None) => {
                let (left, right) = (self.term(left)?, self.term(right)?);
                Some(Shape {
                    many: left.many || right.many,
                    none: left.none || right.none,
                    is_path: left.is_path && right.is_path,
                    sure: left.sure && right.sure,
                })
            }
            BinaryOp::Pipe(Some(pattern)) => {
                let source = self.term(left)?;
                let known = self.variables.len();
                self.pattern(pattern)?;
                let shape = self.term(right);
                self.variables.truncate(known);
                let shape = shape?;
                Some(Shape {
                    many: source.many || shape.many,
                    none: source.none || shape.none,
                    is_path: shape.is_path,
                    sure: source.sure && shape.sure && matches!(pattern, Pattern::Var(_)),
                })
            }
            BinaryOp::Comma => {
                let (left, right_shape) = (self.term(left)?, self.term(right)?);
                let inner = std::mem::take(&mut **right);
                let tick = Term::Call("core_tick", Vec::new());
                **right = Term::BinOp(Box::new(tick), BinaryOp::Pipe(None), Box::new(inner));
                Some(Shape {
                    many: true,
                    none: left.none && right_shape.none,
                    is_path: left.is_path && right_shape.is_path,
                    sure: left.sure && right_shape.sure,
                })
            }
            BinaryOp::Alt => {
                let (left, right) = (self.term(left)?, self.term(right)?);
                Some(Shape {
                    many: left.many || right.many,
                    none: right.none,
                    is_path: false,
                    sure: left.sure && right.sure,
                })
            }
            BinaryOp::Cmp(_) if is_comparison(left) || is_comparison(right) => None,
            BinaryOp::Or | BinaryOp::And => ordered(&[self.term(left)?, self.term(right)?]),
            BinaryOp::Cmp(_) => combined(&[self.term(left)?, self.term(right)?]),
            BinaryOp::Math(_) => {
                let shape = combined(&[self.term(left)?, self.term(right)?])?;
                Some(Shape {
                    sure: false,
                    ..shape
                })
            }
            BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
                self.update(left, op, right)
            }
        }
    }

    /// A change of what is at a place: every place is there once, and gets one value.
    fn update(
        &mut self,
        left: &mut Term<&'s str>,
        op: &BinaryOp<&'s str>,
        right: &mut Term<&'s str>,
    ) -> Option<Shape> {
        if !is_place(left) || is_change(left) || is_change(right) {
            return None;
        }
        self.term(left)?;
        let right = self.term(right)?;
        let fits = !right.many && (!right.none || !matches!(op, BinaryOp::Update));
        fits.then_some(Shape {
            none: right.none,
            ..ONE
        })
    }

    fn fold(
        &mut self,
        kind: &str,
        source: &mut Term<&'s str>,
        pattern: &mut Pattern<&'s str>,
        arguments: &mut [Term<&'s str>],
    ) -> Option<Shape> {
        self.term(source)?;
        let [start, rest @ ..] = arguments else {
            return None;
        };
        let start = self.term(start)?;
        let known = self.variables.len();
        self.pattern(pattern)?;
        let rest = self.terms(rest);
        self.variables.truncate(known);
        let rest = rest?;
        let step = rest.first()?;
        let fits = match kind {
            "reduce" => rest.len() == 1,
            _ => rest.len() < 3,
        };
        if !fits || start.many || start.none || step.many || step.none {
            return None;
        }
        Some(if kind == "reduce" { ONE } else { ANY })
    }

    fn branches(
        &mut self,
        branches: &mut [(Term<&'s str>, Term<&'s str>)],
        otherwise: Option<&mut Term<&'s str>>,
    ) -> Option<Shape> {
        let mut all = match otherwise {
            Some(term) => self.term(term)?,
            None => PLACE,
        };
        let mut conditions = SURE;
        for (condition, branch) in branches {
            let (condition, branch) = (self.term(condition)?, self.term(branch)?);
            conditions.many |= condition.many;
            conditions.none |= condition.none;
            conditions.sure &= condition.sure;
            all.many |= branch.many;
            all.none |= branch.none;
            all.is_path &= branch.is_path;
            all.sure &= branch.sure;
        }
        let is_path = all.is_path;
        ordered(&[conditions, all]).map(|shape| Shape { is_path, ..shape })
    }

    fn path(&mut self, term: &mut Term<&'s str>, path: &mut Path<Term<&'s str>>) -> Option<Shape> {
        let mut all = vec![self.term(term)?];
        let is_path = all.iter().all(|shape| shape.is_path);
        for (part, optional) in &mut path.0 {
            let indices: Vec<&mut Term<&'s str>> = match part {
                Part::Index(index) => vec![index],
                Part::Range(start, end) => start.iter_mut().chain(end).collect(),
            };
            for index in indices {
                let is_plain = is_constant(index);
                all.push(self.term(index)?);
                if matches!(optional, Opt::Optional) && !is_plain {
                    return None;
                }
            }
        }
        let shape = combined(&all)?;
        let is_each = |part: &(Part<_>, Opt)| matches!(part.0, Part::Range(None, None));
        let may_fail = path.0.iter().any(|part| matches!(part.1, Opt::Optional));
        let each = path.0.iter().any(is_each);
        Some(Shape {
            many: shape.many || each,
            none: shape.none || each || may_fail,
            is_path,
            sure: shape.sure && path.0.iter().all(|part| matches!(part.1, Opt::Optional)),
        })
    }
}

#[cfg(test)]
mod tests;
