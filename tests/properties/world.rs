//! A random library: what stands in its files, and nothing of what betterform makes of it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::sandbox::Sandbox;

/// How many configuration values, variables and shared files there are.
pub const KINDS: usize = 2;

/// A stage of the library.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Direct dependencies, all with smaller numbers.
    pub dependencies: BTreeSet<usize>,
    /// What its file `value` says.
    pub value: u8,
    /// What a template's comment says, which renders to nothing.
    pub comment: u8,
    /// Whether its file `tool` is executable.
    pub executable: bool,
    /// Which configuration value its file `conf` renders.
    pub config: Option<usize>,
    /// Which variable its `ctl` reads.
    pub variable: Option<usize>,
    /// Which shared file its `ctl` reads.
    pub shared: Option<usize>,
    /// Which file outside the library it reads, and how betterform may know.
    pub file: Option<(usize, Way)>,
    /// Whether its `ctl` reads the whole configuration.
    pub whole: bool,
    /// Whether its `ctl` reads what its ancestors left below `$GENFILES`.
    pub generated: bool,
    /// Whether its output says little, so that most changes stop here.
    pub narrow: bool,
    /// Whether its `ctl` fails.
    pub fails: bool,
    /// Whether it is in the DAG.
    pub present: bool,
}

/// How a file outside the library becomes known as an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A template reads it.
    Read,
    /// The text of `ctl` names it.
    Named,
    /// The settings declare it.
    Declared,
    /// `ctl` reports it.
    Reported,
}

/// A library and the environment it is used in.
#[derive(Clone, Debug)]
pub struct World {
    pub stages: Vec<Stage>,
    pub config: [u8; KINDS],
    pub unused: u8,
    pub variables: [Option<u8>; KINDS],
    pub shared: [u8; KINDS],
    pub files: [Option<u8>; KINDS],
}

/// Random worlds of up to six stages.
pub fn worlds() -> impl Strategy<Value = World> {
    // In a chain, what a stage reads of its first ancestor comes to it past others that say nothing of it.
    let chain = prop::bool::weighted(0.3);
    (prop::collection::vec(stage(), 2..6), chain).prop_map(|(mut stages, chain)| {
        for (index, stage) in stages.iter_mut().enumerate() {
            let drawn = stage.dependencies.iter().map(|d| d % index.max(1));
            stage.dependencies = match index.checked_sub(1) {
                None => BTreeSet::new(),
                Some(last) if chain => BTreeSet::from([last]),
                Some(_) => drawn.collect(),
            };
        }
        World {
            stages,
            config: [0; KINDS],
            unused: 0,
            variables: [None, Some(0)],
            shared: [0; KINDS],
            files: [Some(0), None],
        }
    })
}

fn stage() -> impl Strategy<Value = Stage> {
    let which = || prop::option::of(0..KINDS);
    let dependencies = prop::collection::btree_set(0..6_usize, 0..3);
    let ways = [Way::Read, Way::Named, Way::Declared, Way::Reported];
    let file = prop::option::of((0..KINDS, prop::sample::select(ways.to_vec())));
    let seldom = || prop::bool::weighted(0.2);
    let reads = (which(), which(), which(), file, seldom(), seldom());
    (dependencies, reads, any::<bool>()).prop_map(
        |(dependencies, (config, variable, shared, file, whole, generated), narrow)| Stage {
            dependencies,
            value: 0,
            comment: 0,
            executable: false,
            config,
            variable,
            shared,
            file,
            whole,
            generated,
            narrow,
            fails: false,
            present: true,
        },
    )
}

/// A stage's name.
pub fn name(stage: usize) -> String {
    format!("stage_{stage}")
}

impl World {
    /// Direct dependencies that are in the DAG.
    pub fn dependencies(&self, stage: usize) -> BTreeSet<usize> {
        let direct = self.stages[stage].dependencies.iter().copied();
        direct.filter(|d| self.stages[*d].present).collect()
    }

    /// Direct and indirect dependencies.
    pub fn ancestors(&self, stage: usize) -> BTreeSet<usize> {
        let mut ancestors = BTreeSet::new();
        let mut open: Vec<_> = self.dependencies(stage).into_iter().collect();
        while let Some(next) = open.pop() {
            if ancestors.insert(next) {
                open.extend(self.dependencies(next));
            }
        }
        ancestors
    }

