//! `semver`: versions and what constraints say of them. What is wrong, or written in an unusual way, is gomplate's.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use crate::template::function::{Functions, Signature};
use crate::template::gomplate::strings::plain;
use crate::template::gomplate::{constraint, fixed, handover, namespace};
use crate::template::host::Reentry;
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::value::Value;

const TYPE: Type = Type::Named("*semver.Version", Kind::Ptr);

pub(super) fn add(functions: &mut Functions) {
    namespace(
        functions,
        "semver",
        "*funcs.SemverFuncs",
        vec![
            fixed("Semver", None, &[Type::Str], TYPE, |_, args| {
                Ok(Value::Native(Arc::new(version(&args[0])?)))
            }),
            fixed(
                "CheckConstraint",
                None,
                &[Type::Str, Type::Str],
                Type::Bool,
                |_, args| {
                    let constraints = std::str::from_utf8(plain(&args[0]))
                        .ok()
                        .and_then(constraint::parse);
                    let Some(constraints) = constraints else {
                        return handover("unusual constraints on versions");
                    };
                    Ok(constraint::fit(&constraints, &version(&args[1])?).into())
                },
            ),
        ],
    );
}

fn version(value: &Value) -> Result<Version, String> {
    std::str::from_utf8(plain(value))
        .ok()
        .and_then(Version::parse)
        .map_or_else(|| handover("an unusual version"), Ok)
}

/// `*semver.Version`
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) numbers: [u64; 3],
    pub(super) prerelease: String,
    metadata: String,
    original: String,
}

impl Version {
    /// `1.2.3-rc.1+build`; minor and patch may be absent, and a `v` may stand before it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > 200 {
            return None;
        }
        let (rest, metadata) = text.split_once('+').unwrap_or((text, ""));
        let (numbers, prerelease) = rest.split_once('-').unwrap_or((rest, ""));
        let has_marks = (text.contains('+'), rest.contains('-'));
        if has_marks.0 && !is_dotted(metadata) || has_marks.1 && !is_dotted(prerelease) {
            return None;
        }
        let has_zeros = |part: &str| {
            part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
        };
        if prerelease.split('.').any(has_zeros) {
            return None;
        }
        let numbers = numbers.strip_prefix('v').unwrap_or(numbers);
        let mut all = [0; 3];
        let mut parts = numbers.split('.');
        for (at, number) in all.iter_mut().enumerate() {
            match parts.next() {
                Some(part) if is_number(part) => *number = part.parse().ok()?,
                None if at > 0 => {}
                _ => return None,
            }
        }
        parts.next().is_none().then(|| Self {
            numbers: all,
            prerelease: prerelease.to_owned(),
            metadata: metadata.to_owned(),
            original: text.to_owned(),
        })
    }

    /// The order of versions; metadata does not count.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let numbers = self.numbers.cmp(&other.numbers);
        numbers.then_with(|| match (&*self.prerelease, &*other.prerelease) {
            ("", "") => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (mine, others) => compare_prereleases(mine, others),
        })
    }

    fn shown(&self) -> String {
        let [major, minor, patch] = self.numbers;
        let mut shown = format!("{major}.{minor}.{patch}");
        for (mark, part) in [('-', &self.prerelease), ('+', &self.metadata)] {
            if !part.is_empty() {
                shown.push(mark);
                shown.push_str(part);
            }
        }
        shown
    }
}

/// A number without zeros before it.
pub(super) fn is_number(text: &str) -> bool {
    text == "0"
        || !text.is_empty()
            && !text.starts_with('0')
            && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Parts of letters, digits and hyphens, with dots between.
fn is_dotted(text: &str) -> bool {
    text.split('.').all(|part| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !part.is_empty() && part.bytes().all(is_part)
    })
}

pub(super) fn compare_prereleases(mine: &str, others: &str) -> Ordering {
    let (mut mine, mut others) = (mine.split('.'), others.split('.'));
    loop {
        let (a, b) = match (mine.next(), others.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => (a.unwrap_or_default(), b.unwrap_or_default()),
        };
        let order = match (a.parse::<u64>(), b.parse::<u64>()) {
            _ if a == b => Ordering::Equal,
            _ if a.is_empty() => Ordering::Less,
            _ if b.is_empty() => Ordering::Greater,
            (Ok(a), Ok(b)) if a > b => Ordering::Greater,
            (Ok(_), Ok(_) | Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => a.cmp(b),
        };
        if order.is_ne() {
            return order;
        }
    }
}

impl Object for Version {
    fn type_name(&self) -> &'static str {
        "*semver.Version"
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Major" | "Minor" | "Patch" => Some(Signature::new(&[], Type::Uint64)),
            "Prerelease" | "Metadata" | "Original" | "String" => {
                Some(Signature::new(&[], Type::Str))
            }
            _ => None,
        }
    }

    fn call(&self, name: &str, _: &mut dyn Reentry, _: &[Value]) -> Result<Value, String> {
        let [major, minor, patch] = self.numbers;
        Ok(match name {
            "Major" => Value::Uint64(major),
            "Minor" => Value::Uint64(minor),
            "Patch" => Value::Uint64(patch),
            "Prerelease" => self.prerelease.as_str().into(),
            "Metadata" => self.metadata.as_str().into(),
            "Original" => self.original.as_str().into(),
            _ => self.shown().into(),
        })
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.shown().into_bytes())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| std::ptr::eq(self, other))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
