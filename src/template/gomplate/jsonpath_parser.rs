//! The language of `coll.JSONPath`, read as Kubernetes' client reads it, oddities included. Evaluates nothing.
//!
//! Facts: k8s.io/client-go v0.36.2, `util/jsonpath`, by its source and by running gomplate.

use crate::template::gomplate::handover;
use crate::template::runes::{is_digit, is_letter};

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A text, which takes the place of what was found before it.
    Text(String),
    /// An integer, for each value that was found before it.
    Int(i64),
    /// A number, likewise.
    Float(f64),
    /// `true` or `false`, likewise.
    Bool(bool),
    /// The value of a key.
    Field(String),
    /// Part of a list.
    Slice(Slice),
    /// `[0,'a']`: what each of these finds.
    Union(Vec<Vec<Self>>),
    /// `.*`
    Wildcard,
    /// `..`
    Recursive,
    /// `[?(LEFT OPERATOR RIGHT)]`; without an operator, what `LEFT` finds something in.
    Filter(Vec<Self>, Option<(String, Vec<Self>)>),
    /// A word that means nothing.
    Unknown(String),
}

/// `[START:END:STEP]`, or with `only` set one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    /// The first element; from the end, if negative.
    pub(super) start: Option<i64>,
    /// The one behind the last.
    pub(super) end: Option<i64>,
    /// From one to the next.
    pub(super) step: Option<i64>,
    /// The end was not written: it is the one behind the start.
    pub(super) only: bool,
}

/// How deep filters, unions and names may be in each other; a path of usual length is far from it.
const DEPTH: usize = 50;

/// The paths and texts of `{PATH}`: a path may close the brace itself, and open others.
///
/// # Errors
/// gomplate's, or the mark that hands it over.
pub(super) fn parse(path: &str) -> Result<Vec<Vec<Node>>, String> {
    parse_at(path, DEPTH)
}

fn parse_at(path: &str, depth: usize) -> Result<Vec<Vec<Node>>, String> {
    let Some(depth) = depth.checked_sub(1) else {
        return handover("a very deep path");
    };
    let text = format!("{{{path}}}");
    let mut reader = Reader {
        text: &text,
        at: 0,
        depth,
    };
    let mut found = Vec::new();
    while reader.at < text.len() {
        let rest = reader.rest();
        let plain = rest.find('{').unwrap_or(rest.len());
        if plain > 0 {
            found.push(vec![Node::Text(rest[..plain].to_owned())]);
            reader.at += plain;
        } else {
            reader.at += 1;
            found.push(reader.action()?);
        }
    }
    Ok(found)
}

