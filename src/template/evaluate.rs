//! Pipelines, operands and field chains. It knows neither nodes nor what functions do.

use std::sync::Arc;

use crate::template::ast::{Command, Expr, Pipe, Variable};
use crate::template::engine::MissingKey;
use crate::template::frame::{Done, Frame, Place};
use crate::template::kind::{Kind, Type};
use crate::template::operand::{Operand, beneath, fits, zero};
use crate::template::quote::quote;
use crate::template::value::{Text, Value};

/// The arguments of what is called or given: those written after it, and the piped one.
#[derive(Clone)]
pub(crate) struct Arguments<'t> {
    pub(crate) written: &'t [Expr],
    pub(crate) piped: Option<Operand>,
}

impl Arguments<'_> {
    pub(crate) const NONE: Self = Self {
        written: &[],
        piped: None,
    };

    pub(crate) fn is_empty(&self) -> bool {
        self.written.is_empty() && self.piped.is_none()
    }
}

impl<'t> Frame<'t, '_, '_> {
    /// The value of a pipeline. Its variables stay on the stack.
    pub(crate) fn pipeline(&mut self, dot: &Operand, pipe: &'t Pipe) -> Done<Operand> {
        self.place = Place::Pipe(pipe);
        self.enter()?;
        let mut value = None;
        for command in &pipe.commands {
            self.step()?;
            value = Some(self.command(dot, command, value)?.unwrapped());
        }
        self.leave();
        let value = value.unwrap_or_else(Operand::missing);
        for variable in &pipe.variables {
            if pipe.assigns {
                self.assign(&variable.name, value.clone())?;
            } else {
                self.variables
                    .push((Arc::clone(&variable.name), value.clone()));
            }
        }
        Ok(value)
    }

    fn command(
        &mut self,
        dot: &Operand,
        command: &'t Command,
        piped: Option<Operand>,
    ) -> Done<Operand> {
        let Some((first, written)) = command.args.split_first() else {
            return Ok(Operand::missing());
        };
        let arguments = Arguments { written, piped };
        match first {
            Expr::Field { .. } | Expr::Chain { .. } | Expr::Variable(_) => {
                return self.reference(dot, first, arguments);
            }
            Expr::Identifier { name, .. } => {
                return self.function(dot, first, Place::Command(command), name, arguments);
            }
            Expr::Pipe(pipe) => {
                self.no_arguments(first, &arguments)?;
                return self.pipeline(dot, pipe);
            }
            _ => {}
        }
        self.place = Place::Expr(first);
        self.no_arguments(first, &arguments)?;
        match first {
            Expr::Dot { .. } => Ok(dot.clone()),
            Expr::Bool { value, .. } => Ok(Operand::concrete(Value::Bool(*value))),
            Expr::Number { number, .. } => self.ideal(number),
            Expr::Str { value, .. } => Ok(Operand::concrete(Value::Str(Arc::clone(value)))),
            _ => self.fail("nil is not a command"),
        }
    }

    fn no_arguments(&mut self, first: &Expr, arguments: &Arguments<'_>) -> Done<()> {
        if arguments.is_empty() {
            return Ok(());
        }
        self.fail(&format!("can't give argument to non-function {first}"))
    }

