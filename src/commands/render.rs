//! `render FILE`: one template to stdout, with a stage's context. One of the stage itself is rendered with all others, so that
//! what they define for each other is there; any other is rendered alone.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::cli::{Global, Render as Options};
use crate::commands::selection;
use crate::commands::session::{Call, Library, Session};
use crate::core::graph::Ix;
use crate::error::{Error, Result};
use crate::observe::observer::Observer;
use crate::source::lexical;

/// The name of standard input.
const STDIN: &str = "-";

/// What is rendered.
enum Template {
    /// A file of the stage, by its path there.
    Own(PathBuf),
    /// A text with a name.
    Other(String, Vec<u8>),
}

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let session = Session::load(call, global, None, Library::Needed)?;
    let (stage, template) = template(&session, options)?;
    let store = session.read()?.store;
    let config = session.config(false)?;
    let (cache, stamper) = (session.cache(), session.stamper());
    let observer = session.observer(&config, &cache, &stamper, &store);
    let rendered = render(&observer, stage, &template)
        .map_err(|error| error.mapped(&|text| session.secrets.mask_text(text)))?;
    let shown = session.secrets.mask(&rendered);
    match std::io::stdout().lock().write_all(&shown) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::failed(format!("cannot write the output: {error}")))
        }
        _ => Ok(0),
    }
}

fn render(observer: &Observer<'_>, stage: Ix, template: &Template) -> Result<Vec<u8>> {
    match template {
        Template::Other(name, text) => observer.render_text(stage.index(), name, text),
        Template::Own(path) => {
            let rendered = observer.render(stage.index())?;
            let file = rendered.files.get(path).ok_or_else(|| {
                Error::failed(format!(
                    "`{}/{}` is not stamped: it is left out, or nothing but white space",
                    observer.name(stage.index()),
                    path.display()
                ))
            })?;
            Ok(file.content.to_vec())
        }
    }
}

/// The stage whose context the template gets, and the template.
fn template(session: &Session, options: &Options) -> Result<(Ix, Template)> {
    let file = lexical::absolute(&session.project.deployment, &options.file);
    let is_stdin = options.file == Path::new(STDIN);
    let below = file.strip_prefix(&session.project.wave.impl_dir).ok();
    let below = below.filter(|_| !is_stdin);
    let stages = session.stages();
    let first = below.and_then(|below| below.iter().next()?.to_str());
    let owner = first.filter(|first| stages.iter().any(|stage| stage.as_str() == *first));
    let Some(named) = options.stage.as_deref().or(owner) else {
        let what = if is_stdin {
            "standard input belongs to no stage".to_owned()
        } else {
            format!("`{}` is in no stage template directory", file.display())
        };
        return Err(Error::usage(what).hint("say with `--stage` whose context it gets"));
    };
    let stage = selection::one(named, &stages)?;
    if !is_stdin {
        readable(&options.file, &file)?;
    }
    let found = session.graph.find(stage.as_str());
    let ix = found.ok_or_else(|| Error::usage(format!("`{stage}` is not in the DAG")))?;
    if let Some(inside) = below.and_then(|below| below.strip_prefix(stage.as_str()).ok()) {
        return Ok((ix, Template::Own(inside.to_owned())));
    }
    let mut text = Vec::new();
    let (name, read) = if is_stdin {
        (
            "stdin".into(),
            std::io::stdin().lock().read_to_end(&mut text),
        )
    } else {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        (
            name,
            std::fs::File::open(&file).and_then(|mut open| open.read_to_end(&mut text)),
        )
    };
    read.map_err(|error| Error::io("cannot read", &options.file, &error))?;
    Ok((ix, Template::Other(name.into_owned(), text)))
}

/// Refuses what is no file, called `named` by the user.
fn readable(named: &Path, file: &Path) -> Result<()> {
    let metadata = std::fs::metadata(file);
    let metadata = metadata.map_err(|error| Error::io("cannot read", named, &error))?;
    if metadata.is_dir() {
        let message = format!("`{}` is a directory", named.display());
        let hint = "name one file of a stage; `betterform stamp` renders all";
        return Err(Error::usage(message).hint(hint));
    }
    Ok(())
}
