//! Go's patterns of file names: `*`, `?`, `[a-z]`, `\`. It knows no files.

use crate::template::runes::{REPLACEMENT, decode};

const BAD: &str = "syntax error in pattern";

/// Whether all of `name` is as `pattern` says. A wrong pattern is an error even where nothing matches before the mistake.
pub(super) fn matches(pattern: &[u8], name: &[u8]) -> Result<bool, String> {
    let (mut pattern, mut name) = (pattern, name);
    while !pattern.is_empty() {
        let (star, chunk, rest) = next_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(!name.contains(&b'/'));
        }
        let found = match_chunk(chunk, name)?;
        // The last part has to reach the end.
        if let Some(after) = found
            && (after.is_empty() || !pattern.is_empty())
        {
            name = after;
            continue;
        }
        let mut skipped = false;
        if star {
            let mut at = 0;
            while let Some(byte) = name.get(at).filter(|byte| **byte != b'/') {
                let _ = byte;
                let after = match_chunk(chunk, name.get(at + 1..).unwrap_or_default())?;
                if let Some(after) = after
                    && (!pattern.is_empty() || after.is_empty())
                {
                    name = after;
                    skipped = true;
                    break;
                }
                at += 1;
            }
        }
        if skipped {
            continue;
        }
        check_rest(pattern)?;
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// Before it fails, Go reads the rest of the pattern for mistakes.
fn check_rest(mut pattern: &[u8]) -> Result<(), String> {
    while !pattern.is_empty() {
        let (_, chunk, rest) = next_chunk(pattern);
        match_chunk(chunk, b"")?;
        pattern = rest;
    }
    Ok(())
}

/// Whether stars stand before the next part, the part up to the next star, and the rest.
fn next_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
    let rest = pattern.get(stars..).unwrap_or_default();
    let mut in_class = false;
    let mut at = 0;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' if !in_class => break,
            _ => {}
        }
        at += 1;
    }
    let (chunk, rest) = rest.split_at(at.min(rest.len()));
    (stars > 0, chunk, rest)
}

/// What is left of the name behind a part without stars; `None` if it does not begin so.
fn match_chunk<'n>(chunk: &[u8], name: &'n [u8]) -> Result<Option<&'n [u8]>, String> {
    let (mut chunk, mut name) = (chunk, name);
    let mut failed = false;
    while let Some((first, rest)) = chunk.split_first() {
        failed |= name.is_empty();
        match first {
            b'[' => {
                let (character, length) = match decode(name) {
                    Some(found) if !failed => found,
                    _ => (REPLACEMENT, 0),
                };
                name = name.get(length..).unwrap_or_default();
                let (is_in, rest) = class(rest, character)?;
                failed |= !is_in;
                chunk = rest;
            }
            b'?' => {
                if !failed {
                    failed = name.starts_with(b"/");
                    let length = decode(name).map_or(0, |(_, length)| length);
                    name = name.get(length..).unwrap_or_default();
                }
                chunk = rest;
            }
            literal => {
                let (literal, rest) = match (literal, rest.split_first()) {
                    (b'\\', None) => return Err(BAD.into()),
                    (b'\\', Some((escaped, rest))) => (escaped, rest),
                    _ => (literal, rest),
                };
                if !failed {
                    failed = name.first() != Some(literal);
                    name = name.get(1..).unwrap_or_default();
                }
                chunk = rest;
            }
        }
    }
    Ok((!failed).then_some(name))
}

/// Whether a character is in a class, whose bracket is read, and what follows the class.
fn class(text: &[u8], character: char) -> Result<(bool, &[u8]), String> {
    let (negated, mut rest) = match text {
        [b'^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let (mut is_in, mut ranges) = (false, 0);
    loop {
        if let [b']', after @ ..] = rest
            && ranges > 0
        {
            return Ok((is_in != negated, after));
        }
        let (low, after) = end(rest)?;
        let (high, after) = match after {
            [b'-', after @ ..] => end(after)?,
            after => (low, after),
        };
        rest = after;
        is_in |= (low..=high).contains(&character);
        ranges += 1;
    }
}

/// One end of a range, and what follows; a class never ends right behind it.
fn end(text: &[u8]) -> Result<(char, &[u8]), String> {
    let bad = || String::from(BAD);
    let text = match text {
        [] | [b'-' | b']', ..] => return Err(bad()),
        [b'\\', rest @ ..] => rest,
        text => text,
    };
    let (character, length) = decode(text).ok_or_else(bad)?;
    let rest = text.get(length..).unwrap_or_default();
    if rest.is_empty() || character == REPLACEMENT && length == 1 {
        return Err(bad());
    }
    Ok((character, rest))
}
