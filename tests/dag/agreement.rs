//! Our own parser and GNU make agree on every plain file.

use crate::library::{Library, make_is_installed, stages};
use betterform::error::Error;
use betterform::source::dag::{Dag, Evaluator};
use proptest::prelude::*;

const STAGES: [&str; 6] = ["a", "b", "c-1", "d.e", "F_2", "end"];

/// White space within a line, continuations included.
fn gap() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => Just(" "),
        2 => Just("\t"),
        1 => Just("\\\n"),
        1 => Just(" \\\n\t"),
        1 => Just("\\\r\n "),
    ];
    prop::collection::vec(piece, 0..3).prop_map(|pieces| pieces.concat())
}

/// At least one white space.
fn space() -> impl Strategy<Value = String> {
    (prop_oneof![Just(" "), Just("\t")], gap()).prop_map(|(first, rest)| format!("{first}{rest}"))
}

fn word(odd: u32) -> impl Strategy<Value = String> {
    let name = prop::sample::select(&STAGES[..]).prop_map(str::to_owned);
    let strange = "[a-e{}#:=;%@'\"é.*?~!&|<>-]{1,4}|unknown|\\.hidden|config\\.json|aa";
    prop_oneof![(100 - odd) => name, odd => strange]
}

fn words(odd: u32, count: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let word = (word(odd), space()).prop_map(|(word, space)| word + &space);
    (gap(), prop::collection::vec(word, count)).prop_map(|(gap, words)| gap + &words.concat())
}

fn call(odd: u32) -> impl Strategy<Value = String> {
    let define = (
        Just("define_stage"),
        words(odd, if odd == 0 { 1..2 } else { 0..3 }),
    );
    let relate = (Just("dag_deps"), words(odd, 0..3));
    let callee = prop_oneof![3 => define.prop_map(|(m, w)| (m, w)).boxed(), 1 => relate.boxed()];
    let rest = (
        words(odd, 0..3),
        prop_oneof![9 => Just(String::new()), 1 => Just(",".to_owned()), odd / 10 => Just(", a".to_owned())],
    );
    (any::<bool>(), space(), gap(), callee, rest).prop_map(
        |(round, before, after, (name, first), (second, third))| {
            let (open, close) = if round { ('(', ')') } else { ('{', '}') };
            format!("${open}call{before}{name}{after},{first},{second}{third}{close}")
        },
    )
}

fn comment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("# a comment".to_owned()),
        Just("#".to_owned()),
        Just("# $(call define_stage,z,)".to_owned()),
        Just("# goes on \\\n $(call define_stage,z,) $(x)".to_owned()),
        Just("# does not \\\\".to_owned()),
        Just("# $(unterminated \\# \\\\\\\n too".to_owned()),
        Just("# é 日本 \t".to_owned()),
    ]
}

fn line(odd: u32) -> impl Strategy<Value = String> {
    let calls = prop::collection::vec((call(odd), gap()), 1..3).prop_map(|calls| {
        calls
            .into_iter()
            .map(|(call, gap)| call + &gap)
            .collect::<String>()
    });
    let indent = prop_oneof![6 => Just(""), 2 => Just("  "), 1 => Just("\\\n\t"), 1 => Just(" \t")];
    let end = prop_oneof![4 => Just(String::new()), 1 => comment()];
    let called =
        (indent, calls, end).prop_map(|(indent, calls, end)| format!("{indent}{calls}{end}"));
    let blank = prop_oneof![Just(""), Just("\t"), Just(" \t "), Just("\\\n")];
    let comment = (prop_oneof![Just(""), Just("\t"), Just("  ")], comment());
    prop_oneof![
        6 => called,
        1 => blank.prop_map(str::to_owned),
        1 => comment.prop_map(|(indent, comment)| format!("{indent}{comment}")),
    ]
}

/// A plain file, of which about `odd` in a hundred names are wrong.
fn plain(odd: u32) -> impl Strategy<Value = String> {
    let end = prop_oneof![8 => Just("\n"), 2 => Just("\r\n")];
    let lines = prop::collection::vec((line(odd), end), 0..8);
    let start = prop_oneof![9 => Just(""), 1 => Just("\u{feff}")];
    (start, lines, any::<bool>()).prop_map(|(start, lines, ended)| {
        let mut text: String = start.to_owned();
        for (line, end) in lines {
            text += &line;
            text += end;
        }
        if !ended && text.ends_with('\n') {
            text.truncate(text.trim_end_matches(['\r', '\n', '\\', ' ', '\t']).len());
        }
        text
    })
}

