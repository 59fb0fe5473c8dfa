//! gomplate's root data: a pointer to a map of aliases, with the method `Env`. It knows neither
//! where the data nor where the variables come from.

use std::any::Any;
use std::collections::BTreeMap;

use crate::template::function::Signature;
use crate::template::host::Reentry;
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::value::{Map, Text, Value};

/// `*gomplate.tmplctx`
#[derive(Debug)]
pub struct Root {
    aliases: Map,
    environment: BTreeMap<Text, Value>,
}

impl Root {
    /// `aliases` is shared: what a template changes in it stays changed. The environment is that
    /// of the process; each call of `Env` gives a fresh map of it.
    pub fn new(aliases: Map, environment: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Self {
        let entry = |(name, value): (Vec<u8>, Vec<u8>)| (Text::from(name), Value::text(value));
        Self {
            aliases,
            environment: environment.into_iter().map(entry).collect(),
        }
    }
}

/// The data of a root, where functions see no more than the map that it points to; any other value as it is.
pub(crate) fn data(value: &Value) -> Value {
    match value {
        Value::Native(object) => match object.as_any().downcast_ref::<Root>() {
            Some(root) => Value::Map(root.aliases.clone()),
            None => value.clone(),
        },
        other => other.clone(),
    }
}

impl Object for Root {
    fn type_name(&self) -> &'static str {
        "*gomplate.tmplctx"
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "Env").then_some(Signature::new(&[], Type::STRING_MAP))
    }

    fn call(&self, _: &str, _: &mut dyn Reentry, _: &[Value]) -> Result<Value, String> {
        Ok(Value::Map(Map::new(Type::Str, self.environment.clone())))
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::Map(self.aliases.clone()))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<Self>()
            .is_some_and(|other| std::ptr::eq(self, other))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
