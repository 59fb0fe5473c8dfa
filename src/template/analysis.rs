//! What templates mention, without executing them: functions, templates, fields. It knows no
//! values, so what a template does with them it cannot tell.

use std::sync::Arc;

use crate::template::ast::{Body, Branch, Command, Expr, Node, Pipe};
use crate::template::parser::{Definitions, Origin};
use crate::template::value::Text;

/// A place in a parsed text.
#[derive(Clone, Debug)]
pub struct Position {
    /// The text and its name.
    pub origin: Arc<Origin>,
    /// Byte offset in the text.
    pub at: usize,
}

impl Position {
    /// Line from 1, and bytes before the place in its line.
    pub fn line_and_column(&self) -> (usize, usize) {
        let before = self.origin.text.get(..self.at).unwrap_or(&self.origin.text);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        (
            line,
            before.len() - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1),
        )
    }
}

/// One mention of a function.
#[derive(Clone, Debug)]
pub struct FunctionUse {
    /// `env`, or with the namespace `strings.ToUpper`; a namespace alone is a name, too.
    pub name: String,
    /// Where the name starts (of `strings.ToUpper`: its point).
    pub position: Position,
    /// Each argument, the piped one last: its text, when it is a string literal.
    pub texts: Vec<Option<Text>>,
}

/// One mention of fields.
#[derive(Clone, Debug)]
pub struct FieldUse {
    /// The variable they are taken of, `$` included; without one, they are taken of the dot.
    pub variable: Option<Text>,
    /// The names; none for a dot or variable alone.
    pub path: Vec<Text>,
    /// Where it is.
    pub position: Position,
}

/// One `template` or `block` action.
#[derive(Clone, Debug)]
pub struct TemplateUse {
    /// The name of the template.
    pub name: Text,
    /// Where the name starts.
    pub position: Position,
}

/// All that a set of templates mentions, in the order of each text.
#[derive(Clone, Debug, Default)]
pub struct Mentions {
    /// Functions, Go's own included.
    pub functions: Vec<FunctionUse>,
    /// Fields, dots and variables.
    pub fields: Vec<FieldUse>,
    /// Calls of templates.
    pub templates: Vec<TemplateUse>,
}

/// Walks all definitions.
pub fn mentions(definitions: &Definitions) -> Mentions {
    let mut found = Mentions::default();
    for definition in definitions.values() {
        let mut walk = Walk {
            origin: &definition.origin,
            found: &mut found,
        };
        walk.body(&definition.body);
    }
    found
}

struct Walk<'w> {
    origin: &'w Arc<Origin>,
    found: &'w mut Mentions,
}

impl Walk<'_> {
    fn position(&self, at: usize) -> Position {
        Position {
            origin: Arc::clone(self.origin),
            at,
        }
    }

    fn body(&mut self, body: &Body) {
        for node in &body.nodes {
            match node {
                Node::Action { pipe, .. } => self.pipe(pipe),
                Node::Branch(branch) => self.branch(branch),
                Node::Template { at, name, pipe } => {
                    let position = self.position(*at);
                    self.found.templates.push(TemplateUse {
                        name: Arc::clone(name),
                        position,
                    });
                    if let Some(pipe) = pipe {
                        self.pipe(pipe);
                    }
                }
                Node::Text { .. } | Node::Break { .. } | Node::Continue { .. } => {}
            }
        }
    }

    fn branch(&mut self, branch: &Branch) {
        for (pipe, body) in &branch.arms {
            self.pipe(pipe);
            self.body(body);
        }
        if let Some(body) = &branch.otherwise {
            self.body(body);
        }
    }

    fn pipe(&mut self, pipe: &Pipe) {
        let mut before: Option<&Command> = None;
        for command in &pipe.commands {
            self.command(command, before);
            before = Some(command);
        }
    }

    fn command(&mut self, command: &Command, before: Option<&Command>) {
        let Some((first, arguments)) = command.args.split_first() else {
            return;
        };
        let piped = before.and_then(|before| match before.args.as_slice() {
            [only] => Some(only),
            _ => None,
        });
        let texts = arguments.iter().map(literal);
        let piped = before.is_some().then(|| piped.and_then(literal));
        self.expr(first, texts.chain(piped).collect());
        for argument in arguments {
            self.expr(argument, Vec::new());
        }
    }

    fn expr(&mut self, expr: &Expr, texts: Vec<Option<Text>>) {
        let position = self.position(expr.at());
        let field = |variable, path| FieldUse {
            variable,
            path,
            position: position.clone(),
        };
        match expr {
            Expr::Identifier { name, .. } => {
                let name = name.to_string();
                self.found.functions.push(FunctionUse {
                    name,
                    position,
                    texts,
                });
            }
            Expr::Chain { base, path, .. } => match (&**base, path.first()) {
                (Expr::Identifier { name, .. }, Some(method)) => {
                    let name = format!("{name}.{}", String::from_utf8_lossy(method));
                    self.found.functions.push(FunctionUse {
                        name,
                        position,
                        texts,
                    });
                }
                (base, _) => self.expr(base, Vec::new()),
            },
            Expr::Field { path, .. } => self.found.fields.push(field(None, path.clone())),
            Expr::Dot { .. } => self.found.fields.push(field(None, Vec::new())),
            Expr::Variable(variable) => {
                let name = Some(Arc::clone(&variable.name));
                self.found.fields.push(field(name, variable.path.clone()));
            }
            Expr::Pipe(pipe) => self.pipe(pipe),
            Expr::Nil { .. } | Expr::Bool { .. } | Expr::Number { .. } | Expr::Str { .. } => {}
        }
    }
}

fn literal(expr: &Expr) -> Option<Text> {
    match expr {
        Expr::Str { value, .. } => Some(Arc::clone(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::template::analysis::mentions;
    use crate::template::lexer::Delimiters;
    use crate::template::parser::parse;

    #[test]
    fn finds_functions_fields_and_templates() {
        let text = b"{{ getenv \"A\" \"d\" }}\n{{ if (\"B\" | getenv) }}{{ strings.ToUpper \"x\" }}\
            {{ else if .cfg.a }}{{ template \"t\" $ }}{{ end }}{{ define \"t\" }}{{ len . }}{{ end }}";
        let definitions = parse("main", text, &Delimiters::default(), &|_| true).unwrap();
        let found = mentions(&definitions);
        let functions: Vec<_> = found
            .functions
            .iter()
            .map(|used| {
                let first = used.texts.first().and_then(Option::as_deref);
                (
                    used.name.as_str(),
                    used.position.line_and_column(),
                    first.map(String::from_utf8_lossy),
                    used.texts.len(),
                )
            })
            .collect();
        let expected = [
            ("getenv", (1, 3), Some("A".into()), 2),
            ("getenv", (2, 13), Some("B".into()), 1),
            ("strings.ToUpper", (2, 33), Some("x".into()), 1),
            ("len", (2, 116), None, 1),
        ];
        assert_eq!(functions, expected);
        let fields: Vec<_> = found
            .fields
            .iter()
            .map(|used| (used.variable.as_deref(), used.path.join(&b'.')))
            .collect();
        assert_eq!(
            fields,
            [
                (None, b"cfg.a".to_vec()),
                (Some(&b"$"[..]), vec![]),
                (None, vec![])
            ]
        );
        assert_eq!(found.templates.len(), 1);
    }
}
