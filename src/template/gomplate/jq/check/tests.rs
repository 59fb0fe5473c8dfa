//! Programs that are left to gomplate, and some that are not.

use super::parsed;

#[test]
fn deep_programs_are_left_to_gomplate() {
    for part in [
        "-",
        "try ",
        "if ",
        "(",
        "[",
        "{a:",
        "1 as $x | ",
        "def f: ",
        "label $x | ",
    ] {
        assert!(
            parsed(&format!("{}1", part.repeat(300))).is_none(),
            "{part}"
        );
    }
    for part in [". // ", ". | ", ". , ", ". = ", ". + "] {
        assert!(
            parsed(&format!("{}.", part.repeat(700))).is_none(),
            "{part}"
        );
    }
}

#[test]
fn what_depends_on_the_order_of_results_is_left_to_gomplate() {
    let cases = [
        ("(1,2) + 3", true),
        ("(1,2) + (3,4)", false),
        ("error + empty", false),
        ("{a: (1,2), b: 3}", true),
        ("{a: (1,2), b: (3,4)}", false),
        (".a[] |= . + 1", true),
        (".a[] |= empty", false),
        ("(.a, .b) |= 1", false),
        ("reduce .[] as $x (0; . + $x)", true),
        ("reduce .[] as $x (0; ., $x)", false),
        ("def f: . + 1; f", true),
        ("def f: f; f", false),
        ("$ENV", false),
        ("input", false),
        ("core_fail", false),
        ("walk(walk(walk(.)))", true),
        ("walk(walk(walk(walk(.))))", false),
    ];
    for (program, expected) in cases {
        assert_eq!(parsed(program).is_some(), expected, "{program}");
    }
}
