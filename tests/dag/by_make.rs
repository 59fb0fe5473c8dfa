//! DAG files that only GNU make understands: what they mean, and that reading them changes nothing.

use std::fs;
use std::path::PathBuf;

use crate::library::{Library, make_is_installed, stages};
use betterform::source::dag::{Evaluator, load, load_by};
use betterform::system::environment::Environment;

const STAGES: [&str; 4] = ["a", "b", "c", "d"];

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
    library.make(&["-n", "-f", "betterform_dag.mk"]);
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
