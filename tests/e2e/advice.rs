//! What `plan` warns of although nothing is wrong: leftovers of terraform, modules that nothing covers, results that differ.

use crate::sandbox::{CTL, Sandbox};

/// What `plan` prints of a library whose stages are new.
#[track_caller]
fn plan(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let mut all = vec!["plan"];
    all.extend(arguments);
    sandbox.run(&all).exits(0).stdout
}

#[test]
fn what_terraform_left_among_the_templates() {
    let sandbox = Sandbox::with_dag(&[("net", ""), ("app", "net")]);
    sandbox.file("lib/net/main.tf", "# none\n");
    sandbox.file("lib/net/.terraform.lock.hcl", "# belongs there\n");
    sandbox.file("lib/net/sub/.terraform/providers/a", "binary\n");
    sandbox.file("lib/net/sub/.terraform/providers/b", "binary\n");
    sandbox.file("lib/app/terraform.tfstate", "{}\n");
    sandbox.file("lib/app/terraform.tfstate.backup", "{}\n");
    let warned = "\
net  new
    warning: `net/sub/.terraform/` is terraform's own and would be stamped: put the line `.terraform/` into `net/.gomplateignore`
app  new
    warning: `app/terraform.tfstate` is terraform's own and would be stamped: put the line `*.tfstate` into `app/.gomplateignore`
    warning: `app/terraform.tfstate.backup` is terraform's own and would be stamped: put the line `*.tfstate.*` into `app/.gomplateignore`

Plan: 2 new; 0 stages are up to date.
";
    assert_eq!(plan(&sandbox, &[]), warned);
    let document = sandbox.run(&["plan", "--json"]).exits(0).json();
    let warnings = document["stages"][1]["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 2, "{document}");
    // The lines that it names are the remedy.
    sandbox.file("lib/net/.gomplateignore", ".terraform/\n");
    sandbox.file("lib/app/.gomplateignore", "*.tfstate\n*.tfstate.*\n");
    assert_eq!(
        plan(&sandbox, &[]),
        "net  new\napp  new\n\nPlan: 2 new; 0 stages are up to date.\n"
    );
    sandbox.run(&["apply"]).exits(0);
    assert!(!sandbox.exists("dep/genfiles/net/sub/.terraform"));
    assert!(!sandbox.exists("dep/genfiles/app/terraform.tfstate"));
}

#[test]
fn leftovers_of_a_stage_that_is_up_are_told_of_when_more_is_asked_for() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.file("lib/net/terraform.tfstate", "{}\n");
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(
        plan(&sandbox, &[]),
        "Nothing to do: 1 stage is up to date.\n"
    );
    let told = plan(&sandbox, &["-v"]);
    assert!(told.contains("put the line `*.tfstate` into"), "{told}");
}

/// The warnings on a module that `main.tf` in a directory of the stage names.
#[track_caller]
fn warnings(sandbox: &Sandbox, file: &str, text: &str) -> Vec<String> {
    sandbox.file(&format!("lib/net/{file}"), text);
    let told = plan(sandbox, &["-v"]);
    sandbox.remove(&format!("lib/net/{file}"));
    let lines = told.lines().map(str::trim);
    let warnings = lines.filter_map(|line| line.strip_prefix("warning: "));
    warnings.map(str::to_owned).collect()
}

#[test]
fn a_local_module_that_no_input_covers() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.file("outside/vpc/main.tf", "# vpc\n");
    let module = |path: &str| format!("module \"x\" {{\n  source = \"{path}\"\n}}\n");
    let outside = module("../../../outside/vpc");
    let warning = "no input covers the module `../../../outside/vpc`: name `";
    let told = warnings(&sandbox, "main.tf", &outside);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with(warning), "{told:?}");
    let json = r#"{"module":{"x":{"source":"../../../outside/vpc"}}}"#;
    assert_eq!(warnings(&sandbox, "main.tf.json", json), told);
    // Where terraform runs in a directory of the stage, paths start there.
    let below = warnings(&sandbox, "deep/main.tf", &outside);
    assert!(
        below[0].contains("`../../../outside/vpc`: name `"),
        "{below:?}"
    );
    // Without `-v` it is not looked for.
    sandbox.file("lib/net/main.tf", &outside);
    assert!(!plan(&sandbox, &[]).contains("warning"));
    sandbox.remove("lib/net/main.tf");
    for text in [
        module("./own"),
        module("sub/../terraform-aws-modules/vpc/aws"),
        module("git::https://example.com/vpc.git"),
        format!("# {outside}").replace("\n  source", "\n#  source"),
    ] {
        assert_eq!(warnings(&sandbox, "main.tf", &text), [""; 0], "{text}");
    }
    // What it names is the remedy.
    let named = told[0].strip_prefix(warning).unwrap();
    let pattern = named.split('`').next().unwrap();
    sandbox.file(
        "lib/betterform.toml",
        &format!("[stage.net]\ninputs = [\"{pattern}\"]\n"),
    );
    assert_eq!(warnings(&sandbox, "main.tf", &outside), [""; 0]);
    sandbox.file("lib/net/main.tf", &outside);
    sandbox.run(&["apply"]).exits(0);
    sandbox.file("outside/vpc/main.tf", "# another\n");
    sandbox.run(&["plan"]).exits(0).says("net  stale: file ");
}

#[test]
fn a_module_among_the_shared_files_is_covered() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.file("lib/modules/vpc/main.tf", "# vpc\n");
    let module = "module \"x\" {\n  source = \"../../../lib/modules/vpc\"\n}\n";
    assert_eq!(warnings(&sandbox, "main.tf", module), [""; 0]);
}

#[test]
fn a_stage_that_is_not_reproducible() {
    let sandbox = Sandbox::with_dag(&[("net", "")]);
    sandbox.ctl("net", CTL);
    sandbox.file(
        "lib/net/id",
        "{{ uuid.V4 }} {{ time.Now }} {{ random.Alpha 9 }} {{ crypto.Bcrypt 4 \"x\" }}\n",
    );
    let warning = "    warning: not reproducible, which alone does not make the stage stale: its templates use `crypto.Bcrypt`, `random.Alpha`, `time.Now`, `uuid.V4`\n";
    let told = plan(&sandbox, &["-v"]);
    assert!(told.contains(warning), "{told}");
    assert!(!plan(&sandbox, &[]).contains("reproducible"));
    sandbox.run(&["apply"]).exits(0);
    assert_eq!(
        plan(&sandbox, &[]),
        "Nothing to do: 1 stage is up to date.\n"
    );
}
