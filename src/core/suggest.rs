//! "Did you mean": the word among many that is most like one that is not among them.

/// The candidate that is most like `word`, if one is near enough to be meant.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = candidates.into_iter().filter_map(|candidate| {
        let distance = strsim::damerau_levenshtein(word, candidate);
        let limit = (word.chars().count().max(3)) / 3;
        (distance <= limit).then_some((distance, candidate))
    });
    near.min().map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn only_what_is_near_is_suggested() {
        let names = ["network", "database", "db"];
        assert_eq!(suggest("netwrok", names), Some("network"));
        assert_eq!(suggest("dbb", names), Some("db"));
        assert_eq!(suggest("storage", names), None);
    }
}