    /// A field, chain or variable.
    fn reference(
        &mut self,
        dot: &Operand,
        expr: &'t Expr,
        arguments: Arguments<'t>,
    ) -> Done<Operand> {
        self.place = Place::Expr(expr);
        match expr {
            Expr::Field { path, .. } => self.chain(dot, dot.clone(), expr, path, arguments),
            Expr::Variable(Variable { name, path, .. }) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                let Some(value) = known.map(|(_, value)| value.clone()) else {
                    let name = String::from_utf8_lossy(name);
                    return self.fail(&format!("undefined variable: {name}"));
                };
                if path.is_empty() {
                    if !arguments.is_empty() {
                        return self.fail(&format!("can't give argument to non-function {expr}"));
                    }
                    return Ok(value);
                }
                self.chain(dot, value, expr, path, arguments)
            }
            Expr::Chain { base, path, .. } => {
                if matches!(**base, Expr::Nil { .. }) {
                    return self.fail(&format!("indirection through explicit nil in {expr}"));
                }
                let value = self.argument(dot, None, base)?;
                self.chain(dot, value, expr, path, arguments)
            }
            _ => Ok(Operand::missing()),
        }
    }

    /// Follows names from a value; the last one gets the arguments.
    fn chain(
        &mut self,
        dot: &Operand,
        start: Operand,
        expr: &'t Expr,
        path: &'t [Text],
        arguments: Arguments<'t>,
    ) -> Done<Operand> {
        let from_root = start.root;
        let mut read = 0;
        let mut keyed = true;
        let mut last = Some(arguments);
        let mut value = start;
        for (at, name) in path.iter().enumerate() {
            let arguments = if at + 1 == path.len() {
                last.take()
            } else {
                None
            };
            if from_root && keyed {
                keyed = Self::is_key(&value, name, at, arguments.as_ref());
                read = if keyed { at + 1 } else { at };
            }
            let arguments = arguments.unwrap_or(Arguments::NONE);
            let step = self.field(dot, &value, expr, name, arguments);
            if from_root && (step.is_err() || at + 1 == path.len()) {
                self.note_path(path.get(..read).unwrap_or(path));
            }
            value = step?;
        }
        Ok(value)
    }

    /// Whether the name is looked up in a map, which is what a reported path may go through. A
    /// method may look at all of its receiver, and a scalar decides by itself what becomes of the
    /// chain. A method of the root itself (`Env`) counts as a key, unless it takes arguments.
    fn is_key(
        receiver: &Operand,
        name: &[u8],
        at: usize,
        arguments: Option<&Arguments<'_>>,
    ) -> bool {
        if is_method(receiver, name) {
            return at == 0 && arguments.is_none_or(Arguments::is_empty);
        }
        matches!(beneath(&receiver.value), Value::Map(_) | Value::Nil)
    }

    fn note_path(&mut self, path: &[Text]) {
        if path.is_empty() {
            self.run.host.read_everything();
        } else {
            self.run.host.read_root(path);
        }
    }

    fn field(
        &mut self,
        dot: &Operand,
        receiver: &Operand,
        expr: &'t Expr,
        name: &Text,
        arguments: Arguments<'t>,
    ) -> Done<Operand> {
        let shown = String::from_utf8_lossy(name);
        let missing_key = self.run.templates.settings.missing_key;
        if receiver.is_missing() {
            if missing_key == MissingKey::Error {
                return self.fail(&format!("nil data; no entry for key {}", quote(name)));
            }
            return Ok(Operand::missing());
        }
        if receiver.is_nil_interface() {
            return self.fail(&format!("nil pointer evaluating interface {{}}.{shown}"));
        }
        if is_method(receiver, name) {
            return self.method(dot, &receiver.value, expr, &shown, arguments);
        }
        if let Value::Native(object) = &receiver.value
            && let Some(value) = object.field(&shown)
        {
            if !arguments.is_empty() {
                let cause = "has arguments but cannot be invoked as function";
                return self.fail(&format!("{shown} {cause}"));
            }
            return Ok(Operand::concrete(value));
        }
        let Value::Map(map) = beneath(&receiver.value) else {
            let type_name = receiver.type_name();
            return self.fail(&format!("can't evaluate field {shown} in type {type_name}"));
        };
        if !arguments.is_empty() {
            return self.fail(&format!("{shown} is not a method but has arguments"));
        }
        match (map.get(name), missing_key) {
            (Some(value), _) => Ok(Operand::declared(value, map.element())),
            (None, MissingKey::Invalid) => Ok(Operand::missing()),
            (None, MissingKey::Zero) => Ok(zero(map.element())),
            (None, MissingKey::Error) => {
                self.fail(&format!("map has no entry for key {}", quote(name)))
            }
        }
    }

    /// The value of an argument, fitted to the type that is asked for, if any.
    pub(crate) fn argument(
        &mut self,
        dot: &Operand,
        wanted: Option<Type>,
        expr: &'t Expr,
    ) -> Done<Operand> {
        self.place = Place::Expr(expr);
        self.step()?;
        let value = match expr {
            Expr::Dot { .. } => dot.clone(),
            Expr::Nil { .. } => {
                let wanted = wanted.unwrap_or(Type::Any);
                if wanted.can_be_nil() {
                    return Ok(zero(wanted));
                }
                return self.fail(&format!("cannot assign nil to {wanted}"));
            }
            Expr::Field { .. } | Expr::Variable(_) | Expr::Chain { .. } => {
                self.reference(dot, expr, Arguments::NONE)?
            }
            Expr::Pipe(pipe) => self.pipeline(dot, pipe)?,
            Expr::Identifier { name, .. } => {
                self.function(dot, expr, Place::Expr(expr), name, Arguments::NONE)?
            }
            constant => return self.constant(constant, wanted.unwrap_or(Type::Any)),
        };
        self.fit(value, wanted)
    }

    /// Checks that a value may be given where a type is asked for.
    pub(crate) fn fit(&mut self, operand: Operand, wanted: Option<Type>) -> Done<Operand> {
        let Some(wanted) = wanted else {
            return Ok(operand);
        };
        if operand.is_missing() {
            if wanted.can_be_nil() {
                return Ok(zero(wanted));
            }
            return self.fail(&format!("invalid value; expected {wanted}"));
        }
        if fits(&operand.value, wanted) {
            let concrete = !matches!(wanted, Type::Any | Type::Reflect);
            return Ok(if concrete {
                operand.unwrapped()
            } else {
                operand
            });
        }
        let pointed = beneath(&operand.value);
        if operand.value.kind() == Kind::Ptr && fits(&pointed, wanted) {
            self.note_whole(&operand);
            return Ok(Operand::concrete(pointed));
        }
        let found = if operand.is_nil_interface() {
            operand.type_name()
        } else {
            operand.value.type_name()
        };
        self.fail(&format!(
            "wrong type for value; expected {wanted}; got {found}"
        ))
    }
}

fn is_method(receiver: &Operand, name: &[u8]) -> bool {
    match &receiver.value {
        Value::Native(object) => {
            std::str::from_utf8(name).is_ok_and(|name| object.method(name).is_some())
        }
        _ => false,
    }
}
