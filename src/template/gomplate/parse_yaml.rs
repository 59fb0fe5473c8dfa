//! `data.YAML`: YAML as gomplate's parser reads it. What two parsers may read differently is handed over, errors included.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use granit_parser::{Event, Parser, ScalarStyle};

use crate::template::float::format_float;
use crate::template::gomplate::bounds::{DEPTH, VALUES};
use crate::template::gomplate::scalar::is_decimal;
use crate::template::gomplate::{handover, strconv};
use crate::template::value::{List, Text, Value};

/// A document as it is written.
enum Node {
    Plain(String),
    Quoted(String),
    List(Vec<Rc<Node>>),
    Map(Vec<(Rc<Node>, Rc<Node>)>),
}

/// The first document that is not null, as a map; an empty text is an empty map.
pub(super) fn map(text: &[u8]) -> Result<Value, String> {
    let Some(document) = first_document(text)? else {
        return Ok(Value::map(BTreeMap::new()));
    };
    let Node::Map(entries) = &*document else {
        return handover("YAML that is no map");
    };
    // At the top the keys are texts as they are written.
    let mut read = Reading { left: VALUES };
    let mut all = BTreeMap::new();
    for (key, value) in entries {
        let key = match &**key {
            Node::Plain(text) if !matches!(plain(text)?, Value::Nil) => text,
            Node::Quoted(text) => text,
            _ => return handover("YAML with an unusual key"),
        };
        all.insert(Text::from(key.as_bytes()), read.value(value, DEPTH)?);
    }
    if all.len() < entries.len() {
        return handover("YAML with a key twice");
    }
    Ok(Value::map(all))
}

/// The first document that is not null, as a list; an empty text is a list of nothing.
pub(super) fn list(text: &[u8]) -> Result<Value, String> {
    let Some(document) = first_document(text)? else {
        return Ok(Value::list(vec![Value::Nil]));
    };
    let mut read = Reading { left: VALUES };
    match read.value(&document, DEPTH)? {
        list @ Value::List(_) => Ok(list),
        _ => handover("YAML that is no list"),
    }
}

fn first_document(text: &[u8]) -> Result<Option<Rc<Node>>, String> {
    let text = std::str::from_utf8(text).or_else(|_| handover("YAML that is not UTF-8"))?;
    refuse_odd(text)?;
    let mut builder = Builder::default();
    let mut documents = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, _) = event.or_else(|_| handover("YAML that is not certainly right"))?;
        if matches!(event, Event::DocumentEnd) {
            documents += 1;
            match builder.root.take() {
                Some(root) if !is_null(&root)? => return Ok(Some(root)),
                _ => {}
            }
        } else {
            builder.take(event)?;
        }
    }
    if documents > 0 {
        return handover("YAML that is null");
    }
    Ok(None)
}

fn is_null(node: &Node) -> Result<bool, String> {
    Ok(match node {
        Node::Plain(text) => matches!(plain(text)?, Value::Nil),
        _ => false,
    })
}

/// Refuses what parsers of YAML are known to disagree on.
fn refuse_odd(text: &str) -> Result<(), String> {
    let odd =
        |c: char| c.is_control() && c != '\n' || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}');
    if text.contains(odd) {
        return handover("YAML with tabs or other control characters");
    }
    let markers =
        |line: &str| line.starts_with('%') || line.starts_with("...") || line.starts_with("--- ");
    if text.lines().any(markers) {
        return handover("YAML with directives or unusual marks of documents");
    }
    Ok(())
}

/// What is being read: containers that are not complete yet.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
}

