//! Fault points: named places between two durable effects at which a test can have the process killed.
//!
//! `BETTERFORM_FAULT=NAME` kills the process with SIGKILL when it comes to the point of that name, and
//! `BETTERFORM_FAULT=NAME:3` when it comes there for the third time. Only builds with debug assertions look.
//!
//! A test of the tests: `BETTERFORM_FAULT_LATE=WHAT` makes one kind of change durable only with the next change, as a program would
//! that forgot to. Whoever kills such a program at the points between must see that something is wrong.

/// A place at which a test can have the process killed. `docs/architecture.md` lists them.
pub fn point(name: &str) {
    if cfg!(debug_assertions) {
        armed::point(name);
    }
}

/// Whether a test wants changes of this kind to become durable too late.
pub fn is_late(what: &str) -> bool {
    cfg!(debug_assertions) && armed::is_late(what)
}

mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static COUNT: AtomicU32 = AtomicU32::new(0);
    static ARMED: OnceLock<Option<(String, u32)>> = OnceLock::new();

    #[expect(
        clippy::disallowed_methods,
        reason = "for tests alone, and never in a release build"
    )]
    pub(super) fn is_late(what: &str) -> bool {
        static LATE: OnceLock<Option<String>> = OnceLock::new();
        let late = LATE.get_or_init(|| std::env::var("BETTERFORM_FAULT_LATE").ok());
        late.as_deref() == Some(what)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "for tests alone, and never in a release build"
    )]
    pub(super) fn point(name: &str) {
        let armed = ARMED.get_or_init(|| {
            let setting = std::env::var("BETTERFORM_FAULT").ok()?;
            match setting.split_once(':') {
                Some((name, count)) => Some((name.to_owned(), count.parse().ok()?)),
                None => Some((setting, 1)),
            }
        });
        if let Some((wanted, count)) = armed
            && wanted == name
            && COUNT.fetch_add(1, Ordering::SeqCst) + 1 == *count
        {
            let _ = rustix::process::kill_process(
                rustix::process::getpid(),
                rustix::process::Signal::KILL,
            );
        }
    }
}
