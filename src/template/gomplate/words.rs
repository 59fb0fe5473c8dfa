//! `strings`, further: letters and words. gomplate goes by Unicode 15; of what has other rules there, it is asked itself.

use std::sync::LazyLock;

use regex::Regex;

use crate::template::gomplate::strings::utf8;
use crate::template::gomplate::{Entry, fixed, handover};
use crate::template::kind::Type;
use crate::template::value::Value;

const ONE: &[Type] = &[Type::Any];

pub(super) fn entries() -> Vec<Entry> {
    vec![
        fixed("ToLower", Some("toLower"), ONE, Type::Str, |_, args| {
            Ok(lower(&utf8(&args[0])?)?.into())
        }),
        fixed("ToUpper", Some("toUpper"), ONE, Type::Str, |_, args| {
            Ok(upper(&utf8(&args[0])?)?.into())
        }),
        fixed("Title", Some("title"), ONE, Type::Str, |_, args| {
            Ok(title(&utf8(&args[0])?, false)?.into())
        }),
        fixed("SnakeCase", None, ONE, Type::Str, |_, args| {
            joined_words(&args[0], "_")
        }),
        fixed("KebabCase", None, ONE, Type::Str, |_, args| {
            joined_words(&args[0], "-")
        }),
        fixed("CamelCase", None, ONE, Type::Str, |_, args| {
            camel_case(&args[0])
        }),
        fixed("Slug", None, ONE, Type::Str, |_, args| {
            Ok(slug(&utf8(&args[0])?)?.into())
        }),
    ]
}

/// Characters that came with a later Unicode than gomplate's. `ok()`: without them all text is gomplate's.
static NEWER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[\P{Cn}&&\P{Age=15.0}]").ok());

/// Refuses characters that gomplate does not know yet.
pub(super) fn known(text: &[u8]) -> Result<(), String> {
    if text.is_ascii() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(text);
    match NEWER.as_ref() {
        Some(newer) if !newer.is_match(&text) => Ok(()),
        _ => handover("characters of a newer Unicode"),
    }
}

fn lower(text: &str) -> Result<String, String> {
    known(text.as_bytes())?;
    if text.contains('Σ') {
        return handover("a Greek sigma, whose form depends on its place");
    }
    Ok(text.to_lowercase())
}

fn upper(text: &str) -> Result<String, String> {
    known(text.as_bytes())?;
    Ok(text.to_uppercase())
}

/// How a character parts words.
enum Part {
    /// A letter with cases.
    Cased,
    /// Belongs to the word around it.
    Within,
    /// Belongs to a word with one letter on either side.
    Middle,
    /// Ends a word.
    Break,
}

fn part(c: char) -> Result<Part, String> {
    Ok(match c {
        // Of the letters that are not ASCII, those whose title case is their upper case.
        'a'..='z'
        | 'A'..='Z'
        | 'À'..='Ö'
        | 'Ø'..='Þ'
        | 'à'..='ö'
        | 'ø'..='ň'
        | 'Ŋ'..='ſ'
        | 'Α'..='Ρ'
        | 'Σ'..='Ω'
        | 'α'..='ω'
        | 'А'..='я' => Part::Cased,
        '0'..='9' | '_' => Part::Within,
        '.' | '\'' | ':' => Part::Middle,
        '\0'..='\x7f' => Part::Break,
        _ => return handover("the words of unusual text"),
    })
}

/// The first letter of each word as in titles; the others stay, or become lower case.
fn title(text: &str, lowers: bool) -> Result<String, String> {
    let mut shown = String::with_capacity(text.len());
    let mut in_word = false;
    let mut after_middle = false;
    for c in text.chars() {
        let part = part(c)?;
        if after_middle && matches!(part, Part::Middle) {
            in_word = false;
        }
        after_middle = matches!(part, Part::Middle);
        match part {
            Part::Cased if !in_word => {
                shown.extend(c.to_uppercase());
                in_word = true;
            }
            Part::Cased if lowers && c == 'Σ' => return handover("a Greek sigma"),
            Part::Cased if lowers => shown.extend(c.to_lowercase()),
            Part::Break => {
                shown.push(c);
                in_word = false;
            }
            _ => shown.push(c),
        }
    }
    Ok(shown)
}

static SEPARATORS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[^\pL\pN]+").ok());

/// What parts words, replaced.
fn separated(text: &str, by: &str) -> Result<String, String> {
    known(text.as_bytes())?;
    match SEPARATORS.as_ref() {
        Some(separators) => Ok(separators.replace_all(text, by).into_owned()),
        None => handover("the parts of text"),
    }
}

/// `shown` with the first byte of `input` for what it begins with, wherever that is found first: gomplate's way.
fn with_first_of(input: &str, shown: &str) -> Result<String, String> {
    match (input.bytes().next(), shown.bytes().next()) {
        (Some(first), Some(changed)) if first.is_ascii() && changed.is_ascii() => {
            let by = char::from(first).to_string();
            Ok(shown.replacen(char::from(changed), &by, 1))
        }
        (None, _) => Err("runtime error: index out of range [0] with length 0".into()),
        _ => handover("words that begin with unusual letters"),
    }
}

fn joined_words(value: &Value, by: &str) -> Result<Value, String> {
    let input = utf8(value)?;
    let input = input.trim();
    let shown = with_first_of(input, &simple_lower(input)?)?;
    Ok(separated(&shown, " ")?.trim().replace(' ', by).into())
}

/// Lower case by single characters.
fn simple_lower(text: &str) -> Result<String, String> {
    known(text.as_bytes())?;
    // Its lower case is two characters, or one where single characters count.
    if text.contains('İ') {
        return handover("a dotted capital I");
    }
    Ok(text.chars().flat_map(char::to_lowercase).collect())
}

fn camel_case(value: &Value) -> Result<Value, String> {
    let input = utf8(value)?;
    let input = input.trim();
    let shown = with_first_of(input, &title(input, true)?)?;
    Ok(separated(&shown, "")?.into())
}

/// What U+00C0 to U+017F are without their marks, parted by commas; facts of the transliteration that gomplate uses.
const PLAIN: &str = include_str!("plain.txt");

fn slug(text: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '"' | '\'' | '’' => {}
            '&' => plain.push_str("and"),
            '@' => plain.push_str("at"),
            '‒' | '–' | '—' | '―' => plain.push('-'),
            c if c.is_ascii() => plain.push(c),
            'À'..='ſ' => {
                let at = u32::from(c) - u32::from('À');
                let letters = PLAIN
                    .trim_end()
                    .split(',')
                    .nth(usize::try_from(at).unwrap_or(0));
                plain.push_str(letters.unwrap_or_default());
            }
            _ => return handover("a slug of unusual letters"),
        }
    }
    let mut slug = String::with_capacity(plain.len());
    for c in plain.chars().map(|c| c.to_ascii_lowercase()) {
        let kept = c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let c = if kept { c } else { '-' };
        if c != '-' || !slug.ends_with('-') {
            slug.push(c);
        }
    }
    Ok(slug.trim_matches(['-', '_']).to_owned())
}
