//! A group of processes: whether any of them lives, and whether a signal can reach them.
//! Knows nothing of why it matters.

use rustix::process::{Pid, Signal, test_kill_process_group};

use crate::system::signal::{ignored_in, is_in};

/// A living member of a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// The signals that it ignores, as the kernel writes them; 0 if that is not known.
    ignored: u64,
}

impl Member {
    /// Whether a signal does nothing to it.
    pub(super) fn ignores(self, signal: Signal) -> bool {
        is_in(self.ignored, signal.as_raw())
    }
}

/// The members of a group that are not merely waiting to be reaped; `None` if they cannot be listed.
///
/// The group's number belongs to it as long as it has a member, so nobody else can be meant.
pub(super) fn members(group: Pid) -> Option<Vec<Member>> {
    // Asking the kernel is cheap, and mostly there is nobody.
    if test_kill_process_group(group) == Err(rustix::io::Errno::SRCH) {
        return Some(Vec::new());
    }
    let group = group.as_raw_pid();
    let entries = std::fs::read_dir("/proc").ok()?;
    let directories = entries.flatten().filter(|entry| {
        let name = entry.file_name();
        name.as_encoded_bytes().iter().all(u8::is_ascii_digit)
    });
    let member = |directory: std::fs::DirEntry| {
        let stat = std::fs::read(directory.path().join("stat")).ok()?;
        let (state, its_group) = state_and_group(&stat)?;
        if its_group != group || matches!(state, b'Z' | b'X') {
            return None;
        }
        let status = std::fs::read(directory.path().join("status")).unwrap_or_default();
        Some(Member {
            ignored: ignored_in(&String::from_utf8_lossy(&status)).unwrap_or(0),
        })
    };
    Some(directories.filter_map(member).collect())
}

/// The state and the group in a `/proc/PID/stat`: `1 (name) S 0 1 …`, where the name may hold anything.
fn state_and_group(stat: &[u8]) -> Option<(u8, i32)> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = *fields.next()?.as_bytes().first()?;
    Some((state, fields.nth(1)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_disguise_a_group() {
        for (stat, expected) in [
            ("12 (sh) S 1 12 12 0", Some((b'S', 12))),
            ("12 (a) Z 1 (b c) R 1 99 12", Some((b'R', 99))),
            ("12 (sh", None),
            ("12 (sh) S 1", None),
        ] {
            assert_eq!(state_and_group(stat.as_bytes()), expected, "{stat}");
        }
    }
}
