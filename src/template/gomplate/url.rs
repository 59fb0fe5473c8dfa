//! `conv.URL`: the parts of plain URLs. What has to be escaped, and what is wrong, is gomplate's.

use std::any::Any;
use std::sync::Arc;

use crate::template::function::Signature;
use crate::template::gomplate::handover;
use crate::template::host::Reentry;
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;
use crate::template::value::Value;

/// `*url.URL`
pub(super) const TYPE: Type = Type::Named("*url.URL", Kind::Ptr);

#[derive(Debug, Default)]
struct Url {
    scheme: String,
    opaque: String,
    user: Option<String>,
    host: String,
    path: String,
    /// With a mark before it; an empty one may have a mark too.
    query: Option<String>,
    fragment: String,
    omits_host: bool,
}

/// A URL's parts.
pub(super) fn parse(text: &[u8]) -> Result<Value, String> {
    match std::str::from_utf8(text).ok().and_then(parts) {
        Some(url) => Ok(Value::Native(Arc::new(url))),
        None => handover("an unusual URL"),
    }
}

/// Characters that stand for themselves in every part.
fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~$&+,/:;=@".contains(&byte))
}

fn is_name(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn parts(text: &str) -> Option<Url> {
    let mut url = Url::default();
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) || !is_plain(fragment) {
        return None;
    }
    fragment.clone_into(&mut url.fragment);
    let (rest, query) = match text.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (text, None),
    };
    url.query = query.map(str::to_owned);
    let scheme = rest.split_once(':').filter(|(scheme, _)| {
        let mut bytes = scheme.bytes();
        bytes
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic())
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    let rest = match scheme {
        Some((scheme, rest)) => {
            url.scheme = scheme.to_ascii_lowercase();
            rest
        }
        None => rest,
    };
    if !is_plain(rest) {
        return None;
    }
    if !rest.starts_with('/') {
        if url.scheme.is_empty() {
            // A colon before the first slash would be a mistake.
            let first = rest.split('/').next().unwrap_or_default();
            url.path = (!first.contains(':')).then(|| rest.to_owned())?;
        } else {
            url.opaque = (!rest.is_empty()).then(|| rest.to_owned())?;
        }
        return Some(url);
    }
    let Some(authority) = rest.strip_prefix("//") else {
        url.omits_host = !url.scheme.is_empty();
        rest.clone_into(&mut url.path);
        return Some(url);
    };
    let end = authority.find('/').unwrap_or(authority.len());
    let (authority, path) = authority.split_at(end);
    path.clone_into(&mut url.path);
    let host = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            url.user = (is_name(name) && is_name(password)).then(|| user.to_owned());
            url.user.as_ref()?;
            host
        }
        None => authority,
    };
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    url.host = (!name.is_empty() && is_name(name) && is_port).then(|| host.to_owned())?;
    Some(url)
}

impl Url {
    fn shown(&self) -> String {
        let mut shown = String::new();
        if !self.scheme.is_empty() {
            shown.push_str(&self.scheme);
            shown.push(':');
        }
        shown.push_str(&self.opaque);
        if !self.host.is_empty() {
            shown.push_str("//");
            if let Some(user) = &self.user {
                shown.push_str(user);
                shown.push('@');
            }
            shown.push_str(&self.host);
        }
        shown.push_str(&self.path);
        if let Some(query) = &self.query {
            shown.push('?');
            shown.push_str(query);
        }
        if !self.fragment.is_empty() {
            shown.push('#');
            shown.push_str(&self.fragment);
        }
        shown
    }

    fn host_and_port(&self) -> (&str, &str) {
        self.host.split_once(':').unwrap_or((&self.host, ""))
    }
}

impl Object for Url {
    fn type_name(&self) -> &'static str {
        "*url.URL"
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "String" | "Hostname" | "Port" | "EscapedPath" | "EscapedFragment" => {
                Some(Signature::new(&[], Type::Str))
            }
            "IsAbs" => Some(Signature::new(&[], Type::Bool)),
            _ => None,
        }
    }

    fn call(&self, name: &str, _: &mut dyn Reentry, _: &[Value]) -> Result<Value, String> {
        let text: &str = match name {
            "Hostname" => self.host_and_port().0,
            "Port" => self.host_and_port().1,
            "EscapedPath" => &self.path,
            "EscapedFragment" => &self.fragment,
            "IsAbs" => return Ok((!self.scheme.is_empty()).into()),
            _ => return Ok(self.shown().into()),
        };
        Ok(text.into())
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(match name {
            "Scheme" => self.scheme.as_str().into(),
            "Opaque" => self.opaque.as_str().into(),
            "Host" => self.host.as_str().into(),
            "Path" => self.path.as_str().into(),
            "RawQuery" => self.query.as_deref().unwrap_or_default().into(),
            "Fragment" => self.fragment.as_str().into(),
            "RawPath" | "RawFragment" => "".into(),
            "OmitHost" => self.omits_host.into(),
            "ForceQuery" => (self.query.as_deref() == Some("")).into(),
            _ => return None,
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
