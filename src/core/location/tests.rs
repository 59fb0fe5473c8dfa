//! Tables and properties of moving texts from place to place.

use std::borrow::Cow;

use crate::core::location::Locations;
use proptest::prelude::*;

fn here() -> Locations {
    Locations::new([
        ("IMPL_DIR", "/repo/lib"),
        ("GENFILES", "/repo/prod/genfiles/"),
        ("OUTPUT_DIR", "/repo/prod/output"),
        ("CONFIG_JSON_FILE", "/repo/prod/genfiles/config.json"),
    ])
}

fn there() -> Locations {
    Locations::new([
        ("IMPL_DIR", "/elsewhere/deep/down/lib"),
        ("GENFILES", "/elsewhere/g"),
        ("OUTPUT_DIR", "/o"),
        ("CONFIG_JSON_FILE", "/elsewhere/g/config.json"),
    ])
}

fn readable(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text).into_owned();
    text.replace("\0betterform:", "<").replace('\0', ">")
}

#[test]
fn paths_are_replaced_where_they_stand_as_a_whole() {
    let cases = [
        ("/repo/lib", "<IMPL_DIR>"),
        ("x=/repo/lib/a.sh y", "x=<IMPL_DIR>/a.sh y"),
        (
            "\"/repo/prod/genfiles/config.json\"",
            "\"<CONFIG_JSON_FILE>\"",
        ),
        (
            "/repo/prod/genfiles/config.json.bak",
            "<GENFILES>/config.json.bak",
        ),
        (
            "/repo/library /repo/lib-2 /repo/lib.bak",
            "/repo/library /repo/lib-2 /repo/lib.bak",
        ),
        ("It is in /repo/lib.", "It is in <IMPL_DIR>."),
        ("(/repo/lib). /repo/lib..x", "(<IMPL_DIR>). /repo/lib..x"),
        (
            "/repo/lib:/repo/prod/output:ro",
            "<IMPL_DIR>:<OUTPUT_DIR>:ro",
        ),
        (
            "file:///repo/lib a//repo/lib",
            "file://<IMPL_DIR> a//repo/lib",
        ),
        (
            "/mnt/repo/lib $X/repo/lib ${X}/repo/lib",
            "/mnt/repo/lib $X/repo/lib ${X}/repo/lib",
        ),
        (
            "-I/repo/lib --x=/repo/lib a-I/repo/lib",
            "-I<IMPL_DIR> --x=<IMPL_DIR> a-I/repo/lib",
        ),
        ("/repo/prod", "/repo/prod"),
        ("/repo/lib\n/repo/lib", "<IMPL_DIR>\n<IMPL_DIR>"),
        ("", ""),
    ];
    for (text, normal) in cases {
        assert_eq!(
            readable(&here().normalise(text.as_bytes())),
            normal,
            "{text}"
        );
    }
}

#[test]
fn text_that_looks_replaced_is_told_apart() {
    let place = here();
    let text = b"/repo/lib \0betterform:IMPL_DIR\0 \0betterform::";
    let normal = place.normalise(text);
    assert_eq!(readable(&normal), "<IMPL_DIR> <:IMPL_DIR> <::");
    assert_eq!(place.expand(&normal).as_deref(), Some(&text[..]));
    assert_eq!(place.expand(b"\0betterform:NOBODY\0"), None);
    assert_eq!(place.expand(b"\0betterform:IMPL_DIR"), None);
    assert!(matches!(
        place.normalise(b"\0 a /b \xff"),
        Cow::Borrowed(b"\0 a /b \xff")
    ));
}

#[test]
fn places_that_say_nothing_are_left_out() {
    let places = Locations::new([
        ("A", "/"),
        ("B", "rel"),
        ("C", ""),
        ("", "/x"),
        ("D", "///"),
    ]);
    assert_eq!(places, Locations::default());
    assert_eq!(places.normalise(b"/ /x"), Cow::Borrowed(b"/ /x"));
}

