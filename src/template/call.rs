//! Calling functions and methods: counting and fitting arguments, and what went wrong. It knows no
//! function but by its signature.

use std::sync::Arc;

use crate::template::ast::Expr;
use crate::template::builtin;
use crate::template::evaluate::Arguments;
use crate::template::frame::{Done, Frame, Place};
use crate::template::function::{Function, Signature};
use crate::template::index::prepare;
use crate::template::kind::Type;
use crate::template::object::Object;
use crate::template::operand::Operand;
use crate::template::quote::quote;
use crate::template::value::Value;

/// What is called.
pub(crate) enum Callee {
    Function(Function),
    Namespace(Arc<dyn Object>),
    Method(Arc<dyn Object>),
    Builtin(Signature),
}

impl Callee {
    fn signature(&self, name: &str) -> Signature {
        let nothing = Signature::new(&[], Type::Any);
        match self {
            Self::Function(function) => function.signature(),
            Self::Namespace(_) => nothing,
            Self::Method(object) => object.method(name).unwrap_or(nothing),
            Self::Builtin(signature) => *signature,
        }
    }
}

impl<'t> Frame<'t, '_, '_> {
    pub(crate) fn function(
        &mut self,
        dot: &Operand,
        expr: &'t Expr,
        whole: Place<'t>,
        name: &str,
        arguments: Arguments<'t>,
    ) -> Done<Operand> {
        self.place = Place::Expr(expr);
        let functions = &self.run.templates.functions;
        let callee = if let Some(function) = functions.get(name) {
            Callee::Function(function.clone())
        } else if let Some(object) = functions.namespace(name) {
            Callee::Namespace(Arc::clone(object))
        } else if let Some(signature) = builtin::signature(name) {
            Callee::Builtin(signature)
        } else {
            return self.fail(&format!(
                "{} is not a defined function",
                quote(name.as_bytes())
            ));
        };
        self.call(dot, &callee, whole, name, arguments)
    }

    pub(crate) fn method(
        &mut self,
        dot: &Operand,
        receiver: &Value,
        expr: &'t Expr,
        name: &str,
        arguments: Arguments<'t>,
    ) -> Done<Operand> {
        let Value::Native(object) = receiver else {
            return Ok(Operand::missing());
        };
        let callee = Callee::Method(Arc::clone(object));
        self.call(dot, &callee, Place::Expr(expr), name, arguments)
    }

    fn call(
        &mut self,
        dot: &Operand,
        callee: &Callee,
        whole: Place<'t>,
        name: &str,
        arguments: Arguments<'t>,
    ) -> Done<Operand> {
        let signature = callee.signature(name);
        self.count_arguments(signature, name, &arguments)?;
        if matches!(callee, Callee::Builtin(_)) && matches!(name, "and" | "or") {
            return self.short_circuit(dot, name == "or", arguments);
        }
        let written = arguments.written;
        let operands = self.fitted(dot, signature, arguments)?;
        for operand in &operands {
            self.note_whole(operand);
        }
        let result = match callee {
            Callee::Builtin(_) if name == "call" => self.call_value(written, operands),
            Callee::Builtin(_) => builtin::call(name, operands),
            // gomplate declares these functions to return anything.
            Callee::Namespace(object) => Ok(Operand::declared(
                Value::Native(Arc::clone(object)),
                Type::Any,
            )),
            Callee::Function(function) => {
                let result = function.call(self.run, &values(operands));
                result.map(|value| Operand::declared(value, signature.result))
            }
            Callee::Method(object) => {
                let result = object.call(name, self.run, &values(operands));
                result.map(|value| Operand::declared(value, signature.result))
            }
        };
        match result {
            Ok(operand) => {
                if let Value::Str(text) | Value::Bytes(text) = &operand.value {
                    self.charge(u64::try_from(text.len() >> 8).unwrap_or(u64::MAX))?;
                }
                Ok(operand)
            }
            Err(cause) => {
                self.place = whole;
                self.fail(&format!("error calling {name}: {cause}"))
            }
        }
    }

    fn count_arguments(
        &mut self,
        signature: Signature,
        name: &str,
        arguments: &Arguments<'_>,
    ) -> Done<()> {
        let written = arguments.written.len();
        let given = written + usize::from(arguments.piped.is_some());
        let wanted = signature.params.len();
        let cause = match signature.variadic {
            Some(_) if given < wanted => format!("want at least {wanted} got {written}"),
            None if given != wanted => format!("want {wanted} got {given}"),
            _ => return Ok(()),
        };
        self.fail(&format!("wrong number of args for {name}: {cause}"))
    }

    /// The arguments, each fitted to its parameter.
    fn fitted(
        &mut self,
        dot: &Operand,
        signature: Signature,
        arguments: Arguments<'t>,
    ) -> Done<Vec<Operand>> {
        let parameter = |at: usize| signature.params.get(at).copied().or(signature.variadic);
        let mut operands = Vec::with_capacity(arguments.written.len() + 1);
        for (at, expr) in arguments.written.iter().enumerate() {
            let operand = self.argument(dot, parameter(at), expr)?;
            operands.push(operand);
        }
        if let Some(piped) = arguments.piped {
            let operand = self.fit(piped, parameter(operands.len()))?;
            operands.push(operand);
        }
        Ok(operands)
    }

    /// `and`, `or`: the first argument that decides, or the last.
    fn short_circuit(
        &mut self,
        dot: &Operand,
        until: bool,
        arguments: Arguments<'t>,
    ) -> Done<Operand> {
        let mut value = Operand::missing();
        for expr in arguments.written {
            value = self.argument(dot, Some(Type::Reflect), expr)?;
            self.note_whole(&value);
            if value.value.truth() == until {
                return Ok(value);
            }
        }
        match arguments.piped {
            Some(piped) => self.fit(piped, Some(Type::Reflect)),
            None => Ok(value),
        }
    }

    /// Go's `call`: a function that is a value.
    fn call_value(&mut self, written: &[Expr], operands: Vec<Operand>) -> Result<Operand, String> {
        let mut operands = operands.into_iter().map(Operand::unwrapped);
        let called = operands.next().unwrap_or_else(Operand::missing);
        let name = match (written.first(), &called.value) {
            (Some(expr), _) => expr.to_string(),
            (None, Value::Str(text)) => String::from_utf8_lossy(text).into_owned(),
            (None, piped) => format!("<{} Value>", piped.type_name()),
        };
        let function = match &called.value {
            Value::Nil => return Err("call of nil".to_owned()),
            Value::Func(function) => function,
            other => return Err(format!("non-function {name} of type {}", other.type_name())),
        };
        let signature = function.signature();
        let wanted = signature.params.len();
        let given = operands.len();
        match signature.variadic {
            Some(_) if given < wanted => {
                let counts = format!("got {given} want at least {wanted}");
                return Err(format!("wrong number of args for {name}: {counts}"));
            }
            None if given != wanted => {
                return Err(format!(
                    "wrong number of args for {name}: got {given} want {wanted}"
                ));
            }
            _ => {}
        }
        let mut values = Vec::with_capacity(given);
        for (at, operand) in operands.enumerate() {
            let parameter = signature.params.get(at).copied().or(signature.variadic);
            let value = prepare(operand, parameter.unwrap_or(Type::Any));
            values.push(value.map_err(|cause| format!("arg {at}: {cause}"))?);
        }
        let result = function.call(self.run, &values)?;
        Ok(Operand::declared(result, signature.result))
    }
}

fn values(operands: Vec<Operand>) -> Vec<Value> {
    operands.into_iter().map(|operand| operand.value).collect()
}