struct Open {
    anchor: usize,
    is_map: bool,
    children: Vec<Rc<Node>>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, None) => {
                let text = text.into_owned();
                self.add(
                    anchor,
                    match style {
                        ScalarStyle::Plain => Node::Plain(text),
                        _ => Node::Quoted(text),
                    },
                );
            }
            Event::SequenceStart(_, anchor, None) => self.begin(anchor, false)?,
            Event::MappingStart(_, anchor, None) => self.begin(anchor, true)?,
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(done) = self.open.pop() else {
                    return handover("YAML that ends too often");
                };
                let node = if done.is_map {
                    let pairs = done.children.chunks_exact(2);
                    Node::Map(
                        pairs
                            .map(|pair| (Rc::clone(&pair[0]), Rc::clone(&pair[1])))
                            .collect(),
                    )
                } else {
                    Node::List(done.children)
                };
                self.add(done.anchor, node);
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor).map(Rc::clone) {
                Some(node) => self.place(node),
                None => return handover("YAML with an unusual alias"),
            },
            Event::Scalar(.., Some(_))
            | Event::SequenceStart(.., Some(_))
            | Event::MappingStart(.., Some(_)) => return handover("YAML with tags"),
            // Comments, and marks of what is known already.
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, anchor: usize, is_map: bool) -> Result<(), String> {
        if self.open.len() >= DEPTH {
            return handover("very deep values");
        }
        self.open.push(Open {
            anchor,
            is_map,
            children: Vec::new(),
        });
        Ok(())
    }

    fn add(&mut self, anchor: usize, node: Node) {
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.place(node);
    }

    fn place(&mut self, node: Rc<Node>) {
        match self.open.last_mut() {
            Some(open) => open.children.push(node),
            None => self.root = Some(node),
        }
    }
}

/// Makes values of nodes; an alias is a copy.
struct Reading {
    left: usize,
}

impl Reading {
    fn value(&mut self, node: &Node, depth: usize) -> Result<Value, String> {
        let (Some(left), Some(depth)) = (self.left.checked_sub(1), depth.checked_sub(1)) else {
            return handover("very large or deep YAML");
        };
        self.left = left;
        match node {
            Node::Plain(text) => plain(text),
            Node::Quoted(text) => Ok(Value::text(text)),
            Node::List(items) => {
                let items: Result<Vec<_>, String> =
                    items.iter().map(|item| self.value(item, depth)).collect();
                Ok(Value::List(List::new(
                    crate::template::kind::Type::Any,
                    items?,
                )))
            }
            Node::Map(entries) => {
                let mut all = BTreeMap::new();
                for (name, value) in entries {
                    all.insert(key(name)?, self.value(value, depth)?);
                }
                if all.len() < entries.len() {
                    return handover("YAML with a key twice");
                }
                Ok(Value::map(all))
            }
        }
    }
}

/// A key below the top: what it is as a value, as text.
fn key(node: &Node) -> Result<Text, String> {
    let text = match node {
        Node::Quoted(text) => return Ok(Text::from(text.as_bytes())),
        Node::Plain(text) => text,
        Node::List(_) | Node::Map(_) => return handover("YAML with an unusual key"),
    };
    Ok(match plain(text)? {
        Value::Nil => Text::from(&b"nil"[..]),
        Value::Bool(value) => Text::from(value.to_string().as_bytes()),
        Value::Int(value) => Text::from(value.to_string().as_bytes()),
        Value::Uint64(value) => Text::from(value.to_string().as_bytes()),
        Value::Float(value) => Text::from(format_float(value, b'g', None).as_bytes()),
        _ => Text::from(text.as_bytes()),
    })
}

/// What a text without quotes stands for.
fn plain(text: &str) -> Result<Value, String> {
    Ok(match text {
        "<<" => return handover("YAML that merges maps"),
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Value::Nil,
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        _ => match text.as_bytes().first() {
            Some(b'.') => strconv::parse_float(text.as_bytes(), 64)
                .map_or_else(|_| Value::text(text), Value::Float),
            Some(b'0'..=b'9' | b'+' | b'-') => number(text)?,
            _ => Value::text(text),
        },
    })
}

fn number(text: &str) -> Result<Value, String> {
    let year = text.bytes().take_while(u8::is_ascii_digit).count();
    if year == 4 && text.as_bytes().get(4) == Some(&b'-') {
        return handover("YAML with what may be a time");
    }
    let bare = text.replace('_', "");
    let bytes = bare.as_bytes();
    if let Ok(value) = strconv::parse_int(bytes, 0, 64) {
        return Ok(Value::Int(value));
    }
    if let Ok(value) = strconv::parse_uint(bytes, 0, 64) {
        return Ok(Value::Uint64(value));
    }
    if is_decimal(&bare)
        && let Ok(value) = strconv::parse_float(bytes, 64)
    {
        return Ok(Value::Float(value));
    }
    if bare.trim_start_matches('-').starts_with("0b")
        || bare.trim_start_matches('-').starts_with("0o")
    {
        return handover("YAML with an unusual number");
    }
    Ok(Value::text(text))
}
