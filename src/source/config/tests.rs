use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use super::*;
use crate::core::stage::StageName;
use crate::source::sandbox::Sandbox;

fn again(sandbox: &Sandbox) -> Result<Config> {
    let project = sandbox.load()?;
    evaluate(&project, remembered(&project).as_ref())
}

/// Evaluates and writes; the JSON, and whether it was evaluated and whether it was written.
fn apply(sandbox: &Sandbox) -> (String, bool, bool) {
    let project = sandbox.load().unwrap();
    let config = evaluate(&project, remembered(&project).as_ref()).unwrap();
    let written = write(&config, &project).unwrap();
    let bytes = fs::read(&project.wave.config_json_file).unwrap();
    assert_eq!(bytes, config.bytes);
    assert_eq!(Digest::of(&bytes), config.digest);
    let json = String::from_utf8(bytes).unwrap();
    (json.split_whitespace().collect(), config.evaluated, written)
}

fn seen(json: &str, evaluated: bool, written: bool) -> (String, bool, bool) {
    (json.to_owned(), evaluated, written)
}

fn complaint(sandbox: &Sandbox) -> String {
    sandbox.told(&again(sandbox).unwrap_err())
}

#[test]
fn evaluated_once_while_nothing_changes() {
    let mut sandbox = Sandbox::new();
    sandbox.write(
        "dep/config.jsonnet",
        "(import 'a.libsonnet') + {t: importstr 't', b: importbin 'b', l: import 'l'}",
    );
    sandbox.write("dep/a.libsonnet", "{a: 1}");
    sandbox.write("dep/t", "t");
    sandbox.write("dep/b", "b");
    sandbox.write("v1/l", "1");
    sandbox.environment.set("JSONNET_PATH", "../v0::../v1");
    let json = |a, t: &str, b, l| format!("{{\"a\":{a},\"b\":[{b}],\"l\":{l},\"t\":\"{t}\"}}");
    assert_eq!(apply(&sandbox), seen(&json(1, "t", 98, 1), true, true));
    assert_eq!(apply(&sandbox), seen(&json(1, "t", 98, 1), false, false));
    for (file, text, expected) in [
        ("dep/a.libsonnet", "{a: 2}", json(2, "t", 98, 1)),
        ("dep/t", "u", json(2, "u", 98, 1)),
        ("dep/b", "c", json(2, "u", 99, 1)),
        ("v1/l", "2", json(2, "u", 99, 2)),
        // Found earlier on the library path, then beside the file.
        ("v0/l", "3", json(2, "u", 99, 3)),
        ("dep/l", "4", json(2, "u", 99, 4)),
    ] {
        sandbox.write(file, text);
        assert_eq!(apply(&sandbox), seen(&expected, true, true), "{file}");
        assert_eq!(apply(&sandbox), seen(&expected, false, false), "{file}");
    }
    // A change that changes nothing is not written.
    sandbox.write("dep/l", " 4");
    let inode = || {
        fs::metadata(sandbox.path("dep/genfiles/config.json"))
            .unwrap()
            .ino()
    };
    let before = inode();
    assert_eq!(apply(&sandbox), seen(&json(2, "u", 99, 4), true, false));
    assert_eq!(inode(), before);
    fs::remove_file(sandbox.path("dep/l")).unwrap();
    assert_eq!(apply(&sandbox), seen(&json(2, "u", 99, 3), true, true));
}

#[test]
fn variables_and_library_path_count() {
    let mut sandbox = Sandbox::new();
    sandbox.write(
        "dep/config.jsonnet",
        "function(a='0', b=0) [std.extVar('x'), a, b]",
    );
    sandbox.overrides.ext_str = vec!["x=1".to_owned()];
    assert_eq!(apply(&sandbox), seen("[\"1\",\"0\",0]", true, true));
    assert_eq!(apply(&sandbox), seen("[\"1\",\"0\",0]", false, false));
    sandbox.overrides.ext_code = vec!["x=1".to_owned()];
    assert_eq!(apply(&sandbox), seen("[1,\"0\",0]", true, true));
    sandbox.overrides.tla_str = vec!["a=2".to_owned()];
    sandbox.overrides.tla_code = vec!["b=1+2".to_owned()];
    assert_eq!(apply(&sandbox), seen("[1,\"2\",3]", true, true));
    sandbox.overrides.jpath = vec!["x".into()];
    assert_eq!(apply(&sandbox), seen("[1,\"2\",3]", true, false));
    assert_eq!(apply(&sandbox), seen("[1,\"2\",3]", false, false));
}

