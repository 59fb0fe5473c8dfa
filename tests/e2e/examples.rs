//! The examples, used as their readers use them. (`examples/tour.sh` does so with the diamond.)

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sandbox::{Ran, Sandbox, ran};

/// A copy of an example.
fn copy(sandbox: &Sandbox, example: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(example);
    let copy = sandbox.path(example);
    let status = Command::new("cp")
        .arg("-Rp")
        .args([&source, &copy])
        .status()
        .unwrap();
    assert!(status.success());
    copy
}

fn run(sandbox: &Sandbox, place: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = sandbox.command(arguments);
    command
        .current_dir(place.join("deployment"))
        .env_remove("IMPL_DIR");
    // Nested ones are found as users find them.
    let program = Path::new(env!("CARGO_BIN_EXE_betterform"))
        .parent()
        .unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", program.display()));
    command.envs(variables.iter().copied());
    ran(command.output().unwrap())
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

#[test]
fn a_wave_program_is_a_stage_of_another() {
    let sandbox = Sandbox::new();
    let place = copy(&sandbox, "nested");
    run(&sandbox, &place, &["apply", "-j1"], &[])
        .exits(0)
        .says("[inner] [greet] greet up: world")
        .says("[inner] [wave_goodbye] wave_goodbye up: world");
    run(&sandbox, &place, &["apply"], &[])
        .exits(0)
        .says("Nothing to do: 2 stages are up to date.")
        .never_says("greet");
    std::fs::write(place.join("deployment/config.jsonnet"), "{ who: 'moon' }\n").unwrap();
    run(&sandbox, &place, &["apply", "-j1"], &[])
        .exits(0)
        .says("greet up: moon");
    run(&sandbox, &place, &["down", "-j1"], &[])
        .exits(0)
        .says("wave_goodbye down: moon")
        .says("greet down: moon");
}

#[test]
fn terraform_keeps_its_state_and_runs_only_for_what_it_depends_on() {
    if !is_installed("terraform") {
        eprintln!("SKIPPED: terraform is not installed");
        return;
    }
    let sandbox = Sandbox::new();
    let mut place = copy(&sandbox, "terraform");
    run(&sandbox, &place, &["apply"], &[])
        .exits(0)
        .says("1 added");
    run(&sandbox, &place, &["apply"], &[])
        .exits(0)
        .says("Nothing to do");
    let output = place.join("deployment/output/database/output.json");
    assert!(std::fs::read_to_string(output).unwrap().contains("orders"));

    // Rotated credentials change nothing that is built; a variable of Terraform's does.
    run(
        &sandbox,
        &place,
        &["plan"],
        &[("AWS_SESSION_TOKEN", "rotated")],
    )
    .exits(0)
    .says("Nothing to do");
    run(&sandbox, &place, &["plan"], &[("TF_VAR_size", "30")])
        .exits(0)
        .says("env TF_VAR_size set");

    // Stamping anew leaves the state alone: what is there is changed, not made again.
    std::fs::write(
        place.join("deployment/config.jsonnet"),
        "{ name: 'orders', size: 20 }\n",
    )
    .unwrap();
    run(&sandbox, &place, &["apply"], &[])
        .exits(0)
        .says("0 added, 1 changed, 0 destroyed");

    // The same deployment at another place, with other bits of the mode.
    let moved = sandbox.path("elsewhere");
    std::fs::rename(&place, &moved).unwrap();
    place = moved;
    let status = Command::new("chmod")
        .args(["-R", "g+w"])
        .arg(place.join("library"))
        .status()
        .unwrap();
    assert!(status.success());
    run(&sandbox, &place, &["apply"], &[])
        .exits(0)
        .says("Nothing to do");

    // Without its state, Terraform would leave behind what it made.
    std::fs::remove_dir_all(place.join("deployment/genfiles")).unwrap();
    run(&sandbox, &place, &["plan"], &[])
        .exits(0)
        .says("its own state terraform.tfstate is gone");
    run(&sandbox, &place, &["apply"], &[])
        .exits(1)
        .says("`terraform.tfstate`")
        .says("--force");
    run(&sandbox, &place, &["down"], &[])
        .exits(1)
        .says("`terraform.tfstate`")
        .says("--force");
    run(&sandbox, &place, &["down", "database", "--force"], &[]).exits(0);
}
