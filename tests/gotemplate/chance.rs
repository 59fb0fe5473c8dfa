//! Chance from a seed, and what of a random template needs nothing else.

/// A small random sequence (splitmix64), the same for the same seed everywhere.
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ mixed >> 31) % (end as u64)).unwrap()
    }

    pub(crate) fn pick<'p>(&mut self, from: &[&'p str]) -> &'p str {
        from[self.below(from.len())]
    }

    /// The text with a character taken out, put in or doubled.
    pub(crate) fn damaged(&mut self, text: &str) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(2) {
            if characters.is_empty() {
                break;
            }
            let at = self.below(characters.len());
            match self.below(3) {
                0 => {
                    characters.remove(at);
                }
                1 => characters.insert(at, characters[at]),
                _ => {
                    let extra = self.pick(&[
                        "{", "}", "(", ")", "|", ".", "$", "\"", "`", "'", "-", " ", "\n", ",",
                        ":", "=", "%", "é", "\u{0}", "\\", "/*", "*/", "nil", "end",
                    ]);
                    characters.splice(at..at, extra.chars());
                }
            }
        }
        characters.into_iter().collect()
    }

    /// A format string with one verb or more.
    pub(crate) fn format(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..=self.below(2) {
            text += "%";
            for _ in 0..self.below(3) {
                text += self.pick(&["+", "-", "#", " ", "0"]);
            }
            text += self.pick(&["", "", "", "5", "12", "*", "[1]", "[2]", "[9]", "[x]"]);
            text += self.pick(&["", "", "", ".2", ".0", ".", ".*", ".10", ".[1]*"]);
            text += self.pick(&[
                "v", "v", "d", "s", "q", "x", "X", "t", "f", "e", "g", "G", "E", "F", "T", "c",
                "U", "b", "o", "O", "%", "z", "w", "é", "",
            ]);
            text += self.pick(&["", " ", "|"]);
        }
        format!("\"{text}\"")
    }
}
