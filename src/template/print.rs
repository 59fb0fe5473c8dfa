//! A parsed template as Go prints it in messages. It knows no values.

use std::fmt::{self, Write};

use crate::template::ast::{Command, Expr, Pipe, Variable};
use crate::template::value::Text;

fn bytes(f: &mut fmt::Formatter<'_>, text: &[u8]) -> fmt::Result {
    f.write_str(&String::from_utf8_lossy(text))
}

fn fields(f: &mut fmt::Formatter<'_>, path: &[Text]) -> fmt::Result {
    for name in path {
        f.write_char('.')?;
        bytes(f, name)?;
    }
    Ok(())
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bytes(f, &self.name)?;
        fields(f, &self.path)
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, variable) in self.variables.iter().enumerate() {
            write!(f, "{}{variable}", if at > 0 { ", " } else { "" })?;
        }
        if !self.variables.is_empty() {
            f.write_str(if self.assigns { " = " } else { " := " })?;
        }
        for (at, command) in self.commands.iter().enumerate() {
            write!(f, "{}{command}", if at > 0 { " | " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, arg) in self.args.iter().enumerate() {
            if at > 0 {
                f.write_char(' ')?;
            }
            match arg {
                Expr::Pipe(pipe) => write!(f, "({pipe})")?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identifier { name, .. } => f.write_str(name),
            Self::Field { path, .. } => fields(f, path),
            Self::Variable(variable) => variable.fmt(f),
            Self::Chain { base, path, .. } => {
                match &**base {
                    Self::Pipe(pipe) => write!(f, "({pipe})")?,
                    other => write!(f, "{other}")?,
                }
                fields(f, path)
            }
            Self::Dot { .. } => f.write_char('.'),
            Self::Nil { .. } => f.write_str("nil"),
            Self::Bool { value, .. } => value.fmt(f),
            Self::Number { number, .. } => f.write_str(&number.text),
            Self::Str { quoted, .. } => bytes(f, quoted),
            Self::Pipe(pipe) => pipe.fmt(f),
        }
    }
}
