//! The DAG file as a file: missing, not text, large; and what can be read without make.

use std::fs;

use betterform::error::Error;
use betterform::source::dag::Evaluator;

use crate::library::{Library, stages};

const STAGES: [&str; 4] = ["a", "b", "c", "d"];

#[test]
fn bytes_that_are_no_text() {
    let library = Library::new(b"# ok\n$(call define_stage, \xff, )", &[]);
    let shown = library.shown(library.load());
    let expected = r"error: this line is not UTF-8
 --> betterform_dag.mk:2:22
  |
2 | $(call define_stage, �, )
  |                      ^
";
    assert_eq!(shown, expected);
}

#[test]
fn nul_character() {
    let library = Library::new("# ok\n# a\0b\n", &[]);
    let shown = library.shown(library.load());
    let expected = r"error: there is a NUL character in this line
 --> betterform_dag.mk:2:4
  |
2 | # a�b
  |    ^
";
    assert_eq!(shown, expected);
}

#[test]
fn no_file_and_no_library() {
    let library = Library::new("", &[]);
    let file = library.path.join("betterform_dag.mk");
    fs::remove_file(&file).unwrap();
    assert_eq!(
        library.shown(library.load()),
        "error: the library `LIBRARY` has no `betterform_dag.mk`\n\
         help: create it, with a line `$(call define_stage, NAME, DEPENDENCIES)` for each stage\n"
    );
    fs::create_dir(file).unwrap();
    assert_eq!(
        library.shown(library.load()),
        "error: cannot read `LIBRARY/betterform_dag.mk`: Is a directory (os error 21)\n"
    );
    fs::remove_dir_all(&library.path).unwrap();
    assert_eq!(
        library.shown(library.load()),
        "error: the library `LIBRARY` does not exist\n\
         help: set `IMPL_DIR` to the directory that holds `betterform_dag.mk`\n"
    );
}

#[test]
fn without_make_plain_files_work_and_others_say_what_needs_it() {
    let mut library = Library::new("$(call define_stage, a, )\n", &STAGES);
    library.environment.set("PATH", &library.deployment);
    let dag = library.load().unwrap();
    assert_eq!(dag.evaluated_by, Evaluator::Own);
    assert_eq!(stages(&dag.graph), "a");
    library.write("betterform_dag.mk", "# x\n$(call define_stage, $(A), )\n");
    let expected = "\
error: only GNU make understands this, and GNU make is not installed
 --> betterform_dag.mk:2:22
  |
2 | $(call define_stage, $(A), )
  |                      ^
help: install GNU make, or write only comments and `$(call define_stage, NAME, DEPENDENCIES)`
";
    assert_eq!(library.shown(library.load()), expected);
}

/// 10,000 stages whose dependencies are unknown: a suggestion for each would cost 100,000,000 comparisons.
#[test]
fn many_wrong_stages() {
    let dag: String = (0..10_000)
        .map(|index| format!("$(call define_stage, s{index}, s{index}0 unknown{index})\n"))
        .collect();
    let library = Library::new(dag, &[]);
    let error: Error = library.load().unwrap_err();
    let messages = error.diagnostics().iter().map(|at| &at.message);
    // s10 to s9990 are stages.
    assert_eq!(
        messages
            .filter(|text| text.contains("unknown stage"))
            .count(),
        19_001
    );
}

#[test]
fn large_files() {
    let comment = "# as long as a line of a comment may well be, and goes on \\\n".repeat(60_000);
    let list: String = (0..100_000).map(|index| format!("s{index} ")).collect();
    let dag = format!(
        "{comment}\n{}$(call dag_deps, {list}, a)\n",
        "\n".repeat(5_000_000)
    );
    assert!(dag.len() > 9_000_000);
    let library = Library::new(dag, &["a"]);
    let error = library.load().unwrap_err();
    let [first, .., last] = error.diagnostics() else {
        unreachable!()
    };
    assert_eq!(error.diagnostics().len(), 100_000);
    assert_eq!((first.line, first.column), (5_060_002, Some(18)));
    assert_eq!((last.line, last.column), (5_060_002, Some(688_901)));
}
