//! The URLs of datasources, as Go and gomplate read and resolve them. It opens nothing. What is read in a way that is not
//! certain to be theirs is handed over.
//!
//! Facts: Go's `net/url`; gomplate v5.2.0, `internal/datafs` and `internal/urlhelpers`.

use std::borrow::Cow;

use crate::template::gomplate::handover;

/// The schemes whose URLs are understood as a whole; paths have none.
const LOCAL: [&str; 5] = ["", "file", "env", "stdin", "merge"];

/// Where a datasource lies: a URL, or a path relative to the deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceUrl {
    scheme: String,
    /// What stands behind the scheme where no slash does: `NAME` in `env:NAME`.
    opaque: String,
    path: String,
    query: String,
}

impl SourceUrl {
    /// A URL as it stands where a datasource is defined: a path without a scheme is one of a file.
    ///
    /// # Errors
    /// Handed over: Go refuses it, or reads it in an unusual way.
    pub fn parse_source(text: &str) -> Result<Self, String> {
        let mut url = Self::parse(if text == "-" { "stdin://" } else { text })?;
        if url.scheme.is_empty() && url.path.starts_with('/') {
            "file".clone_into(&mut url.scheme);
        }
        Ok(url)
    }

    /// A URL as Go reads it; without a scheme it is a path.
    ///
    /// # Errors
    /// Handed over: Go refuses it, or reads it in an unusual way.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.contains(|c: char| c.is_ascii_control()) {
            return handover("control characters in the URL of a datasource");
        }
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (scheme, rest) = split_scheme(rest)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Self {
            scheme: scheme.to_ascii_lowercase(),
            query: query.to_owned(),
            ..Self::default()
        };
        let first = rest.split('/').next().unwrap_or_default();
        if fragment.contains('%') || scheme.is_empty() && first.contains(':') {
            return handover("an unusual URL of a datasource");
        }
        if !scheme.is_empty() && !rest.starts_with('/') {
            rest.clone_into(&mut url.opaque);
        } else if url.is_local() {
            url.path = decoded_path(without_host(rest, scheme.is_empty())?)?;
        } else {
            check_remote(rest)?;
        }
        Ok(url)
    }

    /// Whether everything of it is known: a file, a variable, standard input, a merge of others. Of other URLs only the
    /// scheme is.
    pub fn is_local(&self) -> bool {
        LOCAL.contains(&self.scheme.as_str())
    }

    /// `https`; empty for a relative path.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// What it names in its scheme: the path of a file, relative ones from the deployment; the name of a variable; what is to be
    /// merged.
    pub fn name(&self) -> Cow<'_, str> {
        let name = match self.path.trim_matches('/') {
            "" if !self.opaque.is_empty() => &self.opaque,
            "" => ".",
            path => path,
        };
        if self.scheme == "file" {
            Cow::Owned(format!("/{name}"))
        } else {
            Cow::Borrowed(name)
        }
    }

    /// The path as it is written, for what is no datasource: a nested template. `None` where there is no path.
    pub fn path(&self) -> Option<&str> {
        (self.opaque.is_empty() && !self.path.is_empty()).then_some(&*self.path)
    }

    /// Whether there is a query.
    pub fn has_query(&self) -> bool {
        !self.query.is_empty()
    }

    /// The media type that the parameter `name` of the query asks for. A plus sign in it may stand for itself.
    pub fn media_type(&self, name: &str) -> Option<String> {
        let value = self.parameter(name)?.replace(' ', "+");
        (!value.is_empty()).then_some(value)
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&').filter(|pair| !pair.contains(';'));
        let mut decoded = pairs.filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let plain = |text: &str| {
                let bytes = decode(&text.replace('+', " "))?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            };
            Some((plain(key)?, plain(value)?))
        });
        decoded.find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The datasource at `relative` seen from this one. `parameter` is the one for the media type, which the relative URL may
    /// change.
    ///
    /// # Errors
    /// Handed over: as [`SourceUrl::parse`].
    pub fn resolve(&self, relative: &str, parameter: &str) -> Result<Self, String> {
        if relative.is_empty() || !self.opaque.is_empty() {
            return Ok(self.clone());
        }
        let other = Self::parse(relative)?;
        let is_plain = other.scheme.is_empty() && !relative.contains('%');
        if !is_plain || self.scheme.is_empty() && self.path.is_empty() {
            return handover("an unusual part of a datasource");
        }
        let path = resolve_path(&self.path, &other.path);
        let query = match other.parameter(parameter) {
            Some(_) => other.query,
            None => self.query.clone(),
        };
        Ok(Self {
            scheme: self.scheme.clone(),
            opaque: String::new(),
            path: if self.scheme.is_empty() {
                format!("{}{path}", self.ascent())
            } else {
                path
            },
            query,
        })
    }

    /// The beginning of a relative path that resolving takes away: `..` of `../data/`.
    fn ascent(&self) -> &str {
        let rooted = resolve_path(&self.path, "");
        let kept = rooted.strip_prefix('/').unwrap_or(&rooted);
        let ascent = self.path.strip_suffix(kept).unwrap_or(&self.path);
        ascent.strip_suffix('/').unwrap_or(ascent)
    }
}

