//! What templates get by chance: its form, and that it differs each time.

use regex::Regex;

/// Calls, and the form of what they give.
const FORMS: &[(&str, &str)] = &[
    ("random.ASCII 200", r"^[ -~]{200}$"),
    ("random.Alpha 200", r"^[A-Za-z]{200}$"),
    ("random.AlphaNum 200", r"^[A-Za-z0-9]{200}$"),
    ("random.String 200", r"^[A-Za-z0-9_.-]{200}$"),
    (r#"random.String 200 "[c-f]""#, r"^[c-f]{200}$"),
    (r#"random.String 200 "c" "f""#, r"^[c-f]{200}$"),
    (r#"random.String 200 "0x63" "102""#, r"^[c-f]{200}$"),
    ("random.String 200 99 102", r"^[c-f]{200}$"),
    ("random.String 200 99 102 103", r"^[A-Za-z0-9_.-]{200}$"),
    (r"random.String 200 `^\pN$`", r"^\pN{200}$"),
    ("random.String 200 120 161", r"^[x-~\x{a0}\x{a1}]{200}$"),
    ("random.Number", r"^([0-9]|[1-9][0-9]|100)$"),
    ("random.Number 9", r"^[0-9]$"),
    ("random.Number -2 2", r"^(-[12]|[012])$"),
    ("random.Number 1 2 3", r"^([0-9]|[1-9][0-9]|100)$"),
    ("random.Number 4611686018427387902", r"^[0-9]{1,19}$"),
    ("random.Float", r"^(0(\.[0-9]+)?|[0-9.]+e-[0-9]+)$"),
    ("random.Float 5 6", r"^5(\.[0-9]+)?$"),
    ("random.Float -1 0 1", r"^(0(\.[0-9]+)?|[0-9.]+e-[0-9]+)$"),
    ("random.Item (coll.Slice 1 2 3)", r"^[123]$"),
    (
        "uuid.V1",
        r"^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
    ),
    (
        "uuid.V4",
        r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
    ),
    (r#"crypto.Bcrypt 4 "x""#, r"^\$2a\$04\$[./A-Za-z0-9]{53}$"),
    (r#"crypto.Bcrypt "x""#, r"^\$2a\$10\$[./A-Za-z0-9]{53}$"),
    (r#"crypto.Bcrypt -1 "x""#, r"^\$2a\$10\$[./A-Za-z0-9]{53}$"),
];

/// What is wrong with what a renderer makes of the calls.
pub(crate) fn wrong_forms(render: impl Fn(&str) -> Result<Vec<u8>, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (call, form) in FORMS {
        let form = Regex::new(form).unwrap();
        let template = format!("{{{{ {call} }}}}\u{1}{{{{ {call} }}}}");
        let output = render(&template).map(|output| String::from_utf8(output).unwrap());
        match output.as_deref().map(|output| output.split_once('\u{1}')) {
            Ok(Some((one, other))) if form.is_match(one) && form.is_match(other) => {
                if one == other && one.len() > 20 {
                    wrong.push(format!("{call}: twice {one}"));
                }
            }
            other => wrong.push(format!("{call}: {other:?}")),
        }
    }
    wrong
}

/// Which characters of a set are not drawn about as often as the others.
pub(crate) fn wrong_shares(render: impl Fn(&str) -> Result<Vec<u8>, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let cases = [
        ("random.String 8000 \"a\" \"d\"", "abcd"),
        ("random.String 8000 `[0-7]`", "01234567"),
    ];
    for (call, characters) in cases {
        let output = render(&format!("{{{{ {call} }}}}")).unwrap();
        let output = String::from_utf8(output).unwrap();
        let expected = 8000 / characters.len();
        for character in characters.chars() {
            let found = output.matches(character).count();
            if found.abs_diff(expected) > expected / 4 {
                wrong.push(format!("{call}: {found} times {character}"));
            }
        }
    }
    wrong
}
