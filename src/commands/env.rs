//! `env STAGE`: the environment that a stage's `ctl` gets.

use std::collections::BTreeMap;

use serde_json::json;

use crate::cli::{Env as Options, Global};
use crate::commands::selection;
use crate::commands::session::{Call, Library, Session};
use crate::error::Result;
use crate::ui::sink;

pub(super) fn run(call: &Call, global: &Global, options: &Options) -> Result<u8> {
    let session = Session::load(call, global, None, Library::Optional)?;
    let records = session.read()?.records;
    let stage = selection::one(&options.stage, &session.all_stages(&records))?;
    let environment = session.project.ctl_environment(Some(&stage));
    let shown = |text: &std::ffi::OsStr| {
        let masked = session.secrets.mask(text.as_encoded_bytes());
        String::from_utf8_lossy(&masked).into_owned()
    };
    let variables: BTreeMap<String, String> = environment
        .iter()
        .map(|(name, value)| (shown(name), shown(value)))
        .collect();
    if options.json {
        sink::print(&format!(
            "{:#}\n",
            json!({ "version": 1, "stage": stage, "environment": variables })
        ))?;
    } else {
        let lines = variables
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"));
        sink::print(&lines.collect::<String>())?;
    }
    Ok(0)
}
