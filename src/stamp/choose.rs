//! Which stamper a stage gets: the embedded one, unless the stage uses something that only the real gomplate has.
//!
//! Knows nothing of how either of them renders.

use std::sync::OnceLock;

use crate::error::{Diagnostic, Error, Result};
use crate::stamp::gomplate::{GOMPLATE, Gomplate, HOW_TO_INSTALL};
use crate::stamp::source::Source;
use crate::stamp::{Rendered, Request, Stamper};

/// `[stamp] stamper`, `BETTERFORM_STAMPER`, `--stamper`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The embedded one where it can, else the real gomplate.
    #[default]
    Auto,
    /// The embedded one; what it does not have is an error.
    Embedded,
    /// The real gomplate.
    Gomplate,
}

impl Choice {
    /// All of them, in the order in which they are described.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Embedded, Self::Gomplate];

    /// The word that users write.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Embedded => "embedded",
            Self::Gomplate => "gomplate",
        }
    }

    /// The choice that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == word)
    }
}

/// The stamper that renders in process.
pub trait Embedded: Send + Sync {
    /// Renders a stage, or says what it uses that this stamper does not have.
    ///
    /// # Errors
    /// What gomplate fails at too.
    fn attempt(&self, request: &Request<'_>, source: &Source) -> Result<Attempt>;

    /// What it calls itself in [`Rendered::renderer`], with its version.
    fn renderer(&self) -> String;
}

/// What came of an attempt to render in process.
#[derive(Debug)]
pub enum Attempt {
    /// The stage is rendered.
    Rendered(Box<Rendered>),
    /// These uses have to be left to gomplate; never empty.
    Refused(Vec<Diagnostic>),
}

/// A stamper that takes, for each stage, the one that the user and the stage call for.
pub struct Chosen {
    choice: Choice,
    embedded: Option<Box<dyn Embedded>>,
    gomplate: OnceLock<Option<Gomplate>>,
}

impl Chosen {
    /// A stamper for this choice. Without an embedded one, `auto` is gomplate.
    pub fn new(choice: Choice, embedded: Option<Box<dyn Embedded>>) -> Self {
        Self {
            choice,
            embedded,
            gomplate: OnceLock::new(),
        }
    }

    /// The gomplate of this machine, looked for once, and only if a stage needs it.
    ///
    /// # Errors
    /// `GOMPLATE` names something that cannot be executed.
    pub fn gomplate(&self, request: &Request<'_>) -> Result<Option<&Gomplate>> {
        if self.gomplate.get().is_none() {
            let found = Gomplate::find(request.environment, request.deployment)?;
            // Another thread may have been faster; it found the same.
            let _ = self.gomplate.set(found);
        }
        Ok(self.gomplate.get().and_then(Option::as_ref))
    }
}

impl Chosen {
    /// What would be the renderer now of a stage that `recorded` rendered, as long as its templates are the same: it differs
    /// if the user chose another stamper, or if that is of another version.
    ///
    /// # Errors
    /// gomplate cannot be run.
    pub fn renderer(&self, request: &Request<'_>, recorded: &str) -> Result<String> {
        let with_gomplate = match self.choice {
            Choice::Gomplate => true,
            Choice::Embedded => false,
            Choice::Auto => recorded.starts_with(GOMPLATE) || self.embedded.is_none(),
        };
        match (&self.embedded, with_gomplate) {
            (Some(embedded), false) => Ok(embedded.renderer()),
            (None, false) => Ok(String::new()),
            (_, true) => match self.gomplate(request)? {
                Some(gomplate) => gomplate.renderer(request),
                // Without gomplate nothing can be rendered anew; what was rendered still holds.
                None => Ok(recorded.to_owned()),
            },
        }
    }
}

impl Stamper for Chosen {
    fn render(&self, request: &Request<'_>) -> Result<Rendered> {
        let source = Source::read(request)?;
        let mut rendered = self.render_source(request, &source)?;
        let sources = source
            .files
            .into_iter()
            .map(|file| (file.path, file.content));
        rendered.sources = sources.collect();
        Ok(rendered)
    }

    fn renderer_now(&self, request: &Request<'_>, recorded: &str) -> Result<String> {
        self.renderer(request, recorded)
    }
}

impl Chosen {
    /// Why gomplate renders a stage, which the embedded stamper refused for these uses or was not asked for.
    fn because(&self, refused: &[Diagnostic]) -> Vec<String> {
        match self.choice {
            Choice::Gomplate => vec!["`stamper` is `gomplate`".to_owned()],
            Choice::Auto | Choice::Embedded => refused.iter().map(shown).collect(),
        }
    }

