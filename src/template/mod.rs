//! Go's text/template: values, functions, parsing and execution. It knows neither gomplate's
//! function set nor where files, variables and the time come from: a [`Host`](host::Host) tells.

pub mod analysis;
pub mod ast;
mod builtin;
mod call;
mod compare;
mod constant;
mod engine;
pub mod error;
mod escape;
mod evaluate;
mod float;
pub mod format;
mod frame;
pub mod function;
pub mod gomplate;
mod grammar;
pub mod host;
mod index;
pub mod kind;
mod lexer;
mod literal;
mod loops;
pub mod number;
pub mod object;
mod operand;
mod parser;
mod print;
mod printer;
pub mod printf;
pub mod quote;
mod root;
mod run;
pub mod runes;
mod token;
pub mod value;

pub(crate) use builtin::is_builtin;
pub use engine::{MissingKey, Settings, Templates};
pub use error::{Phase, TemplateError};
pub use function::{Function, Functions, Signature};
pub use host::{
    DirectoryEntry, FileDetails, FileKind, FileStatus, Host, LocalZone, Moment, Reentry, SourceText,
};
pub use kind::{Kind, Type};
pub use lexer::Delimiters;
pub use object::Object;
pub use parser::{Definition, Definitions, Origin, parse};
pub use root::Root;
pub use run::Budget;
pub use value::{List, Map, Text, Value};