/// Calls that make a DAG: every stage is named, none depends on one that comes after it in `STAGES`.
fn sound() -> impl Strategy<Value = Vec<(&'static str, Vec<&'static str>, Vec<&'static str>)>> {
    let pick =
        |from: &'static [&'static str]| prop::collection::vec(prop::sample::select(from), 0..3);
    let defined = prop::sample::subsequence((0..STAGES.len()).collect::<Vec<_>>(), 0..STAGES.len());
    let define = defined.prop_shuffle().prop_flat_map(move |stages| {
        let calls = stages.into_iter().map(|index| {
            let of = match index {
                0 => Just(Vec::new()).boxed(),
                _ => pick(&STAGES[..index]).boxed(),
            };
            of.prop_map(move |of| ("define_stage", vec![STAGES[index]], of))
        });
        calls.collect::<Vec<_>>()
    });
    let relate = (1..STAGES.len()).prop_flat_map(move |split| {
        let (of, stages) = STAGES.split_at(split);
        let stages = prop::sample::subsequence(stages, 1..=stages.len());
        (Just("dag_deps"), stages, pick(of))
    });
    let relate = prop::collection::vec(relate, 0..3);
    let all = Just(vec![("dag_deps", STAGES.to_vec(), Vec::new())]);
    let calls =
        (define, relate, all).prop_map(|(define, relate, all)| [define, relate, all].concat());
    calls.prop_shuffle()
}

/// The calls of a DAG, each spelled as in `plain`.
fn sound_file() -> impl Strategy<Value = String> {
    let around =
        prop_oneof![3 => Just("\n".to_owned()), 1 => gap(), 1 => comment().prop_map(|c| c + "\n")];
    let spelled = (
        any::<bool>(),
        prop::collection::vec(space(), 8),
        prop::collection::vec(gap(), 8),
        around,
    );
    let spelled = prop::collection::vec(spelled, 16);
    (sound(), spelled).prop_map(|(calls, spelled)| {
        let mut text = String::new();
        for ((callee, first, second), (round, spaces, gaps, around)) in calls.iter().zip(spelled) {
            let (open, close) = if round { ('(', ')') } else { ('{', '}') };
            let list = |words: &[&str], from: usize| {
                let spaces = spaces.iter().cycle().skip(from);
                let words = words
                    .iter()
                    .zip(spaces)
                    .map(|(word, space)| format!("{space}{word}"));
                words.collect::<String>()
            };
            let (first, second) = (list(first, 1), list(second, 4));
            let [a, b, c, d, ..] = &gaps[..] else {
                unreachable!()
            };
            let space = &spaces[0];
            let call = format!("${open}call{space}{callee}{a},{first}{b},{second}{c}{close}{d}");
            text += &call;
            text += &around;
        }
        // A tab after a line's end would make a recipe of the next.
        text.replace("\n\t", "\n \t")
    })
}

/// The stages in order of declaration, or all messages, sorted: make does not tell columns.
fn outcome(result: &Result<Dag, Error>) -> Result<String, Vec<String>> {
    match result {
        Ok(dag) => Ok(stages(&dag.graph)),
        Err(error) => {
            let messages = error.diagnostics().iter().map(|at| at.message.clone());
            let mut messages: Vec<_> = messages.collect();
            messages.sort();
            messages.dedup();
            Err(messages)
        }
    }
}

fn agree(library: &Library, text: &str) -> Result<bool, TestCaseError> {
    library.write("betterform_dag.mk", text);
    let own = outcome(&library.load_by(Evaluator::Own));
    let make = outcome(&library.load_by(Evaluator::Make));
    prop_assert_eq!(&own, &make, "{}", text);
    Ok(own.is_ok())
}

/// Whether our own parser takes a file for plain.
fn is_plain(library: &Library, text: &str) -> bool {
    library.write("betterform_dag.mk", text);
    let only_make = "only GNU make understands this";
    let result = library.load_by(Evaluator::Own);
    result.map_or_else(|error| error.message() != only_make, |_| true)
}

