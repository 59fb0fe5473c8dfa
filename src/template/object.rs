//! Values with methods of their own: times, durations, addresses, function namespaces, the root.
//! It knows none of them; each is made where it is needed.

use std::any::Any;
use std::fmt;

use crate::template::function::Signature;
use crate::template::host::Reentry;
use crate::template::kind::Kind;
use crate::template::value::Value;

/// A value that is not one of Go's plain kinds, or that has methods.
pub trait Object: fmt::Debug + Send + Sync {
    /// The type as `%T` prints it: `time.Time`, `*gomplate.tmplctx`.
    fn type_name(&self) -> &str;

    /// The reflect kind.
    fn kind(&self) -> Kind;

    /// What a method takes and gives, when there is a method of that name.
    fn method(&self, name: &str) -> Option<Signature>;

    /// Calls a method whose arguments were checked against its signature. An error is the cause's
    /// text alone; the engine adds `error calling NAME: `.
    fn call(&self, name: &str, engine: &mut dyn Reentry, args: &[Value]) -> Result<Value, String>;

    /// An exported field of a struct.
    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    /// The plain value beneath: the integer of a duration, the map that a pointer points to. Used
    /// by `len`, `index`, `range`, comparisons, field lookup and numeric verbs.
    fn underlying(&self) -> Option<Value> {
        None
    }

    /// What `String()` or `Error()` returns: how the value prints with `{{ }}`, `%v` and `%s`.
    /// Without it the underlying value is printed.
    fn text(&self) -> Option<Vec<u8>> {
        None
    }

    /// What `MarshalText()` returns: how JSON and YAML have the value. Without it they are not sure.
    fn marshalled(&self) -> Option<Vec<u8>> {
        None
    }

    /// Whether `if` takes the value for true; structs and pointers always are.
    fn truth(&self) -> bool {
        self.kind() == Kind::Ptr || self.underlying().is_none_or(|value| value.truth())
    }

    /// Go's `==` between two values of the same type name.
    fn equals(&self, other: &dyn Object) -> bool;

    /// For functions that need the concrete type.
    fn as_any(&self) -> &dyn Any;
}
