//! The last hand on all that is printed: whatever says it, an error or an event, no secret stands in it. Knows nothing of
//! where secrets come from.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::OnceLock;

use crate::core::mask::Secrets;

/// One for the process, as its output is: an error may be printed where nothing is known of the settings.
static SECRETS: OnceLock<Secrets> = OnceLock::new();

/// Takes these secrets out of all that is printed from now on. The first call counts.
pub fn hide(secrets: Secrets) {
    let _ = SECRETS.set(secrets);
}

/// A text as it may be printed.
pub fn veiled(text: &str) -> Cow<'_, str> {
    match SECRETS.get() {
        Some(secrets) if secrets.occur_in(text.as_bytes()) => {
            let masked = secrets.mask(text.as_bytes());
            Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
        }
        _ => Cow::Borrowed(text),
    }
}

/// A stream on which each text that is written whole is veiled.
#[derive(Debug)]
pub struct Veiled<W>(pub W);

impl<W: Write> Write for Veiled<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match SECRETS.get() {
            Some(secrets) => self.0.write_all(&secrets.mask(bytes))?,
            None => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
