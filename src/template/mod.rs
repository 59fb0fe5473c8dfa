//! Go's text/template: values, functions, parsing and execution. It knows neither gomplate's
//! function set nor where files, variables and the time come from: a [`Host`](host::Host) tells.

pub mod function;
pub mod host;
pub mod kind;
pub mod object;
pub mod value;

pub use function::{Function, Functions, Signature};
pub use host::{FileKind, FileStatus, Host, Moment, Reentry, SourceText};
pub use kind::{Kind, Type};
pub use object::Object;
pub use value::{List, Map, Text, Value};
