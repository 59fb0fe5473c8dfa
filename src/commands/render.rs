//! `render FILE`: one template of a stage to stdout, with the stage's context.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::{Global, Render as Options};
use crate::commands::selection;
use crate::commands::session::{Call, Library, Session};
use crate::core::stage::StageName;
use crate::error::{Error, Result};
use crate::source::lexical;

/// The name of standard input on the command line, and in errors.
const STDIN: (&str, &str) = ("-", "stdin");

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let session = Session::load(call, global, None, Library::Needed)?;
    let template = template(&session, options)?;
    let store = session.read()?.store;
    let config = session.config(false)?;
    let (cache, stamper) = (session.cache(), session.stamper());
    let observer = session.observer(&config, &cache, &stamper, &store);
    let index = |stage: &StageName| {
        let found = session.graph.find(stage.as_str());
        found.map_or(0, super::super::core::graph::Ix::index)
    };
    let (rendered, name) = match &template {
        Template::File(stage, inside) => (
            observer.render(index(stage)).map(|rendered| {
                let file = rendered.files.get(inside);
                file.map(|file| Arc::clone(&file.content))
            }),
            format!("{stage}/{}", inside.display()),
        ),
        Template::Text(stage, text) => (
            observer.render_alone(index(stage), STDIN.1, text),
            STDIN.1.to_owned(),
        ),
    };
    let rendered =
        rendered.map_err(|error| error.mapped(&|text| session.secrets.mask_text(text)))?;
    let Some(content) = rendered else {
        return Err(Error::failed(format!(
            "`{name}` is not stamped: it is left out, or nothing but white space"
        )));
    };
    let shown = session.secrets.mask(&content);
    match std::io::stdout().lock().write_all(&shown) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::failed(format!("cannot write the output: {error}")))
        }
        _ => Ok(0),
    }
}

/// What is to be rendered.
enum Template {
    /// A file of a stage, by its path in the stage's directory.
    File(StageName, PathBuf),
    /// What was read from standard input, for a stage.
    Text(StageName, Vec<u8>),
}

fn template(session: &Session, options: &Options) -> Result<Template> {
    if options.file == Path::new(STDIN.0) {
        let Some(stage) = &options.stage else {
            return Err(
                Error::usage("standard input belongs to no stage").hint("name one with `--stage`")
            );
        };
        let stage = selection::one(stage, &session.stages())?;
        let mut text = Vec::new();
        (std::io::stdin().lock().read_to_end(&mut text))
            .map_err(|error| Error::failed(format!("cannot read standard input: {error}")))?;
        return Ok(Template::Text(stage, text));
    }
    let file = lexical::absolute(&session.project.deployment, &options.file);
    let (stage, inside) = owner(session, &file, options.stage.as_deref())?;
    let metadata = std::fs::metadata(&file);
    let metadata = metadata.map_err(|error| Error::io("cannot read", &options.file, &error))?;
    if metadata.is_dir() {
        let message = format!("`{}` is a directory", options.file.display());
        let hint = "name one file of a stage; `betterform stamp` renders all";
        return Err(Error::usage(message).hint(hint));
    }
    Ok(Template::File(stage, inside))
}

/// The stage that a file belongs to, and its path in the stage's directory.
fn owner(session: &Session, file: &Path, named: Option<&str>) -> Result<(StageName, PathBuf)> {
    let library = &session.project.wave.impl_dir;
    let outside = || {
        Error::usage(format!(
            "`{}` is in no stage template directory",
            file.display()
        ))
        .hint("name a file below the library, or a stage with `--stage`")
    };
    if let Some(named) = named {
        let stage = selection::one(named, &session.stages())?;
        let inside = file
            .strip_prefix(library.join(stage.as_str()))
            .map_err(|_| outside())?;
        return Ok((stage, inside.to_owned()));
    }
    let below = file.strip_prefix(library).map_err(|_| outside())?;
    let first = below
        .components()
        .next()
        .and_then(|first| OsStr::to_str(first.as_os_str()));
    let stages = session.stages();
    let Some(stage) = (stages.iter()).find(|stage| Some(stage.as_str()) == first) else {
        return Err(outside());
    };
    let stage = stage.clone();
    let inside = below.strip_prefix(stage.as_str()).map_err(|_| outside())?;
    Ok((stage, inside.to_owned()))
}