#[test]
fn dags_mean_the_same_to_both() {
    if !make_is_installed("dags_mean_the_same_to_both") {
        return;
    }
    let library = Library::new("", &STAGES);
    proptest!(ProptestConfig::with_cases(200), |(text in sound_file())| {
        prop_assert!(agree(&library, &text)?, "not a DAG: {}", text);
    });
}

#[test]
fn plain_files_without_odd_names_mean_the_same_to_both() {
    if !make_is_installed("plain_files_without_odd_names_mean_the_same_to_both") {
        return;
    }
    let library = Library::new("", &STAGES);
    proptest!(ProptestConfig::with_cases(100), |(text in plain(0))| {
        prop_assert!(is_plain(&library, &text), "not plain: {}", text);
        agree(&library, &text)?;
    });
}

#[test]
fn plain_files_with_odd_names_mean_the_same_to_both() {
    if !make_is_installed("plain_files_with_odd_names_mean_the_same_to_both") {
        return;
    }
    let library = Library::new("", &STAGES);
    proptest!(ProptestConfig::with_cases(100), |(text in plain(30))| {
        prop_assume!(is_plain(&library, &text));
        agree(&library, &text)?;
    });
}

/// What is easily read otherwise: each is plain, and means the same to both.
#[test]
fn odd_but_plain_files_mean_the_same_to_both() {
    if !make_is_installed("odd_but_plain_files_mean_the_same_to_both") {
        return;
    }
    let library = Library::new("", &STAGES);
    for text in [
        "",
        "\u{feff}$(call define_stage,a,)",
        "$(call define_stage,a,\\\r\n b)\r\n$(call define_stage,b,)\r\n",
        // A third argument that is empty is none.
        "$(call define_stage,a,,)${call dag_deps,b,a, \t}",
        "$(call define_stage,a,,,b)",
        "$(call dag_deps,a,b,\\\n c)",
        "$(call dag_deps,a)$(call dag_deps,,b)",
        "# c \\\n$(call define_stage,a,)\n$(call define_stage,b,)",
        "# c \\\\\n$(call define_stage,a,)",
        "$(call define_stage,a,#b)\n",
        "$(call define_stage,#,)\n",
        "$(call define_stage,a,b}) # $(call define_stage,c-1,",
        "${call define_stage,a,b)}",
        "$(call define_stage,a=b,:)",
        "$(call define_stage,a\\\nb,)",
        "$(call\tdefine_stage\t,\ta\t,\td.e\tend\t)\t#",
        "\\\n\t$(call define_stage,a,)",
        " \t$(call define_stage,a,)",
        "\t\n\t# a comment\n$(call define_stage,a,)",
        "$(call define_stage,a,b)${call define_stage,b,}$(call define_stage,a,)",
        "$(call define_stages,a,)\n$(call define_stage,b,)",
    ] {
        assert!(is_plain(&library, text), "not plain: {text:?}");
        agree(&library, text).unwrap();
    }
}

#[test]
fn no_file_makes_us_crash() {
    let piece = prop_oneof![
        3 => plain(20),
        1 => "\\PC{0,12}",
        1 => "[ \t\\\\\n\r$(){},#:=a]{0,12}",
        1 => Just("$(call define_stage,".to_owned()),
    ];
    let file = prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat());
    let library = Library::new("", &STAGES);
    proptest!(ProptestConfig::with_cases(500), |(text in file)| {
        library.write("betterform_dag.mk", &text);
        let shown = library.shown(library.load_by(Evaluator::Own));
        prop_assert!(!shown.contains('\x1b'));
    });
}

#[test]
fn no_file_of_text_makes_the_way_through_make_crash() {
    if !make_is_installed("no_file_of_text_makes_the_way_through_make_crash") {
        return;
    }
    // Without the letters of `shell`, which would run what is random.
    let piece = prop_oneof![2 => plain(20), 1 => "[ \t\\\\\n\r$(){},#:=a]{0,12}"];
    let file = prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat());
    let library = Library::new("", &STAGES);
    proptest!(ProptestConfig::with_cases(60), |(text in file)| {
        library.write("betterform_dag.mk", &text);
        let files = library.files();
        drop(library.shown(library.load()));
        prop_assert_eq!(files, library.files());
    });
}
