//! "Did you mean": the nearest of the words that would have been right.

use strsim::osa_distance;

/// The candidate that `word` was most likely meant to be; `None` unless one is near.
///
/// Near is: the same but for upper and lower case, or no more than a third of the letters mistyped (at
/// most three; a swap of neighbours counts as one). Of several, the nearest, and of these the first.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    let mut best = None;
    for candidate in candidates {
        if candidate == word {
            continue;
        }
        let other = candidate.to_lowercase();
        let other_length = other.chars().count();
        let near = (length.max(other_length) / 3).min(3);
        if length.abs_diff(other_length) > near {
            continue;
        }
        let distance = osa_distance(&lower, &other);
        if distance <= near && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn only_near_words_are_suggested() {
        let known = ["state_storage", "parallel_a", "parallel_b", "final", "ab"];
        for (word, expected) in [
            ("stat_storage", Some("state_storage")),
            ("state-storage", Some("state_storage")),
            ("STATE_STORAGE", Some("state_storage")),
            ("paralell_b", Some("parallel_b")),
            ("parallel_c", Some("parallel_a")),
            ("fnial", Some("final")),
            ("finale", Some("final")),
            ("AB", Some("ab")),
            ("ac", None),
            ("storage", None),
            ("final", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(suggest(word, known), expected, "{word}");
        }
    }

    #[test]
    fn nothing_is_suggested_where_nothing_is_known() {
        assert_eq!(suggest("final", []), None);
    }
}