/// The scheme in front of the first colon, if it can be one.
fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Ok(("", text));
    };
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let is_other = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
    match scheme.chars().next() {
        None => handover("a URL that begins with a colon"),
        Some(first) if is_letter(first) => {
            let is_scheme = scheme.chars().all(|c| is_letter(c) || is_other(c));
            Ok(if is_scheme {
                (scheme, rest)
            } else {
                ("", text)
            })
        }
        Some(_) => Ok(("", text)),
    }
}

/// The path behind `//host`, which says nothing of a file.
fn without_host(rest: &str, is_relative: bool) -> Result<&str, String> {
    let Some(authority) = rest.strip_prefix("//") else {
        return Ok(rest);
    };
    if is_relative {
        return handover("a path that begins with two slashes");
    }
    let (host, path) = authority.split_at(authority.find('/').unwrap_or(authority.len()));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !host.chars().all(is_plain) {
        return handover("an unusual host in the URL of a datasource");
    }
    Ok(path)
}

/// Whether Go surely accepts what stands behind the scheme of a URL that is not local.
fn check_remote(rest: &str) -> Result<(), String> {
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let (authority, path) = authority.split_at(authority.find('/').unwrap_or(authority.len()));
    let (host, port) = authority.split_once(':').unwrap_or((authority, "0"));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_in_path = |c: char| is_plain(c) || matches!(c, '/' | '~' | '+' | '=' | ',' | '@' | ':');
    let plain = host.chars().all(is_plain)
        && port.chars().all(|c| c.is_ascii_digit())
        && path.chars().all(is_in_path);
    if plain {
        Ok(())
    } else {
        handover("an unusual URL of a datasource")
    }
}

/// A path with its `%XX` decoded. Slashes and points among them would be taken for those of the path itself.
fn decoded_path(path: &str) -> Result<String, String> {
    let lower = path.to_ascii_lowercase();
    let decoded = decode(path).and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded {
        Some(decoded) if !lower.contains("%2e") && !lower.contains("%2f") => Ok(decoded),
        _ => handover("an unusual escape in the URL of a datasource"),
    }
}

/// A text with its `%XX` decoded, if each is complete.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        decoded.push(u8::try_from(value).ok()?);
    }
    Some(decoded)
}

