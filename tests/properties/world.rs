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
    /// Whether its output says little, so that most changes stop here.
    pub narrow: bool,
    /// Whether its `ctl` fails.
    pub fails: bool,
    /// Whether it is in the DAG.
    pub present: bool,
}

/// A library and the environment it is used in.
#[derive(Clone, Debug)]
pub struct World {
    pub stages: Vec<Stage>,
    pub config: [u8; KINDS],
    pub unused: u8,
    pub variables: [Option<u8>; KINDS],
    pub shared: [u8; KINDS],
}

/// Random worlds of up to six stages.
pub fn worlds() -> impl Strategy<Value = World> {
    prop::collection::vec(stage(), 2..6).prop_map(|mut stages| {
        for (index, stage) in stages.iter_mut().enumerate() {
            stage.dependencies = (stage.dependencies.iter())
                .filter(|_| index > 0)
                .map(|d| d % index.max(1))
                .collect();
        }
        World {
            stages,
            config: [0; KINDS],
            unused: 0,
            variables: [None, Some(0)],
            shared: [0; KINDS],
        }
    })
}

fn stage() -> impl Strategy<Value = Stage> {
    let which = || prop::option::of(0..KINDS);
    let dependencies = prop::collection::btree_set(0..6_usize, 0..3);
    (dependencies, which(), which(), which(), any::<bool>()).prop_map(
        |(dependencies, config, variable, shared, narrow)| Stage {
            dependencies,
            value: 0,
            comment: 0,
            executable: false,
            config,
            variable,
            shared,
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
        for stage in 0..self.stages.len() {
            for (file, text, executable) in self.templates(stage) {
                let path = format!("lib/{}/{file}", name(stage));
                put(sandbox, &path, &text);
                sandbox.executable(&path, executable);
            }
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
            format!("  cat ../../../lib/shared_{k}.txt\n")
        });
        let narrow = if it.narrow { "head -n 1" } else { "cat" };
        format!(
            "#!/bin/sh
set -eu
echo \"$STAGE_NAME $1\" >> \"$ORDER_LOG\"
[ \"$1\" = up ] || exit 0
if ls \"$FAIL_DIR\" | grep -qx \"$STAGE_NAME\"; then exit 3; fi
effect() {{
  echo narrow
  cat value conf
  if [ -x tool ]; then echo executable; fi
{variable}{shared}  for ancestor in $(tail -n +2 reads); do cat \"$OUTPUT_DIR/$ancestor/out\"; done
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
