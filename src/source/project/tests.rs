use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::symlink;

use super::*;
use crate::core::stage::StageName;
use crate::source::sandbox::Sandbox;

#[test]
fn places_by_default() {
    let sandbox = Sandbox::new();
    let project = sandbox.load().unwrap();
    let path = |path| sandbox.path(path);
    assert_eq!(project.deployment, path("dep"));
    let wave = Wave {
        impl_dir: path("lib"),
        genfiles: path("dep/genfiles"),
        output_dir: path("dep/output"),
        config_jsonnet_file: None,
        config_json_file: path("dep/genfiles/config.json"),
        interactive: None,
    };
    assert_eq!(project.wave, wave);
    assert_eq!(
        project.state_path(),
        path("dep/.betterform/genfiles/state.db")
    );
    assert_eq!(
        project.beside_state("x"),
        path("dep/.betterform/genfiles/x")
    );
    sandbox.write("dep/config.jsonnet", "{}");
    let wave = sandbox.load().unwrap().wave;
    assert_eq!(wave.config_jsonnet_file, Some(path("dep/config.jsonnet")));
}

#[test]
fn the_weightiest_says_where() {
    let mut sandbox = Sandbox::new();
    let genfiles = |sandbox: &Sandbox| sandbox.load().unwrap().wave.genfiles;
    sandbox.write("lib/betterform.toml", "genfiles = \"../g1\"");
    assert_eq!(genfiles(&sandbox), sandbox.path("g1"));
    sandbox.write("dep/betterform.toml", "genfiles = \"\"");
    assert_eq!(genfiles(&sandbox), sandbox.path("g1"));
    sandbox.write("dep/betterform.toml", "genfiles = \"g2\"");
    assert_eq!(genfiles(&sandbox), sandbox.path("dep/g2"));
    sandbox.environment.set("GENFILES", "");
    assert_eq!(genfiles(&sandbox), sandbox.path("dep/g2"));
    let bytes = OsString::from_vec(b"./x/../g3\xff".to_vec());
    sandbox.environment.set("GENFILES", bytes.clone());
    let expected = sandbox
        .path("dep")
        .join(OsString::from_vec(b"g3\xff".to_vec()));
    assert_eq!(genfiles(&sandbox), expected);
    sandbox.overrides.genfiles = Some("".into());
    assert_eq!(genfiles(&sandbox), expected);
    sandbox.overrides.genfiles = Some("/g4/".into());
    assert_eq!(genfiles(&sandbox), Path::new("/g4"));
}

#[test]
fn no_jsonnet_is_something_that_can_be_said() {
    let mut sandbox = Sandbox::new();
    let jsonnet = |sandbox: &Sandbox| sandbox.load().unwrap().wave.config_jsonnet_file;
    sandbox.write("dep/config.jsonnet", "{}");
    sandbox.write("dep/betterform.toml", "config_jsonnet_file = \"\"");
    assert_eq!(jsonnet(&sandbox), None);
    sandbox
        .environment
        .set("CONFIG_JSONNET_FILE", "missing.jsonnet");
    assert_eq!(jsonnet(&sandbox), Some(sandbox.path("dep/missing.jsonnet")));
    sandbox.environment.set("CONFIG_JSONNET_FILE", "");
    assert_eq!(jsonnet(&sandbox), None);
    sandbox.overrides.config_jsonnet_file = Some("a.jsonnet".into());
    assert_eq!(jsonnet(&sandbox), Some(sandbox.path("dep/a.jsonnet")));
    sandbox.overrides.config_jsonnet_file = Some("".into());
    assert_eq!(jsonnet(&sandbox), None);
}

#[test]
fn another_directory_is_as_if_called_from_there() {
    let mut sandbox = Sandbox::new();
    sandbox.environment.set("PWD", sandbox.path("."));
    let project = sandbox.load_in(".", Some("x/../dep")).unwrap();
    assert_eq!(project.deployment, sandbox.path("dep"));
    assert_eq!(project.wave.impl_dir, sandbox.path("lib"));
    assert_eq!(project.environment.get("PWD").unwrap(), sandbox.path("dep"));
    for (directory, expected) in [
        ("nope", "`-C nope`: No such file or directory (os error 2)"),
        (
            "lib/betterform_dag.mk",
            "`-C lib/betterform_dag.mk`: this is not a directory",
        ),
    ] {
        let error = sandbox.load_in(".", Some(directory)).unwrap_err();
        assert_eq!((error.message(), error.exit_code()), (expected, 64));
    }
}

#[test]
fn symlinks_stay_as_the_user_came() {
    let mut sandbox = Sandbox::new();
    symlink("dep", sandbox.path("link")).unwrap();
    // The process is in the real directory; the shell says by which way.
    for (pwd, expected) in [("link", "link"), ("lib", "dep"), ("nope", "dep")] {
        sandbox.environment.set("PWD", sandbox.path(pwd));
        assert_eq!(
            sandbox.load().unwrap().deployment,
            sandbox.path(expected),
            "{pwd}"
        );
    }
    sandbox.environment.set("PWD", "link");
    assert_eq!(sandbox.load().unwrap().deployment, sandbox.path("dep"));
}

