//! The machine's network hardware, as far as Linux tells of it in `/sys`.

use std::io;
use std::path::Path;

/// The first six bytes of the hardware address of the first network interface that has one; none if no interface does.
///
/// # Errors
/// The interfaces cannot be listed, as on other systems than Linux.
pub fn address() -> io::Result<Option<[u8; 6]>> {
    first_address(Path::new("/sys/class/net"))
}

fn first_address(interfaces: &Path) -> io::Result<Option<[u8; 6]>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(interfaces)? {
        let directory = entry?.path();
        // What is gone in the meantime, or is no interface, is left out.
        let text = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap_or_default();
        if let (Ok(index), Some(address)) = (
            text("ifindex").trim().parse::<u32>(),
            parse(&text("address")),
        ) {
            found.push((index, address));
        }
    }
    Ok(found.into_iter().min().map(|(_, address)| address))
}

/// `52:54:00:12:34:56`, and longer ones; one of zeros is none.
fn parse(text: &str) -> Option<[u8; 6]> {
    let bytes: Option<Vec<u8>> = text
        .trim()
        .split(':')
        .map(|part| u8::from_str_radix(part, 16).ok())
        .collect();
    let bytes = bytes.filter(|bytes| bytes.iter().any(|byte| *byte != 0))?;
    bytes.get(..6)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::{first_address, parse};
    use crate::system::files::write_atomically;

    #[test]
    fn reads_addresses() {
        assert_eq!(
            parse("52:54:00:12:34:5f\n"),
            Some([0x52, 0x54, 0, 0x12, 0x34, 0x5f])
        );
        for none in ["", "00:00:00:00:00:00\n", "01:02", "x"] {
            assert_eq!(parse(none), None, "{none:?}");
        }
    }

    #[test]
    fn takes_the_first_interface_that_has_one() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(first_address(directory.path()).unwrap(), None);
        for (name, index, address) in [
            ("lo", "1", "00:00:00:00:00:00"),
            ("eth1", "12", "02:00:00:00:00:0c"),
            ("wlan", "3", "02:00:00:00:00:03"),
        ] {
            let interface = directory.path().join(name);
            std::fs::create_dir(&interface).unwrap();
            write_atomically(&interface.join("ifindex"), index.as_bytes(), None).unwrap();
            write_atomically(&interface.join("address"), address.as_bytes(), None).unwrap();
        }
        assert_eq!(
            first_address(directory.path()).unwrap(),
            Some([2, 0, 0, 0, 0, 3])
        );
        assert!(first_address(&directory.path().join("none")).is_err());
    }
}
