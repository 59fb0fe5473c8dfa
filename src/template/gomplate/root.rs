//! The data that gomplate's templates start with: a pointer to the contexts, with the environment as a method.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::template::function::Signature;
use crate::template::host::Reentry;
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::value::{Map, Value};

/// See the module.
#[derive(Debug)]
pub struct Root {
    contexts: Map,
    variables: Map,
}

impl Root {
    /// A root with the configuration as `cfg`, and the environment.
    pub fn new(config: Value, variables: Vec<(Vec<u8>, Vec<u8>)>) -> Self {
        let contexts = BTreeMap::from([(Arc::from(&b"cfg"[..]), config)]);
        let variables = variables
            .into_iter()
            .map(|(name, value)| (Arc::from(name), Value::text(value)));
        Self {
            contexts: Map::new(Type::Any, contexts),
            variables: Map::new(Type::Str, variables.collect()),
        }
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
        (name == "Env").then(|| Signature::new(&[], Type::STRING_MAP))
    }

    fn call(&self, _: &str, _: &mut dyn Reentry, _: &[Value]) -> Result<Value, String> {
        Ok(Value::Map(self.variables.clone()))
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::Map(self.contexts.clone()))
    }

    fn truth(&self) -> bool {
        true
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<Self>()
            .is_some_and(|other| self.contexts.is_same(&other.contexts))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
