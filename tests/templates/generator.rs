//! Random whole templates, from a seed: nodes around random expressions.

use betterform::template::Functions;

use crate::expressions::Expressions;
use crate::pieces::Kind;

const TEXTS: &[&str] = &[
    "a",
    " ",
    "\n",
    "\t x \n",
    "é世",
    "}}",
    "{ ",
    "- ",
    " -",
    "<b>&'\"",
    "\r\n",
    "word: ",
    "  \n  ",
    "key:\n  - ",
    "$x",
    "\\",
];

/// Random templates of one seed.
pub(crate) struct Templates {
    expressions: Expressions,
    loops: usize,
    fresh: usize,
    /// Whether the template at hand is made to work.
    tame: bool,
}

impl Templates {
    pub(crate) fn new(seed: u64, functions: &Functions) -> Self {
        Self {
            expressions: Expressions::new(seed, functions),
            loops: 0,
            fresh: 0,
            tame: true,
        }
    }

    /// A whole template.
    pub(crate) fn template(&mut self) -> String {
        let expressions = &mut self.expressions;
        expressions.variables.clear();
        (expressions.dot, expressions.rooted) = (Kind::Root, true);
        self.tame = !expressions.one_in(4);
        expressions.wrong = if self.tame { 0 } else { 12 };
        (self.loops, self.fresh) = (0, 0);
        let mut text = String::new();
        for name in ["t1", "t2"] {
            if self.expressions.one_in(2) || name == "t1" {
                text += &self.define(name);
            }
        }
        for _ in 0..=self.expressions.chance.below(5) {
            text += &self.node(3);
        }
        if !self.tame && self.expressions.one_in(3) {
            self.expressions.chance.damaged(&text)
        } else {
            text
        }
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        self.expressions.chance.pick(from)
    }

    fn action(&mut self, inside: &str) -> String {
        let left = self.pick(&["{{", "{{ ", "{{ ", "{{- ", "{{\n"]);
        let right = self.pick(&["}}", " }}", " }}", " -}}", "\n}}"]);
        format!("{left}{inside}{right}")
    }

    fn node(&mut self, depth: usize) -> String {
        match self
            .expressions
            .chance
            .below(if depth == 0 { 8 } else { 16 })
        {
            0..=2 => self.pick(TEXTS).to_owned(),
            3 | 4 => self.output(),
            5 => self.declaration(),
            6 => self.assignment(),
            7 => self.small(),
            8 | 9 => self.condition(depth),
            10 | 11 => self.with(depth),
            12 | 13 => self.range(depth),
            14 => self.block(depth),
            _ => self.call(),
        }
    }

    fn output(&mut self) -> String {
        let kind = self.expressions.any_kind();
        let pipeline = self.expressions.pipeline(kind, 3);
        self.action(&pipeline)
    }

    fn declaration(&mut self) -> String {
        let kind = self.expressions.any_kind();
        let pipeline = self.expressions.pipeline(kind, 2);
        let name = self.declare(kind);
        self.action(&format!("{name} := {pipeline}"))
    }

    /// Adds a variable.
    fn declare(&mut self, kind: Kind) -> String {
        self.fresh += 1;
        // Now and then one hides another.
        let name = format!(
            "$v{}",
            if self.expressions.one_in(6) {
                1
            } else {
                self.fresh
            }
        );
        self.expressions.variables.push((name.clone(), kind));
        name
    }

    fn assignment(&mut self) -> String {
        let count = self.expressions.variables.len();
        if count == 0 {
            return self.output();
        }
        let (name, kind) = self.expressions.variables[self.expressions.chance.below(count)].clone();
        let pipeline = self.expressions.pipeline(kind, 2);
        self.action(&format!("{name} = {pipeline}"))
    }

    fn small(&mut self) -> String {
        if self.loops > 0 && self.expressions.one_in(2) {
            let word = self.pick(&["break", "continue"]);
            let condition = self.expressions.pipeline(Kind::Truth, 1);
            return format!("{{{{ if {condition} }}}}{{{{{word}}}}}{{{{ end }}}}");
        }
        if !self.tame && self.expressions.one_in(8) {
            return self
                .pick(&[
                    "{{break}}",
                    "{{else}}",
                    "{{end}}",
                    "{{ $undefined }}",
                    "{{ $none = 1 }}",
                    "{{{ 1 }}",
                    "{{ undefinedFunction 1 }}",
                    "{{ template \"nope\" }}",
                    "{{",
                    "{{ \"a",
                    "{{/* ",
                ])
                .to_owned();
        }
        self.pick(&[
            "{{/* c */}}",
            "{{- /* c\n */ -}}",
            "{{- \"\" }}",
            "{{ \"\" -}}",
        ])
        .to_owned()
    }

    /// Nodes with variables of their own.
    fn body(&mut self, depth: usize) -> String {
        let known = self.expressions.variables.len();
        let count = self.expressions.chance.below(3);
        let text = (0..=count).map(|_| self.node(depth)).collect();
        self.expressions.variables.truncate(known);
        text
    }

