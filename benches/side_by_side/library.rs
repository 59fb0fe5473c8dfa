//! Libraries drawn from a seed: the same seed and size give the same library on every machine. Knows nothing of the tools
//! but the form of their files.
//!
//! A stage has five files of 1 KB: `ctl`, two templates with actions, two without. `ctl up` reads one output of a dependency
//! and writes one of its own; make and ninja get the same files, rendered beforehand.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::Result;

/// The size of each file in bytes.
const FILE_SIZE: usize = 1024;

/// About how many stages may run at a time.
const WIDTH: usize = 100;

/// The files of a stage besides `ctl`, and whether they hold template actions.
pub(crate) const FILES: [(&str, bool); 4] = [
    ("values.yaml", true),
    ("limits.conf", true),
    ("notes.txt", false),
    ("policy.json", false),
];

/// A library that can be written down for each tool.
#[derive(Debug)]
pub(crate) struct Library {
    stages: Vec<Stage>,
}

#[derive(Debug)]
struct Stage {
    name: String,
    dependencies: Vec<usize>,
    filler: u64,
}

/// `SplitMix64`: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % limit).unwrap_or(0)
    }
}

impl Library {
    /// Draws a library: layers of stages, each with two or three dependencies, most of them in the layer before.
    pub(crate) fn generate(size: usize, seed: u64) -> Self {
        let mut random = Random(seed);
        let width = WIDTH.min(size.div_ceil(5)).max(1);
        let mut stages = Vec::with_capacity(size);
        for index in 0..size {
            let layer = index / width;
            let mut dependencies = Vec::new();
            if layer > 0 {
                for _ in 0..2 + random.below(2) {
                    let near = random.below(4) > 0;
                    let from = if near { (layer - 1) * width } else { 0 };
                    dependencies.push(from + random.below(layer * width - from));
                }
            }
            dependencies.sort_unstable();
            dependencies.dedup();
            stages.push(Stage {
                name: format!("stage_{index:06}"),
                dependencies,
                filler: random.next(),
            });
        }
        Self { stages }
    }

    /// How many stages it has.
    pub(crate) fn len(&self) -> usize {
        self.stages.len()
    }

