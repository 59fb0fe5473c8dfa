//! Go's text/template: values, functions, parsing and execution. It knows neither gomplate's
//! function set nor where files, variables and the time come from: a [`Host`](host::Host) tells.

pub mod ast;
pub mod error;
pub mod function;
mod grammar;
pub mod host;
pub mod kind;
mod lexer;
pub mod number;
pub mod object;
mod parser;
mod print;
mod quote;
mod runes;
mod token;
pub mod value;

pub use error::{Phase, TemplateError};
pub use function::{Function, Functions, Signature};
pub use host::{FileKind, FileStatus, Host, Moment, Reentry, SourceText};
pub use kind::{Kind, Type};
pub use lexer::Delimiters;
pub use object::Object;
pub use parser::{Definition, Definitions, Origin, parse};
pub use value::{List, Map, Text, Value};