#[test]
fn variables_come_from_flags_settings_and_the_environment() {
    let mut sandbox = Sandbox::new();
    sandbox.write(
        "dep/config.jsonnet",
        "std.join(' ', [std.extVar(n) for n in ['a', 'b', 'c', 'd']])",
    );
    sandbox.write(
        "lib/betterform.toml",
        "[jsonnet]\next_str = { a = 'lib', b = 'lib', c = { env = 'C' } }\next_code = { d = '1' }",
    );
    sandbox.write(
        "dep/betterform.toml",
        "[jsonnet]\next_code = { b = '\"dep\"' }",
    );
    sandbox.environment.set("C", "env");
    sandbox.environment.set("d", "");
    sandbox.overrides.ext_str = vec!["d".to_owned()];
    assert_eq!(again(&sandbox).unwrap().value, "lib dep env ");
    sandbox.environment.remove("C");
    assert_eq!(
        complaint(&sandbox),
        "the jsonnet variable `c`: the environment variable `C` is not set"
    );
    sandbox.environment.set("C", "env");
    sandbox.overrides.ext_str = vec!["nope".to_owned()];
    let error = again(&sandbox).unwrap_err();
    assert_eq!(
        error.message(),
        "`-V nope`: the environment variable `nope` is not set"
    );
    assert_eq!(error.exit_code(), 64);
}

#[test]
fn the_library_path_has_an_order() {
    let mut sandbox = Sandbox::new();
    sandbox.write("dep/config.jsonnet", "import 'x'");
    sandbox.write("lib/betterform.toml", "[jsonnet]\njpath = ['s1', 's2']");
    let places = [
        "dep/f2/x", "dep/f1/x", "dep/e1/x", "dep/e2/x", "lib/s2/x", "lib/s1/x",
    ];
    for place in places {
        sandbox.write(place, &format!("'{place}'"));
    }
    sandbox.environment.set("JSONNET_PATH", "e1:e2");
    sandbox.overrides.jpath = vec!["f1".into(), "f2".into()];
    for place in places {
        assert_eq!(again(&sandbox).unwrap().value, place);
        fs::remove_file(sandbox.path(place)).unwrap();
    }
    assert_eq!(
        complaint(&sandbox),
        "cannot evaluate `config.jsonnet`\n\
         RUNTIME ERROR: couldn't open import \"x\": no match locally or in the jsonnet library path\n\
         \tconfig.jsonnet:1:1-11\n\
         \tDuring evaluation"
    );
}