#[test]
fn a_deployment_can_be_its_own_library() {
    let mut sandbox = Sandbox::new();
    sandbox.environment.set("IMPL_DIR", "");
    sandbox.write(
        "lib/betterform.toml",
        "impl_dir = \"\"\njobs = 3\nenv = [\"A\"]",
    );
    let project = sandbox.load_in("lib", None).unwrap();
    assert_eq!(project.wave.impl_dir, sandbox.path("lib"));
    assert_eq!(project.settings.jobs(), Some(3));
    // The file is read once: what it lists is not joined with itself.
    assert_eq!(project.settings.file.env.len(), 1);
}

#[test]
fn a_missing_library_is_an_error_or_a_warning() {
    let mut sandbox = Sandbox::new();
    sandbox.environment.remove("IMPL_DIR");
    let none = "there is no library: `IMPL_DIR` is not set, and `@/dep` holds no `betterform_dag.mk`\n\
        help: set `IMPL_DIR`, give `--impl-dir DIR`, or put `impl_dir = \"DIR\"` into `betterform.toml`";
    let missing = "the library `@/dep/x` does not exist\nhelp: `impl_dir` in `betterform.toml` says that the library is there";
    let file = "the library `@/lib/one/ctl` is not a directory\nhelp: `IMPL_DIR` says that the library is there";
    let cases: [(&str, &str, &str, &str); 3] = [
        ("", "", "dep", none),
        ("impl_dir = \"x\"", "", "dep/x", missing),
        ("impl_dir = \"x\"", "../lib/one/ctl", "lib/one/ctl", file),
    ];
    for (toml, variable, impl_dir, expected) in cases {
        sandbox.write("dep/betterform.toml", toml);
        sandbox.environment.set("IMPL_DIR", variable);
        assert_eq!(sandbox.complaint(), expected);
        let (overrides, environment) = (sandbox.overrides.clone(), sandbox.environment.clone());
        let project = Project::load(
            &sandbox.path("dep"),
            None,
            overrides,
            environment,
            Library::Optional,
        )
        .unwrap();
        assert_eq!(project.wave.impl_dir, sandbox.path(impl_dir));
        let warnings: Vec<String> = project.warnings.iter().map(|it| sandbox.told(it)).collect();
        assert_eq!(warnings.first().map(String::as_str), Some(expected));
    }
}

#[test]
fn mistakes_in_settings_name_their_file() {
    let sandbox = Sandbox::new();
    let place = |error: &Error| {
        let place = error.diagnostics().first().unwrap();
        let path = place
            .path
            .replace(&sandbox.root.path().display().to_string(), "@");
        format!("{path}:{}: {}", place.line, place.message)
    };
    sandbox.write("lib/betterform.toml", "jobs = 1\nimpl_dir = \".\"");
    assert_eq!(
        place(&sandbox.load().unwrap_err()),
        "@/lib/betterform.toml:2: `impl_dir` is not allowed in the library's own `betterform.toml`"
    );
    let lenient = || {
        let environment = sandbox.environment.clone();
        Project::load(
            &sandbox.path("dep"),
            None,
            Overrides::default(),
            environment,
            Library::Optional,
        )
    };
    assert_eq!(lenient().unwrap().warnings.len(), 1);
    sandbox.write("dep/betterform.toml", "jbos = 1");
    assert_eq!(
        place(&sandbox.load().unwrap_err()),
        "betterform.toml:1: unknown key `jbos`"
    );
    assert_eq!(
        place(&lenient().unwrap_err()),
        "betterform.toml:1: unknown key `jbos`"
    );
}

#[test]
fn variables_and_flags_go_before_settings() {
    let mut sandbox = Sandbox::new();
    sandbox.write(
        "dep/betterform.toml",
        "jobs = 1\ninteractive = true\nstate = \"s1\"\n[stage.one.stamp]\nstamper = \"gomplate\"",
    );
    let one = StageName::new("one").unwrap();
    let seen = |sandbox: &Sandbox| {
        let project = sandbox.load().unwrap();
        let state = project
            .state_path()
            .strip_prefix(sandbox.path("dep"))
            .unwrap()
            .to_owned();
        (
            project.settings.jobs().unwrap(),
            project.wave.interactive.unwrap(),
            state.display().to_string(),
            project.settings.stage(&one).stamp.stamper.unwrap(),
        )
    };
    let expect =
        |jobs, interactive, state: &str, stamper| (jobs, interactive, state.to_owned(), stamper);
    assert_eq!(seen(&sandbox), expect(1, true, "s1", Stamper::Gomplate));
    sandbox.environment.set("BETTERFORM_JOBS", "2");
    sandbox.environment.set("INTERACTIVE", "No");
    sandbox.environment.set("BETTERFORM_STATE", "s2");
    sandbox.environment.set("BETTERFORM_STAMPER", "auto");
    assert_eq!(seen(&sandbox), expect(2, false, "s2", Stamper::Auto));
    sandbox.overrides.jobs = Some(3);
    sandbox.overrides.interactive = Some(true);
    sandbox.overrides.state = Some("s3".into());
    sandbox.overrides.stamper = Some(Stamper::Embedded);
    assert_eq!(seen(&sandbox), expect(3, true, "s3", Stamper::Embedded));
    let beside = sandbox.load().unwrap().beside_state("config-cache.json");
    assert_eq!(beside, sandbox.path("dep/s3.config-cache.json"));
}

