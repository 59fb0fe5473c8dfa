//! What is remembered of a listing, so that a directory to which nothing was added need not be read again: the directories
//! as they were, and the names that were in them. A system that keeps a directory's times itself changes them with every
//! name that comes or goes. Knows nothing of where it is remembered.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, fstat, openat, statat, statfs};
use rustix::io::Errno;

use crate::error::Result;
use crate::system::tree::{Files, Follow, Kind, Stat, from_system, look, refused};

/// The file systems whose directories' times can be relied upon, by the numbers of `statfs(2)`: those that this machine's
/// kernel alone writes. What others write (over the network, or in user space) may come without a change of times.
const RELIABLE: [u32; 7] = [
    0xEF53,      // ext2, ext3, ext4
    0x5846_5342, // XFS
    0x9123_683E, // Btrfs
    0xF2F5_2010, // F2FS
    0x0102_1994, // tmpfs
    0x794C_7630, // overlayfs
    0x2FC1_2FC1, // ZFS
];

/// What is to be remembered of a directory that was listed with [`Follow::Files`]; nothing if it might change unnoticed.
pub fn remember(root: &Path, files: &Files) -> Option<Vec<u8>> {
    let (_, top) = files.directories.first()?;
    let elsewhere = |(_, stat): &(_, Stat)| stat.device != top.device;
    if files.directories.iter().any(elsewhere) || !is_reliable(root) {
        return None;
    }
    let mut memory = Vec::new();
    memory.extend_from_slice(&u32::try_from(files.directories.len()).ok()?.to_le_bytes());
    for (name, stat) in &files.directories {
        put(&mut memory, name)?;
        memory.extend_from_slice(&packed(stat));
    }
    for (name, _) in files.iter() {
        put(&mut memory, name)?;
    }
    Some(memory)
}

/// Lists a directory again of which `memory` remembers the listing: only its files are looked at. `None` if names may have
/// come or gone.
///
/// # Errors
/// A file or directory of which nothing can be said, though it may be there.
pub fn again(root: &Path, memory: &[u8]) -> Result<Option<Files>> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = match openat(CWD, root, flags, Mode::empty()) {
        Ok(top) => top,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(error) => return Err(refused(root, b"", error)),
    };
    look_again(top.as_fd(), memory).map_err(|(name, error)| refused(root, name, error))
}

fn look_again<'m>(
    top: rustix::fd::BorrowedFd<'_>,
    memory: &'m [u8],
) -> Result<Option<Files>, (&'m [u8], Errno)> {
    let mut files = Files::default();
    let mut rest = memory;
    for _ in 0..count(&mut rest) {
        let (Some(name), Some(then)) = (take(&mut rest), rest.split_off(..PACKED)) else {
            return Ok(None);
        };
        let found = match name {
            [] => fstat(top),
            name => statat(top, name, AtFlags::SYMLINK_NOFOLLOW),
        };
        let stat = match found {
            Ok(found) => from_system(&found, Kind::Directory),
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(error) => return Err((name, error)),
        };
        if packed(&stat) != then {
            return Ok(None);
        }
        files.directories.push((name.to_owned(), stat));
    }
    while let Some(name) = take(&mut rest) {
        match look(top, name, Follow::Files).map_err(|error| (name, error))? {
            Some((stat, _)) if stat.kind != Kind::Directory => files.push(b"", name, stat),
            _ => return Ok(None),
        }
    }
    // Without a directory it would be no listing, and with something left it is none of ours.
    let whole = rest.is_empty() && !files.directories.is_empty();
    Ok(whole.then_some(files))
}

/// Whether a directory's file system is one of those in [`RELIABLE`].
fn is_reliable(directory: &Path) -> bool {
    let kind = statfs(directory).map(|found| found.f_type);
    let kind = kind.ok().and_then(|kind| u32::try_from(kind).ok());
    kind.is_some_and(|kind| RELIABLE.contains(&kind))
}

const PACKED: usize = 32;

/// The parts of a directory's stat that a change of its names changes.
fn packed(stat: &Stat) -> [u8; PACKED] {
    let mut packed = [0; PACKED];
    packed[..8].copy_from_slice(&stat.modified.to_le_bytes());
    packed[8..16].copy_from_slice(&stat.changed.to_le_bytes());
    packed[16..24].copy_from_slice(&stat.inode.to_le_bytes());
    packed[24..].copy_from_slice(&stat.device.to_le_bytes());
    packed
}

fn put(memory: &mut Vec<u8>, name: &[u8]) -> Option<()> {
    memory.extend_from_slice(&u16::try_from(name.len()).ok()?.to_le_bytes());
    memory.extend_from_slice(name);
    Some(())
}

fn take<'m>(rest: &mut &'m [u8]) -> Option<&'m [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let (name, after) = after.split_at_checked(u16::from_le_bytes(*length).into())?;
    *rest = after;
    Some(name)
}

fn count(rest: &mut &[u8]) -> u32 {
    let Some((count, after)) = rest.split_first_chunk() else {
        return 0;
    };
    *rest = after;
    u32::from_le_bytes(*count)
}
