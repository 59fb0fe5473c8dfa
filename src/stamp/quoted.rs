//! Messages without what they quote of documents: one that cannot be read may be full of secrets that nobody declared. Knows
//! nothing of what is wrong, and nothing of the secrets that are masked wherever something is printed.
//!
//! Facts: gomplate v5.2.0, `internal/parsers/parsefuncs.go`, and godotenv v1.5.1, by running them.

/// In front of a whole document or value, behind which the reason stands.
const BEFORE: [&str; 5] = [
    "unable to unmarshal object",
    "unable to unmarshal array",
    "unable to marshal object",
    "unable to marshal",
    "unable to indent JSON",
];

/// What the reasons begin with; a document may hold the same words, so the last of them counts.
const REASONS: [&str; 6] = [
    ": yaml: ",
    ": Near line ",
    ": toml: ",
    ": json: ",
    ": invalid character ",
    ": unexpected end of JSON",
];

/// In front of the rest of a document, to its end.
const AT_THE_END: [&str; 2] = ["in variable name near ", "unterminated quoted value "];

/// How many bytes of a message are shown, at most.
const LONGEST: usize = 1200;

/// A message with no document in it, and not much of anything else.
pub(super) fn without_documents(message: &str) -> String {
    let mut shown = message.to_owned();
    let before = BEFORE
        .iter()
        .filter_map(|words| Some((message.find(&format!("{words} "))?, *words)))
        .min();
    if let Some((at, words)) = before {
        let kept = at + words.len();
        let reason = REASONS
            .iter()
            .filter_map(|words| message[kept..].rfind(words))
            .max();
        let reason = reason.map_or("", |at| &message[kept + at..]);
        shown = format!("{}{reason}", &message[..kept]);
    }
    for words in AT_THE_END {
        if let Some(at) = shown.find(words) {
            shown.truncate(at + words.len());
            shown.push_str("(not shown)");
        }
    }
    bounded(&shown)
}

/// The beginning of a long message. It ends between words: half a secret would not be found and masked.
fn bounded(message: &str) -> String {
    if message.len() <= LONGEST {
        return message.to_owned();
    }
    let mut spaces = message.char_indices().filter(|(_, c)| c.is_whitespace());
    let end = spaces
        .rfind(|(at, _)| *at <= LONGEST)
        .map_or(0, |(at, _)| at);
    let rest = message.len() - end;
    format!("{}... ({rest} more bytes)", &message[..end])
}

#[cfg(test)]
mod tests {
    use super::without_documents;

    #[test]
    fn documents_are_left_out() {
        let cases = [
            (
                "error calling json: unable to unmarshal object {\"k\": s3cret: yaml: x: yaml: line 1: did not find expected ',' or '}'",
                "error calling json: unable to unmarshal object: yaml: line 1: did not find expected ',' or '}'",
            ),
            (
                "error calling ds: unable to unmarshal array {\"k\":\n\"s3cret\"}: yaml: unmarshal errors:\n  line 1: cannot unmarshal !!map into []interface {}",
                "error calling ds: unable to unmarshal array: yaml: unmarshal errors:\n  line 1: cannot unmarshal !!map into []interface {}",
            ),
            (
                "error calling toml: unable to unmarshal object a = \"s3cret\nb=3: Near line 1 (last key parsed 'a'): strings cannot contain newlines",
                "error calling toml: unable to unmarshal object: Near line 1 (last key parsed 'a'): strings cannot contain newlines",
            ),
            (
                "unable to unmarshal object s3cret: something new",
                "unable to unmarshal object",
            ),
            (
                "error calling ds: unexpected character \"!\" in variable name near \"B!C=s3cret\\nD=1\"",
                "error calling ds: unexpected character \"!\" in variable name near (not shown)",
            ),
            (
                "error calling ds: unterminated quoted value \"s3cret",
                "error calling ds: unterminated quoted value (not shown)",
            ),
            (
                "map has no entry for key \"nope\"",
                "map has no entry for key \"nope\"",
            ),
        ];
        for (message, expected) in cases {
            assert_eq!(without_documents(message), expected);
        }
    }

    #[test]
    fn long_messages_end_between_words() {
        let shown = without_documents(&format!(
            "could not convert \"{} s3cret\"",
            "é ".repeat(900)
        ));
        assert!(shown.len() < 1300, "{}", shown.len());
        assert!(
            shown.contains(" more bytes)") && !shown.contains("s3c"),
            "{shown}"
        );
        let halved = format!("{} {}", "x".repeat(1190), "s".repeat(40));
        assert_eq!(
            without_documents(&halved),
            format!("{}... (41 more bytes)", "x".repeat(1190))
        );
        // A word that is too long by itself is not shown at all.
        assert_eq!(
            without_documents(&"x".repeat(1201)),
            "... (1201 more bytes)"
        );
    }
}
