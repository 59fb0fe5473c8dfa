//! What a stage may read when it is stamped, found in the text of its templates alone. Errs on the side of more.
//!
//! This is for the real gomplate, which does not tell. Where a path is computed in a way that is not understood here, the
//! answer is [`incomplete`](crate::stamp::reads::Reads::incomplete). Knows nothing of how templates are rendered.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::stamp::Request;
use crate::stamp::reads::{ConfigReads, Reads};
use crate::stamp::source::{Source, Treatment};

/// Finds what rendering a stage may read.
pub fn scan(request: &Request<'_>, source: &Source) -> Reads {
    let mut scan = Scan {
        request,
        source,
        reads: Reads {
            config: ConfigReads::All,
            // A plugin or another program reads what it likes.
            incomplete: !source.config.handed_over.is_empty(),
            ..Reads::default()
        },
    };
    scan.configured();
    for file in &source.files {
        if file.treatment == Treatment::Render {
            scan.text(&String::from_utf8_lossy(&file.content));
        }
    }
    scan.reads
}

struct Scan<'a> {
    request: &'a Request<'a>,
    source: &'a Source,
    reads: Reads,
}

impl Scan<'_> {
    /// What `.gomplate.yaml` names.
    fn configured(&mut self) {
        let config = &self.source.config;
        let sources = config.context.values().chain(config.datasources.values());
        for url in sources.map(|source| source.url.as_str()) {
            self.url(url);
        }
        for template in config.templates.values() {
            let path = self.request.deployment.join(&template.url);
            let in_directory = std::fs::read_dir(&path).into_iter().flatten().flatten();
            let files: Vec<_> = in_directory.map(|file| file.path()).collect();
            for file in std::iter::once(&path).chain(&files) {
                if let Ok(text) = std::fs::read(file) {
                    self.text(&String::from_utf8_lossy(&text));
                }
            }
            self.reads.files.extend(files);
            self.url(&template.url);
        }
    }

    /// Reads a text that has templates in it.
    fn text(&mut self, text: &str) {
        self.environment(text);
        for name in all(text, &UNREPEATABLE) {
            self.reads.unrepeatable.insert(name);
        }
        let delimiters = &self.source.delimiters;
        for piece in text.split(&delimiters.left).skip(1) {
            // Where a literal holds the right delimiter, what is behind it belongs to the action too.
            let end = piece.rfind(&delimiters.right).unwrap_or(piece.len());
            self.action(&piece[..end]);
        }
    }

    fn environment(&mut self, text: &str) {
        for name in all(text, &FIELD)
            .chain(all(text, &UPPER_CASE))
            .chain(all(text, &URL))
        {
            self.reads.env.insert(name);
        }
        for names in all(text, &EXPANDED) {
            self.reads.env.extend(all(&names, &DOLLAR));
        }
        for name in all(text, &ASKED) {
            // An unset variable is read from the file that this one names.
            self.reads.env.insert(format!("{name}_FILE"));
            if let Some(file) = self.request.environment.get(&format!("{name}_FILE")) {
                self.reads.files.insert(self.request.deployment.join(file));
            }
            self.reads.env.insert(name);
        }
        self.reads.all_env |= WHOLE.is_match(text);
    }

    /// Reads one action: the files that it names.
    fn action(&mut self, action: &str) {
        let reads_files = READER.is_match(action);
        let mut paths = BTreeSet::new();
        let rest = BEFORE_LITERAL.replace_all(action, |found: &Captures<'_>| {
            paths.insert(self.joined("", found, 1, 2));
            " \u{1} "
        });
        let rest = FORMATTED.replace_all(&rest, |found: &Captures<'_>| {
            paths.insert(self.joined(&found[1], found, 3, 2));
            " \u{1} "
        });
        let mut literals = Vec::new();
        let rest = LITERAL.replace_all(&rest, |found: &Captures<'_>| {
            let literal = found.get(1).or_else(|| found.get(2));
            literals.extend(literal.map(|literal| literal.as_str().to_owned()));
            " \u{2} "
        });
        for literal in literals.iter().filter(|text| is_path(text)) {
            let path = self.request.deployment.join(literal);
            if reads_files && !literal.contains(':') || path.exists() {
                paths.insert(path);
            }
        }
        self.reads.files.extend(paths);
        if reads_files {
            for url in literals.iter().filter(|text| text.contains(':')) {
                self.url(url);
            }
            let assigned = ASSIGNED.replace(&rest, " ");
            let plain = PLAIN.find_iter(&assigned).count();
            let all = READS.find_iter(&assigned).count();
            self.reads.incomplete |= plain < all || COMPUTED.is_match(&assigned);
        }
    }

    /// `before`, the value of the variable that group `name` names, and group `after` of a match, as one path.
    fn joined(&self, before: &str, found: &Captures<'_>, name: usize, after: usize) -> PathBuf {
        let mut path = OsString::from(before);
        path.push(
            self.request
                .environment
                .get(&found[name])
                .unwrap_or_default(),
        );
        path.push(&found[after]);
        self.request.deployment.join(path)
    }

    /// What lies at the URL of a datasource.
    fn url(&mut self, url: &str) {
        let scheme = url.split_once(':').map(|(scheme, _)| scheme);
        let path = match scheme {
            None => url,
            Some("file") => {
                let path = url.trim_start_matches("file:");
                path.strip_prefix("//").unwrap_or(path)
            }
            Some("env" | "stdin") => return,
            Some("merge") => {
                for part in url.trim_start_matches("merge:").split('|') {
                    self.url(part);
                }
                return;
            }
            Some(_) => {
                self.reads.incomplete = true;
                return;
            }
        };
        let path = path.split(['?', '#']).next().unwrap_or(path);
        if !path.is_empty() && !self.source.config.datasources.contains_key(path) {
            self.reads.files.insert(self.request.deployment.join(path));
        }
    }
}

