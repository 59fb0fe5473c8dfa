//! The two streams that users see. No secret gets through, a reader who goes away ends the telling and not the run, and whatever
//! else goes wrong is said once. Knows nothing of what is told.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

use crate::core::mask::Secrets;
use crate::error::{Error, Result};
use crate::ui::diagnostic::warning;

/// What must not be shown, whoever prints it.
static CONCEALED: OnceLock<Secrets> = OnceLock::new();

/// From now on, these secrets are masked in all that this process prints. Counts once.
pub fn conceal(secrets: &Secrets) {
    let _ = CONCEALED.set(secrets.clone());
}

fn masked(text: &str) -> Cow<'_, str> {
    match CONCEALED.get().filter(|secrets| !secrets.is_empty()) {
        Some(secrets) => secrets.mask_text(text).into(),
        None => text.into(),
    }
}

/// Where text goes, as long as somebody reads it.
pub struct Stream<'w> {
    writer: Box<dyn Write + 'w>,
    is_open: bool,
    failure: Option<io::Error>,
}

impl<'w> Stream<'w> {
    /// A stream that writes to `writer`.
    pub fn new(writer: Box<dyn Write + 'w>) -> Self {
        Self {
            writer,
            is_open: true,
            failure: None,
        }
    }

    /// Writes a text, which should be whole lines, at once.
    pub fn write(&mut self, text: &str) {
        self.attempt(|writer| writer.write_all(masked(text).as_bytes()));
    }

    /// Writes bytes that were written to a stream before.
    pub fn copy(&mut self, from: &mut impl io::Read) {
        self.attempt(|writer| io::copy(from, writer).map(|_| ()));
    }

    /// Brings out what was written.
    pub fn flush(&mut self) {
        self.attempt(Write::flush);
    }

    /// Why nothing more could be written, said once; not that the reader went away, which is no failure.
    pub fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    fn attempt(&mut self, write: impl FnOnce(&mut Box<dyn Write + 'w>) -> io::Result<()>) {
        if !self.is_open {
            return;
        }
        if let Err(error) = write(&mut self.writer) {
            self.is_open = false;
            self.failure = Some(error).filter(|error| error.kind() != ErrorKind::BrokenPipe);
        }
    }
}

/// The warning that output is lost.
pub(super) fn lost(error: &io::Error, color: bool) -> String {
    warning(
        &format!("cannot write to stdout: {error}"),
        Some("the run goes on; what stages print is in their logs (`betterform logs`)"),
        color,
    )
}

/// Writes a whole text to stdout; a reader who went away is no error.
///
/// # Errors
/// The text cannot be written for another reason.
pub fn print(text: &str) -> Result<()> {
    let mut stream = Stream::new(Box::new(io::stdout().lock()));
    stream.write(text);
    stream.flush();
    stream.take_failure().map_or(Ok(()), |error| {
        Err(Error::failed(format!("cannot write the output: {error}")))
    })
}

/// Writes a whole text to stderr, as far as that is possible.
pub fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(masked(text).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(ErrorKind, usize);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            assert_eq!(self.1, 1, "written to after a failure");
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_goes_away_is_no_failure_and_others_are_told_once() {
        for (kind, is_failure) in [
            (ErrorKind::BrokenPipe, false),
            (ErrorKind::StorageFull, true),
        ] {
            let mut stream = Stream::new(Box::new(Failing(kind, 0)));
            stream.write("a\n");
            stream.write("b\n");
            assert_eq!(stream.take_failure().is_some(), is_failure);
            assert!(stream.take_failure().is_none());
        }
    }
}
