//! The texts of datasources, each read where its URL says. Knows nothing of what is in them.
//!
//! Facts: gomplate v5.2.0, `internal/datafs`, by its source and by running it.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::source::lexical;
use crate::stamp::datasources::{Place, check, media_type};
use crate::stamp::host::StageHost;
use crate::stamp::reads::ConfigReads;
use crate::template::gomplate::{HANDOVER, SourceUrl};
use crate::template::{FileKind, Host as _, SourceText};

/// The variable that names the parameter for media types in the URLs of datasources.
const TYPE_PARAMETER: &str = "GOMPLATE_TYPE_PARAM";

impl StageHost<'_> {
    pub(super) fn is_other_context(&self, name: &[u8]) -> bool {
        matches!(self.datasources.get(name), Some(Place::Url(_)))
    }

    /// The configuration as gomplate would be given it: its file, unless that is yet to be written.
    pub(super) fn config_text(&mut self) -> SourceText {
        self.reads.config = ConfigReads::All;
        let written = std::fs::read(self.request.config_json_file).ok();
        let is_current = |text: &Vec<u8>| {
            let value = serde_json::from_slice::<serde_json::Value>(text);
            value.is_ok_and(|value| value == *self.request.config)
        };
        let text = written.filter(is_current);
        SourceText {
            text: text.unwrap_or_else(|| self.request.config.to_string().into_bytes()),
            media_type: Some("application/json".to_owned()),
        }
    }

    /// The texts at a URL, or at what is named relative to it.
    pub(super) fn source_texts(
        &mut self,
        url: &SourceUrl,
        relative: &str,
    ) -> Result<Vec<SourceText>, String> {
        check(url)?;
        let parameter = if url.has_query() || relative.contains('?') {
            self.type_parameter()?
        } else {
            "type".to_owned()
        };
        let url = url.resolve(relative, &parameter)?;
        if url.scheme() != "merge" {
            return Ok(vec![self.source_text(&url)?]);
        }
        let name = url.name().into_owned();
        let parts: Vec<&str> = name.split('|').collect();
        if parts.len() < 2 {
            return Err("need at least 2 datasources to merge".to_owned());
        }
        let mut texts = Vec::new();
        for part in parts {
            texts.push(match self.datasources.get(part.as_bytes()).cloned() {
                Some(Place::Config) => self.config_text(),
                Some(Place::Url(url)) => self.source_text(&url)?,
                None => self.source_text(&SourceUrl::parse_source(part)?)?,
            });
        }
        Ok(texts)
    }

    /// The name of the parameter for media types in URLs.
    fn type_parameter(&mut self) -> Result<String, String> {
        match self.env(TYPE_PARAMETER.as_bytes()) {
            Some(name) if !name.is_empty() => String::from_utf8(name)
                .map_err(|_| format!("{HANDOVER}`{TYPE_PARAMETER}` that is not UTF-8")),
            _ => Ok("type".to_owned()),
        }
    }

    /// The text at a URL that is none of a merge.
    fn source_text(&mut self, url: &SourceUrl) -> Result<SourceText, String> {
        check(url)?;
        let name = url.name().into_owned();
        let asked = if url.has_query() {
            url.media_type(&self.type_parameter()?)
        } else {
            None
        };
        let text = match url.scheme() {
            "env" => self.variable_text(&name)?,
            // Stages get none.
            "stdin" if is_valid_name(&name) => Vec::new(),
            "stdin" => return Err(format!("open {name}: invalid argument")),
            "merge" => return Err(format!("{HANDOVER}a merge within a merge")),
            _ => return self.file_text(&name, asked),
        };
        let media_type = asked.or_else(|| media_type(&name).map(str::to_owned));
        Ok(SourceText { text, media_type })
    }

    /// A file, or the names in a directory as JSON.
    fn file_text(&mut self, name: &str, asked: Option<String>) -> Result<SourceText, String> {
        if name.contains('\\') || name.starts_with("/?") {
            return Err(format!("{HANDOVER}an unusual path of a datasource"));
        }
        let path = lexical::absolute(self.request.deployment, Path::new(name));
        let bytes = path.as_os_str().as_bytes();
        match self.status(bytes)?.map(|status| status.kind) {
            Some(FileKind::Directory) => self.listing(bytes),
            Some(FileKind::Other) => Err(format!("{HANDOVER}a datasource that is no regular file")),
            Some(FileKind::File) | None => Ok(SourceText {
                text: self.read_file(bytes)?,
                media_type: asked.or_else(|| {
                    let base = path.file_name().unwrap_or_default().to_string_lossy();
                    media_type(&base).map(str::to_owned)
                }),
            }),
        }
    }

    fn listing(&mut self, path: &[u8]) -> Result<SourceText, String> {
        let entries = self.read_dir(path)?;
        let texts: Option<Vec<&str>> = (entries.iter())
            .map(|entry| std::str::from_utf8(&entry.name).ok())
            .collect();
        // Go writes some characters of JSON in a way of its own.
        let odd =
            |c: char| c.is_control() || matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
        let plain = texts.filter(|texts| !texts.iter().any(|text| text.contains(odd)));
        let plain = plain.ok_or_else(|| format!("{HANDOVER}unusual names in a directory"))?;
        Ok(SourceText {
            text: serde_json::json!(plain).to_string().into_bytes(),
            media_type: Some("application/array+json".to_owned()),
        })
    }

    /// A variable; where it is not set, the file that `NAME_FILE` names, from the root.
    fn variable_text(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let unset = || format!("the variable `{name}` is not set");
        if !is_valid_name(name) {
            return Err(format!("`{name}` cannot be the name of a variable"));
        }
        let file = self.env(format!("{name}_FILE").as_bytes());
        if let Some(value) = self.env(name.as_bytes()) {
            return Ok(value);
        }
        let file = file.filter(|file| !file.is_empty()).ok_or_else(unset)?;
        let below_root = file.strip_prefix(b"/").unwrap_or(&file);
        match std::str::from_utf8(below_root) {
            Ok(below_root) if is_valid_name(below_root) => {}
            _ => return Err(format!("`{name}_FILE` is no path of a file")),
        }
        let content = self.read_file(&[b"/", below_root].concat())?;
        let text = String::from_utf8(content)
            .map_err(|_| format!("{HANDOVER}a variable whose file is not UTF-8"))?;
        Ok(text.trim().as_bytes().to_vec())
    }
}

/// Whether Go takes this for a path in one of its file systems.
fn is_valid_name(name: &str) -> bool {
    name == "." || name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
