//! What a DAG file means, and every error in one, as users see it.

use std::fs;

use betterform::source::dag::Evaluator;

use crate::library::Library;

const STAGES: [&str; 4] = ["a", "b", "c", "d"];

/// The stages of a file, or the error as shown; all of a, b, c and d have directories.
fn own(dag: &str) -> String {
    let library = Library::new(dag, &STAGES);
    library.shown(library.load_by(Evaluator::Own))
}

#[test]
fn both_macros_declare_stages_in_order() {
    for (dag, expected) in [
        ("", ""),
        (
            "$(call define_stage, b, a)\n$(call define_stage, a, )\n",
            "b: a; a",
        ),
        (
            "$(call define_stage, b, a a)\n$(call define_stage, a, )\n",
            "b: a; a",
        ),
        ("$(call dag_deps, c d, a b)", "c: a b; d: a b; a; b"),
        (
            "$(call dag_deps, c, a)\n$(call dag_deps, c, b a)\n$(call dag_deps, d,)",
            "c: a b; a; b; d",
        ),
        (
            "$(call dag_deps, c, a)\n$(call define_stage, c, b)\n$(call define_stage, b, )",
            "c: a b; a; b",
        ),
        ("$(call dag_deps, , a)", "a"),
    ] {
        assert_eq!(own(dag), expected, "{dag}");
    }
}

#[test]
fn unknown_dependency() {
    let shown = own(
        "$(call define_stage, aa, )\n$(call define_stage, a, d)\n$(call define_stage, b, aaa)\n",
    );
    let expected = r"error: stage `aa` has no directory
 --> betterform_dag.mk:1:22
  |
1 | $(call define_stage, aa, )
  |                      ^^
help: create the directory `LIBRARY/aa` with an executable `ctl` in it

error: unknown stage `d` in the dependencies of `a`
 --> betterform_dag.mk:2:25
  |
2 | $(call define_stage, a, d)
  |                         ^
help: define it with `$(call define_stage, d, )`

error: unknown stage `aaa` in the dependencies of `b`
 --> betterform_dag.mk:3:25
  |
3 | $(call define_stage, b, aaa)
  |                         ^^^
help: did you mean `aa`?
";
    assert_eq!(shown, expected);
}

#[test]
fn defined_twice() {
    let shown =
        own("$(call define_stage, a, )\n\n  $(call define_stage, a, b)\n$(call define_stage, b, )");
    let expected = r"error: stage `a` is defined twice
 --> betterform_dag.mk:3:24
  |
3 |   $(call define_stage, a, b)
  |                        ^
help: it is first defined at betterform_dag.mk:1
";
    assert_eq!(shown, expected);
}

#[test]
fn cycles() {
    let shown = own(
        "$(call define_stage, a, b)\n$(call define_stage, b, \\\n\tc d)\n$(call define_stage, c, a)\n$(call define_stage, d, d)",
    );
    let expected = r"error: stages depend on each other: a -> b -> c -> a
 --> betterform_dag.mk:1:25
  |
1 | $(call define_stage, a, b)
  |                         ^

error: stage `d` depends on itself: d -> d
 --> betterform_dag.mk:5:25
  |
5 | $(call define_stage, d, d)
  |                         ^
";
    assert_eq!(shown, expected);
}

#[test]
fn cycle_of_dag_deps() {
    let shown = own("$(call dag_deps, a b, c)\n$(call dag_deps, c, b)");
    let expected = r"error: stages depend on each other: b -> c -> b
 --> betterform_dag.mk:1:23
  |
1 | $(call dag_deps, a b, c)
  |                       ^
";
    assert_eq!(shown, expected);
}

#[test]
fn empty_names() {
    let shown = own("$(call define_stage, , a)\n${call dag_deps}\n$(call define_stage, a,)");
    let expected = r"error: `define_stage` without a stage name
 --> betterform_dag.mk:1:1
  |
1 | $(call define_stage, , a)
  | ^^^^^^^^^^^^^^^^^^^^^^^^^
help: a call looks like `$(call define_stage, NAME, DEPENDENCIES)`

error: `dag_deps` without a stage name
 --> betterform_dag.mk:2:1
  |
2 | ${call dag_deps}
  | ^^^^^^^^^^^^^^^^
help: a call looks like `$(call dag_deps, DEPENDENTS, DEPENDENCIES)`
";
    assert_eq!(shown, expected);
}

#[test]
fn invalid_names() {
    let shown = own(
        "$(call define_stage, a/b, é .c)\n$(call define_stage, config.json, )\n$(call define_stage, a b)",
    );
    let expected = r"error: invalid stage name `a/b`
 --> betterform_dag.mk:1:22
  |
1 | $(call define_stage, a/b, é .c)
  |                      ^^^
help: a stage name must not contain `/`: letters, digits, `.`, `_` and `-` are allowed

error: invalid stage name `é`
 --> betterform_dag.mk:1:27
  |
1 | $(call define_stage, a/b, é .c)
  |                           ^
help: a stage name must not contain `é`: letters, digits, `.`, `_` and `-` are allowed

error: invalid stage name `.c`
 --> betterform_dag.mk:1:29
  |
1 | $(call define_stage, a/b, é .c)
  |                             ^^
help: a stage name must not start with `.`

error: invalid stage name `config.json`
 --> betterform_dag.mk:2:22
  |
2 | $(call define_stage, config.json, )
  |                      ^^^^^^^^^^^
help: `config.json` is the configuration's place and cannot name a stage

error: `define_stage` defines one stage, not `a b`
 --> betterform_dag.mk:3:24
  |
3 | $(call define_stage, a b)
  |                        ^
help: dependencies come after a comma: `a, b`
";
    assert_eq!(shown, expected);
}

