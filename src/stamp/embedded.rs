//! Renders stages in process, without gomplate. Refuses whatever it is not certain to render as gomplate does.

use crate::error::{Diagnostic, Result};
use crate::stamp::choose::{Attempt, Embedded};
use crate::stamp::source::{Source, Treatment, shown};
use crate::stamp::{Rendered, RenderedFiles, Request};

/// The stamper that renders in process.
pub struct InProcess;

impl Embedded for InProcess {
    fn attempt(&self, request: &Request<'_>, source: &Source) -> Result<Attempt> {
        let mut files = RenderedFiles::new();
        let mut refused = Vec::new();
        for file in &source.files {
            if file.treatment == Treatment::Render {
                refused.push(Diagnostic {
                    message: "a template with actions needs gomplate".into(),
                    path: shown(request, &request.template_dir.join(&file.path))
                        .display()
                        .to_string(),
                    line: 1,
                    column: None,
                    width: 1,
                    text: String::new(),
                    help: None,
                });
            } else if let Some(copied) = file.copied() {
                files.insert(file.path.clone(), copied);
            }
        }
        if !refused.is_empty() {
            return Ok(Attempt::Refused(refused));
        }
        Ok(Attempt::Rendered(Rendered {
            files,
            renderer: self.renderer(),
            ..Rendered::default()
        }))
    }

    fn renderer(&self) -> String {
        "embedded 1".into()
    }
}
