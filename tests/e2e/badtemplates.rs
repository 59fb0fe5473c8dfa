//! Templates that cannot be stamped, and jsonnet that cannot be evaluated: what is said of them, in full, and that nothing changes.

use std::fs;
use std::os::unix::fs::symlink;

use crate::sandbox::{CTL, Sandbox};

/// Two stages that are up; what follows changes `net`.
fn up() -> Sandbox {
    let mut sandbox = Sandbox::with_dag(&[("net", ""), ("other", "")]);
    sandbox.file("dep/config.jsonnet", "{ a: { b: 1 } }\n");
    sandbox.file("lib/net/conf", "fine\n");
    sandbox.file("lib/net/z", "old\n");
    sandbox.run(&["apply"]).exits(0);
    sandbox.calls();
    // What only the real gomplate renders is an error here, whoever runs the tests.
    fs::create_dir(sandbox.path("tools")).expect("a directory");
    for tool in ["sh", "cat"] {
        let path = ["/bin", "/usr/bin"].map(|directory| format!("{directory}/{tool}"));
        let found = path.iter().find(|path| fs::metadata(path).is_ok());
        symlink(found.expect(tool), sandbox.path("tools").join(tool)).expect("a link");
    }
    let tools = sandbox.path("tools");
    sandbox.set("PATH", tools.to_str().expect("UTF-8"));
    sandbox.set("GOMPLATE", "");
    sandbox
}