    /// The stages in the DAG, dependencies first.
    pub fn present(&self) -> Vec<usize> {
        (0..self.stages.len())
            .filter(|s| self.stages[*s].present)
            .collect()
    }

    /// Writes everything down.
    pub fn write(&self, sandbox: &Sandbox) {
        let dag: Vec<_> = (self.present().into_iter())
            .map(|stage| {
                let dependencies: Vec<_> = self.dependencies(stage).into_iter().map(name).collect();
                (name(stage), dependencies.join(" "))
            })
            .collect();
        let dag: Vec<_> = dag.iter().map(|(s, d)| (s.as_str(), d.as_str())).collect();
        put(sandbox, "lib/betterform_dag.mk", &dag_text(&dag));
        let values: Vec<_> = (0..KINDS)
            .map(|k| format!("k{k}: {}", self.config[k]))
            .collect();
        let config = format!("{{ {}, unused: {} }}\n", values.join(", "), self.unused);
        put(sandbox, "dep/config.jsonnet", &config);
        for (index, text) in self.shared.iter().enumerate() {
            put(
                sandbox,
                &format!("lib/shared_{index}.txt"),
                &format!("shared {text}\n"),
            );
        }
        self.write_files(sandbox);
        for stage in 0..self.stages.len() {
            for (file, text, executable) in self.templates(stage) {
                let path = format!("lib/{}/{file}", name(stage));
                put(sandbox, &path, &text);
                sandbox.executable(&path, executable);
            }
        }
    }

    /// The files outside the library, and the settings that declare some.
    fn write_files(&self, sandbox: &Sandbox) {
        for (index, value) in self.files.iter().enumerate() {
            let path = format!("elsewhere/file_{index}.txt");
            match value {
                Some(value) => put(sandbox, &path, &format!("file {value}\n")),
                None if sandbox.exists(&path) => sandbox.remove(&path),
                None => {}
            }
        }
        let declared = self.stages.iter().enumerate().filter_map(|(index, stage)| {
            let (file, _) = stage.file.filter(|(_, way)| *way == Way::Declared)?;
            let (stage, path) = (name(index), format!("../elsewhere/file_{file}.txt"));
            Some(format!("[stage.{stage}]\ninputs = [\"{path}\"]\n"))
        });
        put(
            sandbox,
            "lib/betterform.toml",
            &declared.collect::<String>(),
        );
    }

    /// The configuration as JSON without white space.
    pub fn json(&self) -> String {
        let values = self.config.iter().enumerate();
        let values: String = values.map(|(k, v)| format!("\"k{k}\":{v},")).collect();
        format!("{{{values}\"unused\":{}}}", self.unused)
    }

    /// What a stage's template `read` renders to.
    pub fn read(&self, stage: usize) -> String {
        let file = self.stages[stage].file.filter(|(_, way)| *way == Way::Read);
        match file.and_then(|(file, _)| self.files[file]) {
            Some(value) => format!("read file {value}\n"),
            None => "read".into(),
        }
    }

    fn read_template(&self, stage: usize) -> String {
        match self.stages[stage].file {
            Some((file, Way::Read)) => {
                let path = format!("\"../elsewhere/file_{file}.txt\"");
                format!(
                    "read{{{{ if file.Exists {path} }}}} {{{{ file.Read {path} }}}}{{{{ end }}}}"
                )
            }
            _ => "read".into(),
        }
    }

    /// The stage's templates: name, text, whether executable.
    pub fn templates(&self, stage: usize) -> Vec<(String, String, bool)> {
        let it = &self.stages[stage];
        let conf = match it.config {
            Some(k) => format!(
                "{{{{/* comment {} */}}}}conf {{{{ .cfg.k{k} }}}}\n",
                it.comment
            ),
            None => format!("{{{{/* comment {} */}}}}conf\n", it.comment),
        };
        let reads: Vec<_> = self
            .ancestors(stage)
            .into_iter()
            .map(|a| name(a) + "\n")
            .collect();
        vec![
            ("ctl".into(), self.ctl(stage), true),
            ("value".into(), format!("value {}\n", it.value), false),
            ("conf".into(), conf, false),
            ("read".into(), self.read_template(stage), false),
            ("tool".into(), "tool\n".into(), it.executable),
            (
                "reads".into(),
                format!("ancestors:\n{}", reads.concat()),
                false,
            ),
        ]
    }