#[test]
fn one_path_of_two_variables_has_the_first_name() {
    let both = Locations::new([("OUTPUT_DIR", "/d"), ("IMPL_DIR", "/d/")]);
    assert_eq!(readable(&both.normalise(b"/d/x")), "<IMPL_DIR>/x");
    let found = both.at(b"/d/x", 0).unwrap();
    let names: Vec<_> = found.names.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["IMPL_DIR", "OUTPUT_DIR"]);
    assert_eq!(found.end, 2);
}

#[test]
fn texts_move() {
    let cases = [
        ("cat /repo/prod/output/a.json", Some("cat /o/a.json")),
        (
            "a /repo/lib/x b /repo/prod/genfiles/s",
            Some("a /elsewhere/deep/down/lib/x b /elsewhere/g/s"),
        ),
        (
            "nothing of ours in /usr/bin",
            Some("nothing of ours in /usr/bin"),
        ),
        // Was it rendered as `{{ .Env.GENFILES }}.tar`, or is it a file of that name?
        ("/repo/prod/genfiles.tar", None),
        ("${ROOT}/repo/lib", None),
        // It would say something else there.
        ("/o/a.json", None),
    ];
    for (text, moved) in cases {
        let found = Locations::relocate(text.as_bytes(), &here(), &there());
        assert_eq!(found.as_deref(), moved.map(str::as_bytes), "{text}");
    }
}

#[test]
fn texts_do_not_move_where_one_place_becomes_two() {
    let one = Locations::new([("IMPL_DIR", "/d"), ("OUTPUT_DIR", "/d")]);
    assert_eq!(Locations::relocate(b"/d/x", &one, &there()), None);
    let fewer = Locations::new([("IMPL_DIR", "/d")]);
    assert_eq!(
        Locations::relocate(b"/repo/prod/output", &here(), &fewer),
        None
    );
}

/// Texts as templates make them at a place: the pieces are the same, the paths are not.
fn piece() -> impl Strategy<Value = Result<&'static str, String>> {
    prop_oneof![
        prop::sample::select(vec![
            "IMPL_DIR",
            "GENFILES",
            "OUTPUT_DIR",
            "CONFIG_JSON_FILE"
        ])
        .prop_map(Ok),
        prop::sample::select(vec![
            "/x",
            " ",
            "\n",
            ":",
            "\"",
            "a",
            ".",
            "/",
            "-",
            "\0",
            "\0betterform:",
            "config.json",
            "é",
            "/config.json"
        ])
        .prop_map(|text| Err(text.to_owned())),
    ]
}

fn written(pieces: &[Result<&str, String>], place: &Locations) -> Vec<u8> {
    let bytes = pieces.iter().flat_map(|piece| match piece {
        Ok(name) => place.path(name).unwrap().to_vec(),
        Err(text) => text.clone().into_bytes(),
    });
    bytes.collect()
}

proptest! {
    #[test]
    fn text_that_moves_there_moves_back(pieces in prop::collection::vec(piece(), 0..12)) {
        let text = written(&pieces, &here());
        prop_assert_eq!(here().expand(&here().normalise(&text)), Some(text.clone()));
        if let Some(moved) = Locations::relocate(&text, &here(), &there()) {
            prop_assert_eq!(&moved, &written(&pieces, &there()));
            prop_assert_eq!(here().normalise(&text), there().normalise(&moved));
            prop_assert_eq!(Locations::relocate(&moved, &there(), &here()), Some(text));
        }
    }

    #[test]
    fn text_with_spaces_between_always_moves(pieces in prop::collection::vec(piece(), 0..12)) {
        let spaced: Vec<_> = pieces.iter().flat_map(|piece| [piece.clone(), Err(" ".to_owned())]).collect();
        let text = written(&spaced, &here());
        let moved = Locations::relocate(&text, &here(), &there());
        prop_assert_eq!(moved, Some(written(&spaced, &there())));
    }

    #[test]
    fn different_texts_stay_different(
        one in "(/repo/lib|\0betterform:|\0|:|IMPL_DIR|/x| ){0,8}",
        other in "(/repo/lib|\0betterform:|\0|:|IMPL_DIR|/x| ){0,8}",
    ) {
        let place = here();
        let equal = place.normalise(one.as_bytes()) == place.normalise(other.as_bytes());
        prop_assert_eq!(equal, one == other);
    }
}
