//! Which way of making changes durable a file system supports.

use std::path::Path;

/// How SQLite makes changes durable while a run writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Journal {
    /// Readers and the writer never wait for each other; needs memory that all processes share.
    Wal,
    /// Works where files alone are shared.
    Rollback,
}

impl Journal {
    /// What the file system of `directory` supports.
    pub(super) fn of(directory: &Path) -> Self {
        if is_remote(directory) {
            Self::Rollback
        } else {
            Self::Wal
        }
    }
}

#[cfg(target_os = "linux")]
fn is_remote(directory: &Path) -> bool {
    // The magic numbers are in statfs(2) and the kernel's linux/magic.h.
    const REMOTE: [u32; 15] = [
        0x0000_6969, // NFS
        0x0000_517b, // SMB
        0xff53_4d42, // CIFS
        0xfe53_4d42, // SMB2
        0x6573_5546, // FUSE: sshfs and others
        0x0102_1997, // 9P
        0x5346_414f, // AFS
        0x7375_7245, // Coda
        0x0000_564c, // NCP
        0x00c3_6400, // Ceph
        0x4750_4653, // GPFS
        0x0bd0_0bd0, // Lustre
        0x0116_1970, // GFS2
        0x7461_636f, // OCFS2
        0x786f_4256, // VirtualBox's shared folders
    ];
    // The type's width differs by architecture; the numbers have 32 bits.
    let kind = |f_type| u32::try_from(i128::from(f_type) & 0xffff_ffff).unwrap_or_default();
    rustix::fs::statfs(directory).is_ok_and(|system| REMOTE.contains(&kind(system.f_type)))
}

#[cfg(not(target_os = "linux"))]
fn is_remote(_directory: &Path) -> bool {
    false
}