    /// What the stage's `conf` renders to.
    pub fn conf(&self, stage: usize) -> String {
        match self.stages[stage].config {
            Some(k) => format!("conf {}\n", self.config[k]),
            None => "conf\n".into(),
        }
    }

    fn ctl(&self, stage: usize) -> String {
        let it = &self.stages[stage];
        let variable = it.variable.map_or(String::new(), |k| {
            format!("  echo \"variable ${{APP_{k}-unset}}\"\n")
        });
        let shared = it.shared.map_or(String::new(), |k| {
            format!("  cat \"$LIBRARY/shared_{k}.txt\"\n")
        });
        let place = "$LIBRARY/../elsewhere";
        let cat = "2>/dev/null || echo no file";
        let file = match it.file {
            Some((k, Way::Named)) => format!("  cat \"{place}/file_{k}.txt\" {cat}\n"),
            Some((k, Way::Declared)) => format!("  f=file_; cat \"{place}/${{f}}{k}.txt\" {cat}\n"),
            Some((k, Way::Reported)) => format!(
                "  f=file_; f=\"{place}/${{f}}{k}.txt\"; echo \"$f\" >> \"$BETTERFORM_INPUTS_FILE\"; cat \"$f\" {cat}\n"
            ),
            _ => String::new(),
        };
        let whole = if it.whole {
            "  tr -d ' \\n' < \"$CONFIG_JSON_FILE\"; echo\n"
        } else {
            ""
        };
        let generated = if it.generated {
            "  for ancestor in $(tail -n +2 reads); do cat \"$GENFILES/$ancestor/effect.txt\"; done\n"
        } else {
            ""
        };
        let narrow = if it.narrow { "head -n 1" } else { "cat" };
        format!(
            "#!/bin/sh
set -eu
echo \"$STAGE_NAME $1\" >> \"$ORDER_LOG\"
[ \"$1\" = up ] || exit 0
if ls \"$FAIL_DIR\" | grep -qx \"$STAGE_NAME\"; then exit 3; fi
effect() {{
  echo narrow
  cat value conf read reads
  if [ -x tool ]; then echo executable; fi
{variable}{shared}{file}{whole}{generated}  for ancestor in $(tail -n +2 reads); do cat \"$OUTPUT_DIR/$ancestor/out\"; done
}}
effect > effect.txt
mkdir -p \"$OUTPUT_DIR/$STAGE_NAME\"
effect | {narrow} > \"$OUTPUT_DIR/$STAGE_NAME/out\"
"
        )
    }

    /// The named inputs that a stage's `ctl` depends on by what stands in the library: what betterform may give as a reason.
    pub fn inputs(&self, stage: usize) -> BTreeMap<(String, String), String> {
        let it = &self.stages[stage];
        let mut inputs = BTreeMap::new();
        let mut add = |kind: &str, name: String, value: String| {
            inputs.insert((kind.to_owned(), name), value);
        };
        for (file, text, executable) in self.templates(stage) {
            add("template", file, format!("{executable} {text}"));
        }
        if let Some(k) = it.config {
            add("config", format!(".k{k}"), self.config[k].to_string());
        }
        if it.whole {
            for (k, value) in self.config.iter().enumerate() {
                add("config", format!(".k{k}"), value.to_string());
            }
            add("config", ".unused".into(), self.unused.to_string());
        }
        if let Some((k, _)) = it.file {
            let name = format!("file_{k}.txt");
            add("file", name, format!("{:?}", self.files[k]));
        }
        if let Some(k) = it.variable {
            add(
                "env",
                format!("APP_{k}"),
                format!("{:?}", self.variables[k]),
            );
        }
        if let Some(k) = it.shared {
            add(
                "shared",
                format!("shared_{k}.txt"),
                self.shared[k].to_string(),
            );
        }
        inputs
    }
}

fn dag_text(dag: &[(&str, &str)]) -> String {
    let lines = dag
        .iter()
        .map(|(s, d)| format!("$(call define_stage, {s}, {d})\n"));
    lines.collect()
}

/// Writes a file only where it differs, as people's editors do.
fn put(sandbox: &Sandbox, path: &str, text: &str) {
    if !sandbox.exists(path) || sandbox.read(path) != text {
        sandbox.file(path, text);
    }
}
