//! DAG files that only GNU make understands: what they mean, and their errors as users see them.

use std::fs;
use std::path::PathBuf;

use crate::library::{Library, make_is_installed, stages};
use betterform::source::dag::{Evaluator, load, load_by};
use betterform::system::environment::Environment;

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

/// A file with all that make can do: it is called from the deployment, with the environment of the call.
#[test]
fn make_evaluates_all_of_its_language() {
    if !make_is_installed("make_evaluates_all_of_its_language") {
        return;
    }
    let dag = "\
NAMES := a $(shell cat)b
include more.mk
-include nothing.mk
define CHAIN
$(call define_stage, c, $(NAMES))

$(call dag_deps, d, c)
endef
ifeq ($(COLOUR),red)
$(eval $(CHAIN))
endif
ifeq ($(MAKELEVEL),0)
$(foreach name,$(NAMES),\\
  $(call define_stage,$(name)))
endif
define_stage = overwritten
$(info betterform:done) $(warning it is $(CURDIR), $(firstword $(MAKEFILE_LIST))) $(shell printf unfinished >&2)
$(call define_stage,z,)
export X = 1
.PHONY: all
all more.mk betterform_dag.mk:
\t+touch ran-a-recipe
$(shell echo still read >&2)
";
    let mut library = Library::new(dag, &STAGES);
    library.write("z/ctl", "");
    library.mode("z/ctl", 0o755);
    library.write("more.mk", "# included\n");
    library.environment.set("COLOUR", "red");
    library.environment.set("MAKEFLAGS", "n");
    library.environment.set("MAKELEVEL", "7");
    library.environment.set("MAKEFILES", "/nowhere/at/all.mk");
    let files = library.files();
    let dag = library.load().unwrap();
    assert_eq!(library.files(), files, "make wrote something");
    assert_eq!(dag.evaluated_by, Evaluator::Make);
    assert_eq!(stages(&dag.graph), "c: a b; d: c; a; b; z");
    let read = ["betterform_dag.mk", "more.mk"].map(|file| library.path.join(file));
    assert_eq!(dag.files, read);
    // The library's path has a space, at which make's list of files is split.
    let first = library.path.with_file_name("my");
    let cwd = format!(
        "it is {}, {}",
        library.deployment.display(),
        first.display()
    );
    assert!(dag.notes[0].ends_with(&cwd), "{:?}", dag.notes);
    assert_eq!(dag.notes.last().unwrap(), "still read");
}

/// make remakes its makefiles where it can, even with `-n`; to read a DAG must change nothing.
#[test]
fn make_does_not_remake_makefiles() {
    if !make_is_installed("make_does_not_remake_makefiles") {
        return;
    }
    let dag = "\
include more.mk
-include gone.mk
$(call define_stage,a,b)
always: ;
.PHONY: always
betterform_dag.mk more.mk gone.mk: always
\t+touch ran-a-recipe
%.mk: always
\t+touch ran-a-recipe
";
    let library = Library::new(dag, &STAGES);
    library.write("more.mk", "$(call define_stage,b,)\n");
    let files = library.files();
    assert_eq!(library.shown(library.load()), "b; a: b");
    assert_eq!(library.files(), files);
    // The file is one that make would remake.
    let mut make = std::process::Command::new("make");
    make.args(["-n", "-f", "betterform_dag.mk"]);
    make.current_dir(&library.path).output().unwrap();
    assert!(library.path.join("ran-a-recipe").exists());
}

