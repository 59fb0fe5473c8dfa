//! The wish to stop: how often the user asked for it, and by which signal first.
//!
//! Everything that waits holds a [`Stop`] and polls its descriptor. Knows nothing of processes or stages.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicI32, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::event::{EventfdFlags, eventfd};
use rustix::process::Signal;
use signal_hook::iterator::Signals;

use crate::error::{Error, Kind, Result};

/// The highest level of [`Stop::level`].
pub const LEVELS: u8 = 3;

/// Signals come to the whole process, so what they reach belongs to all of it.
static INSTALLED: OnceLock<Stop> = OnceLock::new();

/// A handle to the wish to stop; its clones share it.
#[derive(Clone, Debug)]
pub struct Stop(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    level: AtomicU8,
    signal: AtomicI32,
    /// One descriptor a level. Each becomes readable when its level is reached and stays so: however many threads
    /// wait for it, all of them wake, and none takes the news from another.
    reached: [OwnedFd; LEVELS as usize],
}

impl Stop {
    /// A handle on which nobody has asked to stop, and which listens to no signals.
    ///
    /// # Errors
    /// If the process has too many open files.
    pub fn new() -> Result<Self> {
        let event = || {
            eventfd(0, EventfdFlags::CLOEXEC).map_err(|error| {
                Error::failed(format!("cannot prepare for signals: {error}"))
                    .hint("raise the limit of open files (`ulimit -n`)")
            })
        };
        Ok(Self(Arc::new(Shared {
            level: AtomicU8::new(0),
            signal: AtomicI32::new(0),
            reached: [event()?, event()?, event()?],
        })))
    }

    /// Asks to stop, once more: the level rises by one, to [`LEVELS`] at most.
    pub fn ask(&self, signal: i32) {
        // Whoever sees the level must see the signal, so the signal is stored before it.
        let _ = self
            .0
            .signal
            .compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
        let before = self
            .0
            .level
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |level| {
                (level < LEVELS).then_some(level + 1)
            });
        if let Ok(before) = before
            && let Some(event) = self.0.reached.get(usize::from(before))
        {
            // It can fail only if the counter overflows, and each is written once.
            let _ = rustix::io::write(event, &1_u64.to_ne_bytes());
        }
    }

    /// How often it was asked to stop: 0 not at all, 1 gently, 2 with SIGTERM, 3 with SIGKILL.
    pub fn level(&self) -> u8 {
        self.0.level.load(Ordering::SeqCst)
    }

    /// Whether it was asked to stop at all.
    pub fn is_asked(&self) -> bool {
        self.level() > 0
    }

    /// The number of the first signal.
    pub fn signal(&self) -> Option<i32> {
        Some(self.0.signal.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }

    /// A descriptor that is readable as soon as the level is above `level`; `None` if it can rise no further.
    pub fn above(&self, level: u8) -> Option<BorrowedFd<'_>> {
        self.0.reached.get(usize::from(level)).map(OwnedFd::as_fd)
    }

    /// The error with which a run ends that was asked to stop: exit code 128 + the first signal.
    pub fn interrupted(&self) -> Option<Error> {
        let signal = self.signal()?;
        Some(Error::new(
            Kind::Interrupted(signal),
            format!("interrupted by {}", name(signal)),
        ))
    }
}

/// Makes SIGINT, SIGTERM and SIGHUP ask the returned handle to stop. To be called once, early in `main`.
///
/// A SIGINT or SIGHUP that this process was told to ignore (`nohup`, a background job of a script) stays ignored.
/// Writing to a closed pipe is an error of the write and never a signal: that is Rust's default.
///
/// # Errors
/// If the system refuses the handlers.
pub fn install() -> Result<Stop> {
    let stop = Stop::new()?;
    let ignored = ignored_signals();
    let wanted = [Signal::INT, Signal::TERM, Signal::HUP]
        .map(Signal::as_raw)
        .into_iter()
        .filter(|signal| *signal == Signal::TERM.as_raw() || !is_in(ignored, *signal));
    let refused = |error: std::io::Error| Error::failed(format!("cannot handle signals: {error}"));
    let _ = INSTALLED.set(stop.clone());
    let mut signals = Signals::new(wanted).map_err(refused)?;
    let asked = stop.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .stack_size(64 * 1024)
        .spawn(move || {
            for signal in signals.forever() {
                asked.ask(signal);
            }
        })
        .map_err(refused)?;
    Ok(stop)
}

/// The handle that signals to this process reach; before [`install`], one that nothing reaches.
///
/// # Errors
/// As [`Stop::new`].
pub fn stop() -> Result<Stop> {
    INSTALLED
        .get()
        .map_or_else(Stop::new, |stop| Ok(stop.clone()))
}

/// What a signal is called, as in `SIGINT`.
pub fn name(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal).map_or(format!("signal {signal}"), str::to_owned)
}

/// The signals that this process ignores, as the kernel writes them in `/proc`; none if that cannot be read.
fn ignored_signals() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| ignored_in(&status))
        .unwrap_or(0)
}

/// The `SigIgn` mask of a `/proc/PID/status`.
pub(crate) fn ignored_in(status: &str) -> Option<u64> {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

/// Whether `signal` is in such a mask.
pub(crate) fn is_in(mask: u64, signal: i32) -> bool {
    u32::try_from(signal - 1)
        .ok()
        .and_then(|bit| mask.checked_shr(bit))
        .is_some_and(|shifted| shifted & 1 == 1)
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    fn is_readable(fd: BorrowedFd<'_>) -> bool {
        let mut fds = [PollFd::new(&fd, PollFlags::IN)];
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        poll(&mut fds, Some(&now)).unwrap() == 1
    }

    #[test]
    fn a_level_wakes_everyone_who_waits_for_it() {
        let stop = Stop::new().unwrap();
        let other = stop.clone();
        assert!(!stop.is_asked());
        assert_eq!(stop.signal(), None);
        assert!(!is_readable(stop.above(0).unwrap()));
        stop.ask(15);
        stop.ask(2);
        for handle in [&stop, &other] {
            assert_eq!(handle.level(), 2);
            assert_eq!(handle.signal(), Some(15));
            assert!(is_readable(handle.above(0).unwrap()));
            assert!(is_readable(handle.above(1).unwrap()));
            assert!(!is_readable(handle.above(2).unwrap()));
        }
        stop.ask(2);
        stop.ask(2);
        assert_eq!(other.level(), 3);
        assert!(other.above(3).is_none());
        let error = other.interrupted().unwrap();
        assert_eq!(error.exit_code(), 143);
        assert_eq!(error.message(), "interrupted by SIGTERM");
    }

    #[test]
    fn masks_are_read_as_the_kernel_writes_them() {
        let status = "Name:\tsh\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000007\n";
        let mask = ignored_in(status).unwrap();
        assert!(is_in(mask, 1) && is_in(mask, 2) && is_in(mask, 3));
        assert!(!is_in(mask, 15) && !is_in(mask, 0) && !is_in(mask, 64));
        assert_eq!(ignored_in("Name:\tsh\n"), None);
    }
}
