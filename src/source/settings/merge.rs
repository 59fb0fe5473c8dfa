//! Two settings files as one: the deployment's over the library's.
//! Knows nothing of where they were read from, but where each lies.

use std::collections::BTreeMap;
use std::path::Path;

use crate::source::settings::file::{File, JsonnetTable, JsonnetText, StageTable, StampTable};
use crate::source::settings::patterns::Location;

/// Takes from `$lower` each field that `$upper` leaves open.
macro_rules! fill {
    ($upper:ident from $lower:ident: $($field:ident)*) => {
        $(if $upper.$field.is_none() { $upper.$field = $lower.$field; })*
    };
}

impl File {
    /// Makes the paths absolute that are relative to the file, which lies in `directory`.
    #[must_use]
    pub fn anchored(mut self, directory: &Path) -> Self {
        let own = [
            &mut self.impl_dir,
            &mut self.genfiles,
            &mut self.output_dir,
            &mut self.config_jsonnet_file,
            &mut self.config_json_file,
            &mut self.state,
        ];
        let jpath = self.jsonnet.jpath.iter_mut().flatten();
        for location in own.into_iter().flatten().chain(jpath) {
            location.anchor(directory);
        }
        for stage in self.stage.values_mut() {
            for pattern in stage.inputs.iter_mut().flatten() {
                directory.clone_into(&mut pattern.base);
            }
        }
        self
    }

    /// What this file and one of less weight say together: scalars and lists of this one replace those of the other,
    /// `env` and `secrets` are joined, tables merge by key.
    #[must_use]
    pub fn over(mut self, lower: Self) -> Self {
        let upper = &mut self;
        fill!(upper from lower:
            impl_dir interactive jobs fail_fast output color snapshots snapshot_limit config shared timeout retries
            retry_delay grace protect keep ctl_cwd);
        fill_location(&mut upper.genfiles, lower.genfiles);
        fill_location(&mut upper.output_dir, lower.output_dir);
        fill_location(&mut upper.config_json_file, lower.config_json_file);
        fill_location(&mut upper.state, lower.state);
        // Here the empty path says something: that there is no such file.
        fill!(upper from lower: config_jsonnet_file);
        join(&mut upper.env, lower.env);
        join(&mut upper.secrets, lower.secrets);
        merge(&mut upper.pools, lower.pools, |_, _| ());
        upper.jsonnet.fill(lower.jsonnet);
        upper.stamp.fill(lower.stamp);
        merge(&mut upper.stage, lower.stage, StageTable::fill);
        self
    }
}

impl StageTable {
    fn fill(&mut self, lower: Self) {
        fill!(self from lower:
            inputs outputs config shared timeout retries retry_delay grace protect pool always keep ctl_cwd);
        join(&mut self.env, lower.env);
        self.stamp.fill(lower.stamp);
    }
}

impl StampTable {
    /// Takes from a table of less weight what this one leaves open.
    pub fn fill(&mut self, lower: Self) {
        fill!(self from lower: stamper left_delim right_delim verbatim sensitive);
    }
}

impl JsonnetTable {
    fn fill(&mut self, mut lower: Self) {
        fill!(self from lower: jpath);
        // A name is either a text or code, whichever the weightier file says.
        lower
            .ext_str
            .retain(|name, _| !self.ext_code.contains_key(name));
        lower
            .ext_code
            .retain(|name, _| !self.ext_str.contains_key(name));
        lower
            .tla_str
            .retain(|name, _| !self.tla_code.contains_key(name));
        lower
            .tla_code
            .retain(|name, _| !self.tla_str.contains_key(name));
        let keep = |_: &mut JsonnetText, _: JsonnetText| ();
        merge(&mut self.ext_str, lower.ext_str, keep);
        merge(&mut self.ext_code, lower.ext_code, keep);
        merge(&mut self.tla_str, lower.tla_str, keep);
        merge(&mut self.tla_code, lower.tla_code, keep);
    }
}

fn fill_location(upper: &mut Option<Location>, lower: Option<Location>) {
    if upper.as_ref().is_none_or(Location::is_empty) {
        *upper = lower;
    }
}

/// Puts the lower list in front, so that a `!` of the upper one has the last word.
fn join<T: PartialEq>(upper: &mut Vec<T>, mut lower: Vec<T>) {
    lower.append(upper);
    *upper = lower;
}

fn merge<K: Ord, V>(upper: &mut BTreeMap<K, V>, lower: BTreeMap<K, V>, both: impl Fn(&mut V, V)) {
    for (key, value) in lower {
        match upper.entry(key) {
            std::collections::btree_map::Entry::Occupied(mut entry) => both(entry.get_mut(), value),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(value);
            }
        }
    }
}
