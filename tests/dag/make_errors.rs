//! Every error in a DAG file that GNU make evaluates, as users see it.

use crate::library::{Library, make_is_installed};

const STAGES: [&str; 4] = ["a", "b", "c", "d"];

/// The error of a file that make evaluates; there is a `more.mk` in the library.
fn make(dag: &str) -> Option<String> {
    if !make_is_installed(dag) {
        return None;
    }
    let library = Library::new(dag, &STAGES);
    library.write("more.mk", "\n\n$(call define_stage, a/b,)\n");
    library.write("two.mk", "# c\n$(call define_stage, c, )\n");
    let files = library.files();
    let shown = library.shown(library.load());
    assert_eq!(library.files(), files);
    Some(shown)
}

#[test]
fn make_missing_endif() {
    let Some(shown) = make("ifdef X\n") else {
        return;
    };
    let expected = r"error: GNU make: missing 'endif'
 --> betterform_dag.mk:2
";
    assert_eq!(shown, expected);
}

#[test]
fn make_error_function() {
    let Some(shown) = make("X = 1\n$(shell echo something >&2)\n$(error too bad)") else {
        return;
    };
    let expected = r"error: GNU make: too bad
 --> betterform_dag.mk:3
  |
3 | $(error too bad)
help: make also printed:
  something
";
    assert_eq!(shown, expected);
}

#[test]
fn make_recipe() {
    let Some(shown) = make("X=1\n\t$(call define_stage, a,)") else {
        return;
    };
    let expected = r"error: GNU make: recipe commences before first target
 --> betterform_dag.mk:2
  |
2 |     $(call define_stage, a,)
";
    assert_eq!(shown, expected);
}

