//! What betterform learnt about a stage when it last fingerprinted it, and needs for doing so again without rendering. Stored
//! with the stage as JSON; knows nothing of digests of inputs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::core::fingerprint::Digest;
use crate::core::mention::Mentions;
use crate::stamp::reads::Reads;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// What rendering read.
    pub reads: Reads,
    /// A digest of where everything lay, if rendering read files: their paths hold for that place alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Digest>,
    /// What the stage's text mentions, that of the shared files which it mentions included.
    pub mentions: Mentions,
    /// With what it was searched: the scanner's identity and the library's shared files.
    pub searched: Option<Digest>,
    /// Names below `$OUTPUT_DIR`, outside its own directory, that it owns.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub owned: BTreeSet<String>,
    /// What its `ctl` wrote to `$BETTERFORM_INPUTS_FILE`, a line each.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub reported: BTreeSet<String>,
    /// The files that stamps made and that may still lie in the stamped directory; escaped names.
    pub made: BTreeSet<String>,
    /// Variables that must be at `down` as they were at `up`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub binding: BTreeSet<String>,
    /// Files in its stamped directory that only `ctl` can have made and that hold its own state; escaped names.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub kept: BTreeSet<String>,
    /// What rendered it.
    pub renderer: String,
}
