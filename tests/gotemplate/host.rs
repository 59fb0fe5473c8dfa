//! A world without anything in it, that keeps what it is told.

use betterform::template::{
    DirectoryEntry, FileDetails, FileStatus, Host, LocalZone, Moment, SourceText, Text,
};

/// Remembers which parts of the root were read.
#[derive(Default)]
pub(crate) struct Nowhere {
    /// The reported paths, joined with dots; `*` for everything.
    pub read: Vec<String>,
}

impl Host for Nowhere {
    fn env(&mut self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn all_env(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        Vec::new()
    }

    fn read_file(&mut self, _: &[u8]) -> Result<Vec<u8>, String> {
        Err("no such file".to_owned())
    }

    fn status(&mut self, _: &[u8]) -> Result<Option<FileStatus>, String> {
        Ok(None)
    }

    fn details(&mut self, _: &[u8]) -> Result<FileDetails, String> {
        Err("no such file".to_owned())
    }

    fn read_dir(&mut self, _: &[u8]) -> Result<Vec<DirectoryEntry>, String> {
        Err("no such directory".to_owned())
    }

    fn random(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        getrandom::fill(bytes).map_err(|error| error.to_string())
    }

    fn hardware_address(&mut self) -> Result<Option<[u8; 6]>, String> {
        Ok(Some([2, 0, 0, 0, 0, 1]))
    }

    fn now(&mut self) -> Moment {
        Moment {
            seconds: 0,
            nanoseconds: 0,
        }
    }

    fn local_zone(&mut self) -> Result<LocalZone, String> {
        Ok(LocalZone::Utc)
    }

    fn zone(&mut self, name: &str) -> Result<Vec<u8>, String> {
        std::fs::read(format!("/usr/share/zoneinfo/{name}")).map_err(|error| error.to_string())
    }

    fn is_experimental(&mut self) -> bool {
        true
    }

    fn datasource(&mut self, _: &[u8], _: &[Text]) -> Result<Vec<SourceText>, String> {
        Err("no such datasource".to_owned())
    }

    fn has_datasource(&mut self, _: &[u8]) -> bool {
        false
    }

    fn datasources(&mut self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn define_datasource(&mut self, _: &[u8], _: &[u8]) -> Result<(), String> {
        Err("no datasources".to_owned())
    }

    fn note_unrepeatable(&mut self, _: &str) {}

    fn read_root(&mut self, path: &[Text]) {
        let names: Vec<_> = path
            .iter()
            .map(|name| String::from_utf8_lossy(name))
            .collect();
        self.read.push(names.join("."));
    }

    fn read_everything(&mut self) {
        self.read.push("*".to_owned());
    }
}