#[test]
fn make_unclosed() {
    let Some(shown) = make("X=1\n$(call define_stage, a,\n b)") else {
        return;
    };
    let expected = r"error: GNU make: unterminated call to function 'call': missing ')'
 --> betterform_dag.mk:2
  |
2 | $(call define_stage, a,
";
    assert_eq!(shown, expected);
}

#[test]
fn make_missing_include() {
    let Some(shown) = make("include gone.mk\n-include also_gone.mk\ngone.mk:\n\ttouch gone.mk\n")
    else {
        return;
    };
    let expected = r"error: the included file `gone.mk` does not exist or cannot be read
 --> betterform_dag.mk:1
  |
1 | include gone.mk
help: it is looked for in the deployment, then in the library; no recipe that would generate it is run
";
    assert_eq!(shown, expected);
}

#[test]
fn make_missing_include_of_a_computed_name() {
    let Some(shown) = make("X = gone\n  include $(X).mk # and so on\n") else {
        return;
    };
    let expected = r"error: the included file `gone.mk` does not exist or cannot be read
 --> betterform_dag.mk:2
  |
2 |   include $(X).mk # and so on
help: it is looked for in the deployment, then in the library; no recipe that would generate it is run
";
    assert_eq!(shown, expected);
}

#[test]
fn make_unreadable_include() {
    let Some(shown) = make("include a\n") else {
        return;
    };
    let expected = r"error: GNU make cannot evaluate `betterform_dag.mk`: a: Is a directory
";
    assert_eq!(shown, expected);
}

#[test]
fn make_name_and_third_argument() {
    let Some(shown) = make(
        "$(call define_stage, $(shell echo '.x y'), )\n$(call define_stage, a, b, $(shell echo c))",
    ) else {
        return;
    };
    let expected = r"error: `define_stage` defines one stage, not `.x y`
 --> betterform_dag.mk:1
  |
1 | $(call define_stage, $(shell echo '.x y'), )
help: dependencies come after a comma: `.x, y`

error: invalid stage name `.x`
 --> betterform_dag.mk:1
  |
1 | $(call define_stage, $(shell echo '.x y'), )
help: a stage name must not start with `.`

error: `define_stage` takes two arguments, and `c` is in a third
 --> betterform_dag.mk:2
  |
2 | $(call define_stage, a, b, $(shell echo c))
help: separate stages with spaces, not with commas

error: unknown stage `b` in the dependencies of `a`
 --> betterform_dag.mk:2
  |
2 | $(call define_stage, a, b, $(shell echo c))
help: define it with `$(call define_stage, b, )`
";
    assert_eq!(shown, expected);
}

#[test]
fn make_macros_that_do_not_exist() {
    let Some(shown) = make(
        "X=1\n$(call define_stages, a, )\n$(define_stage, a, )\n$(call define-stage, b, )\n$(call define_stage, c, )",
    ) else {
        return;
    };
    let expected = r"error: unknown macro `define_stages`
 --> betterform_dag.mk:2
  |
2 | $(call define_stages, a, )
help: did you mean `define_stage`?

error: `define_stage` without `call`
 --> betterform_dag.mk:3
  |
3 | $(define_stage, a, )
help: a call looks like `$(call define_stage, NAME, DEPENDENCIES)`

error: unknown macro `define-stage`
 --> betterform_dag.mk:4
  |
4 | $(call define-stage, b, )
help: did you mean `define_stage`?
";
    assert_eq!(shown, expected);
}

#[test]
fn make_macros_that_the_file_redefines() {
    let Some(shown) = make("override dag_deps =\n$(call define_stage, a, )\n") else {
        return;
    };
    let expected = "error: GNU make cannot evaluate `betterform_dag.mk`: \
                    the file defines `dag_deps` itself, which is betterform's to do\n";
    assert_eq!(shown, expected);
}

#[test]
fn make_text_around_a_call() {
    let Some(shown) = make("stage $(call define_stage, a, )\n") else {
        return;
    };
    let expected = r"error: GNU make: missing separator
 --> betterform_dag.mk:1
  |
1 | stage $(call define_stage, a, )
help: stages are defined by lines such as `$(call define_stage, NAME, DEPENDENCIES)`
";
    assert_eq!(shown, expected);
}

#[test]
fn make_is_killed() {
    let Some(shown) = make("X = $(call X)\n$(X)\n") else {
        return;
    };
    // It runs out of stack.
    let expected = "error: GNU make cannot evaluate `betterform_dag.mk`: it ended early (signal: ";
    assert!(shown.starts_with(expected), "{shown}");
}

#[test]
fn make_unclosed_parenthesis() {
    let Some(shown) = make("$(call define_stage, a, (b)\n") else {
        return;
    };
    let expected = r"error: GNU make: unterminated call to function 'call': missing ')'
 --> betterform_dag.mk:1
  |
1 | $(call define_stage, a, (b)
";
    assert_eq!(shown, expected);
}

#[test]
fn make_included_twice_under_two_names() {
    let Some(shown) = make("include two.mk a/../two.mk\n") else {
        return;
    };
    let expected = r"error: stage `c` is defined twice
 --> two.mk:2
  |
2 | $(call define_stage, c, )
help: it is first defined at two.mk:2
";
    assert_eq!(shown, expected);
}

#[test]
fn make_in_an_included_file() {
    let Some(shown) =
        make("include more.mk\n$(call define_stage, b, $(X) aa)\n$(call define_stage, b,)")
    else {
        return;
    };
    let expected = r"error: unknown stage `aa` in the dependencies of `b`
 --> betterform_dag.mk:2
  |
2 | $(call define_stage, b, $(X) aa)
help: define it with `$(call define_stage, aa, )`

error: stage `b` is defined twice
 --> betterform_dag.mk:3
  |
3 | $(call define_stage, b,)
help: it is first defined at betterform_dag.mk:2

error: invalid stage name `a/b`
 --> more.mk:3
  |
3 | $(call define_stage, a/b,)
help: a stage name must not contain `/`: letters, digits, `.`, `_` and `-` are allowed
";
    assert_eq!(shown, expected);
}

#[test]
fn make_empty_name_and_cycle() {
    let Some(shown) =
        make("X=1\n$(call define_stage,,)\n$(call define_stage,a,a)\n$(call dag_deps,$(X),)")
    else {
        return;
    };
    let expected = r"error: `define_stage` without a stage name
 --> betterform_dag.mk:2
  |
2 | $(call define_stage,,)
help: a call looks like `$(call define_stage, NAME, DEPENDENCIES)`

error: stage `a` depends on itself: a -> a
 --> betterform_dag.mk:3
  |
3 | $(call define_stage,a,a)

error: stage `1` has no directory
 --> betterform_dag.mk:4
  |
4 | $(call dag_deps,$(X),)
help: create the directory `LIBRARY/1` with an executable `ctl` in it
";
    assert_eq!(shown, expected);
}