#[test]
fn a_broken_record_is_none() {
    let sandbox = Sandbox::new();
    sandbox.write("dep/config.jsonnet", "1");
    apply(&sandbox);
    let record = "dep/.betterform/genfiles/config-cache.json";
    let mode = |path| {
        fs::metadata(sandbox.path(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(
        (mode(record), mode("dep/.betterform/genfiles")),
        (0o600, 0o700)
    );
    for text in ["", "{", "null", "{\"version\": 3}", "\u{0}"] {
        sandbox.write(record, text);
        assert_eq!(apply(&sandbox), seen("1", true, false), "{text:?}");
    }
    // A result that somebody else changed is made again.
    sandbox.write("dep/genfiles/config.json", "2");
    assert_eq!(apply(&sandbox), seen("1", true, true));
    fs::remove_file(sandbox.path("dep/genfiles/config.json")).unwrap();
    assert_eq!(apply(&sandbox), seen("1", true, true));
}

#[test]
fn without_a_jsonnet_file() {
    let sandbox = Sandbox::new();
    // Nothing at all, also for the second time.
    assert_eq!(apply(&sandbox), seen("{}", false, true));
    assert_eq!(apply(&sandbox), seen("{}", false, false));
    assert_eq!(again(&sandbox).unwrap().from, Origin::Nothing);
    // Somebody else's file is taken and left.
    sandbox.write("dep/genfiles/config.json", "{\"a\": 1.0}");
    assert_eq!(apply(&sandbox), seen("{\"a\":1.0}", false, false));
    assert_eq!(again(&sandbox).unwrap().from, Origin::File);
    // Ours is not, when the file that it was made from is gone.
    sandbox.write("dep/config.jsonnet", "{b: 2}");
    assert_eq!(apply(&sandbox), seen("{\"b\":2}", true, true));
    fs::remove_file(sandbox.path("dep/config.jsonnet")).unwrap();
    assert_eq!(
        complaint(&sandbox),
        "`genfiles/config.json` was made from `config.jsonnet`, but its jsonnet file is gone\n\
         help: bring `config.jsonnet` back, set `CONFIG_JSONNET_FILE` to where it is now, or delete `genfiles/config.json` \
         to go on without"
    );
    sandbox.write("dep/genfiles/config.json", "{\"b\": 3}");
    assert_eq!(again(&sandbox).unwrap().from, Origin::File);
}

#[test]
fn a_deployment_that_moved_still_knows_what_it_made() {
    let sandbox = Sandbox::new();
    sandbox.write("dep/config.jsonnet", "{b: 2}");
    apply(&sandbox);
    fs::remove_file(sandbox.path("dep/config.jsonnet")).unwrap();
    sandbox.rename("dep", "moved");
    let project = sandbox.load_in("moved", None).unwrap();
    let error = evaluate(&project, remembered(&project).as_ref()).unwrap_err();
    assert!(
        error.message().ends_with("its jsonnet file is gone"),
        "{error}"
    );
}

#[test]
fn mistakes() {
    let mut sandbox = Sandbox::new();
    sandbox.environment.set("CONFIG_JSONNET_FILE", "x.jsonnet");
    assert_eq!(
        complaint(&sandbox),
        "the jsonnet file `x.jsonnet` does not exist\n\
         help: set `CONFIG_JSONNET_FILE` to the file that is meant, or to nothing if there is to be none"
    );
    sandbox.write(
        "dep/x.jsonnet",
        "local f(x) = error 'no ' + x;\n{ a: [f('way')] }",
    );
    assert_eq!(
        complaint(&sandbox),
        "cannot evaluate `x.jsonnet`\n\
         RUNTIME ERROR: no way\n\
         \tx.jsonnet:1:14-29\n\
         \tx.jsonnet:2:7-15\tfunction <f>\n\
         \tArray element 0\n\
         \tField \"a\"\n\
         \tDuring evaluation"
    );
    sandbox.write("dep/x.jsonnet", "1");
    sandbox.environment.set("OUTPUT_DIR", ".");
    sandbox.environment.set("GENFILES", "../g");
    sandbox.environment.set("CONFIG_JSON_FILE", "c.json");
    assert_eq!(
        complaint(&sandbox),
        "the configuration would be written below `OUTPUT_DIR`, to `c.json`\n\
         help: set `CONFIG_JSON_FILE` to a place elsewhere, or `CONFIG_JSONNET_FILE=` if that file is to be taken as it is"
    );
    sandbox.environment.set("OUTPUT_DIR", "");
    sandbox.environment.set("CONFIG_JSON_FILE", "x.jsonnet");
    assert_eq!(
        complaint(&sandbox),
        "the configuration would be written over `x.jsonnet`, from which it is made\n\
         help: set `CONFIG_JSON_FILE` to a place elsewhere"
    );
    assert!(!sandbox.path("g").exists());
}

#[test]
fn a_file_that_is_not_json_has_a_place() {
    let mut sandbox = Sandbox::new();
    sandbox.environment.set("CONFIG_JSON_FILE", "c.json");
    for (text, line, column, message) in [
        ("{\n  \"ä\": 1,\n}\n", 3, 1, "trailing comma"),
        ("{\"a\" 1}", 1, 6, "expected `:`"),
        ("", 1, 1, "EOF while parsing a value"),
        ("{} x", 1, 4, "trailing characters"),
    ] {
        sandbox.write("dep/c.json", text);
        let error = again(&sandbox).unwrap_err();
        let place = error.diagnostics().first().unwrap();
        assert_eq!(
            (
                place.path.as_str(),
                place.line,
                place.column,
                place.message.as_str()
            ),
            ("c.json", line, Some(column), message),
            "{text:?}"
        );
    }
}

#[test]
fn a_nested_betterform_takes_its_parents_configuration() {
    let outer = Sandbox::new();
    outer.write("dep/config.jsonnet", "{of: 'parent'}");
    apply(&outer);
    let parent = outer.load().unwrap();
    let mut inner = Sandbox::new();
    inner.environment = parent.ctl_environment(Some(&StageName::new("one").unwrap()));
    inner
        .environment
        .set("GENFILES", outer.path("dep/genfiles/one"));
    let project = inner.load().unwrap();
    let config = evaluate(&project, None).unwrap();
    assert_eq!(config.from, Origin::Inherited);
    assert_eq!(config.value["of"], "parent");
    assert!(!write(&config, &project).unwrap());
    // Another file, also one below `OUTPUT_DIR`, is taken as it is.
    outer.write("dep/output/one/c.json", "{}");
    inner
        .environment
        .set("CONFIG_JSON_FILE", outer.path("dep/output/one/c.json"));
    assert_eq!(again(&inner).unwrap().from, Origin::Inherited);
    // A jsonnet file of its own is evaluated, not over the parent's configuration.
    inner
        .environment
        .set("CONFIG_JSON_FILE", parent.wave.config_json_file.clone());
    inner.environment.set("CONFIG_JSONNET_FILE", "own.jsonnet");
    inner.write("dep/own.jsonnet", "{of: 'child'}");
    assert_eq!(apply(&inner), seen("{\"of\":\"child\"}", true, true));
    assert_eq!(again(&outer).unwrap().value["of"], "parent");
    inner
        .environment
        .set("GENFILES", outer.path("dep/genfiles"));
    assert_eq!(
        outer
            .told(&again(&inner).unwrap_err())
            .lines()
            .next()
            .unwrap(),
        "the configuration would be written over that of the betterform that runs this stage, `@/dep/genfiles/config.json`"
    );
}

#[test]
fn a_command_of_the_users_choice() {
    let mut sandbox = Sandbox::new();
    sandbox.write("dep/config.jsonnet", "ignored");
    sandbox.write(
        "dep/wrap",
        "#!/bin/sh\nout=\nall=\"$*\"\nwhile [ $# -gt 0 ]; do out=$1; shift; done\n\
         all=${all%% -o *}\necho trace >&2\necho \"{\\\"args\\\": \\\"$all\\\", \\\"path\\\": \\\"$JSONNET_PATH\\\"}\" > \"$out\"\n",
    );
    sandbox.environment.set("PATH", "/usr/bin:/bin");
    sandbox.environment.set("JSONNET", "sh ./wrap first");
    sandbox.environment.set("JSONNET_PATH", "e1");
    sandbox.write("dep/betterform.toml", "[jsonnet]\njpath = ['s1']");
    sandbox.overrides.jpath = vec!["f1".into()];
    sandbox.overrides.ext_str = vec!["x=1".to_owned()];
    sandbox.overrides.tla_code = vec!["y=2".to_owned()];
    let config = again(&sandbox).unwrap();
    assert_eq!(
        config.value["args"],
        "first -J f1 --ext-str x=1 --tla-code y=2 config.jsonnet"
    );
    let path = format!("e1:{}", sandbox.path("dep/s1").display());
    assert_eq!(config.value["path"], path);
    assert_eq!(config.traces, ["trace"]);
    // It may read anything, so it is asked every time.
    assert!(apply(&sandbox).1 && apply(&sandbox).1);
    sandbox.overrides = crate::source::project::Overrides::default();
    sandbox.write("dep/wrap", "echo broken >&2; exit 3");
    let told = complaint(&sandbox);
    assert!(
        told.starts_with("`sh ./wrap first config.jsonnet -o "),
        "{told}"
    );
    assert!(
        told.ends_with("` failed (exit status: 3)\nbroken"),
        "{told}"
    );
    sandbox.write("dep/wrap", "true");
    let told = complaint(&sandbox);
    assert!(
        told.ends_with("` wrote no result: No such file or directory (os error 2)"),
        "{told}"
    );
    sandbox.environment.set("JSONNET", "/nope");
    let told = complaint(&sandbox);
    assert!(
        told.contains(
            "`: No such file or directory (os error 2)\nhelp: `JSONNET` names this command"
        ),
        "{told}"
    );
}
