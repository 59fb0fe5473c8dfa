//! What the tests of the state share: a scratch state, and attempts that look real.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use betterform::core::fingerprint::{Digest, Fingerprint, Kind, Manifest};
use betterform::core::record::{Attempt, RunId, StampedFile};
use betterform::core::stage::{Outcome, StageName, Status};
use betterform::state::{Access, Begin, Ended, Left, NewRun, Opened, Payload, RunToken, Store};
use tempfile::TempDir;

/// A directory with a place for a state.
pub(crate) struct Scratch {
    directory: TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.root().join("own/state.db")
    }

    pub(crate) fn open(&self, access: Access) -> Opened {
        Store::open(&self.path(), access).unwrap()
    }

    /// Opens to write, and expects that there is nothing to tell.
    pub(crate) fn store(&self) -> Store {
        let opened = self.open(Access::Write);
        assert_eq!(opened.notes, []);
        opened.store
    }

    /// What is recorded as a reader sees it, who has nothing to tell.
    pub(crate) fn statuses(&self) -> BTreeMap<String, Status> {
        let opened = self.open(Access::Read);
        assert_eq!(opened.notes, []);
        statuses(&opened)
    }

    /// The names of the files beside the state, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path().parent().unwrap()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

pub(crate) fn statuses(opened: &Opened) -> BTreeMap<String, Status> {
    let status = |(stage, recorded): (&StageName, &betterform::core::record::Recorded)| {
        (stage.to_string(), recorded.status)
    };
    opened.records.iter().map(status).collect()
}

pub(crate) fn stage(name: &str) -> StageName {
    StageName::new(name).unwrap()
}

pub(crate) fn new_run(command: &str) -> NewRun {
    NewRun {
        command: command.to_owned(),
        arguments: vec!["betterform".to_owned(), command.to_owned()],
        user: "somebody".to_owned(),
        host: "here".to_owned(),
    }
}

pub(crate) fn run() -> RunId {
    RunId::new("20260102-030405-7kq2").unwrap()
}

/// A manifest with one name, and its digest.
pub(crate) fn manifest(name: &str, content: &str) -> (Digest, Arc<Manifest>) {
    let manifest = Manifest::of([(name.to_owned(), Digest::of(content.as_bytes()))]);
    (manifest.digest(), Arc::new(manifest))
}

/// What a stage is brought up with, all of it made of `text`.
pub(crate) fn attempt(text: &str, edges: &[&str]) -> (Attempt, Payload) {
    let content: Arc<[u8]> = format!("#!/bin/sh\n# {text}\n{}", "exit 0\n".repeat(50))
        .into_bytes()
        .into();
    let digest = Digest::of(&content);
    let config: Arc<[u8]> = Arc::from(b"{}\n".as_slice());
    let template = manifest("ctl", text);
    let env = manifest("AWS_REGION", text);
    let stamped = vec![
        StampedFile {
            path: "ctl".to_owned(),
            executable: true,
            sensitive: false,
            digest,
            content: Some(digest),
        },
        StampedFile {
            path: r"caf\xe9.tfvars".to_owned(),
            executable: false,
            sensitive: true,
            digest: Digest::of(b"secret"),
            content: None,
        },
    ];
    let attempt = Attempt {
        fingerprint: Fingerprint {
            stamp: BTreeMap::from([(Kind::Template, template.0)]),
            run: BTreeMap::from([(Kind::Env, env.0)]),
        },
        detail: format!("{{\"text\":\"{text}\"}}"),
        stamped,
        config: Some(Digest::of(&config)),
        edges: edges.iter().map(|name| stage(name)).collect(),
        locations: BTreeMap::from([("OUTPUT_DIR".to_owned(), "/x/output".to_owned())]),
        protect: false,
    };
    let payload = Payload {
        manifests: vec![template, env],
        contents: vec![(digest, content), (Digest::of(&config), config)],
    };
    (attempt, payload)
}

pub(crate) fn begin_up(name: &str, edges: &[&str]) -> Begin {
    let (attempt, payload) = attempt(name, edges);
    Begin {
        stage: stage(name),
        run: run(),
        up: Some(attempt),
        payload,
    }
}

pub(crate) fn begin_down(name: &str) -> Begin {
    Begin {
        stage: stage(name),
        run: run(),
        up: None,
        payload: Payload::default(),
    }
}

pub(crate) fn left(name: &str) -> Ended {
    let outputs = manifest(&format!("{name}/output.json"), name);
    let generated = manifest("kubeconfig", name);
    Ended::Up(Box::new(Left {
        duration: Duration::from_millis(1500),
        outputs: outputs.0,
        generated: generated.0,
        stamped: None,
        fingerprint: None,
        detail: None,
        payload: Payload {
            manifests: vec![outputs, generated],
            contents: Vec::new(),
        },
    }))
}

pub(crate) fn failed(code: i32) -> Ended {
    Ended::Failed {
        outcome: Outcome::Failed { code },
        duration: Duration::from_millis(20),
    }
}

pub(crate) fn down() -> Ended {
    Ended::Down {
        duration: Duration::from_millis(30),
    }
}

pub(crate) fn one(tokens: Vec<RunToken>) -> RunToken {
    let mut tokens = tokens.into_iter();
    let token = tokens.next().unwrap();
    assert!(tokens.next().is_none());
    token
}

/// Brings a stage up.
pub(crate) fn bring_up(store: &mut Store, name: &str, edges: &[&str]) {
    let token = one(store.begin(vec![begin_up(name, edges)]).unwrap());
    store.commit(vec![(token, left(name))]).unwrap();
}

/// The command that runs the ignored test `name` of this binary, to be killed, confined or run beside this one.
#[expect(clippy::disallowed_methods, reason = "a real child")]
pub(crate) fn child(name: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([name, "--exact", "--ignored", "--nocapture"])
        .env("STATE_OF_CHILD", path);
    command
}

/// The state that a child was given.
#[expect(clippy::disallowed_methods, reason = "what `child` passed on")]
pub(crate) fn path_of_child() -> PathBuf {
    PathBuf::from(std::env::var_os("STATE_OF_CHILD").unwrap())
}

/// Runs the ignored test `name` where it may mount what it likes, after `setup`, a shell script with the state's directory
/// as `$1`. Says loudly if the system does not let it.
#[expect(clippy::disallowed_methods, reason = "a real child")]
pub(crate) fn confined(name: &str, path: &Path, setup: &str) -> Option<Output> {
    let inner = child(name, path);
    let script = format!("{{ {setup}; }} >&2 || exit 99; shift; exec \"$@\"");
    let mut command = Command::new("unshare");
    command.args([
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        &script,
        "sh",
    ]);
    command
        .arg(path.parent().unwrap())
        .arg(inner.get_program())
        .args(inner.get_args());
    command.env("STATE_OF_CHILD", path);
    let output = command.output();
    match output {
        Ok(output) if output.status.code() != Some(99) && output.status.code() != Some(1) => {
            Some(output)
        }
        other => {
            eprintln!("SKIPPED {name}: no user namespaces with mounts here: {other:?}");
            None
        }
    }
}