    fn render_source(&self, request: &Request<'_>, source: &Source) -> Result<Rendered> {
        let embedded = match self.choice {
            Choice::Gomplate => None,
            Choice::Auto | Choice::Embedded => self.embedded.as_deref(),
        };
        let refused = match embedded.map(|embedded| embedded.attempt(request, source)) {
            None => Vec::new(),
            Some(attempt) => match attempt? {
                Attempt::Rendered(rendered) => return Ok(*rendered),
                Attempt::Refused(uses) => uses,
            },
        };
        if self.choice == Choice::Embedded {
            let error = missing(request, refused, "this build has no embedded stamper");
            return Err(error.hint("let `stamper` be `auto` or `gomplate`"));
        }
        match self.gomplate(request)? {
            Some(gomplate) => {
                let mut rendered = gomplate.render_source(request, source)?;
                rendered.because = self.because(&refused);
                Ok(rendered)
            }
            None => {
                Err(missing(request, refused, "gomplate is not installed").hint(HOW_TO_INSTALL))
            }
        }
    }
}

/// A use that has to be left to gomplate, with its place.
fn shown(used: &Diagnostic) -> String {
    let Diagnostic { path, line, .. } = used;
    match used.column {
        Some(column) => format!("{path}:{line}:{column}: {}", used.message),
        None => format!("{path}:{line}: {}", used.message),
    }
}

/// The error for a stage that needs gomplate, for these uses or as a whole.
fn missing(request: &Request<'_>, uses: Vec<Diagnostic>, why: &str) -> Error {
    if uses.is_empty() {
        let message = format!("stage `{}` cannot be stamped: {why}", request.stage);
        return Error::failed(message);
    }
    Error::at(uses)
}

#[cfg(test)]
mod tests {
    use super::{Attempt, Choice, Chosen, Embedded};
    use crate::core::stage::StageName;
    use crate::error::{Diagnostic, Result};
    use crate::stamp::source::Source;
    use crate::stamp::{Rendered, Request, StampSettings, Stamper as _};
    use crate::system::environment::Environment;
    use std::path::Path;

    struct Refusing;

    impl Embedded for Refusing {
        fn attempt(&self, _: &Request<'_>, _: &Source) -> Result<Attempt> {
            Ok(Attempt::Refused(vec![Diagnostic {
                message: "`aws.Account` needs gomplate".to_owned(),
                path: "s/ctl".to_owned(),
                line: 1,
                column: Some(4),
                width: 11,
                text: "{{ aws.Account }}".to_owned(),
                help: None,
            }]))
        }

        fn renderer(&self) -> String {
            "embedded 1".to_owned()
        }
    }

    struct Able;

    impl Embedded for Able {
        fn attempt(&self, _: &Request<'_>, source: &Source) -> Result<Attempt> {
            let files = source
                .files
                .iter()
                .filter_map(|file| Some((file.path.clone(), file.copied()?)))
                .collect();
            Ok(Attempt::Rendered(Box::new(Rendered {
                files,
                ..Rendered::default()
            })))
        }

        fn renderer(&self) -> String {
            "embedded 2".to_owned()
        }
    }

    fn with<T>(action: impl FnOnce(&Request<'_>) -> T) -> T {
        let directory = tempfile::tempdir().unwrap();
        let template_dir = directory.path().join("s");
        std::fs::create_dir(&template_dir).unwrap();
        std::fs::File::create(template_dir.join("empty")).unwrap();
        action(&Request {
            stage: &StageName::new("s").unwrap(),
            template_dir: &template_dir,
            config_json_file: Path::new("/nowhere.json"),
            config: &serde_json::json!({}),
            environment: &Environment::default(),
            deployment: directory.path(),
            settings: &StampSettings::default(),
        })
    }

    fn render(choice: Choice, embedded: Option<Box<dyn Embedded>>) -> Result<Rendered> {
        with(|request| Chosen::new(choice, embedded).render(request))
    }

    #[test]
    fn says_what_would_render_now() {
        let cases = [
            (Choice::Auto, "embedded 1", "embedded 2"),
            // Without gomplate, what it rendered still holds.
            (Choice::Auto, "gomplate 5.2.0", "gomplate 5.2.0"),
            (Choice::Embedded, "gomplate 5.2.0", "embedded 2"),
            (Choice::Gomplate, "embedded 2", "embedded 2"),
        ];
        for (choice, recorded, expected) in cases {
            let chosen = Chosen::new(choice, Some(Box::new(Able)));
            let now = with(|request| chosen.renderer(request, recorded));
            assert_eq!(now.unwrap(), expected);
        }
    }

    #[test]
    fn takes_the_embedded_one_where_it_can() {
        for choice in [Choice::Auto, Choice::Embedded] {
            assert!(
                render(choice, Some(Box::new(Able)))
                    .unwrap()
                    .files
                    .is_empty()
            );
        }
    }

    #[test]
    fn says_what_needs_gomplate_and_how_to_get_it() {
        let error = render(Choice::Auto, Some(Box::new(Refusing))).unwrap_err();
        assert_eq!(
            error.diagnostics()[0].message,
            "`aws.Account` needs gomplate"
        );
        assert!(error.hints()[0].starts_with("install gomplate 5"));
        let error = render(Choice::Embedded, Some(Box::new(Refusing))).unwrap_err();
        assert_eq!(error.hints(), ["let `stamper` be `auto` or `gomplate`"]);
        for (choice, embedded) in [
            (Choice::Gomplate, Some(Box::new(Able) as Box<dyn Embedded>)),
            (Choice::Auto, None),
        ] {
            let error = render(choice, embedded).unwrap_err();
            let message = "stage `s` cannot be stamped: gomplate is not installed";
            assert_eq!(error.message(), message);
        }
    }

    #[test]
    fn choices_have_words() {
        for choice in Choice::ALL {
            assert_eq!(Choice::from_word(choice.as_str()), Some(choice));
        }
        assert_eq!(Choice::from_word("other"), None);
    }
}
