//! Paths relative to the library or the deployment, so that a tree checked out elsewhere looks the same.
//!
//! Knows nothing of which values are paths to something that exists.

/// The library and the deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchors {
    library: Vec<u8>,
    deployment: Vec<u8>,
}

impl Anchors {
    /// The absolute paths of both.
    pub fn new(library: &[u8], deployment: &[u8]) -> Self {
        Self {
            library: trimmed(library).to_vec(),
            deployment: trimmed(deployment).to_vec(),
        }
    }

    /// A value that is an absolute path at, below or above the library or the deployment, relative to it: the name of the
    /// nearest of the two, and the way from there. `/` is above everything and therefore says nothing.
    pub fn relative(&self, value: &[u8]) -> Option<Vec<u8>> {
        let mut anchors = [("library", &self.library), ("deployment", &self.deployment)];
        if self.deployment.len() > self.library.len() {
            anchors.reverse();
        }
        let below = anchors.iter().find_map(|(name, anchor)| {
            let way = value.strip_prefix(anchor.as_slice())?;
            let whole = !anchor.is_empty() && matches!(way, [] | [b'/', ..]);
            whole.then(|| [name.as_bytes(), way].concat())
        });
        below.or_else(|| {
            let above = Self::above("library", &self.library, value);
            above.or_else(|| Self::above("deployment", &self.deployment, value))
        })
    }

    fn above(name: &str, anchor: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let path = trimmed(value);
        let way = anchor
            .strip_prefix(path)
            .filter(|way| way.starts_with(b"/"))?;
        let up = way.split(|byte| *byte == b'/').count() - 1;
        let slashes = value.get(path.len()..)?;
        let relative = || [name.as_bytes(), "/..".repeat(up).as_bytes(), slashes].concat();
        path.starts_with(b"/").then(relative)
    }
}

fn trimmed(path: &[u8]) -> &[u8] {
    let end = path
        .iter()
        .rposition(|byte| *byte != b'/')
        .map_or(0, |last| last + 1);
    path.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_near_the_tree_are_relative() {
        let cases = [
            ("/r/lib/tool", Some("library")),
            ("/r/lib/tool/x", Some("library/x")),
            ("/r/lib/tool/", Some("library/")),
            ("/r/lib/tool/../mods", Some("library/../mods")),
            ("/r/lib/tool2", None),
            ("/r/prod/x", Some("deployment")),
            ("/r/prod/x/output", Some("deployment/output")),
            ("/r/lib", Some("library/..")),
            ("/r", Some("library/../..")),
            ("/r//", Some("library/../..//")),
            ("/r/prod", Some("deployment/..")),
            ("/r/pro", None),
            ("/", None),
            ("", None),
            ("r", None),
            ("lib/tool", None),
            ("/usr/bin:/r/lib/tool", None),
        ];
        let anchors = Anchors::new(b"/r/lib/tool", b"/r/prod/x/");
        for (value, relative) in cases {
            let found = anchors.relative(value.as_bytes());
            assert_eq!(found.as_deref(), relative.map(str::as_bytes), "{value}");
        }
    }

    #[test]
    fn the_nearer_one_counts() {
        let inside = Anchors::new(b"/d/lib", b"/d");
        assert_eq!(
            inside.relative(b"/d/lib/x").as_deref(),
            Some(&b"library/x"[..])
        );
        assert_eq!(
            inside.relative(b"/d/x").as_deref(),
            Some(&b"deployment/x"[..])
        );
        let around = Anchors::new(b"/l", b"/l/d");
        assert_eq!(
            around.relative(b"/l/d/\xff").as_deref(),
            Some(&b"deployment/\xff"[..])
        );
        let same = Anchors::new(b"/d", b"/d");
        assert_eq!(same.relative(b"/d").as_deref(), Some(&b"library"[..]));
        assert_eq!(Anchors::default().relative(b"/x"), None);
    }
}
