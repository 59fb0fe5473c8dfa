//! `fs.FileInfo` and `fs.FileMode`: what Go says of a file without reading it.

use std::any::Any;
use std::sync::Arc;

use crate::template::function::Signature;
use crate::template::gomplate::{handover, time};
use crate::template::host::{FileDetails, FileKind, Host, Reentry};
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::value::Value;

const MODE: Type = Type::Named("fs.FileMode", Kind::Uint32);

const DIRECTORY: u32 = 1 << 31;
const DEVICE: u32 = 1 << 26;
const PIPE: u32 = 1 << 25;
const SOCKET: u32 = 1 << 24;
const CHARACTERS: u32 = 1 << 21;
const IRREGULAR: u32 = 1 << 19;

/// The bits that say of what type a file is: links among them, which are followed here.
const TYPE: u32 = DIRECTORY | 1 << 27 | DEVICE | PIPE | SOCKET | CHARACTERS | IRREGULAR;

/// What is known of a file, for templates.
pub(super) fn stat(host: &mut dyn Host, path: &[u8]) -> Result<Value, String> {
    Ok(Value::Native(Arc::new(Info(host.details(path)?))))
}

/// `*os.fileStat`
#[derive(Debug)]
struct Info(FileDetails);

impl Object for Info {
    fn type_name(&self) -> &'static str {
        "*os.fileStat"
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let result = match name {
            "Name" => Type::Str,
            "Size" => Type::Int64,
            "Mode" => MODE,
            "ModTime" => time::TIME,
            "IsDir" => Type::Bool,
            "Sys" => Type::Any,
            _ => return None,
        };
        Some(Signature::new(&[], result))
    }

    fn call(&self, name: &str, engine: &mut dyn Reentry, _: &[Value]) -> Result<Value, String> {
        Ok(match name {
            "Name" => Value::text(&self.0.name),
            "Size" => Value::Int64(i64::try_from(self.0.size).unwrap_or(i64::MAX)),
            "Mode" => Mode::of(&self.0).value(),
            "ModTime" => time::moment(engine.host(), self.0.modified)?,
            "IsDir" => (self.0.kind == FileKind::Directory).into(),
            _ => return handover("what only a system says of a file"),
        })
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| std::ptr::eq(self, other))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `fs.FileMode`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mode(u32);

impl Mode {
    fn of(details: &FileDetails) -> Self {
        let kind = match details.kind {
            FileKind::File => 0,
            FileKind::Directory => DIRECTORY,
            FileKind::Other => match details.mode & 0o170_000 {
                0o010_000 => PIPE,
                0o020_000 => DEVICE | CHARACTERS,
                0o060_000 => DEVICE,
                0o140_000 => SOCKET,
                _ => IRREGULAR,
            },
        };
        let special = [(0o4000, 1 << 23), (0o2000, 1 << 22), (0o1000, 1 << 20)];
        let special = special.iter().filter(|(bit, _)| details.mode & bit != 0);
        let special = special.fold(0, |bits, (_, bit)| bits | bit);
        Self(kind | special | details.mode & 0o777)
    }

    fn value(self) -> Value {
        Value::Native(Arc::new(self))
    }

    fn shown(self) -> String {
        let bit = |at: usize| self.0 >> at & 1 == 1;
        let names = "dalTLDpSugct?".chars().enumerate();
        let mut shown: String = names
            .filter(|(at, _)| bit(31 - at))
            .map(|(_, name)| name)
            .collect();
        if shown.is_empty() {
            shown.push('-');
        }
        let permissions = "rwxrwxrwx".chars().enumerate();
        shown.extend(permissions.map(|(at, name)| if bit(8 - at) { name } else { '-' }));
        shown
    }
}

impl Object for Mode {
    fn type_name(&self) -> &'static str {
        "fs.FileMode"
    }

    fn kind(&self) -> Kind {
        Kind::Uint32
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let result = match name {
            "IsDir" | "IsRegular" => Type::Bool,
            "Perm" | "Type" => MODE,
            "String" => Type::Str,
            _ => return None,
        };
        Some(Signature::new(&[], result))
    }

    fn call(&self, name: &str, _: &mut dyn Reentry, _: &[Value]) -> Result<Value, String> {
        Ok(match name {
            "IsDir" => (self.0 & DIRECTORY != 0).into(),
            "IsRegular" => (self.0 & TYPE == 0).into(),
            "Perm" => Self(self.0 & 0o777).value(),
            "Type" => Self(self.0 & TYPE).value(),
            _ => self.shown().into(),
        })
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::Uint(self.0.into()))
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.shown().into_bytes())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
