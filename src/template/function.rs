//! Functions that templates can call: plain ones (`toJSON`), and namespaces whose functions are
//! methods (`strings.ToUpper`). It knows none of them.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::template::host::{Host, Reentry};
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::value::Value;

/// What a function takes and gives. Arguments are checked against it before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The types of the fixed parameters.
    pub params: &'static [Type],
    /// The type of each further argument, when there may be any.
    pub variadic: Option<Type>,
    /// The declared type of the result: [`Type::Any`] unless Go declares a narrower one.
    pub result: Type,
}

impl Signature {
    /// A signature with a fixed number of parameters.
    pub const fn new(params: &'static [Type], result: Type) -> Self {
        Self {
            params,
            variadic: None,
            result,
        }
    }

    /// A signature whose last parameter may be repeated or left out.
    pub const fn variadic(params: &'static [Type], more: Type, result: Type) -> Self {
        Self {
            params,
            variadic: Some(more),
            result,
        }
    }
}

impl fmt::Display for Signature {
    /// The function's type as `%T` prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("func(")?;
        for (at, param) in self.params.iter().enumerate() {
            write!(f, "{}{param}", if at > 0 { ", " } else { "" })?;
        }
        if let Some(more) = self.variadic {
            write!(
                f,
                "{}...{more}",
                if self.params.is_empty() { "" } else { ", " }
            )?;
        }
        write!(f, ") {}", self.result)
    }
}

type Plain = dyn Fn(&mut dyn Host, &[Value]) -> Result<Value, String> + Send + Sync;
type Rendering = dyn Fn(&mut dyn Reentry, &[Value]) -> Result<Value, String> + Send + Sync;

#[derive(Clone)]
enum Body {
    Plain(Arc<Plain>),
    Rendering(Arc<Rendering>),
}

/// One function: its signature and what it does.
#[derive(Clone)]
pub struct Function {
    signature: Signature,
    body: Body,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("signature", &self.signature)
            .finish_non_exhaustive()
    }
}

impl Function {
    /// A function of the world and its arguments.
    pub fn new(
        signature: Signature,
        body: impl Fn(&mut dyn Host, &[Value]) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            signature,
            body: Body::Plain(Arc::new(body)),
        }
    }

    /// A function that renders templates itself.
    pub fn rendering(
        signature: Signature,
        body: impl Fn(&mut dyn Reentry, &[Value]) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            signature,
            body: Body::Rendering(Arc::new(body)),
        }
    }

    /// What it takes and gives.
    pub const fn signature(&self) -> Signature {
        self.signature
    }

    /// Calls it; the arguments fit the signature.
    pub fn call(&self, engine: &mut dyn Reentry, args: &[Value]) -> Result<Value, String> {
        match &self.body {
            Body::Plain(body) => body(engine.host(), args),
            Body::Rendering(body) => body(engine, args),
        }
    }

    /// Calls one that renders nothing, outside a template.
    ///
    /// # Errors
    /// Its own; or it renders templates.
    pub fn apply(&self, host: &mut dyn Host, args: &[Value]) -> Result<Value, String> {
        match &self.body {
            Body::Plain(body) => body(host, args),
            Body::Rendering(_) => Err("a function that renders templates".to_owned()),
        }
    }
}

/// A set of functions that are methods of one object: `strings` in `strings.ToUpper`.
#[derive(Debug)]
struct Namespace {
    type_name: &'static str,
    methods: BTreeMap<&'static str, Function>,
}

impl Object for Namespace {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn method(&self, name: &str) -> Option<Signature> {
        self.methods.get(name).map(Function::signature)
    }

    fn call(&self, name: &str, engine: &mut dyn Reentry, args: &[Value]) -> Result<Value, String> {
        match self.methods.get(name) {
            Some(function) => function.call(engine, args),
            None => Err(format!("no method `{name}`")),
        }
    }

    fn equals(&self, other: &dyn Object) -> bool {
        self.type_name == other.type_name()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// All functions that a template may name, without Go's own (those are always there).
#[derive(Clone, Debug, Default)]
pub struct Functions {
    plain: BTreeMap<&'static str, Function>,
    namespaces: BTreeMap<&'static str, Arc<dyn Object>>,
}

impl Functions {
    /// No functions besides Go's own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function, replacing one of the same name (one of Go's own, too).
    pub fn add(&mut self, name: &'static str, function: Function) {
        self.plain.insert(name, function);
    }

    /// Adds a namespace. `type_name` is what `printf "%T" NAME` prints.
    pub fn add_namespace(
        &mut self,
        name: &'static str,
        type_name: &'static str,
        methods: impl IntoIterator<Item = (&'static str, Function)>,
    ) {
        let methods = methods.into_iter().collect();
        self.namespaces
            .insert(name, Arc::new(Namespace { type_name, methods }));
    }

    /// The plain function of that name.
    pub fn get(&self, name: &str) -> Option<&Function> {
        self.plain.get(name)
    }

    /// The object that a namespace's name yields.
    pub fn namespace(&self, name: &str) -> Option<&Arc<dyn Object>> {
        self.namespaces.get(name)
    }

    /// Whether a template may use the name.
    pub fn contains(&self, name: &str) -> bool {
        self.plain.contains_key(name) || self.namespaces.contains_key(name)
    }

    /// All functions and what they take, by the names that templates call them by: `toJSON`, `strings.ToUpper`. Sorted.
    pub fn signatures(&self) -> BTreeMap<String, Signature> {
        let plain = self.plain.iter();
        let mut all: BTreeMap<String, Signature> = plain
            .map(|(name, function)| ((*name).to_owned(), function.signature()))
            .collect();
        for (name, object) in &self.namespaces {
            if let Some(namespace) = object.as_any().downcast_ref::<Namespace>() {
                let methods = namespace.methods.iter();
                all.extend(
                    methods.map(|(method, function)| {
                        (format!("{name}.{method}"), function.signature())
                    }),
                );
            }
        }
        all
    }

    /// The names of all plain functions and namespaces, sorted within each.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.plain.keys().chain(self.namespaces.keys()).copied()
    }
}