/// Errors of templates: the text, and what is said of it.
const WRONG: [(&str, &str); 11] = [
    (
        "a\n  é {{ .cfg.a.nope }}\n",
        "error: executing \"net/conf\" at <.cfg.a.nope>: map has no entry for key \"nope\"
 --> net/conf:2:12
  |
2 |   é {{ .cfg.a.nope }}
  |            ^^^^^^^
",
    ),
    (
        "{{ .Env.NOBODY_SETS_THIS }}",
        "error: executing \"net/conf\" at <.Env.NOBODY_SETS_THIS>: map has no entry for key \"NOBODY_SETS_THIS\"
 --> net/conf:1:8
  |
1 | {{ .Env.NOBODY_SETS_THIS }}
  |        ^^^^^^^^^^^^^^^^^
",
    ),
    (
        "{{ if }}",
        "error: missing value for if
 --> net/conf:1
  |
1 | {{ if }}
",
    ),
    (
        "{{ if true }}\nb\n",
        "error: unexpected EOF
 --> net/conf:3
",
    ),
    (
        "\n{{ \"unclosed }}\n",
        "error: unterminated quoted string
 --> net/conf:2
  |
2 | {{ \"unclosed }}
",
    ),
    (
        "{{ nosuch 1 }}",
        "error: function \"nosuch\" not defined
 --> net/conf:1
  |
1 | {{ nosuch 1 }}
",
    ),
    (
        "{{ fail \"no region\" }}",
        "error: executing \"net/conf\" at <fail \"no region\">: error calling fail: template generation failed: no region
 --> net/conf:1:4
  |
1 | {{ fail \"no region\" }}
  |    ^^^^
",
    ),
    (
        "{{ file.Read \"no/such\" }}",
        "error: executing \"net/conf\" at <file.Read>: error calling Read: open DEP/no/such: no such file or directory
 --> net/conf:1:8
  |
1 | {{ file.Read \"no/such\" }}
  |        ^^^^^
",
    ),
    (
        "{{ template \"none\" }}",
        "error: executing \"net/conf\" at <{{template \"none\"}}>: template \"none\" not defined
 --> net/conf:1:13
  |
1 | {{ template \"none\" }}
  |             ^
",
    ),
    (
        "{{ index .cfg.a 3 }}",
        "error: executing \"net/conf\" at <index .cfg.a 3>: error calling index: value has type int; should be string
 --> net/conf:1:4
  |
1 | {{ index .cfg.a 3 }}
  |    ^^^^^
",
    ),
    (
        "{{ aws.EC2Region }}\n{{ if false }} é{{ net.LookupIP \"x\" }}{{ end }}\n",
        "error: gomplate is needed: `aws.EC2Region` is not embedded
 --> net/conf:1:4
  |
1 | {{ aws.EC2Region }}
  |    ^^^^^^^^^^^^^

error: gomplate is needed: `net.LookupIP` is not embedded
 --> net/conf:2:20
  |
2 | {{ if false }} é{{ net.LookupIP \"x\" }}{{ end }}
  |                    ^^^^^^^^^^^^
help: install gomplate 5 (https://docs.gomplate.ca/installing/) so that it is on `PATH`, or name it with `GOMPLATE`
",
    ),
];

#[test]
fn a_wrong_template_is_shown_with_its_place_and_no_file_of_its_stage_changes() {
    let sandbox = up();
    for (text, expected) in WRONG {
        let dep = sandbox.path("dep");
        let expected = expected.replace("DEP", dep.to_str().expect("UTF-8"));
        sandbox.file("lib/net/conf", text);
        sandbox.file("lib/net/z", "new\n");
        let ran = sandbox.run(&["plan"]).exits(1);
        assert_eq!(ran.stderr, expected, "{text}");
        for command in [&["apply"][..], &["stamp", "net"], &["apply", "--json"]] {
            let ran = sandbox.run(command).exits(1);
            assert!(ran.stderr.ends_with(&expected), "{text}: {ran:?}");
        }
        for command in [
            &["explain", "net"][..],
            &["render", "../lib/net/conf"],
            &["mark", "up", "net"],
        ] {
            let ran = sandbox.run(command).exits(1);
            assert_eq!(ran.stderr, expected, "{text}: {command:?}");
            assert_eq!(ran.stdout, "", "{text}: {command:?}");
        }
        assert_eq!(sandbox.read("dep/genfiles/net/conf"), "fine\n");
        assert_eq!(sandbox.read("dep/genfiles/net/z"), "old\n");
        assert!(sandbox.calls().is_empty(), "{text}");
    }
    // What is up stays up, and goes down as it came up.
    sandbox.run(&["status", "net"]).exits(0).says("net  up");
    sandbox.run(&["down", "net", "--yes"]).exits(0);
    assert_eq!(sandbox.calls(), ["net down"]);
}

#[test]
fn both_stampers_say_the_same_of_a_wrong_template() {
    let Some(gomplate) = std::env::var_os("GOMPLATE").filter(|path| !path.is_empty()) else {
        return crate::badinput::skip("no gomplate (`GOMPLATE`) to compare errors with");
    };
    let mut sandbox = up();
    sandbox.set("GOMPLATE", gomplate.to_str().expect("UTF-8"));
    for (text, expected) in WRONG
        .iter()
        .filter(|(_, expected)| !expected.contains("gomplate"))
    {
        sandbox.file("lib/net/conf", text);
        let ran = sandbox.run(&["plan", "--stamper", "gomplate"]).exits(1);
        let dep = sandbox.path("dep");
        let dep = dep.to_str().expect("UTF-8");
        // gomplate reads below a root, and leaves that out.
        let told = ran.stderr.replace(&dep[1..], "DEP").replace("/DEP", "DEP");
        assert_eq!(told, *expected, "{text}");
    }
}

#[test]
fn a_stage_that_cannot_be_stamped_holds_up_only_what_depends_on_it() {
    let sandbox = up();
    sandbox.dag(&[("net", ""), ("other", ""), ("app", "net")]);
    sandbox.ctl("app", CTL);
    sandbox.ctl("other", &format!("{CTL}# changed\n"));
    sandbox.file("lib/net/conf", "{{ .cfg.nope }}");
    let ran = sandbox.run(&["apply", "-j1"]).exits(1);
    assert_eq!(sandbox.calls(), ["other up"]);
    ran.says("app: blocked by net")
        .says("1 done, 1 failed, 1 blocked in ");
    let ran = sandbox.run(&["plan"]).exits(1);
    assert!(
        ran.stdout.ends_with(
            "The plan is not complete: 1 stage cannot be looked at, and 1 that depends on that.\n"
        ),
        "{ran:?}"
    );
}

#[test]
fn settings_of_stamping_that_are_wrong_are_pointed_at() {
    let sandbox = up();
    for (path, text, expected) in [
        (
            "lib/net/.gomplate.yaml",
            "leftDelim: [",
            "error: this is not valid YAML: unclosed bracket '[' at line 1, column 12\n --> net/.gomplate.yaml:1:12\n",
        ),
        (
            "lib/net/.gomplate.yaml",
            "[]",
            "error: gomplate's configuration must be a map of keys\n --> net/.gomplate.yaml:1\n",
        ),
        (
            "lib/net/.gomplateignore",
            "x\n[\n",
            "error: `[` is not a valid pattern: a `[` has no `]`\n --> net/.gomplateignore:2:1\n",
        ),
        (
            "lib/betterform.toml",
            "[stage.net.stamp]\nleft_delim = \"\"\n",
            "error: a delimiter must not be empty or contain white space\n --> LIB/betterform.toml:2:14\n",
        ),
        (
            "lib/betterform.toml",
            "[stamp]\nverbatim = [\"[\"]\n",
            "error: `[` is not a glob: unclosed character class; missing ']'\n --> LIB/betterform.toml:2:12\n",
        ),
        (
            "lib/betterform.toml",
            "[stamp]\nstamper = \"mine\"\n",
            "error: `mine` is not one of `auto`, `embedded`, `gomplate`\n --> LIB/betterform.toml:2:11\n",
        ),
    ] {
        sandbox.file(path, text);
        let lib = sandbox.path("lib");
        let expected = expected.replace("LIB", lib.to_str().expect("UTF-8"));
        for command in ["plan", "apply"] {
            let ran = sandbox.run(&[command]).exits(1);
            assert!(ran.stderr.contains(&expected), "{text}: {ran:?}");
        }
        sandbox.remove(path);
        assert!(sandbox.calls().is_empty(), "{text}");
    }
}

#[test]
fn a_stamper_that_cannot_be_had_is_told() {
    let mut sandbox = up();
    let install = "help: install gomplate 5 (https://docs.gomplate.ca/installing/) so that it is on `PATH`, or name it with `GOMPLATE`\n";
    sandbox.file("lib/net/conf", "{{ aws.EC2Region }}");
    let ran = sandbox
        .run(&["plan", "--stamper", "gomplate", "--only", "net"])
        .exits(1);
    assert_eq!(
        ran.stderr,
        format!("error: stage `net` cannot be stamped: gomplate is not installed\n{install}")
    );
    let ran = sandbox.run(&["plan", "--stamper", "embedded"]).exits(1);
    assert!(
        ran.stderr
            .ends_with("help: let `stamper` be `auto` or `gomplate`\n"),
        "{ran:?}"
    );
    sandbox.set("GOMPLATE", "/no/such/gomplate");
    let ran = sandbox.run(&["plan"]).exits(1);
    assert_eq!(
        ran.stderr,
        format!(
            "error: `GOMPLATE` names `/no/such/gomplate`, which is no program that can be run\n{install}"
        )
    );
    sandbox.set("BETTERFORM_STAMPER", "mine");
    let ran = sandbox.run(&["plan"]).exits(64);
    assert_eq!(
        ran.stderr,
        "error: `BETTERFORM_STAMPER`: `mine` is not one of `auto`, `embedded`, `gomplate`\n"
    );
}

#[test]
fn what_no_stamp_made_is_never_replaced() {
    let sandbox = up();
    let hint = "\n    help: move it away, or rename the template\n";
    sandbox.file("dep/genfiles/net/mine/keep", "keep");
    sandbox.file("lib/net/mine", "a file");
    let place = sandbox.path("dep/genfiles/net/mine");
    sandbox.run(&["apply"]).exits(1).says(&format!(
        "`{}` is in the way: it was not stamped, and a file of that name is to be stamped{hint}",
        place.display()
    ));
    assert_eq!(sandbox.read("dep/genfiles/net/mine/keep"), "keep");
    sandbox.remove("lib/net/mine");
    sandbox.file("dep/genfiles/net/own", "mine");
    sandbox.file("lib/net/own/file", "a file");
    let place = sandbox.path("dep/genfiles/net/own");
    sandbox.run(&["apply"]).exits(1).says(&format!(
        "`{}` is in the way: it was not stamped, and a directory of that name is to be stamped{hint}",
        place.display()
    ));
    assert_eq!(sandbox.read("dep/genfiles/net/own"), "mine");
    assert!(sandbox.calls().is_empty());
}

#[test]
fn neither_template_nor_stamped_file_leaves_its_directory_through_a_symlink() {
    let sandbox = up();
    let out = "help: nothing is read or written through such a path: put a directory there\n";
    fs::create_dir(sandbox.path("elsewhere")).expect("a directory");
    let stamped = sandbox.path("dep/genfiles/net");
    sandbox.remove("dep/genfiles/net");
    sandbox.file("lib/net/conf", "changed\n");
    for target in ["../../elsewhere", "../../lib/net", "../../lib", "."] {
        symlink(target, &stamped).expect("a link");
        let ran = sandbox.run(&["apply"]).exits(1);
        assert_eq!(
            ran.stderr,
            format!(
                "error: `{}` is a symlink that leads out of `GENFILES`\n{out}",
                stamped.display()
            ),
            "{target}"
        );
        fs::remove_file(&stamped).expect("removed");
    }
    // Deeper down, where a template has a directory.
    sandbox.file("lib/net/sub/f", "text\n");
    sandbox.file("dep/genfiles/net/ctl", "");
    symlink("../../../elsewhere", sandbox.path("dep/genfiles/net/sub")).expect("a link");
    let place = sandbox.path("dep/genfiles/net/sub");
    sandbox
        .run(&["apply"])
        .exits(1)
        .says(&format!("`{}`", place.display()))
        .says("symlink");
    assert!(!sandbox.exists("elsewhere/f"));
    sandbox.remove("dep/genfiles/net/sub");
    // And the other way round.
    fs::rename(sandbox.path("lib/net"), sandbox.path("elsewhere/net")).expect("moved");
    let template = sandbox.path("lib/net");
    symlink("../elsewhere/net", &template).expect("a link");
    let ran = sandbox.run(&["plan"]).exits(1);
    assert_eq!(
        ran.stderr,
        format!(
            "error: `{}` is a symlink that leads out of the library\n{out}",
            template.display()
        )
    );
    assert!(sandbox.calls().is_empty());
}

#[test]
fn a_template_that_is_no_file_is_named() {
    let sandbox = up();
    let made = std::process::Command::new("mkfifo")
        .arg(sandbox.path("lib/net/pipe"))
        .status();
    if !made.is_ok_and(|status| status.success()) {
        return crate::badinput::skip("cannot make a pipe here (mkfifo)");
    }
    let ran = sandbox.run(&["plan"]).exits(1);
    assert_eq!(
        ran.stderr,
        "error: `net/pipe` is neither a file nor a directory\nhelp: name it in `.gomplateignore`, or remove it\n"
    );
}

#[test]
fn a_template_need_not_be_utf8() {
    let sandbox = up();
    sandbox.bytes("lib/net/conf", b"\xff {{ .cfg.a.b }} \xfe\n");
    sandbox.run(&["apply"]).exits(0);
    let stamped = fs::read(sandbox.path("dep/genfiles/net/conf")).expect("stamped");
    assert_eq!(stamped, b"\xff 1 \xfe\n");
    sandbox.bytes("lib/net/conf", b"\xff {{ .cfg.a.nope }} \xfe\n");
    let ran = sandbox.run(&["plan"]).exits(1);
    assert!(ran.stderr.contains("\n --> net/conf:1:10\n"), "{ran:?}");
}

/// Errors of jsonnet: the program, flags, and what is said.
const JSONNET: [(&str, &[&str], &str); 9] = [
    (
        "{ a: error 'no region' }",
        &[],
        "RUNTIME ERROR: no region\n\tconfig.jsonnet:1:6-23\n\tField \"a\"\n\tDuring evaluation\n",
    ),
    (
        "{ a: 1,\n  b: }",
        &[],
        "config.jsonnet:2:6-7 Unexpected \"}\": expected an expression\n\n  b: }\n     ^\n",
    ),
    (
        "local f(x) = x.y;\n{ a: f({}) }",
        &[],
        "RUNTIME ERROR: Field does not exist: y\n\tconfig.jsonnet:1:14-17\n\tconfig.jsonnet:2:6-11\tfunction <f>\n\tField \"a\"\n\tDuring evaluation\n",
    ),
    (
        "import 'missing.libsonnet'",
        &[],
        "RUNTIME ERROR: couldn't open import \"missing.libsonnet\": no match locally or in the jsonnet library path\n\tconfig.jsonnet:1:1-27\n\tDuring evaluation\n",
    ),
    (
        "{ a: std.extVar('REGION') }",
        &[],
        "RUNTIME ERROR: Undefined external variable: REGION\n\tconfig.jsonnet:1:6-26\tfunction <extVar>\n\tField \"a\"\n\tDuring evaluation\n",
    ),
    (
        "function(x) { a: x }",
        &[],
        "RUNTIME ERROR: Missing argument: x\n\tTop-level function call\n",
    ),
    (
        "{ a: std.extVar('n') }",
        &["--ext-code", "n=1+"],
        "<extvar:n>:1:3 Unexpected end of file: expected an expression\n\n1+\n  ^\n",
    ),
    (
        "{ a: function(x) x }",
        &[],
        "RUNTIME ERROR: couldn't manifest function as JSON\n\tField \"a\"\n\tDuring manifestation\n",
    ),
    (
        "local a = a; a",
        &[],
        "RUNTIME ERROR: infinite recursion: a value depends on itself\n\tconfig.jsonnet:1:11-12\tvariable <a>\n\tconfig.jsonnet:1:14-15\tvariable <a>\n\tDuring evaluation\n",
    ),
];

#[test]
fn wrong_jsonnet_is_shown_with_its_trace_and_touches_nothing() {
    let sandbox = up();
    let before = sandbox.read("dep/genfiles/config.json");
    for (program, flags, expected) in JSONNET {
        sandbox.file("dep/config.jsonnet", program);
        let expected = format!("error: cannot evaluate `config.jsonnet`\n{expected}");
        for command in [
            &["plan"][..],
            &["apply"],
            &["stamp"],
            &["config"],
            &["mark", "up", "net"],
        ] {
            let ran = sandbox.run(&[command, flags].concat()).exits(1);
            assert_eq!(ran.stderr, expected, "{command:?} {program}");
            assert_eq!(ran.stdout, "", "{command:?} {program}");
        }
        assert_eq!(sandbox.read("dep/genfiles/config.json"), before);
        assert!(sandbox.calls().is_empty(), "{program}");
    }
    let ran = sandbox.run(&["down", "net", "--yes"]).exits(0);
    ran.says("warning: the configuration cannot be evaluated: cannot evaluate `config.jsonnet`");
    assert_eq!(sandbox.calls(), ["net down"]);
}

#[test]
fn a_jsonnet_file_that_is_not_there_is_told_by_what_names_it() {
    let mut sandbox = up();
    let meant = "help: set `CONFIG_JSONNET_FILE` to the file that is meant, or to nothing if there is to be none\n";
    sandbox.remove("dep/config.jsonnet");
    let ran = sandbox.run(&["apply"]).exits(1);
    assert_eq!(
        ran.stderr,
        "error: `genfiles/config.json` was made from `config.jsonnet`, but its jsonnet file is gone\n\
         help: bring `config.jsonnet` back, set `CONFIG_JSONNET_FILE` to where it is now, or delete `genfiles/config.json` to go on without\n"
    );
    // A link to nothing is not nothing: stages must not get an empty configuration by mistake.
    for (target, told) in [
        (
            "gone",
            "the jsonnet file `config.jsonnet` is a symlink to `gone`, which does not exist",
        ),
        (
            "config.jsonnet",
            "cannot read the jsonnet file `config.jsonnet`: Too many levels of symbolic links (os error 40)",
        ),
        (".", "the jsonnet file `config.jsonnet` is a directory"),
    ] {
        symlink(target, sandbox.path("dep/config.jsonnet")).expect("a link");
        let ran = sandbox.run(&["apply"]).exits(1);
        assert_eq!(ran.stderr, format!("error: {told}\n{meant}"));
        fs::remove_file(sandbox.path("dep/config.jsonnet")).expect("removed");
    }
    sandbox.set("CONFIG_JSONNET_FILE", "cells/eu.jsonnet");
    let ran = sandbox.run(&["apply"]).exits(1);
    assert_eq!(
        ran.stderr,
        format!("error: the jsonnet file `cells/eu.jsonnet` does not exist\n{meant}")
    );
    assert!(sandbox.calls().is_empty());
}

#[test]
fn a_configuration_is_never_written_over_what_somebody_made() {
    let mut sandbox = up();
    for (file, told) in [
        (
            "output/config.json",
            "error: the configuration would be written below `OUTPUT_DIR`, to `output/config.json`\n\
             help: set `CONFIG_JSON_FILE` to a place elsewhere, or `CONFIG_JSONNET_FILE=` if that file is to be taken as it is\n",
        ),
        (
            "config.jsonnet",
            "error: the configuration would be written over `config.jsonnet`, from which it is made\n\
             help: set `CONFIG_JSON_FILE` to a place elsewhere\n",
        ),
    ] {
        sandbox.set("CONFIG_JSON_FILE", file);
        let ran = sandbox.run(&["apply"]).exits(1);
        assert_eq!(ran.stderr, told);
        assert!(sandbox.calls().is_empty());
    }
    assert_eq!(sandbox.read("dep/config.jsonnet"), "{ a: { b: 1 } }\n");
}

#[test]
fn a_jsonnet_command_that_fails_is_told_with_what_it_said() {
    let mut sandbox = up();
    sandbox.file(
        "tools/wrapped",
        "#!/bin/sh\necho 'no vault here' >&2\nexit 3\n",
    );
    sandbox.executable("tools/wrapped", true);
    sandbox.set("JSONNET", "wrapped");
    let ran = sandbox.run(&["apply"]).exits(1);
    assert!(
        ran.stderr.starts_with("error: `wrapped config.jsonnet -o "),
        "{ran:?}"
    );
    assert!(
        ran.stderr
            .ends_with(" failed (exit status: 3)\nno vault here\n"),
        "{ran:?}"
    );
    sandbox.set("JSONNET", "not-there");
    let ran = sandbox.run(&["apply"]).exits(1);
    ran.says("error: cannot run `not-there config.jsonnet -o ")
        .says("help: `JSONNET` names this command; without it jsonnet is evaluated in process\n");
    assert!(sandbox.calls().is_empty());
}