    /// A body in which the dot is something else.
    fn body_of(&mut self, depth: usize, dot: Kind) -> String {
        let outer = std::mem::replace(&mut self.expressions.dot, dot);
        let text = self.body(depth);
        self.expressions.dot = outer;
        text
    }

    fn condition(&mut self, depth: usize) -> String {
        let known = self.expressions.variables.len();
        let mut text = String::new();
        for keyword in ["if", "else if", "else if"] {
            let kind = if self.expressions.one_in(3) {
                self.expressions.any_kind()
            } else {
                Kind::Truth
            };
            let pipeline = self.expressions.pipeline(kind, 2);
            let declared = if self.expressions.one_in(4) {
                self.declare(kind) + " := "
            } else {
                String::new()
            };
            text += &self.action(&format!("{keyword} {declared}{pipeline}"));
            text += &self.body(depth - 1);
            if self.expressions.one_in(2) {
                break;
            }
        }
        text += &self.otherwise(depth);
        self.expressions.variables.truncate(known);
        text + &self.action("end")
    }

    fn otherwise(&mut self, depth: usize) -> String {
        if !self.expressions.one_in(2) {
            return String::new();
        }
        let word = self.action("else");
        word + &self.body(depth - 1)
    }

    fn with(&mut self, depth: usize) -> String {
        let known = self.expressions.variables.len();
        let kind = self.expressions.any_kind();
        let pipeline = self.expressions.pipeline(kind, 2);
        let declared = if self.expressions.one_in(3) {
            self.declare(kind) + " := "
        } else {
            String::new()
        };
        let mut text = self.action(&format!("with {declared}{pipeline}"));
        text += &self.body_of(depth - 1, kind);
        if self.expressions.one_in(3) {
            let pipeline = self.expressions.pipeline(Kind::Text, 1);
            text += &self.action(&format!("else with {pipeline}"));
            text += &self.body_of(depth - 1, Kind::Text);
        }
        text += &self.otherwise(depth);
        self.expressions.variables.truncate(known);
        text + &self.action("end")
    }

    fn range(&mut self, depth: usize) -> String {
        let known = self.expressions.variables.len();
        let kinds = [
            (Kind::Texts, Kind::Whole, Kind::Text),
            (Kind::Wholes, Kind::Whole, Kind::Whole),
            (Kind::Map, Kind::Text, Kind::Nested),
            (Kind::Nested, Kind::Nested, Kind::Nested),
            (Kind::Whole, Kind::Nested, Kind::Whole),
        ];
        let last = if self.tame { 3 } else { 5 };
        let (over, key, element) = kinds[self.expressions.chance.below(last)];
        let pipeline = self.expressions.pipeline(over, 2);
        let declared = match self.expressions.chance.below(3) {
            0 => String::new(),
            1 => self.declare(element) + " := ",
            _ if over == Kind::Whole => String::new(),
            _ => format!("{}, {} := ", self.declare(key), self.declare(element)),
        };
        let mut text = self.action(&format!("range {declared}{pipeline}"));
        self.loops += 1;
        text += &self.body_of(depth - 1, element);
        self.loops -= 1;
        text += &self.otherwise(depth);
        self.expressions.variables.truncate(known);
        text + &self.action("end")
    }

    /// A definition; its body may call only what is defined before it, so that no template calls itself.
    fn define(&mut self, name: &str) -> String {
        let outer = (self.expressions.dot, self.expressions.rooted);
        (self.expressions.dot, self.expressions.rooted) = (Kind::Nested, false);
        let kind = self.expressions.any_kind();
        let body = format!("[{}{}]", self.pick(TEXTS), {
            let pipeline = self
                .expressions
                .pipeline(kind, 1)
                .replace("tmpl.Exec \"t1\"", "print");
            self.action(&pipeline)
        });
        (self.expressions.dot, self.expressions.rooted) = outer;
        let (define, end) = (
            self.action(&format!("define \"{name}\"")),
            self.action("end"),
        );
        format!("{define}{body}{end}")
    }

    fn block(&mut self, depth: usize) -> String {
        if depth < 3 || self.loops > 0 {
            return self.call();
        }
        self.fresh += 1;
        let kind = self.expressions.any_kind();
        let pipeline = self.expressions.pipeline(kind, 2);
        let mut text = self.action(&format!("block \"b{}\" {pipeline}", self.fresh));
        let (variables, rooted) = (
            std::mem::take(&mut self.expressions.variables),
            self.expressions.rooted,
        );
        self.expressions.rooted = false;
        text += &self.body_of(depth - 1, kind);
        (self.expressions.variables, self.expressions.rooted) = (variables, rooted);
        text + &self.action("end")
    }

    fn call(&mut self) -> String {
        let name = self.pick(if self.tame {
            &["t1"]
        } else {
            &["t1", "t1", "t2"]
        });
        let kind = self.expressions.any_kind();
        let pipeline = self.expressions.pipeline(kind, 2);
        self.action(&format!("template \"{name}\" {pipeline}"))
    }
}
