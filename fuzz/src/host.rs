//! A world without a disk, a clock and a network: what is asked of it is a text that is given.

use betterform::template::{
    DirectoryEntry, FileDetails, FileKind, FileStatus, Host, LocalZone, Moment, SourceText, Text,
};

/// Every file, datasource and zone is `text`.
#[derive(Default)]
pub struct Hermetic {
    /// The bytes.
    pub text: Vec<u8>,
}

impl Host for Hermetic {
    fn env(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        (name.len() % 2 == 1).then(|| self.text.clone())
    }

    fn all_env(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        vec![(b"A".to_vec(), self.text.clone())]
    }

    fn read_file(&mut self, _: &[u8]) -> Result<Vec<u8>, String> {
        Ok(self.text.clone())
    }

    fn status(&mut self, _: &[u8]) -> Result<Option<FileStatus>, String> {
        let size = self.text.len() as u64;
        Ok(Some(FileStatus {
            kind: FileKind::File,
            size,
            mode: 0o644,
        }))
    }

    fn details(&mut self, _: &[u8]) -> Result<FileDetails, String> {
        Err("no such file or directory".to_owned())
    }

    fn read_dir(&mut self, _: &[u8]) -> Result<Vec<DirectoryEntry>, String> {
        let entry = |name: &[u8]| DirectoryEntry {
            name: name.to_vec(),
            is_directory: false,
        };
        Ok(vec![entry(b"a"), entry(b"b.txt")])
    }

    fn random(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        bytes.fill(0x5a);
        Ok(())
    }

    fn hardware_address(&mut self) -> Result<Option<[u8; 6]>, String> {
        Ok(None)
    }

    fn is_experimental(&mut self) -> bool {
        true
    }

    fn now(&mut self) -> Moment {
        Moment {
            seconds: 1_700_000_000,
            nanoseconds: 999_999_999,
        }
    }

    fn local_zone(&mut self) -> Result<LocalZone, String> {
        if self.text.is_empty() {
            return Ok(LocalZone::Utc);
        }
        Ok(LocalZone::Data {
            name: "Local".into(),
            data: self.text.clone(),
        })
    }

    fn zone(&mut self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.text.clone())
    }

    fn datasource(&mut self, alias: &[u8], _: &[Text]) -> Result<Vec<SourceText>, String> {
        let types = [
            "application/json",
            "application/yaml",
            "text/csv",
            "application/toml",
            "text/plain",
            "application/x-env",
        ];
        let media_type = alias
            .first()
            .map(|first| types[usize::from(*first) % types.len()].to_owned());
        Ok(vec![SourceText {
            text: self.text.clone(),
            media_type,
        }])
    }

    fn has_datasource(&mut self, alias: &[u8]) -> bool {
        !alias.is_empty()
    }

    fn datasources(&mut self) -> Vec<Vec<u8>> {
        vec![b"a".to_vec()]
    }

    fn define_datasource(&mut self, _: &[u8], _: &[u8]) -> Result<(), String> {
        Ok(())
    }

    fn note_unrepeatable(&mut self, _: &str) {}

    fn read_root(&mut self, _: &[Text]) {}

    fn read_everything(&mut self) {}
}
