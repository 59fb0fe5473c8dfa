//! Names of environment variables in text.
//!
//! Knows nothing of which of them are set, or count.

/// Whether a byte can be part of a variable's name.
pub(super) fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The run of name characters at `at`.
pub(super) fn word(text: &[u8], at: usize) -> &[u8] {
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.iter().position(|byte| !in_word(*byte));
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

/// The word as the name of a variable: it must not start with a digit. Longer words than any name are none.
pub(super) fn name(word: &[u8]) -> Option<&str> {
    let first = word.first()?;
    let fits = !first.is_ascii_digit() && word.len() <= 128;
    fits.then_some(word)
        .and_then(|word| std::str::from_utf8(word).ok())
}

/// The word as a name in capitals, of two characters or more. What stands behind `TF_VAR_` may be in small letters.
pub(super) fn upper(word: &[u8]) -> Option<&str> {
    let capitals = word.strip_prefix(b"TF_VAR_").map_or(word, |_| b"TF_VAR_");
    let fits = word.len() >= 2
        && !capitals.iter().any(u8::is_ascii_lowercase)
        && capitals.iter().any(u8::is_ascii_uppercase);
    fits.then_some(word).and_then(name)
}

/// A reference to a variable as a shell or make writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// The variable.
    pub(super) name: &'a str,
    /// Behind the reference.
    pub(super) end: usize,
}

/// The reference whose `$` is at `at`: `$NAME`, `${NAME}`, `${NAME:-…}`, `${!NAME}`, `${#NAME}`, `$(NAME)`.
pub(super) fn reference(text: &[u8], at: usize) -> Option<Reference<'_>> {
    let open = *text.get(at + 1)?;
    if open != b'{' && open != b'(' {
        let name = name(word(text, at + 1))?;
        let end = at + 1 + name.len();
        return Some(Reference { name, end });
    }
    let prefixed = open == b'{' && matches!(text.get(at + 2), Some(b'!' | b'#'));
    let start = at + 2 + usize::from(prefixed);
    let found = word(text, start);
    let behind = start + found.len();
    if open == b'(' {
        let name = upper(found).filter(|_| text.get(behind) == Some(&b')'))?;
        return Some(Reference {
            name,
            end: behind + 1,
        });
    }
    let name = name(found)?;
    let end = closing(text, behind).unwrap_or(behind);
    Some(Reference { name, end })
}

/// Behind the `}` that closes what is open at `at`, if it does so on the same line and soon.
fn closing(text: &[u8], at: usize) -> Option<usize> {
    let mut depth = 1_usize;
    for (distance, byte) in text.get(at..)?.iter().take(200).enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at + distance + 1),
            b'}' => depth -= 1,
            b'\n' => return None,
            _ => {}
        }
    }
    None
}
