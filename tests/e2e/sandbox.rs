//! A library and a deployment in a directory of their own, and betterform to run on them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// What a run of betterform gave.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Asserts the exit code, showing everything if it is another.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Asserts that stdout has a line, or a part of one.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text) || self.stderr.contains(text),
            "`{text}` is missing\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Asserts that neither stream has a text.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        assert!(
            !self.stdout.contains(text) && !self.stderr.contains(text),
            "`{text}` is there\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// stdout as one JSON document.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "{error}\n--- stdout\n{}\n--- stderr\n{}",
                self.stdout, self.stderr
            )
        })
    }
}

/// betterform itself. Where the tests are a background job of a script, Ctrl-C is ignored, and so it would be by what they
/// start.
fn program() -> Command {
    let program = env!("CARGO_BIN_EXE_betterform");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    if ignored.is_none_or(|mask| mask & 0b10 == 0) {
        return Command::new(program);
    }
    let mut command = Command::new("env");
    command.args(["--default-signal=INT", program]);
    command
}

/// A library in `lib/`, a deployment in `dep/`.
pub struct Sandbox {
    root: TempDir,
    place: u32,
    variables: BTreeMap<String, String>,
}

/// The `ctl` that most stages have: it notes its call, and `up` writes an output.
pub const CTL: &str = "#!/bin/sh
set -eu
echo \"$STAGE_NAME $1\" >> \"$ORDER_LOG\"
";

impl Sandbox {
    /// An empty library and deployment.
    pub fn new() -> Self {
        let root = tempfile::Builder::new()
            .prefix("betterform-e2e-")
            .tempdir()
            .expect("a temporary directory");
        let sandbox = Self {
            root,
            place: 0,
            variables: BTreeMap::new(),
        };
        fs::create_dir_all(sandbox.path("lib")).expect("lib");
        fs::create_dir_all(sandbox.path("dep")).expect("dep");
        sandbox
    }

    /// A library of the given DAG whose stages all have [`CTL`].
    pub fn with_dag(dag: &[(&str, &str)]) -> Self {
        let sandbox = Self::new();
        sandbox.dag(dag);
        for (stage, _) in dag {
            sandbox.ctl(stage, CTL);
        }
        sandbox
    }

    /// The root of everything.
    pub fn root(&self) -> PathBuf {
        self.root.path().join(format!("place_{}", self.place))
    }

    /// A path below the root.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// Moves everything to another place.
    pub fn relocate(&mut self) {
        let old = self.root();
        self.place += 1;
        fs::rename(old, self.root()).expect("moved");
    }

    /// Writes the DAG file.
    pub fn dag(&self, dag: &[(&str, &str)]) {
        let lines = dag.iter().map(|(stage, dependencies)| {
            format!("$(call define_stage, {stage}, {dependencies})\n")
        });
        self.file("lib/betterform_dag.mk", &lines.collect::<String>());
    }

    /// Writes an executable `ctl`.
    pub fn ctl(&self, stage: &str, text: &str) {
        let path = format!("lib/{stage}/ctl");
        self.file(&path, text);
        self.executable(&path, true);
    }

    /// Writes a file.
    pub fn file(&self, path: &str, text: &str) {
        self.bytes(path, text.as_bytes());
    }

    /// Writes a file of any bytes.
    pub fn bytes(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("its directory");
        fs::write(&path, bytes).expect("a file");
    }

    /// Sets or clears a file's executable bits.
    pub fn executable(&self, path: &str, executable: bool) {
        let mode = if executable { 0o755 } else { 0o644 };
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).expect("a mode");
    }

    /// The text of a file.
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Whether there is anything at a path.
    pub fn exists(&self, path: &str) -> bool {
        self.path(path).symlink_metadata().is_ok()
    }

    /// Removes a file or a directory.
    pub fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() {
            fs::remove_dir_all(path).expect("removed");
        } else {
            fs::remove_file(path).expect("removed");
        }
    }

    /// Gives all that lies below the root new times, contents unchanged.
    pub fn touch_everything(&self) {
        for entry in walkdir::WalkDir::new(self.root()) {
            let entry = entry.expect("an entry");
            if entry.file_type().is_file() && !entry.path().ends_with("state.db") {
                let file = fs::File::open(entry.path()).expect("a file");
                file.set_modified(std::time::SystemTime::now())
                    .expect("a time");
            }
        }
    }

    /// Sets a variable for the runs that follow.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.into(), value.into());
    }

    /// Takes a variable away.
    pub fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// betterform, ready to run in the deployment with a clean environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command
            .args(arguments)
            .current_dir(self.path("dep"))
            .env_clear()
            .stdin(Stdio::null());
        for name in ["PATH", "HOME", "GOMPLATE", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("IMPL_DIR", self.path("lib"))
            .env("ORDER_LOG", self.path("dep/order.log"))
            .env("INTERACTIVE", "false")
            .envs(&self.variables);
        command
    }

    /// Runs betterform in the deployment.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().expect("betterform starts");
        ran(output)
    }

    /// The calls of `ctl` since the last time this was asked, in order.
    pub fn calls(&self) -> Vec<String> {
        let path = self.path("dep/order.log");
        let calls = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        calls.lines().map(str::to_owned).collect()
    }
}

/// What a finished process gave.
pub fn ran(output: Output) -> Ran {
    use std::os::unix::process::ExitStatusExt;
    Ran {
        code: output
            .status
            .code()
            .unwrap_or_else(|| -output.status.signal().unwrap_or(0)),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Sends a signal to a process.
pub fn send(signal: &str, pid: u32) {
    let status = Command::new("kill")
        .args([&format!("-{signal}"), &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Waits until there is something at a path.
#[track_caller]
pub fn wait_for(sandbox: &Sandbox, path: &str) {
    let start = Instant::now();
    while !sandbox.exists(path) {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{path} never came"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Where a program is: what the variable of its name says, else the first of that name on PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(program.to_uppercase()).filter(|named| !named.is_empty())
    {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|path| path.is_file())
}