/// A path seen from another one, as RFC 3986 (5.2.4) has it: it always begins with a slash, unless there is none at all.
fn resolve_path(base: &str, relative: &str) -> String {
    let full = match relative {
        "" => base.to_owned(),
        _ if relative.starts_with('/') => relative.to_owned(),
        _ => format!(
            "{}{relative}",
            &base[..base.rfind('/').map_or(0, |at| at + 1)]
        ),
    };
    if full.is_empty() {
        return full;
    }
    let parts: Vec<&str> = full.split('/').collect();
    let mut kept: Vec<&str> = Vec::new();
    for part in &parts {
        match *part {
            "." => {}
            // The first part is the one before the leading slash.
            ".." => drop(kept.pop()),
            part => kept.push(part),
        }
    }
    let mut path = kept.join("/");
    if matches!(parts.last(), Some(&("." | ".."))) {
        path.push('/');
    }
    if path.starts_with('/') {
        path
    } else {
        format!("/{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::{SourceUrl, resolve_path};

    #[test]
    fn names_what_gomplate_opens() {
        for (text, scheme, name) in [
            ("data/config.yaml", "", "data/config.yaml"),
            ("./data/", "", "./data"),
            ("/etc/x.json", "file", "/etc/x.json"),
            ("file:///etc/x%20y.json?type=a", "file", "/etc/x y.json"),
            ("file://./x.json", "file", "/x.json"),
            ("file:x.json", "file", "/x.json"),
            ("env:HOME", "env", "HOME"),
            ("ENV:///HOME#x", "env", "HOME"),
            ("env:///", "env", "."),
            ("-", "stdin", "."),
            ("merge:a|file:///b", "merge", "a|file:///b"),
            ("https://example.org:8/x", "https", "."),
            ("", "", "."),
        ] {
            let url = SourceUrl::parse_source(text).unwrap();
            assert_eq!((url.scheme(), &*url.name()), (scheme, name), "{text}");
        }
        for odd in [
            ":x",
            "1:x",
            "a%2Fb",
            "a%zz",
            "//host/x",
            "file://u@h/x",
            "a\nb",
        ] {
            assert!(SourceUrl::parse_source(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn finds_the_media_type() {
        for (text, expected) in [
            ("x?type=application/json", Some("application/json")),
            (
                "x?a=b&type=application/array+json",
                Some("application/array+json"),
            ),
            ("x?type=text%2Fplain&type=b", Some("text/plain")),
            ("x?type=", None),
            ("x?type=a;b", None),
            ("x", None),
        ] {
            let url = SourceUrl::parse_source(text).unwrap();
            assert_eq!(url.media_type("type").as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn resolves_as_go_does() {
        for (base, relative, expected) in [
            ("data/", "d.json", "data/d.json"),
            ("data", "d.json", "d.json"),
            ("./data/a.json", "b.json", "./data/b.json"),
            ("../data/", "a/../b", "../data/b"),
            ("a/../b/", "c", "a/../b/c"),
            ("data/", "../../x", "x"),
            ("./data/d.json", "/tmp/t", "./tmp/t"),
            ("file:///a/b/", "c/", "/a/b/c"),
            ("file:///a/b", "/c", "/c"),
            ("env:///", "HOME", "HOME"),
            ("env:", "HOME", "HOME"),
            ("env:A", "HOME", "A"),
        ] {
            let url = SourceUrl::parse_source(base).unwrap();
            let found = url.resolve(relative, "type").unwrap();
            assert_eq!(found.name(), expected, "{base} {relative}");
        }
        let url = SourceUrl::parse_source("d/x.json?type=a").unwrap();
        let kept = url.resolve("y.json", "type").unwrap();
        assert_eq!(kept.media_type("type").as_deref(), Some("a"));
        let changed = url.resolve("?type=b", "type").unwrap();
        assert_eq!(changed.media_type("type").as_deref(), Some("b"));
        assert_eq!(changed.name(), "d/x.json");
    }

    #[test]
    fn dots_are_resolved() {
        for (base, relative, expected) in [
            ("/a/b", "", "/a/b"),
            ("/a/b/", "..", "/a/"),
            ("/a/b/", ".", "/a/b/"),
            ("/a", "../../x", "/x"),
            ("a/b", "c", "/a/c"),
            ("", "", ""),
        ] {
            assert_eq!(resolve_path(base, relative), expected, "{base} {relative}");
        }
    }
}
