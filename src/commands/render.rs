//! `render FILE`: one template of a stage to stdout, with the stage's context.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;

use crate::cli::{Global, Render as Options};
use crate::commands::selection;
use crate::commands::session::{Call, Library, Session};
use crate::core::stage::StageName;
use crate::error::{Error, Result};
use crate::source::lexical;

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let session = Session::load(call, global, None, Library::Needed)?;
    let file = lexical::absolute(&session.project.deployment, &options.file);
    let (stage, inside) = owner(&session, &file, options.stage.as_deref())?;
    let store = session.read()?.store;
    let config = session.config(false)?;
    let (cache, stamper) = (session.cache(), session.stamper());
    let observer = session.observer(&config, &cache, &stamper, &store);
    let index = session
        .graph
        .find(stage.as_str())
        .map_or(0, super::super::core::graph::Ix::index);
    let rendered = observer.render(index);
    let rendered =
        rendered.map_err(|error| error.mapped(&|text| session.secrets.mask_text(text)))?;
    let Some(content) = rendered.files.get(&inside) else {
        return Err(Error::failed(format!(
            "`{stage}/{}` is not stamped: it is left out, or nothing but white space",
            inside.display()
        )));
    };
    match std::io::stdout().lock().write_all(&content.content) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::failed(format!("cannot write the output: {error}")))
        }
        _ => Ok(0),
    }
}

/// The stage that a file belongs to, and its path in the stage's directory.
fn owner(
    session: &Session,
    file: &Path,
    named: Option<&str>,
) -> Result<(StageName, std::path::PathBuf)> {
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
    let stage = selection::one(first.unwrap_or_default(), &session.stages())?;
    let inside = below.strip_prefix(stage.as_str()).map_err(|_| outside())?;
    Ok((stage, inside.to_owned()))
}
