use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

fn masked(secrets: &[&str], text: &str) -> String {
    let secrets = Secrets::new(secrets.iter().map(|secret| secret.as_bytes()));
    String::from_utf8(secrets.mask(text.as_bytes())).unwrap()
}

#[test]
fn every_form_is_masked() {
    let secret = "p@ss/w<rd \"1\" 'é'";
    let base64 = STANDARD.encode(secret);
    for (text, expected) in [
        (format!("<{secret}>"), "<***>"),
        (
            "x=p%40ss%2Fw%3Crd%20%221%22%20%27%C3%A9%27&y".into(),
            "x=***&y",
        ),
        ("x=p%40ss%2fw%3crd+%221%22+%27%c3%a9%27&y".into(), "x=***&y"),
        ("x=p@ss/w%3Crd%20%221%22%20'%C3%A9'&y".into(), "x=***&y"),
        (r#"{"a":"p@ss/w<rd \"1\" 'é'"}"#.into(), r#"{"a":"***"}"#),
        (
            r#"{"a":"p@ss/w\u003crd \"1\" 'é'"}"#.into(),
            r#"{"a":"***"}"#,
        ),
        (
            r#"{"a":"p@ss/w<rd \"1\" '\u00e9'"}"#.into(),
            r#"{"a":"***"}"#,
        ),
        (r#"{"a":"p@ss\/w<rd \"1\" 'é'"}"#.into(), r#"{"a":"***"}"#),
        (r#"+ echo 'p@ss/w<rd "1" '\''é'\'''"#.into(), "+ echo '***'"),
        (format!("a {base64} b"), "a *** b"),
        (format!("a {} b", base64.trim_end_matches('=')), "a *** b"),
        ("nothing here".to_owned(), "nothing here"),
    ] {
        assert_eq!(masked(&[secret], &text), expected, "{text}");
    }
}

#[test]
fn base64_of_a_longer_text_is_masked_at_every_alignment() {
    let secret = "correct horse?~~>";
    for before in ["", "a", "ab", "abc"] {
        for after in ["", "x", "xy", "xyz"] {
            let text = format!("{before}{secret}{after}");
            for encoded in [
                STANDARD.encode(&text),
                STANDARD_NO_PAD.encode(&text),
                URL_SAFE.encode(&text),
                URL_SAFE_NO_PAD.encode(&text),
            ] {
                let shown = masked(&[secret], &encoded);
                let rest = shown.replace("***", "");
                // What is left are the neighbours, and the two characters that they share with the secret.
                let allowed = encoded.len() - secret.len() * 8 / 6 + 2;
                assert!(shown.contains("***"), "{encoded} {shown}");
                assert!(rest.len() <= allowed, "{encoded} {shown}");
            }
        }
    }
}

#[test]
fn base64_in_lines_is_masked() {
    let secret =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!$%&/()=?0123456789";
    let encoded = STANDARD.encode(secret);
    for width in [64, 76] {
        let lines: Vec<&str> = (0..encoded.len())
            .step_by(width)
            .map(|at| &encoded[at..encoded.len().min(at + width)])
            .collect();
        assert_eq!(masked(&[secret], lines[0]), "***");
        assert_eq!(
            masked(&[secret], &lines.join("\n")).lines().next(),
            Some("***")
        );
    }
}

#[test]
fn short_values_and_short_lines_are_left() {
    assert_eq!(masked(&["abc"], "abc abc"), "abc abc");
    assert!(Secrets::new([&b"abc"[..]]).is_empty());
    assert_eq!(
        masked(&["first-line\nx\nsecond-line"], "first-line x second-line"),
        "*** x ***"
    );
    assert_eq!(
        masked(
            &["first-line\nx\nsecond-line\n"],
            "<first-line\nx\nsecond-line>"
        ),
        "<***>"
    );
}

#[test]
fn secrets_that_overlap_hide_each_other_whole() {
    assert_eq!(masked(&["abcdefgh", "efghijkl"], "-abcdefghijkl-"), "-***-");
    assert_eq!(
        masked(&["secret1", "secret123"], "secret1 secret123 secret12"),
        "*** *** ***2"
    );
    assert_eq!(masked(&["ababab"], "-abababab-"), "-***-");
}

#[test]
fn only_what_may_become_a_secret_is_held_back() {
    let secrets = Secrets::new([&b"hunter22"[..]]);
    let mut masker = secrets.masker();
    assert_eq!(masker.feed(b"a line\n"), b"a line\n");
    assert_eq!(masker.feed(b"hunt"), b"");
    assert_eq!(masker.feed(b"ing\n"), b"hunting\n");
    assert_eq!(masker.feed(b"hunter2"), b"");
    assert_eq!(masker.feed(b"2\n"), b"***\n");
    assert_eq!(masker.feed(b"hunter"), b"");
    assert_eq!(masker.finish(), b"hunter");
}

#[test]
fn a_secret_need_not_be_text() {
    let secret = b"\xff\xfe\x00\x01\x02\x03\x80";
    let secrets = Secrets::new([&secret[..]]);
    assert_eq!(secrets.mask(b"a\xff\xfe\x00\x01\x02\x03\x80b"), b"a***b");
    assert!(!format!("{secrets:?}").contains("255"));
}

/// Feeds a text in pieces of these lengths.
fn in_pieces(secrets: &Secrets, text: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut masker = secrets.masker();
    let mut shown = Vec::new();
    let mut rest = text;
    for cut in cuts.iter().cycle() {
        let (piece, more) = rest.split_at((*cut).min(rest.len()));
        shown.extend(masker.feed(piece));
        rest = more;
        if rest.is_empty() {
            break;
        }
    }
    shown.extend(masker.finish());
    shown
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

proptest! {
    #[test]
    fn no_cutting_of_the_text_shows_a_secret(
        // Few letters, so that secrets overlap with themselves and with each other.
        secrets in prop::collection::vec("[ab*/]{6,9}", 1..4),
        text in "[ab*/ \n]{0,60}",
        at in prop::collection::vec(0_usize..60, 0..4),
        cuts in prop::collection::vec(1_usize..8, 1..40),
    ) {
        let mut whole = text.into_bytes();
        for (secret, at) in secrets.iter().zip(at) {
            let at = at.min(whole.len());
            whole.splice(at..at, secret.bytes());
        }
        let all = Secrets::new(secrets.iter().map(String::as_bytes));
        let shown = in_pieces(&all, &whole, &cuts);
        for secret in secrets.iter().filter(|secret| !secret.contains('*')) {
            prop_assert!(!contains(&shown, secret.as_bytes()));
        }
        prop_assert_eq!(shown, all.mask(&whole));
    }

    #[test]
    fn no_form_of_a_secret_is_shown(
        secret in "[ -~é€\n]{6,40}",
        before in "[ -~]{0,5}",
        after in "[ -~]{0,5}",
        cuts in prop::collection::vec(1_usize..20, 1..20),
    ) {
        let all = Secrets::new([secret.as_bytes()]);
        prop_assume!(!"***".contains(&secret) && !secret.contains("***"));
        let quoted = serde_json::to_string(&secret).unwrap();
        let forms = [
            secret.clone(),
            STANDARD.encode(&secret),
            URL_SAFE_NO_PAD.encode(&secret),
            quoted[1..quoted.len() - 1].to_owned(),
        ];
        for form in forms {
            let text = format!("{before} {form} {after}");
            let shown = in_pieces(&all, text.as_bytes(), &cuts);
            if is_maskable(form.as_bytes()) {
                prop_assert!(!contains(&shown, form.as_bytes()), "{form:?}");
            }
        }
    }
}
