//! Which texts are plain, and what they say.

use super::{Parsed, parse};
use crate::source::dag::calls::{Place, Word};

/// `1:2+3` is line 1, column 2, 3 characters.
fn place(place: Place) -> String {
    format!("{}:{}+{}", place.line, place.column.unwrap(), place.width)
}

fn words(words: &[Word]) -> String {
    let texts: Vec<_> = words.iter().map(|word| word.text.as_str()).collect();
    texts.join(" ")
}

/// What a text is parsed to, in short.
fn parsed(text: &str) -> String {
    let (calls, problems) = match parse(text) {
        Parsed::Plain { calls, problems } => (calls, problems),
        Parsed::Other(at) => return format!("other {}", place(at)),
    };
    let calls = calls.iter().map(|call| {
        let (first, second) = (words(&call.first), words(&call.second));
        let extra = call.extra.iter().map(|word| format!("|{}", word.text));
        format!(
            "{} {first}|{second}{}",
            call.callee.as_str(),
            extra.collect::<String>()
        )
    });
    let problems = problems
        .iter()
        .map(|problem| format!("{} {}", place(problem.place), problem.message));
    calls.chain(problems).collect::<Vec<_>>().join("; ")
}

#[test]
fn plain_files_are_read_as_make_reads_them() {
    for (text, expected) in [
        ("", ""),
        ("\n  \n\t\n# $(call define_stage,a,)\n\t# tab\n  # x", ""),
        ("$(call define_stage,a)", "define_stage a|"),
        ("$(call define_stage, a, )\n", "define_stage a|"),
        (
            "  ${call \t define_stage\t,\ta ,  b\tc  } \t",
            "define_stage a|b c",
        ),
        ("$(call dag_deps, a b, c d)", "dag_deps a b|c d"),
        (
            "$(call define_stage)$(call define_stage,)",
            "define_stage |; define_stage |",
        ),
        (
            "$(call define_stage,a,)${call dag_deps,b,a} # c",
            "define_stage a|; dag_deps b|a",
        ),
        ("$(call define_stage,a,b,c d,e)", "define_stage a|b|c"),
        ("$(call define_stage,a,b,)", "define_stage a|b"),
        // Brackets of the other kind, comment signs and colons are as any other character in a call.
        (
            "$(call define_stage,a{b}c,#:=;d)",
            "define_stage a{b}c|#:=;d",
        ),
        ("${call define_stage,a(b)c,d}", "define_stage a(b)c|d"),
        // Continued lines.
        (
            "$(call define_stage,a\\\n  , b\\\n\tc)",
            "define_stage a|b c",
        ),
        ("$(call\\\ndefine_stage\\\n,a\\\nb)", "define_stage a b|"),
        (
            "$(call define_stage,a,)\\\n$(call define_stage,b,)",
            "define_stage a|; define_stage b|",
        ),
        (
            "# x \\\n$(call define_stage,a,)\n$(call define_stage,b,)",
            "define_stage b|",
        ),
        ("# x \\\\\n$(call define_stage,a,)", "define_stage a|"),
        ("# x \\\\\\\n$(call define_stage,a,)", ""),
        ("# x \\", ""),
        ("\\\n\\\n$(call define_stage,a,)\\\n", "define_stage a|"),
        (
            "$(call define_stage,a,b) # c \\\n$(call define_stage,d,e)",
            "define_stage a|b",
        ),
        // Windows line ends.
        (
            "$(call define_stage,a,\\\r\n b)\r\n\r\n$(call define_stage,b,)\r\n",
            "define_stage a|b; define_stage b|",
        ),
    ] {
        assert_eq!(parsed(text), expected, "{text:?}");
    }
}

#[test]
fn all_else_is_left_to_make() {
    for (text, expected) in [
        ("A = b", "other 1:1+1"),
        ("$(call define_stage,a,)\n\ninclude x.mk", "other 3:1+1"),
        ("$(call define_stage,a,$(x))", "other 1:23+1"),
        ("$(call define_stage,a$$,)", "other 1:22+1"),
        ("$(call define_stage,a(b),)", "other 1:22+1"),
        ("$(call define_stage,a\\b,)", "other 1:22+1"),
        ("$(call define_stage,a,b\\ \n)", "other 1:24+1"),
        ("$(call define_stage,a\x0cb,)", "other 1:22+1"),
        ("$(call define_stage,a,) x", "other 1:25+1"),
        ("$(call define_stage,a,):", "other 1:24+1"),
        ("$(call define_stage,a,) \\", "other 1:25+1"),
        ("$(call define_stage,a,)\r", "other 1:24+1"),
        ("\\# x", "other 1:1+1"),
        ("$( call define_stage,a,)", "other 1:1+2"),
        ("$(call,define_stage,a,)", "other 1:1+6"),
        ("$(callx define_stage,a,)", "other 1:1+6"),
        ("$(call )", "other 1:1+8"),
        ("$(info x)", "other 1:1+2"),
        ("$(call info,x)", "other 1:1+14"),
        ("$x", "other 1:1+1"),
        ("$", "other 1:1+1"),
        ("\tA = b", "other 1:2+1"),
        ("\t$(call define_stage,a,) = x", "other 1:26+1"),
        // Wrong, but for make to say: it might be a definition.
        ("$(call defin_stage,a,)\nA = b", "other 2:1+1"),
    ] {
        assert_eq!(parsed(text), expected, "{text:?}");
    }
}

#[test]
fn what_make_would_refuse_or_silently_ignore_is_a_problem() {
    for (text, expected) in [
        (
            "$(call define_stage,a,)\n $(call define_stage,b,\n  c)\n",
            "define_stage a|; 2:2+6 this call is never closed with `)`",
        ),
        (
            "${call define_stage,b,)\\\n",
            "1:1+6 this call is never closed with `}`",
        ),
        (
            "\t$(call define_stage,a,) # x\nx",
            "define_stage a|; 1:2+1 this line starts with a tab, so GNU make takes it for a recipe",
        ),
        (
            "$(call defin_stage, a, )\n$(call define_stage,b,)",
            "define_stage b|; 1:8+11 unknown macro `defin_stage`",
        ),
        (
            "$(call define_stage a, b)",
            "1:21+1 there is no `,` between `define_stage` and `a`",
        ),
    ] {
        assert_eq!(parsed(text), expected, "{text:?}");
    }
}

#[test]
fn places_count_characters_and_keep_to_their_line() {
    let text = "# é\n$(call define_stage, é日x,\\\n   bcd e)";
    let Parsed::Plain { calls, .. } = parse(text) else {
        panic!("it is plain");
    };
    assert_eq!(place(calls[0].place), "2:1+26");
    assert_eq!(place(calls[0].first[0].place), "2:22+3");
    assert_eq!(place(calls[0].second[0].place), "3:4+3");
    assert_eq!(place(calls[0].second[1].place), "3:8+1");
}
