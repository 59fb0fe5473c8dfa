//! What the names in a jq program stand for: variables, definitions and calls.

use jaq_core::load::parse::{Def, Pattern, Term};

use crate::template::gomplate::jq::check::Check;
use crate::template::gomplate::jq::known::{Gives, Takes, known};
use crate::template::gomplate::jq::shape::{ANY, Shape, combined};
use crate::template::gomplate::jq::syntax::{is_constant, is_sure};

impl<'s> Check<'s> {
    pub(super) fn pattern(&mut self, pattern: &mut Pattern<&'s str>) -> Option<()> {
        match pattern {
            Pattern::Var(name) if self.variables.contains(name) => None,
            Pattern::Var(name) => {
                self.variables.push(name);
                Some(())
            }
            Pattern::Arr(patterns) => patterns
                .iter_mut()
                .try_for_each(|inner| self.pattern(inner)),
            Pattern::Obj(entries) => entries.iter_mut().try_for_each(|(key, inner)| {
                if let Term::Var(name) = key {
                    self.variables.push(name);
                    return None;
                }
                is_constant(key).then_some(())?;
                self.pattern(inner)
            }),
        }
    }

    /// One that does not call itself.
    pub(super) fn definition(&mut self, definition: &mut Def<&'s str>) -> Option<()> {
        let (functions, variables) = (self.functions.len(), self.variables.len());
        let arguments = definition.args.len();
        if definition.args.iter().any(|name| name.starts_with('$')) {
            return None;
        }
        self.functions.push((definition.name, arguments, None));
        for name in &definition.args {
            self.functions.push((name, 0, Some(ANY)));
        }
        let shape = self.term(&mut definition.body);
        self.functions.truncate(functions);
        self.variables.truncate(variables);
        self.functions
            .push((definition.name, arguments, Some(shape?)));
        Some(())
    }

    pub(super) fn call(&mut self, name: &str, arguments: &mut [Term<&'s str>]) -> Option<Shape> {
        let count = arguments.len();
        let shapes = self.terms(arguments)?;
        let mut own = self.functions.iter().rev();
        if let Some((.., shape)) = own.find(|known| known.0 == name && known.1 == count) {
            return *shape;
        }
        let known = known(name, count)?;
        let arguments = || known.takes.iter().zip(&shapes);
        let fits = arguments().all(|(takes, shape)| match takes {
            Takes::Value | Takes::Program => true,
            Takes::One => !shape.many && !shape.none,
            Takes::Path => shape.is_path,
        });
        if !fits {
            return None;
        }
        let values = arguments().filter(|(takes, _)| **takes == Takes::Value);
        let values: Vec<Shape> = values.map(|(_, shape)| *shape).collect();
        let values = combined(&values)?;
        let mut programs = arguments().filter(|(takes, _)| **takes == Takes::Program);
        Some(Shape {
            many: values.many || known.gives == Gives::Many,
            none: values.none || known.gives != Gives::One,
            is_path: known.is_path && !values.many && programs.all(|(_, shape)| shape.is_path),
            sure: is_sure(name) && shapes.iter().all(|shape| shape.sure),
        })
    }
}