    /// The names of its stages.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.stages.iter().map(|stage| stage.name.as_str())
    }

    /// Writes it below `place`: `lib` and `dep` for betterform, `plain` with a `Makefile` and a `build.ninja` for the others.
    pub(crate) fn write(&self, place: &Path) -> Result<()> {
        for stage in &self.stages {
            let (templates, plain) = (place.join("lib"), place.join("plain"));
            let (templates, plain) = (templates.join(&stage.name), plain.join(&stage.name));
            fs::create_dir_all(&templates)?;
            fs::create_dir_all(&plain)?;
            let ctl = self.ctl(stage);
            for directory in [&templates, &plain] {
                let path = directory.join("ctl");
                fs::write(&path, &ctl)?;
                fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
            }
            for (number, (file, actions)) in FILES.into_iter().enumerate() {
                let (template, rendered) = stage.file(number, actions);
                fs::write(templates.join(file), template)?;
                fs::write(plain.join(file), rendered)?;
            }
        }
        for directory in ["dep", "make/stamps", "ninja/stamps"] {
            fs::create_dir_all(place.join(directory))?;
        }
        fs::write(place.join("lib/betterform_dag.mk"), self.dag())?;
        fs::write(place.join("dep/betterform.toml"), "impl_dir = \"../lib\"\n")?;
        fs::write(
            place.join("dep/config.jsonnet"),
            "{ region: 'eu-north-1', zones: ['a', 'b', 'c'] }\n",
        )?;
        fs::write(place.join("make/Makefile"), self.makefile())?;
        fs::write(place.join("ninja/build.ninja"), self.ninja())?;
        Ok(())
    }

    fn ctl(&self, stage: &Stage) -> String {
        let first = stage.dependencies.first();
        let read = first.and_then(|index| self.stages.get(*index));
        let read = read.map_or(String::new(), |dependency| {
            format!("  read -r line < \"$OUTPUT_DIR/{}/out\"\n", dependency.name)
        });
        let mut text = format!(
            "#!/bin/sh\nset -eu\nif [ \"$1\" = up ]; then\n{read}  mkdir -p \"$OUTPUT_DIR/$STAGE_NAME\"\n  \
             echo \"made by $STAGE_NAME\" > \"$OUTPUT_DIR/$STAGE_NAME/out\"\nfi\n"
        );
        fill(&mut text, stage.filler, "# ");
        text
    }

    fn dag(&self) -> String {
        let mut text = String::new();
        for stage in &self.stages {
            let dependencies = self.dependencies(stage).collect::<Vec<_>>().join(" ");
            let _ = writeln!(text, "$(call define_stage, {}, {dependencies})", stage.name);
        }
        text
    }

    fn makefile(&self) -> String {
        let mut text = String::from("MAKEFLAGS += -rR\nexport OUTPUT_DIR := $(CURDIR)/output\n");
        text.push_str("all:");
        for name in self.names() {
            let _ = write!(text, " stamps/{name}");
        }
        text.push('\n');
        for stage in &self.stages {
            let name = &stage.name;
            let _ = writeln!(
                text,
                "stamps/{name}: {}\n\t@cd ../plain/{name} && STAGE_NAME={name} ./ctl up && : > ../../make/stamps/{name}",
                self.prerequisites(stage)
            );
        }
        text
    }

    fn ninja(&self) -> String {
        let mut text = String::from(
            "rule up\n  command = cd ../plain/$stage && OUTPUT_DIR=../../ninja/output STAGE_NAME=$stage ./ctl up && : > \
             ../../ninja/$out\n",
        );
        for stage in &self.stages {
            let name = &stage.name;
            let _ = writeln!(
                text,
                "build stamps/{name}: up {}\n  stage = {name}",
                self.prerequisites(stage)
            );
        }
        text
    }

    /// The files of a stage and the stamps of its dependencies, for a rule.
    fn prerequisites(&self, stage: &Stage) -> String {
        let files = FILES.iter().map(|(file, _)| *file).chain(["ctl"]);
        let files = files.map(|file| format!("../plain/{}/{file}", stage.name));
        let stamps = self
            .dependencies(stage)
            .map(|name| format!("stamps/{name}"));
        files.chain(stamps).collect::<Vec<_>>().join(" ")
    }

    fn dependencies(&self, stage: &Stage) -> impl Iterator<Item = &str> {
        let stages = stage.dependencies.iter();
        stages.filter_map(|index| Some(self.stages.get(*index)?.name.as_str()))
    }
}

impl Stage {
    /// A file of the stage, as template and rendered.
    fn file(&self, number: usize, actions: bool) -> (String, String) {
        let (mut template, mut rendered) = (String::new(), String::new());
        if actions {
            template.push_str(
                "stage: {{ .Env.STAGE_NAME }}\nregion: {{ .cfg.region | quote }}\n\
                 {{- range .cfg.zones }}\nzone: {{ . }}{{ end }}\n",
            );
            let name = &self.name;
            let _ = write!(rendered, "stage: {name}\nregion: \"eu-north-1\"\n");
            rendered.push_str("zone: a\nzone: b\nzone: c\n");
        }
        let mut rest = String::new();
        let seed = self.filler.wrapping_add(number as u64);
        fill(&mut rest, seed, "");
        rest.truncate(FILE_SIZE.saturating_sub(template.len()));
        (template + &rest, rendered + &rest)
    }
}

/// Fills a text up to the size of a file, with lines that no two files share.
fn fill(text: &mut String, seed: u64, prefix: &str) {
    let mut random = Random(seed);
    while text.len() < FILE_SIZE {
        let (a, b) = (random.next(), random.next());
        let _ = writeln!(text, "{prefix}{a:016x} {b:016x}");
    }
    text.truncate(FILE_SIZE - 1);
    text.push('\n');
}
