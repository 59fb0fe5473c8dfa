//! What a stage prints, as whole lines that can stand behind a prefix: no line is split, none writes over another.
//! Knows nothing of stages.

/// How long a line may be, in bytes, before it is broken: a stage that never ends its line must not fill the memory.
const LONGEST: usize = 64 * 1024;

/// Makes lines of text that comes in pieces.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// What was printed since the last end of a line.
    open: String,
}

impl Lines {
    /// Takes the next piece, and gives the lines that are whole, without their ends.
    pub(super) fn feed(&mut self, text: &str) -> Vec<String> {
        let mut whole = Vec::new();
        for piece in text.split_inclusive('\n') {
            self.extend(piece, &mut whole);
            if self.open.ends_with('\n') {
                whole.push(ended(&std::mem::take(&mut self.open)));
            }
        }
        whole
    }

    /// The end has come: gives the last line, if it has no end.
    pub(super) fn finish(&mut self) -> Option<String> {
        let open = std::mem::take(&mut self.open);
        Some(ended(&open)).filter(|line| !line.is_empty())
    }

    /// Adds a piece that has at most one end of a line, which is its last character.
    fn extend(&mut self, piece: &str, whole: &mut Vec<String>) {
        self.open.push_str(piece);
        // A progress bar goes back and writes over what it showed; a CR at the very end may yet be that of a CR LF.
        let rest = self.open.trim_end_matches(['\n', '\r']);
        if let Some(back) = rest.rfind('\r') {
            self.open.drain(..=back);
        }
        while self.open.len() > LONGEST {
            // A character has 4 bytes at most, and there is always one boundary among four places.
            let mut places = (LONGEST - 3..=LONGEST).rev();
            let end = places
                .find(|at| self.open.is_char_boundary(*at))
                .unwrap_or(LONGEST);
            let line: String = self.open.drain(..end).collect();
            whole.push(line);
        }
    }
}

/// A line without its end, and what it showed last where it went back at its end.
fn ended(line: &str) -> String {
    let line = line.trim_end_matches(['\n', '\r']);
    line.rsplit('\r').next().unwrap_or_default().to_owned()
}

/// A line as it may stand among others: with its colours, if `color`, but nothing that moves the cursor or reaches further.
pub(super) fn shown(line: &str, color: bool) -> String {
    if !line.contains(|c: char| c.is_control() && c != '\t') {
        return line.to_owned();
    }
    let mut text = String::with_capacity(line.len());
    let mut has_color = false;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if c == '\u{1b}' {
            let (sequence, after) = rest.split_at(sequence(rest));
            if color && is_color(sequence) {
                text.push_str(sequence);
                has_color = true;
            }
            rest = after;
            continue;
        }
        if !c.is_control() || c == '\t' {
            text.push(c);
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    if has_color {
        text.push_str("\u{1b}[0m");
    }
    text
}

/// The length of the escape sequence with which a text begins.
fn sequence(text: &str) -> usize {
    let bytes = text.as_bytes();
    let ends = |from: usize, is_end: &dyn Fn(&u8) -> bool| {
        let rest = bytes.get(from..).unwrap_or_default();
        rest.iter()
            .position(is_end)
            .map_or(bytes.len(), |at| from + at + 1)
    };
    match bytes.get(1) {
        Some(b'[') => ends(2, &|byte| (0x40..=0x7e).contains(byte)),
        // A title, a link and the like: up to BEL, or to ESC and a backslash.
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let end = ends(2, &|byte| matches!(byte, 0x07 | 0x1b));
            let is_string_end = bytes.get(end - 1) == Some(&0x1b) && bytes.get(end) == Some(&b'\\');
            end + usize::from(is_string_end)
        }
        Some(byte) if byte.is_ascii() => ends(1, &|byte| (0x30..=0x7e).contains(byte)),
        _ => 1,
    }
}

/// Whether a sequence only changes how the following characters look.
fn is_color(sequence: &str) -> bool {
    let inner = sequence
        .strip_prefix("\u{1b}[")
        .and_then(|rest| rest.strip_suffix('m'));
    inner.is_some_and(|inner| {
        inner
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':'))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(pieces: &[&str]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut all: Vec<String> = pieces.iter().flat_map(|piece| lines.feed(piece)).collect();
        all.extend(lines.finish());
        all
    }

    #[test]
    fn lines_are_whole() {
        for (pieces, expected) in [
            (&["a\nb\n"][..], &["a", "b"][..]),
            (&["a", "b\nc", "d"], &["ab", "cd"]),
            (&["a\n\nb\n"], &["a", "", "b"]),
            (&["a\r\nb\r", "\nc\r"], &["a", "b", "c"]),
            (&["1%\r2%\r", "3%", "\r4%\n", "x\n"], &["4%", "x"]),
            (&["1%\r2%\r\n"], &["2%"]),
            (&[""], &[]),
        ] {
            assert_eq!(lines(pieces), expected, "{pieces:?}");
        }
    }

    #[test]
    fn neither_a_progress_bar_nor_a_long_line_fills_the_memory() {
        let mut lines = Lines::default();
        for percent in 0..100_000 {
            assert!(lines.feed(&format!("\r{percent} of 100000")).is_empty());
        }
        assert!(lines.open.len() < 100);
        let mut lines = Lines::default();
        let mut broken = 0;
        for _ in 0..1000 {
            broken += lines.feed(&"é".repeat(1000)).len();
            assert!(lines.open.len() <= LONGEST);
        }
        assert_eq!(broken, 2_000_000 / LONGEST);
    }

    #[test]
    fn colours_stay_and_all_else_that_moves_a_terminal_goes() {
        for (line, colored, plain) in [
            ("a\tb", "a\tb", "a\tb"),
            ("\u{1b}[31mred", "\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}[2J\u{1b}[1Aup\u{7}", "up", "up"),
            ("\u{1b}]0;title\u{7}x\u{1b}]8;;u\u{1b}\\y", "xy", "xy"),
            ("\u{1b}(Bx\u{1b}", "x", "x"),
            ("\u{1b}[31", "", ""),
            ("\u{1b}]0;open", "", ""),
        ] {
            assert_eq!(shown(line, true), colored);
            assert_eq!(shown(line, false), plain);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_shown_can_move_the_cursor(line in "[a-c\u{1b}\\[\\]0;mA\u{7}\r\u{9b}é\\\\]{0,40}") {
            prop_assert!(!shown(&line, false).contains(|c: char| c.is_control()));
            for sequence in shown(&line, true).split('\u{1b}').skip(1) {
                let end = sequence.find(|c: char| !"[0123456789;:".contains(c));
                prop_assert_eq!(end.and_then(|end| sequence.get(end..=end)), Some("m"));
            }
        }
    }
}
