//! Deployments that move, are copied, or lose what can be made again.

use std::fs;

use crate::sandbox::{CTL, Sandbox};

fn with_paths() -> Sandbox {
    let sandbox = Sandbox::with_dag(&[("a", ""), ("b", "a")]);
    let text = format!(
        "{CTL}if [ \"$1\" = up ]; then mkdir -p \"$OUTPUT_DIR/a\"; echo x > \"$OUTPUT_DIR/a/x\"; fi\n"
    );
    sandbox.ctl("a", &text);
    sandbox.file(
        "lib/b/paths",
        "out={{ .Env.OUTPUT_DIR }}/a lib={{ .Env.IMPL_DIR }}\n",
    );
    sandbox.ctl("b", &format!("{CTL}cat paths\n"));
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox
}

#[test]
fn a_moved_deployment_is_up_to_date_and_its_stamped_files_are_rewritten_before_anything_runs() {
    let mut sandbox = with_paths();
    sandbox.relocate();
    sandbox.run(&["plan", "--detailed-exitcode"]).exits(0);
    sandbox.run(&["apply"]).exits(0).says("Nothing to do");
    assert!(sandbox.calls().is_empty());
    sandbox.run(&["down", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["b down", "a down"]);
    let here = sandbox.path("dep/output/a");
    assert!(
        sandbox
            .read("dep/genfiles/b/paths")
            .contains(here.to_str().unwrap())
    );
}

#[test]
fn another_umask_changes_nothing() {
    let sandbox = with_paths();
    for path in ["lib/b/paths", "lib/b/ctl", "lib/a/ctl"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = sandbox.path(path).metadata().unwrap().permissions().mode() | 0o020;
        fs::set_permissions(sandbox.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    sandbox.run(&["apply"]).exits(0).says("Nothing to do");
    assert!(sandbox.calls().is_empty());
}

#[test]
fn deleted_genfiles_change_nothing() {
    let sandbox = with_paths();
    sandbox.remove("dep/genfiles");
    sandbox.run(&["apply"]).exits(0).says("Nothing to do");
    assert!(sandbox.calls().is_empty());
}

#[test]
fn a_copied_deployment_is_refused_until_someone_says_what_it_is() {
    let sandbox = with_paths();
    let status = std::process::Command::new("cp")
        .arg("-a")
        .args([sandbox.path("dep"), sandbox.path("copy")])
        .status()
        .unwrap();
    assert!(status.success());
    let copy = sandbox.path("copy");
    let copy = copy.to_str().unwrap();
    for command in ["plan", "apply", "down"] {
        sandbox
            .run(&["-C", copy, command])
            .exits(1)
            .says("state adopt --copy")
            .says("state adopt --moved");
    }
    assert!(sandbox.calls().is_empty());
    let adopted = sandbox.run(&["-C", copy, "state", "adopt", "--copy", "--json"]);
    let document = serde_json::json!({ "version": 1, "adopted": "copy" });
    assert_eq!(adopted.exits(0).json(), document);
    sandbox.run(&["-C", copy, "down"]).exits(0);
    assert!(sandbox.calls().is_empty(), "nothing is up there");
    sandbox.run(&["-C", copy, "apply", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["a up", "b up"]);
    sandbox.run(&["apply"]).exits(0).says("Nothing to do");
}

#[test]
fn without_a_record_but_with_files_that_look_deployed_down_runs_nothing() {
    let sandbox = with_paths();
    sandbox.remove("dep/.betterform");
    sandbox.run(&["plan"]).exits(0).says("no record was found");
    sandbox
        .run(&["down"])
        .exits(1)
        .says("no record was found")
        .says("mark up");
    assert!(sandbox.calls().is_empty());
    sandbox.run(&["down", "--force", "-j1"]).exits(0);
    assert_eq!(sandbox.calls(), ["b down", "a down"]);
}

#[test]
fn the_state_and_a_key_for_secrets_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = with_paths();
    let mode = |path: &str| sandbox.path(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("dep/.betterform/genfiles/state.db"), 0o600);
    assert_eq!(mode("dep/.betterform"), 0o700);
    assert_eq!(sandbox.read("dep/.betterform/genfiles/.gitignore"), "*\n");
}

#[test]
fn a_file_that_a_template_looks_for_is_looked_for_where_the_deployment_is_now() {
    let mut sandbox = Sandbox::with_dag(&[("net", "")]);
    let text = "{{ if file.Exists \"../later.txt\" }}{{ file.Read \"../later.txt\" }}{{ end }}\n";
    sandbox.file("lib/net/main.tf", text);
    sandbox.run(&["apply"]).exits(0);
    sandbox.relocate();
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    sandbox.file("later.txt", "there");
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(sandbox.calls(), ["net up"]);
}

#[test]
fn a_file_beside_the_library_is_looked_for_where_the_library_is_now() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    let path = "(print .Env.IMPL_DIR \"/../later.txt\")";
    let text = format!("{{{{ if file.Exists {path} }}}}{{{{ file.Read {path} }}}}{{{{ end }}}}\n");
    sandbox.file("lib/net/main.tf", &text);
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    std::fs::create_dir(sandbox.path("other")).unwrap();
    std::fs::rename(sandbox.path("lib"), sandbox.path("other/lib")).unwrap();
    let apply = ["--impl-dir", "../other/lib", "apply"];
    sandbox.run(&apply).exits(0);
    sandbox.run(&apply).exits(0).says("Nothing to do");
    assert!(sandbox.calls().is_empty(), "nothing changed but the place");
    sandbox.file("other/later.txt", "there");
    sandbox.run(&apply).exits(0);
    assert_eq!(sandbox.calls(), ["net up"]);
}