#[test]
fn make_computes_names_and_dependencies() {
    if !make_is_installed("make_computes_names_and_dependencies") {
        return;
    }
    for (dag, expected) in [
        (
            "$(foreach s,a b c,$(call define_stage,$s,$(filter-out $s,a)))",
            "a; b: a; c: a",
        ),
        (
            "$(eval $(call define_stage,a,))$(if 1,$(call define_stage,b,a))",
            "a; b: a",
        ),
        (
            "define pair\n$(call define_stage,$1,)\n$(call define_stage,$2,$1)\nendef\n$(call pair,b,a)",
            "b; a: b",
        ),
        (
            "ifdef NO\n$(call define_stage,a,)\nelse\n$(call define_stage,b,)\nendif",
            "b",
        ),
        (
            "X=a\n$(call dag_deps,$(X) b,$(shell echo c d))",
            "a: c d; b: c d; c; d",
        ),
        // What does not start with the prefix of recipes is none, and what is in a recipe is not evaluated.
        (
            ".RECIPEPREFIX = >\n\t$(call define_stage,a,)\nx:\n>$(call define_stage,b,)",
            "a",
        ),
        // A call in a call, many deep.
        (
            "f = $(if $(filter 500,$(words $1)),$(call define_stage,a,),$(call f,$1 x))\n$(call f,)",
            "a",
        ),
        // An argument that is given but empty is none.
        (
            "X=\n$(call define_stage,a,$(X),$(X))\n$(call dag_deps,b,a,)",
            "a; b: a",
        ),
    ] {
        let library = Library::new(dag, &STAGES);
        assert_eq!(library.shown(library.load()), expected, "{dag}");
    }
}

#[test]
fn make_is_not_led_by_the_makes_around_it() {
    if !make_is_installed("make_is_not_led_by_the_makes_around_it") {
        return;
    }
    let mut library = Library::new("X=1\n$(call define_stage,a,)\n", &STAGES);
    for flags in [
        "n",
        "k -j2 --jobserver-auth=3,4",
        "q --debug=n",
        "f/nowhere",
        "--help",
    ] {
        library.environment.set("MAKEFLAGS", flags);
        library.environment.set("GNUMAKEFLAGS", flags);
        assert_eq!(library.shown(library.load()), "a", "{flags}");
    }
    library
        .environment
        .set("define_stage", "of the environment");
    assert_eq!(library.shown(library.load()), "a");
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
fn make_calls_of_nothing_are_told() {
    if !make_is_installed("make_calls_of_nothing_are_told") {
        return;
    }
    let library = Library::new(
        "$(call stage, b, )\n$(call define_stage, a, $(REGION))\n",
        &STAGES,
    );
    let dag = library.load().unwrap();
    assert_eq!(stages(&dag.graph), "a");
    let file = library.path.join("betterform_dag.mk");
    let expected = format!("{}:1: warning: undefined variable 'stage'", file.display());
    assert_eq!(dag.notes, [expected]);
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
fn make_does_not_confuse_reports_with_noise() {
    if !make_is_installed("make_does_not_confuse_reports_with_noise") {
        return;
    }
    let dag = "\
$(shell echo 'make: *** [x] Error 1' >&2)
$(call define_stage,a,$(shell printf 'no line end' >&2))
$(shell echo 'betterform_dag.mk:1: *** bad.  Stop.' >&2)
";
    let library = Library::new(dag, &STAGES);
    assert_eq!(library.shown(library.load()), "a");
}

#[test]
fn names_of_directories_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let library = Library::new("$(call define_stage, a, )\n", &STAGES);
    let odd = PathBuf::from(OsStr::from_bytes(b"odd \xff:$ # name"));
    let odd = library.path.parent().unwrap().join(odd);
    #[expect(clippy::disallowed_methods, reason = "test fixture")]
    fs::rename(&library.path, &odd).unwrap();
    let environment = Environment::inherited();
    let dag = load(&odd, &library.deployment, &environment).unwrap();
    assert_eq!(stages(&dag.graph), "a");
    if make_is_installed("names_of_directories_need_not_be_utf8") {
        let load = || load_by(Evaluator::Make, &odd, &library.deployment, &environment);
        assert_eq!(stages(&load().unwrap().graph), "a");
        assert_eq!(load().unwrap().files, [odd.join("betterform_dag.mk")]);
    }
}