/// A path inside another: only what stands before a closing brace counts.
fn first(path: &str, depth: usize) -> Result<Vec<Node>, String> {
    Ok(parse_at(path, depth)?
        .into_iter()
        .next()
        .unwrap_or_default())
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn skip(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        self.at += if found { prefix.len() } else { 0 };
        found
    }

    /// Everything up to the closing brace, which is read too.
    fn action(&mut self) -> Result<Vec<Node>, String> {
        let mut nodes = Vec::new();
        loop {
            if self.skip("}") {
                return Ok(nodes);
            }
            if self.skip("[?(") {
                nodes.push(self.filter()?);
                continue;
            }
            if self.skip("..") {
                if nodes.last() == Some(&Node::Recursive) {
                    return Err("invalid multiple recursive descent".to_owned());
                }
                nodes.push(Node::Recursive);
                if self.peek().is_some_and(is_word) {
                    nodes.push(self.field());
                }
                continue;
            }
            match self.next() {
                None | Some('\r' | '\n') => return Err("unclosed action".to_owned()),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.array(&mut nodes)?,
                Some(quote @ ('"' | '\'')) => nodes.push(self.quoted(quote)?),
                Some('.') => nodes.push(self.field()),
                Some(c) if matches!(c, '+' | '-') || is_digit(c) => {
                    self.at -= c.len_utf8();
                    nodes.push(self.number()?);
                }
                Some(c) if is_word(c) => {
                    self.at -= c.len_utf8();
                    nodes.push(self.word());
                }
                Some(c) if c.is_ascii_graphic() => {
                    let code = u32::from(c);
                    return Err(format!(
                        "unrecognized character in action: U+{code:04X} '{c}'"
                    ));
                }
                Some(_) => return handover("an unusual character in a path"),
            }
        }
    }

    fn word(&mut self) -> Node {
        let rest = self.rest();
        let length = rest.find(is_terminator).unwrap_or(rest.len());
        self.at += length;
        match &rest[..length] {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            word => Node::Unknown(word.to_owned()),
        }
    }

    /// A name up to where it ends; a backslash takes the next character into it.
    fn field(&mut self) -> Node {
        let start = self.at;
        while let Some(c) = self.peek() {
            if is_terminator(c) {
                break;
            }
            self.next();
            if c == '\\' {
                self.next();
            }
        }
        match &self.text[start..self.at] {
            "*" => Node::Wildcard,
            name => Node::Field(name.replace('\\', "")),
        }
    }

    fn number(&mut self) -> Result<Node, String> {
        let start = self.at;
        if matches!(self.peek(), Some('+' | '-')) {
            self.next();
        }
        while self.peek().is_some_and(|c| c == '.' || is_digit(c)) {
            self.next();
        }
        let text = &self.text[start..self.at];
        if let Ok(whole) = text.parse() {
            return Ok(Node::Int(whole));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Node::Float(number)),
            Ok(_) => handover("a number that is too large"),
            Err(_) => Err(format!("cannot parse number {text}")),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Node, String> {
        let start = self.at;
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_owned()),
                Some('\\') => return handover("a backslash in a quoted text"),
                Some(c) if c == quote => break,
                Some(_) => {}
            }
        }
        Ok(Node::Text(self.text[start..self.at - 1].to_owned()))
    }

    /// What stands in brackets: an index, a part, a key, or several of them.
    fn array(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        let start = self.at;
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated array".to_owned()),
                Some(']') => break,
                Some(_) => {}
            }
        }
        let text = &self.text[start..self.at - 1];
        if text.contains(',') {
            let parts = text.split(',');
            let parts =
                parts.map(|part| first(&format!("[{}]", part.trim_matches(' ')), self.depth));
            nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = text
            .strip_prefix('\'')
            .and_then(|text| text.strip_suffix('\''));
        match key.filter(|key| !key.contains('\'')) {
            Some(key) => nodes.extend(first(&format!(".{key}"), self.depth)?),
            None => nodes.push(Node::Slice(slice(text)?)),
        }
        Ok(())
    }

    fn filter(&mut self) -> Result<Node, String> {
        let start = self.at;
        let (mut quote, mut closed) = (None, false);
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated filter".to_owned()),
                Some(c @ ('"' | '\'')) if quote.is_none() => quote = Some(c),
                Some(c @ ('"' | '\'')) => {
                    let before = self.text.as_bytes().get(self.at - 2);
                    closed |= before != Some(&b'\\') && quote == Some(c);
                }
                Some(')') if quote.is_some() == closed => break,
                Some(_) => {}
            }
        }
        let text = &self.text[start..self.at - 1];
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let Some((left, operator, right)) = comparison(text) else {
            return Ok(Node::Filter(first(text, self.depth)?, None));
        };
        let left = first(left, self.depth)?;
        let right = first(right, self.depth)?;
        Ok(Node::Filter(left, Some((operator.to_owned(), right))))
    }
}

/// `LEFT OPERATOR RIGHT`, each of them not empty.
fn comparison(text: &str) -> Option<(&str, &str, &str)> {
    let is_operator = |c: char| matches!(c, '!' | '<' | '>' | '=');
    let start = text.find(is_operator).filter(|start| *start > 0)?;
    let length = text[start..].find(|c| !is_operator(c));
    let end = match length {
        Some(length) => start + length,
        None => text.len() - 1,
    };
    (end > start).then(|| (&text[..start], &text[start..end], &text[end..]))
}

fn slice(text: &str) -> Result<Slice, String> {
    let text = if text == "*" { ":" } else { text };
    let parts: Vec<&str> = text.split(':').collect();
    let fits = |part: &&str| {
        let digits = part.strip_prefix('-').unwrap_or(part);
        digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if parts.len() > 3 || !parts.iter().all(fits) {
        return Err(format!("invalid array index {text}"));
    }
    let number = |at: usize| match parts.get(at).copied().unwrap_or_default() {
        "" => Ok(None),
        part => match part.parse::<i64>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(format!("array index {part} is not a number")),
        },
    };
    let (start, end, step) = (number(0)?, number(1)?, number(2)?);
    let only = parts.len() == 1;
    let behind = || Some(start.unwrap_or(0).wrapping_add(1));
    Ok(Slice {
        start,
        end: if only { behind() } else { end },
        step,
        only,
    })
}

/// Whether a name may begin with it.
fn is_word(c: char) -> bool {
    c == '_' || is_letter(c) || is_digit(c)
}

/// Whether a name ends before it.
fn is_terminator(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}'
    )
}