#[test]
fn third_arguments() {
    let shown = own("$(call define_stage, a, b, c)\n$(call dag_deps, a, , c)");
    let expected = r"error: unknown stage `b` in the dependencies of `a`
 --> betterform_dag.mk:1:25
  |
1 | $(call define_stage, a, b, c)
  |                         ^
help: define it with `$(call define_stage, b, )`

error: `define_stage` takes two arguments, and `c` is in a third
 --> betterform_dag.mk:1:28
  |
1 | $(call define_stage, a, b, c)
  |                            ^
help: separate stages with spaces, not with commas

error: `dag_deps` takes two arguments, and `c` is in a third
 --> betterform_dag.mk:2:23
  |
2 | $(call dag_deps, a, , c)
  |                       ^
help: separate stages with spaces, not with commas
";
    assert_eq!(shown, expected);
}

#[test]
fn unclosed_call() {
    let shown = own("$(call define_stage, a,\n  b)\n");
    let expected = r"error: this call is never closed with `)`
 --> betterform_dag.mk:1:1
  |
1 | $(call define_stage, a,
  | ^^^^^^
help: a call that goes on in the next line needs a `\` at the end of the line
";
    assert_eq!(shown, expected);
}

#[test]
fn line_that_starts_with_a_tab() {
    let shown = own("\t$(call define_stage, a,)\n");
    let expected = r"error: this line starts with a tab, so GNU make takes it for a recipe
 --> betterform_dag.mk:1:2
  |
1 |     $(call define_stage, a,)
  |     ^
help: start it with spaces, or with nothing
";
    assert_eq!(shown, expected);
}

#[test]
fn macros_that_do_not_exist() {
    let shown = own("$(call define_stag, a,)\n$(call define_stage b, a)");
    let expected = r"error: unknown macro `define_stag`
 --> betterform_dag.mk:1:8
  |
1 | $(call define_stag, a,)
  |        ^^^^^^^^^^^
help: did you mean `define_stage`?

error: there is no `,` between `define_stage` and `b`
 --> betterform_dag.mk:2:21
  |
2 | $(call define_stage b, a)
  |                     ^
help: a call looks like `$(call define_stage, NAME, DEPENDENCIES)`
";
    assert_eq!(shown, expected);
}

#[test]
fn what_only_make_understands() {
    let shown = own("A = a\n$(call define_stage, $(A),)");
    let expected = r"error: only GNU make understands this
 --> betterform_dag.mk:1:1
  |
1 | A = a
  | ^
";
    assert_eq!(shown, expected);
}

#[test]
fn directories_are_looked_at() {
    let dag = "$(call define_stage, nowhere, )\n$(call define_stage, a, )\n\
               $(call dag_deps, empty file, noexec dir)\n$(call dag_deps, link dangling loop,)";
    let library = Library::new(dag, &["a", "noexec"]);
    library.mode("noexec/ctl", 0o655);
    library.write("file", "");
    library.write("empty/other", "");
    library.write("dir/ctl/x", "");
    for (link, to) in [
        ("link/ctl", "../a/ctl"),
        ("dangling/ctl", "gone"),
        ("loop/ctl", "ctl"),
    ] {
        let link = library.path.join(link);
        fs::create_dir(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(to, link).unwrap();
    }
    let shown = library.shown(library.load());
    let expected = r"error: stage `nowhere` has no directory
 --> betterform_dag.mk:1:22
  |
1 | $(call define_stage, nowhere, )
  |                      ^^^^^^^
help: create the directory `LIBRARY/nowhere` with an executable `ctl` in it

error: stage `empty` has no `ctl`
 --> betterform_dag.mk:3:18
  |
3 | $(call dag_deps, empty file, noexec dir)
  |                  ^^^^^
help: create `LIBRARY/empty/ctl`, an executable that takes `up` and `down`

error: `file` is not a directory
 --> betterform_dag.mk:3:24
  |
3 | $(call dag_deps, empty file, noexec dir)
  |                        ^^^^

error: `noexec/ctl` is not executable
 --> betterform_dag.mk:3:30
  |
3 | $(call dag_deps, empty file, noexec dir)
  |                              ^^^^^^
help: run `chmod +x LIBRARY/noexec/ctl`

error: `dir/ctl` is not a file
 --> betterform_dag.mk:3:37
  |
3 | $(call dag_deps, empty file, noexec dir)
  |                                     ^^^

error: `dangling/ctl` is a link to nothing
 --> betterform_dag.mk:4:23
  |
4 | $(call dag_deps, link dangling loop,)
  |                       ^^^^^^^^

error: cannot look at `loop/ctl`: Too many levels of symbolic links (os error 40)
 --> betterform_dag.mk:4:32
  |
4 | $(call dag_deps, link dangling loop,)
  |                                ^^^^
";
    assert_eq!(shown, expected);
}