#[test]
fn wrong_variables_are_wrong_usage() {
    for (name, value, expected) in [
        (
            "BETTERFORM_JOBS",
            "0",
            "`BETTERFORM_JOBS`: `0` is not a whole number from 1 to 10000",
        ),
        (
            "BETTERFORM_STAMPER",
            "x",
            "`BETTERFORM_STAMPER`: `x` is not one of `auto`, `embedded`, `gomplate`",
        ),
        (
            "INTERACTIVE",
            "maybe",
            "`INTERACTIVE` is `maybe`\nhelp: set it to `true` or `false`, or do not set it",
        ),
    ] {
        let mut sandbox = Sandbox::new();
        sandbox.environment.set(name, value);
        assert_eq!(sandbox.complaint(), expected);
        assert_eq!(sandbox.load().unwrap_err().exit_code(), 64);
    }
}

#[test]
fn places_that_must_differ() {
    let genfiles = "choose another directory for generated files: `GENFILES`";
    for (name, value, expected) in [
        ("GENFILES", "../lib", Some(format!("`GENFILES` is the same directory as `IMPL_DIR`: `@/lib`\nhelp: {genfiles}"))),
        ("GENFILES", "liblink", Some(format!("`GENFILES` is the same directory as `IMPL_DIR`: `@/dep/liblink`\nhelp: {genfiles}"))),
        ("GENFILES", "output", Some(format!("`GENFILES` is the same directory as `OUTPUT_DIR`: `@/dep/output`\nhelp: {genfiles}"))),
        ("GENFILES", "/", Some(format!("`GENFILES` is the root of the file system\nhelp: {genfiles}"))),
        ("GENFILES", "../lib/one/g", Some("`GENFILES` lies in a stage template directory: `@/lib/one/g` in `@/lib/one`\nhelp: choose another directory: `GENFILES`".to_owned())),
        ("GENFILES", "link/a/b", Some("`GENFILES` lies in a stage template directory: `@/dep/link/a/b` in `@/lib/one`\nhelp: choose another directory: `GENFILES`".to_owned())),
        ("OUTPUT_DIR", "../lib/one", Some("`OUTPUT_DIR` lies in a stage template directory: `@/lib/one` in `@/lib/one`\nhelp: choose another directory: `OUTPUT_DIR`".to_owned())),
        ("GENFILES", "../lib/docs/g", None),
        ("GENFILES", "../lib/onex", None),
    ] {
        let mut sandbox = Sandbox::new();
        symlink("../lib/one", sandbox.path("dep/link")).unwrap();
        symlink("../lib", sandbox.path("dep/liblink")).unwrap();
        sandbox.environment.set(name, value);
        let got = sandbox.load().err().map(|error| sandbox.told(&error));
        assert_eq!(got, expected, "{name}={value}");
    }
}

#[test]
fn stages_stay_in_their_directories() {
    let sandbox = Sandbox::new();
    let stages = ["one", "inside", "outside", "gone", "stamped", "plain"]
        .map(|name| StageName::new(name).unwrap());
    sandbox.write("else/ctl", "");
    sandbox.write("dep/genfiles/plain/x", "");
    symlink("one", sandbox.path("lib/inside")).unwrap();
    symlink("../else", sandbox.path("lib/outside")).unwrap();
    symlink("../nowhere", sandbox.path("lib/gone")).unwrap();
    symlink("../../else", sandbox.path("dep/genfiles/stamped")).unwrap();
    let project = sandbox.load().unwrap();
    let error = project.check_stages(&stages).unwrap_err();
    assert_eq!(
        sandbox.told(&error),
        "`@/lib/outside` is a symlink that leads out of the library\n\
         `@/lib/gone` is a symlink that leads out of the library\n\
         `@/dep/genfiles/stamped` is a symlink that leads out of `GENFILES`\n\
         help: nothing is read or written through such a path: put a directory there"
    );
    project.check_stages(stages.iter().take(2)).unwrap();
}

#[test]
fn a_stage_is_not_stamped_over_the_library() {
    let mut sandbox = Sandbox::new();
    sandbox.environment.set("GENFILES", "..");
    let project = sandbox.load().unwrap();
    let error = project
        .check_stages(&[StageName::new("lib").unwrap()])
        .unwrap_err();
    assert_eq!(
        sandbox.told(&error).lines().next().unwrap(),
        "stage `lib` would be stamped over the library, at `@/lib`"
    );
}
