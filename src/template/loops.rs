//! `range`: over lists, maps and numbers. It knows nothing of other nodes.

use crate::template::ast::{Body, Branch, Pipe};
use crate::template::frame::{Done, Flow, Frame, Place};
use crate::template::kind::Kind;
use crate::template::operand::{Operand, beneath};
use crate::template::printer::UNPRINTABLE;
use crate::template::printf::printf;
use crate::template::value::{Text, Value};

impl<'t> Frame<'t, '_, '_> {
    pub(crate) fn range(&mut self, dot: &Operand, branch: &'t Branch) -> Done<Flow> {
        self.place = Place::Branch(branch);
        let Some((pipe, body)) = branch.arms.first() else {
            return Ok(Flow::On);
        };
        let mark = self.variables.len();
        let value = self.pipeline(dot, pipe)?;
        self.note_whole(&value);
        let flow = match self.iterate(&value, pipe, body)? {
            Some(()) => Flow::On,
            None => match &branch.otherwise {
                // As in Go, `break` here ends this `range`, not the one around it.
                Some(body) => match self.body(dot, body)? {
                    Flow::Break => Flow::On,
                    flow => flow,
                },
                None => Flow::On,
            },
        };
        self.variables.truncate(mark);
        Ok(flow)
    }

    /// `None` when there was nothing to iterate over.
    fn iterate(&mut self, over: &Operand, pipe: &'t Pipe, body: &'t Body) -> Done<Option<()>> {
        match beneath(&over.value) {
            Value::List(list) => {
                let declared = list.element();
                let items = list.items().into_iter();
                let pairs = items.zip(0_i64..).map(|(item, at)| {
                    (
                        Operand::concrete(Value::Int(at)),
                        Operand::declared(item, declared),
                    )
                });
                self.each(pairs, pipe, body)
            }
            Value::Bytes(bytes) => {
                let pairs = bytes.iter().zip(0_i64..).map(|(byte, at)| {
                    (
                        Operand::concrete(Value::Int(at)),
                        Operand::concrete(Value::Uint8(*byte)),
                    )
                });
                self.each(pairs, pipe, body)
            }
            Value::Map(map) => {
                let declared = map.element();
                let pairs = map.entries().into_iter().map(|(key, item)| {
                    (
                        Operand::concrete(Value::Str(key)),
                        Operand::declared(item, declared),
                    )
                });
                self.each(pairs, pipe, body)
            }
            Value::Nil => Ok(None),
            number => self.count(&number, over, pipe, body),
        }
    }

    fn count(
        &mut self,
        number: &Value,
        over: &Operand,
        pipe: &'t Pipe,
        body: &'t Body,
    ) -> Done<Option<()>> {
        let make: fn(i64) -> Value = match number {
            Value::Int(_) => Value::Int,
            Value::Int64(_) => Value::Int64,
            Value::Int32(_) => |at| Value::Int32(i32::try_from(at).unwrap_or(i32::MAX)),
            Value::Uint(_) => |at| Value::Uint(at.unsigned_abs()),
            Value::Uint64(_) => |at| Value::Uint64(at.unsigned_abs()),
            Value::Uint8(_) => |at| Value::Uint8(u8::try_from(at).unwrap_or(u8::MAX)),
            // Go shows what the pointer points to, by its fields.
            _ if over.value.kind() == Kind::Ptr => {
                return self.fail(&format!("range can't iterate over a value {UNPRINTABLE}"));
            }
            _ => return self.cannot("range can't iterate over %v", &over.value),
        };
        if pipe.variables.len() > 1 {
            let cause = "can't use %v to iterate over more than one variable";
            return self.cannot(cause, &over.value);
        }
        // More than an i64 can count is more than the budget allows.
        let end = number.as_integer().unwrap_or(i64::MAX);
        let pairs = (0..end).map(|at| (Operand::missing(), Operand::concrete(make(at))));
        self.each(pairs, pipe, body)
    }

    fn cannot<T>(&mut self, format: &str, value: &Value) -> Done<T> {
        match printf(format.as_bytes(), std::slice::from_ref(value)) {
            Ok(cause) => self.fail(&String::from_utf8_lossy(&cause)),
            Err(cause) => self.fail(&cause),
        }
    }

    fn each(
        &mut self,
        pairs: impl Iterator<Item = (Operand, Operand)>,
        pipe: &'t Pipe,
        body: &'t Body,
    ) -> Done<Option<()>> {
        let mark = self.variables.len();
        let mut ran = None;
        for (index, item) in pairs {
            ran = Some(());
            self.step()?;
            match pipe.variables.as_slice() {
                [first] => self.set_loop(pipe, &first.name, 1, item.clone())?,
                [first, second, ..] => {
                    self.set_loop(pipe, &first.name, 2, index)?;
                    self.set_loop(pipe, &second.name, 1, item.clone())?;
                }
                [] => {}
            }
            let flow = self.body(&item, body)?;
            self.variables.truncate(mark);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(ran)
    }

    /// Sets a loop variable: by name when it is assigned, else the `from_top`-th of the stack.
    fn set_loop(&mut self, pipe: &Pipe, name: &Text, from_top: usize, value: Operand) -> Done<()> {
        if pipe.assigns {
            return self.assign(name, value);
        }
        let at = self.variables.len().saturating_sub(from_top);
        if let Some((_, slot)) = self.variables.get_mut(at) {
            *slot = value;
        }
        Ok(())
    }
}
