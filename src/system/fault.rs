//! Fault points: named places between two durable effects at which a test can have the process killed.
//!
//! `BETTERFORM_FAULT=NAME` kills the process with SIGKILL when it comes to the point of that name, and
//! `BETTERFORM_FAULT=NAME:3` when it comes there for the third time. Only builds with debug assertions look.

/// A place at which a test can have the process killed. `docs/architecture.md` lists them.
pub fn point(name: &str) {
    if cfg!(debug_assertions) {
        armed::point(name);
    }
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
