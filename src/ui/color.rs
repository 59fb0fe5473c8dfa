//! Whether to use colour, and which. Meaning never lies in colour alone.

use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};

use crate::source::settings::Color;
use crate::system::environment::Environment;

/// Something failed.
pub const FAILED: Style = AnsiColor::Red.on_default().bold();
/// Something to know.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Something is done.
pub const DONE: Style = AnsiColor::Green.on_default();
/// Names of stages in front of their lines, so that neighbours differ.
pub const STAGES: [Style; 6] = [
    AnsiColor::Cyan.on_default(),
    AnsiColor::Magenta.on_default(),
    AnsiColor::Blue.on_default(),
    AnsiColor::Yellow.on_default(),
    AnsiColor::Green.on_default(),
    AnsiColor::BrightBlue.on_default(),
];

/// Where colour is used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Colors {
    /// On standard output.
    pub stdout: bool,
    /// On standard error.
    pub stderr: bool,
}

impl Colors {
    /// As the flag says, then `CLICOLOR_FORCE`, then `NO_COLOR`, then on terminals.
    pub fn resolve(choice: Color, environment: &Environment) -> Self {
        let both = |on| Self {
            stdout: on,
            stderr: on,
        };
        let is_set = |name: &str| environment.text(name).is_some_and(|value| value != "0");
        match choice {
            Color::Always => both(true),
            Color::Never => both(false),
            Color::Auto if is_set("CLICOLOR_FORCE") => both(true),
            Color::Auto if environment.text("NO_COLOR").is_some() => both(false),
            Color::Auto if environment.text("TERM") == Some("dumb") => both(false),
            Color::Auto => Self {
                stdout: std::io::stdout().is_terminal(),
                stderr: std::io::stderr().is_terminal(),
            },
        }
    }
}

/// A text in a style, or as it is.
pub fn paint(on: bool, style: Style, text: &str) -> String {
    if on {
        format!("{style}{text}{style:#}")
    } else {
        text.to_owned()
    }
}
