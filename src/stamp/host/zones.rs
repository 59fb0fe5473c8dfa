//! The time zones of the machine. Knows nothing of what is in their data.
//!
//! Facts: Go's package `time`, which looks for them in these places in this order.

use crate::stamp::host::StageHost;
use crate::template::{Host as _, LocalZone};

/// Where the database of time zones lies.
const DATABASES: [&str; 4] = [
    "/usr/share/zoneinfo",
    "/usr/share/lib/zoneinfo",
    "/usr/lib/locale/TZ",
    "/etc/zoneinfo",
];

impl StageHost<'_> {
    /// The zone that `TZ` names, else that of the system; UTC where that is not known.
    pub(super) fn machine_zone(&mut self) -> LocalZone {
        let zone = self.env(b"TZ").map(String::from_utf8);
        let (name, data) = match zone {
            None => ("Local".to_owned(), self.data_at("/etc/localtime")),
            Some(Err(_)) => return LocalZone::Utc,
            Some(Ok(zone)) => {
                let zone = zone.strip_prefix(':').unwrap_or(&zone);
                let data = match zone {
                    "" | "UTC" => None,
                    path if path.starts_with('/') => self.data_at(path),
                    name => self.zone_data(name),
                };
                let name = if zone == "/etc/localtime" {
                    "Local"
                } else {
                    zone
                };
                (name.to_owned(), data)
            }
        };
        data.map_or(LocalZone::Utc, |data| LocalZone::Data { name, data })
    }

    /// The data of a zone, if the machine has it.
    pub(super) fn zone_data(&mut self, name: &str) -> Option<Vec<u8>> {
        let named = self.env(b"ZONEINFO").filter(|path| !path.is_empty());
        if named.is_some() {
            // It may be an archive as well; gomplate reads it itself.
            return None;
        }
        let mut databases = DATABASES.iter();
        databases.find_map(|database| self.data_at(&format!("{database}/{name}")))
    }

    fn data_at(&mut self, path: &str) -> Option<Vec<u8>> {
        let data = self.read_file(path.as_bytes()).ok()?;
        data.starts_with(b"TZif").then_some(data)
    }
}
