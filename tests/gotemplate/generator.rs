//! Random templates, most of them well formed, from a seed.

use crate::chance::Chance;
use crate::pieces::{
    FIELDS, FUNCTIONS, LITERALS, TAME_FIELDS, TAME_FUNCTIONS, TAME_LITERALS, TEXTS,
};

pub(crate) struct Generator {
    pub(crate) chance: Chance,
    defined: usize,
    loops: usize,
    /// Whether this template is made of pieces that seldom fail.
    tame: bool,
}

impl Generator {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed),
            defined: 0,
            loops: 0,
            tame: false,
        }
    }

    /// A whole template.
    pub(crate) fn template(&mut self) -> String {
        self.defined = 0;
        self.loops = 0;
        self.tame = self.chance.below(3) > 0;
        let count = 1 + self.chance.below(4);
        let mut text = String::new();
        for _ in 0..count {
            text += &self.node(3);
        }
        if self.tame {
            text += "{{define \"main2\"}}({{.}}){{end}}";
        }
        if !self.tame && self.chance.below(4) == 0 {
            self.chance.damaged(&text)
        } else {
            text
        }
    }

    fn left(&mut self) -> &'static str {
        self.chance.pick(&["{{", "{{ ", "{{- ", "{{\n"])
    }

    fn right(&mut self) -> &'static str {
        self.chance.pick(&["}}", " }}", " -}}", "\n}}"])
    }

    fn action(&mut self, inside: &str) -> String {
        format!("{}{inside}{}", self.left(), self.right())
    }

    fn body(&mut self, depth: usize) -> String {
        let count = self.chance.below(3);
        (0..count).map(|_| self.node(depth)).collect()
    }

    fn node(&mut self, depth: usize) -> String {
        let choice = match self.chance.below(if depth == 0 { 8 } else { 15 }) {
            7 | 14 if self.tame && self.loops == 0 => 3,
            choice => choice,
        };
        match choice {
            0..=2 => self.chance.pick(TEXTS).to_owned(),
            3..=5 => {
                let pipe = self.pipe(2);
                self.action(&pipe)
            }
            6 => self
                .chance
                .pick(&[
                    "{{/* c */}}",
                    "{{- /* c\n */ -}}",
                    "{{ $x := 1 }}{{ $x }}",
                    "{{$y := .n}}{{$y = 2}}{{$y}}",
                ])
                .to_owned(),
            7 => self
                .chance
                .pick(
                    &[
                        "{{break}}",
                        "{{continue}}",
                        "{{if .t}}{{break}}{{end}}",
                        "{{else}}",
                    ][..if self.loops > 0 { 3 } else { 4 }],
                )
                .to_owned(),
            8 | 9 => self.condition(depth, "if"),
            10 => self.condition(depth, "with"),
            11 | 12 => self.range(depth),
            13 => self.define(depth),
            _ => {
                let pipe = self.pipe(1);
                let name = if self.tame {
                    "main2"
                } else {
                    self.chance.pick(&["t1", "t2", "nope"])
                };
                self.action(&format!("template \"{name}\" {pipe}"))
            }
        }
    }

    fn condition(&mut self, depth: usize, keyword: &str) -> String {
        let pipe = self.pipe(2);
        let declared = if self.chance.below(4) == 0 {
            "$c := "
        } else {
            ""
        };
        let mut text = self.action(&format!("{keyword} {declared}{pipe}"));
        text += &self.body(depth - 1);
        if !declared.is_empty() {
            text += "{{$c}}";
        }
        while self.chance.below(3) == 0 {
            let pipe = self.pipe(1);
            text += &self.action(&format!("else {keyword} {pipe}"));
            text += &self.body(depth - 1);
        }
        if self.chance.below(2) == 0 {
            text += &self.action("else");
            text += &self.body(depth - 1);
        }
        text + &self.action("end")
    }

    fn range(&mut self, depth: usize) -> String {
        let over = self.chance.pick(&[
            ".list",
            ".strs",
            ".m",
            ".mixed",
            ".el",
            ".em",
            ".nul",
            "3",
            "(seq 2)",
            ".nest.list",
            ".n",
            ".name",
            ".mat",
            "0",
            ".missing",
            ".f",
        ]);
        let over = if self.tame {
            self.chance
                .pick(&["$.list", "$.strs", "$.m", "$.mixed", "$.el", "$.mat"])
        } else {
            over
        };
        let count = if self.tame { 3 } else { 5 };
        let variables = self
            .chance
            .pick(&["", "$v := ", "$k, $v := ", "$v = ", "$k, $v = "][..count]);
        let mut text = self.action(&format!("range {variables}{over}"));
        self.loops += 1;
        text += &self.body(depth - 1);
        if variables.contains("$v :") {
            text += "{{$v}},";
        }
        if variables.contains("$k, $v :") {
            text += "{{$k}};";
        }
        text += &self.body(depth - 1);
        self.loops -= 1;
        if self.chance.below(3) == 0 {
            text += &self.action("else");
            text += &self.body(depth - 1);
        }
        text + &self.action("end")
    }

    fn define(&mut self, depth: usize) -> String {
        self.defined += 1;
        let name = if self.defined == 1 { "t1" } else { "t2" };
        // Bodies call nothing, so that no template calls itself.
        let pipe = self.pipe(2);
        let action = self.action(&pipe);
        let dot = self.pipe(1);
        if depth == 3 && self.chance.below(2) == 0 {
            return format!("{{{{define \"{name}\"}}}}<{action}>{{{{end}}}}");
        }
        format!("{{{{block \"{name}\" {dot}}}}}[{action}]{{{{end}}}}")
    }

    fn pipe(&mut self, depth: usize) -> String {
        let mut text = self.command(depth);
        while self.chance.below(3) == 0 {
            let more = match self.chance.below(4) {
                0 => format!("printf {}", self.chance.format()),
                _ if self.tame => self
                    .chance
                    .pick(&[
                        "idt",
                        "print",
                        "html",
                        "js",
                        "urlquery",
                        "not",
                        "println 1",
                        "and true",
                        "or false",
                    ])
                    .to_owned(),
                1 => self
                    .chance
                    .pick(&[
                        "upper",
                        "idt",
                        "len",
                        "print",
                        "html",
                        "js",
                        "urlquery",
                        "not",
                        "println",
                        "index .list",
                        "eq 1",
                        "add 2",
                        "and true",
                        "or false",
                        ".name",
                        "1",
                        "(idt 1)",
                        "repeat 2",
                    ])
                    .to_owned(),
                _ => self.command(depth),
            };
            text += " | ";
            text += &more;
        }
        text
    }

    fn command(&mut self, depth: usize) -> String {
        if depth == 0 || self.chance.below(3) == 0 {
            return self.operand(0);
        }
        if self.chance.below(4) == 0 {
            let format = self.chance.format();
            let count = self.chance.below(3);
            let arguments = self.arguments(count, depth - 1);
            return format!("printf {format}{arguments}");
        }
        let functions = if self.tame { TAME_FUNCTIONS } else { FUNCTIONS };
        let (name, count) = functions[self.chance.below(functions.len())];
        let count = if !self.tame && self.chance.below(12) == 0 {
            self.chance.below(4)
        } else {
            count
        };
        let arguments = self.arguments(count, depth - 1);
        format!("{name}{arguments}")
    }

    fn arguments(&mut self, count: usize, depth: usize) -> String {
        let mut text = String::new();
        for _ in 0..count {
            text.push(' ');
            text += &self.operand(depth);
        }
        text
    }

    fn operand(&mut self, depth: usize) -> String {
        match self.chance.below(if depth == 0 { 4 } else { 6 }) {
            0 | 1 => self
                .chance
                .pick(if self.tame { TAME_FIELDS } else { FIELDS })
                .to_owned(),
            2 | 3 => self
                .chance
                .pick(if self.tame { TAME_LITERALS } else { LITERALS })
                .to_owned(),
            4 => format!("({})", self.pipe(depth)),
            _ if self.tame => self
                .chance
                .pick(&["mk.a.b", "(mk).a", "mk.a", "(print 1 2)"])
                .to_owned(),
            _ => {
                let field = self.chance.pick(&[".a", ".a.b", ".x", ".name", ".k1"]);
                let base = self.chance.pick(&[
                    "mk",
                    "(mk)",
                    "(idt .cfg.tags)",
                    "(index .nest.list 0)",
                    "nilf",
                    "(nilf)",
                    "$",
                    "(idt .)",
                ]);
                format!("{base}{field}")
            }
        }
    }
}
