//! Numbers and names at the beginning of a text. Which of them are asked for, `read` knows.

/// Why a text is none by the layout.
pub(super) enum Wrong {
    /// It is written otherwise.
    Form,
    /// A number is too large, or does not fit another one.
    Range(&'static str),
    /// It is left to gomplate.
    Handover(&'static str),
}

/// A number, and the text behind it.
pub(super) type Taken<'t> = Result<(i64, &'t [u8]), Wrong>;

pub(super) fn in_range(number: i64, from: i64, to: i64, what: &'static str) -> Result<(), Wrong> {
    if (from..to).contains(&number) {
        Ok(())
    } else {
        Err(Wrong::Range(what))
    }
}

/// The text behind a prefix of the layout, in which a blank stands for any number of them. The error is where they part.
pub(super) fn skip<'t>(mut text: &'t [u8], mut prefix: &[u8]) -> Result<&'t [u8], &'t [u8]> {
    let blanks = |text: &[u8]| text.iter().take_while(|byte| **byte == b' ').count();
    while let Some(first) = prefix.first() {
        if *first == b' ' {
            if text.first().is_some_and(|byte| *byte != b' ') {
                return Err(text);
            }
            prefix = &prefix[blanks(prefix)..];
            text = &text[blanks(text)..];
        } else {
            let behind = text.strip_prefix(std::slice::from_ref(first));
            text = behind.ok_or(text)?;
            prefix = &prefix[1..];
        }
    }
    Ok(text)
}

/// A number of exactly so many digits.
pub(super) fn exactly(text: &[u8], digits: usize) -> Taken<'_> {
    let (digits, rest) = text.split_at_checked(digits).ok_or(Wrong::Form)?;
    if digits.iter().all(u8::is_ascii_digit) {
        Ok((value(digits), rest))
    } else {
        Err(Wrong::Form)
    }
}

/// A number of one or two digits, or of two.
pub(super) fn number(text: &[u8], two: bool) -> Taken<'_> {
    number_of(text, 2, two)
}

/// A number of at most so many digits, or of exactly so many.
pub(super) fn number_of(text: &[u8], most: usize, all: bool) -> Taken<'_> {
    let digits = text.iter().take(most);
    let count = digits.take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || all && count < most {
        return Err(Wrong::Form);
    }
    let (digits, rest) = text.split_at(count);
    Ok((value(digits), rest))
}

fn value(digits: &[u8]) -> i64 {
    digits
        .iter()
        .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

/// The number, from 1, of the name that a text begins with, in any case, or with its first letters.
pub(super) fn name<'t>(names: &[&str], letters: Option<usize>, text: &'t [u8]) -> Taken<'t> {
    let named = names.iter().zip(1..).find_map(|(name, number)| {
        let name = name.as_bytes();
        let name = name.get(..letters.unwrap_or(name.len()))?;
        let (word, rest) = text.split_at_checked(name.len())?;
        word.eq_ignore_ascii_case(name).then_some((number, rest))
    });
    named.ok_or(Wrong::Form)
}
