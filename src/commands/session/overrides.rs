//! What the command line says, in the words of the settings. Knows nothing of what it overrides.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::{ColorChoice, Global, OutputChoice, Running, StamperChoice};
use crate::source::project::Overrides;
use crate::source::settings::{Color, OutputStyle, Stamper as StamperSetting};

/// The settings that flags name.
pub(super) fn overrides(global: &Global, running: Option<&Running>) -> Overrides {
    let path = |flag: &Option<OsString>| flag.as_ref().map(PathBuf::from);
    Overrides {
        impl_dir: path(&global.impl_dir),
        genfiles: path(&global.genfiles),
        output_dir: path(&global.output_dir),
        config_jsonnet_file: path(&global.config_jsonnet_file),
        config_json_file: path(&global.config_json_file),
        interactive: global.interactive,
        state: path(&global.state),
        jobs: running.and_then(|running| running.jobs),
        stamper: global.stamper.map(|choice| match choice {
            StamperChoice::Auto => StamperSetting::Auto,
            StamperChoice::Embedded => StamperSetting::Embedded,
            StamperChoice::Gomplate => StamperSetting::Gomplate,
        }),
        output: running
            .and_then(|running| running.output)
            .map(|output| match output {
                OutputChoice::Live => OutputStyle::Live,
                OutputChoice::Prefix => OutputStyle::Prefix,
                OutputChoice::Group => OutputStyle::Group,
                OutputChoice::Quiet => OutputStyle::Quiet,
            }),
        color: global.color.map(|color| match color {
            ColorChoice::Auto => Color::Auto,
            ColorChoice::Always => Color::Always,
            ColorChoice::Never => Color::Never,
        }),
        fail_fast: running.filter(|running| running.fail_fast).map(|_| true),
        jpath: global.jsonnet.jpath.clone(),
        ext_str: global.jsonnet.ext_str.clone(),
        ext_code: global.jsonnet.ext_code.clone(),
        tla_str: global.jsonnet.tla_str.clone(),
        tla_code: global.jsonnet.tla_code.clone(),
    }
}
