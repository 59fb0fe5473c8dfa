//! `config`: the configuration, as stages see it.

use crate::cli::{Document as Options, Global};
use crate::commands::session::{Call, Library, Session};
use crate::error::Result;
use crate::ui::sink;

pub(super) fn run(call: &Call, global: &Global, _: &Options) -> Result<u8> {
    let session = Session::load(call, global, None, Library::Needed)?;
    let config = session.config(false)?;
    let masked = session.secrets.mask(&config.bytes);
    sink::print(&String::from_utf8_lossy(&masked))?;
    Ok(0)
}