/// Whether a literal can be the path of a file.
fn is_path(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 4096
        && !text.contains(['\n', '\0'])
        && Path::new(text) != Path::new("/")
}

/// The first group of all matches, or the whole match.
fn all(text: &str, regex: &Regex) -> impl Iterator<Item = String> {
    let found: Vec<_> = regex
        .captures_iter(text)
        .filter_map(|found| found.get(1).or_else(|| found.get(0)))
        .map(|group| group.as_str().to_owned())
        .collect();
    found.into_iter()
}

fn regex(expression: &str) -> Regex {
    #[expect(
        clippy::expect_used,
        reason = "the expressions below are constants, and a test compiles them all"
    )]
    Regex::new(expression).expect("a constant expression is valid")
}

/// `.Env.NAME`.
static FIELD: LazyLock<Regex> = LazyLock::new(|| regex(r"\.Env\.(\w+)"));
/// A quoted word in upper case.
static UPPER_CASE: LazyLock<Regex> = LazyLock::new(|| regex(r#"["`']([A-Z_][A-Z0-9_]*)["`']"#));
/// `env:NAME` and `env:///NAME`.
static URL: LazyLock<Regex> = LazyLock::new(|| regex(r"\benv:/*(\w+)"));
/// The text that has its variables expanded.
static EXPANDED: LazyLock<Regex> = LazyLock::new(|| regex(r#"ExpandEnv\s+["`]([^"`]*)"#));
/// `$NAME` and `${NAME}`.
static DOLLAR: LazyLock<Regex> = LazyLock::new(|| regex(r"\$\{?(\w+)"));
/// A variable that is asked for by its name.
static ASKED: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?:[gG]etenv|HasEnv|\.Env)\s+["`]([^"`]*)["`]"#));
/// The environment as a whole, or a variable whose name is computed.
static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:\.Env(?:\s*(?:[^\s\w."`]|$)|\s+[^\s"`])|\benv\.Env\b|(?:[gG]etenv|HasEnv|ExpandEnv)\s+[^\s"`]|\|\s*(?:env\.)?(?:[gG]etenv|HasEnv|ExpandEnv)\b|env:/*["`|?])"#,
    )
});
/// A function that reads files or other data.
static READER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\bfile\.\w|\b(?:ds|datasource|include|defineDatasource|datasourceReachable)\b|\bdata\.(?:Datasource|Include|DefineDatasource|DatasourceReachable)|\btmpl\.Exec\b.*\bfile\b",
    )
});
/// A function that reads what its first argument names, or, of a file, more than its content.
static READS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\bfile\.\w+|\b(?:ds|datasource|include|datasourceReachable)\b|\bdata\.(?:Datasource|Include|DatasourceReachable)",
    )
});
/// One whose first argument was found: a literal, or a variable and what is put behind it, before or behind the function.
static PLAIN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x)
        \b (?: file\.(?:Read|ReadDir|Walk|Exists|IsDir) | ds | datasource | include | datasourceReachable
            | data\.(?:Datasource|Include|DatasourceReachable) )
            \s+ (?: \x02 | \( \s* printf? \s+ \x01 \s* (?: \) | \| | $ ) )
        | (?: \x01 | \x02 ) \s* \)? \s* \| \s* file\.(?:Read|ReadDir|Walk|Exists|IsDir) \b",
    )
});
/// A variable and what is put behind it: `.Env.OUTPUT_DIR "/x.json"`, `(getenv "X") "/y"`.
static BEFORE_LITERAL: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"(?:\.Env\.|[gG]etenv\s+["`])(\w+)["`]?(?:\s+["`][^"`/]*["`])?\)?\s+["`](/[^"`]*)["`]"#)
});
/// A variable that a format puts in front of a path: `printf "%s/x.json" .Env.OUTPUT_DIR`.
static FORMATTED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"["`]([^"`%]*)%[sv]([^"`%]*)["`]\s+\(?(?:\$?\.Env\.|[gG]etenv\s+["`])(\w+)["`]?\)?"#)
});
/// A text in quotes.
static LITERAL: LazyLock<Regex> = LazyLock::new(|| regex(r#""((?:[^"\\]|\\.)*)"|`([^`]*)`"#));
/// The variable at the front of an action that is given a value.
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| regex(r"^-?\s*\$\w+\s*:?="));
/// Something whose value is not known here: a variable, a field, the dot.
static COMPUTED: LazyLock<Regex> = LazyLock::new(|| regex(r"\$|(?:^|[\s(])\.(?:[\s)|\w]|$)"));
/// Functions that give another result each time.
static UNREPEATABLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\b(time\.(?:Now|Since|Until|Zone\w+)|random\.\w+|uuid\.V\w+|net\.Lookup\w+|crypto\.(?:Bcrypt|AESEncrypt|EncryptAES|RSAEncrypt|RSAGenerate\w*|ECDSAGenerate\w*|Ed25519Generate\w*|Yescrypt\w*))\b",
    )
});

#[cfg(test)]
mod tests {
    use super::scan;
    use crate::core::stage::StageName;
    use crate::stamp::gomplate_config::GomplateConfig;
    use crate::stamp::reads::Reads;
    use crate::stamp::source::{Delimiters, Source, SourceFile, Treatment};
    use crate::stamp::{Request, StampSettings};
    use crate::system::environment::Environment;
    use std::path::Path;

    fn reads(text: &str, config: &str) -> Reads {
        let file = SourceFile {
            path: "t".into(),
            content: text.as_bytes().into(),
            mode: 0o644,
            treatment: Treatment::Render,
        };
        let source = Source {
            files: vec![file],
            config: GomplateConfig::parse(config, Path::new("c")).unwrap(),
            config_file: None,
            delimiters: Delimiters {
                left: "{{".to_owned(),
                right: "}}".to_owned(),
            },
        };
        let mut environment = Environment::default();
        environment.set("OUTPUT_DIR", "/out");
        environment.set("SECRET_FILE", "/run/secret");
        let request = Request {
            stage: &StageName::new("s").unwrap(),
            template_dir: Path::new("/lib/s"),
            config_json_file: Path::new("/c.json"),
            config: &serde_json::Value::Null,
            environment: &environment,
            deployment: Path::new("/d"),
            settings: &StampSettings::default(),
        };
        scan(&request, &source)
    }

    fn strings(set: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>) -> Vec<String> {
        set.into_iter()
            .map(|item| item.as_ref().to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn finds_variables() {
        let cases: &[(&str, &[&str], bool)] = &[
            (
                "{{ .Env.STAGE_NAME }}{{ $.Env.x }}",
                &["STAGE_NAME", "x"],
                false,
            ),
            (r#"{{ getenv "a" "b" }}"#, &["a", "a_FILE"], false),
            (r#"{{ index .Env "HOME" }}"#, &["HOME", "HOME_FILE"], false),
            (r#"{{ env.ExpandEnv "$A/${b}" }}"#, &["A", "b"], false),
            (r#"{{ $x := "NAME" }}"#, &["NAME"], false),
            (r#"{{ ds "env:///TOKEN" }}"#, &["TOKEN"], false),
            ("{{ range $k, $v := .Env }}", &[], true),
            ("{{ toJSON .Env}}", &[], true),
            ("{{ with .Env }}", &[], true),
            ("{{ .Env | toJSON }}", &[], true),
            (r#"{{ getenv (print "A" .x) }}"#, &["A"], true),
            (r#"{{ "x" | getenv }}"#, &[], true),
            ("{{ index .Env $x }}", &[], true),
        ];
        for (text, names, whole) in cases {
            let reads = reads(text, "");
            assert_eq!(strings(&reads.env), *names, "{text}");
            assert_eq!(reads.all_env, *whole, "{text}");
        }
    }

    #[test]
    fn finds_files() {
        let cases: &[(&str, &[&str], bool)] = &[
            (r#"{{ file.Read "x/y" }}"#, &["/d/x/y"], false),
            (
                r#"{{ $o := print .Env.OUTPUT_DIR "/a.json" | file.Read | json }}"#,
                &["/out/a.json"],
                false,
            ),
            (
                r#"{{ (file.Read (printf "%s/b.json" .Env.OUTPUT_DIR) | json).x }}"#,
                &["/out/b.json"],
                false,
            ),
            (r#"{{ getenv "SECRET" }}"#, &["/run/secret"], false),
            ("{{ file.Read .cfg.path }}", &[], true),
            ("{{ file.Read $p }}", &[], true),
            ("{{ range $l }}{{ file.Read . }}{{ end }}", &[], true),
            (
                r#"{{ include "file:///etc/x?type=a" }}"#,
                &["/etc/x"],
                false,
            ),
            (r#"{{ ds "https://example.org/x" }}"#, &[], true),
            (r#"{{ .cfg.a }} "x/y""#, &[], false),
        ];
        for (text, files, incomplete) in cases {
            let reads = reads(text, "");
            assert_eq!(strings(&reads.files), *files, "{text}");
            assert_eq!(reads.incomplete, *incomplete, "{text}");
        }
    }

    #[test]
    fn finds_what_the_configuration_names() {
        let reads = reads(
            r#"{{ (ds "a").x }}"#,
            "context: {c: {url: c.yaml}}\ndatasources: {a: {url: 'merge:x.json|file:///y.json'}}\ntemplates: {t: {url: t}}\n",
        );
        let expected = ["/d/a", "/d/c.yaml", "/d/t", "/d/x.json", "/y.json"];
        assert_eq!(strings(&reads.files), expected);
        assert!(!reads.incomplete);
    }

    #[test]
    fn hands_on_doubts() {
        assert!(reads("", "plugins: {a: ./a}").incomplete);
        let reads = reads(
            "{{ time.Now }}{{ random.AlphaNum 3 }}{{ uuid.V4 }}{{ crypto.AESEncrypt $k $t }}",
            "",
        );
        let expected = [
            "crypto.AESEncrypt",
            "random.AlphaNum",
            "time.Now",
            "uuid.V4",
        ];
        assert_eq!(strings(&reads.unrepeatable), expected);
    }
}
