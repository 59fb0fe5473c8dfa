//! The umask: which permission bits new files do not get. Knows nothing of what is written.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::OnceLock;

/// The umask of this process, which never changes it.
///
/// It is read without being set for a moment, which would be seen by other threads: from Linux's `/proc`, else from the mode
/// that a new file gets. Where neither can be had, it is the usual 022.
pub fn umask() -> u32 {
    static UMASK: OnceLock<u32> = OnceLock::new();
    *UMASK.get_or_init(|| of_process().or_else(of_new_file).unwrap_or(0o022))
}

fn of_process() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Umask:"))?;
    u32::from_str_radix(line.trim(), 8).ok()
}

fn of_new_file() -> Option<u32> {
    let all = std::fs::Permissions::from_mode(0o777);
    let file = tempfile::Builder::new().permissions(all).tempfile().ok()?;
    let mode = file.as_file().metadata().ok()?.permissions().mode();
    Some(!mode & 0o777)
}

#[cfg(test)]
mod tests {
    use super::{of_new_file, of_process, umask};

    #[test]
    fn both_ways_agree() {
        assert_eq!(of_new_file(), Some(umask()));
        if cfg!(target_os = "linux") {
            assert_eq!(of_process(), Some(umask()));
        }
    }
}
