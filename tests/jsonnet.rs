//! jsonnet in process gives what the `jsonnet` command gives.
//!
//! With `JSONNET_ORACLE`, or a `jsonnet` on `PATH`, that command is asked as well. Without, those comparisons are skipped,
//! and say so.
#![expect(
    clippy::disallowed_methods,
    reason = "a test makes files and runs the oracle"
)]
#![expect(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use betterform::source::jsonnet::{Evaluated, Form, Job, Variable, evaluate};
use tempfile::TempDir;

/// Programs and the JSON that they come to.
const VALUES: &[(&str, &str)] = &[
    ("{}", "{ }\n"),
    ("[]", "[ ]\n"),
    ("'str'", "\"str\"\n"),
    (
        "{b: 1, a: [1, {}], 'Z\\u0000': null}",
        "{\n   \"Z\\u0000\": null,\n   \"a\": [\n      1,\n      { }\n   ],\n   \"b\": 1\n}\n",
    ),
    (
        "{ 'a\\uD83D\\uDE00': 1, '\\uFB00': 2, 'Z': 3 }",
        "{\n   \"Z\": 3,\n   \"a😀\": 1,\n   \"ﬀ\": 2\n}\n",
    ),
    (
        "[0.1, 1e30, -0.0, 1/3, 1e-7, 1e17, 5e-324, 2.5e-5]",
        "[\n   0.10000000000000001,\n   1000000000000000019884624838656,\n   -0,\n   0.33333333333333331,\n   9.9999999999999995e-08,\n   100000000000000000,\n   4.9406564584124654e-324,\n   2.5000000000000001e-05\n]\n",
    ),
    (
        "'\\u007f\\u009f\\u00a0\\u2028\\t\\b\\f\\u0001/\\\"'",
        "\"\\u007f\\u009f\u{a0}\u{2028}\\t\\b\\f\\u0001/\\\"\"\n",
    ),
    ("function(a=1) a + 1", "2\n"),
    ("std.thisFile", "\"main.jsonnet\"\n"),
    ("import 'lib/here.libsonnet'", "\"lib/here.libsonnet\"\n"),
    ("import 'there.libsonnet'", "\"vendor/there.libsonnet\"\n"),
    ("importstr 'bytes'", "\"\u{fffd}\\u0000a\"\n"),
    ("importbin 'bytes'", "[\n   255,\n   0,\n   97\n]\n"),
    ("std.extVar('text') + std.extVar('code')", "\"t3\"\n"),
    (
        "(import 'lib/here.libsonnet') + (import './lib/../lib/here.libsonnet')",
        "\"lib/here.libsonnetlib/here.libsonnet\"\n",
    ),
];

/// Programs whose JSON only the oracle tells.
const COMPARED: &[&str] = &[
    "{ local me = self, a: 1, b:: 2, c: me.b + $.a, assert self.a == 1, d+: { e: 1 } } + { a: 1, d+: { f: super.e } }",
    "{ [k]: std.length(k) for k in ['x', 'yy'] if k != 'z' }",
    "[x * y for x in std.range(1, 3) for y in [10, 100]]",
    "|||\n  text\n    block %(a)s\n||| % { a: 1.5 }",
    "'%05d|%-5s|%x|%g|%e|%c|%%' % [42, 'ab', 255, 0.0001, 12345.678, 'z']",
    "std.manifestYamlDoc({ a: [1, { b: 'x: y' }], c: null, d: '\\n' })",
    "std.manifestJsonEx({ a: [1, 0.1, {}], b: [] }, '  ')",
    "std.manifestIni({ main: { a: 1 }, sections: { s: { b: ['x', 'y'] } } })",
    "std.manifestTomlEx({ a: 1, b: { c: ['x'] } }, '  ')",
    "std.manifestPython({ a: [true, null, 1.5] })",
    "std.parseYaml('a: [1, 2]\\nb: {c: d}')",
    "std.parseJson('{\"a\": [1, 2.5e3, null]}')",
    "std.foldl(function(a, b) a + b, [1, 2, 3], 0)",
    "std.sort([3, 1, 2], function(x) -x)",
    "[std.md5('a'), std.base64('hello'), std.base64Decode('aGVsbG8='), std.asciiUpper('é')]",
    "std.mergePatch({ a: 1, b: { c: 2 } }, { a: null, b: { d: 3 } })",
    "std.split('a,b,c', ',') + std.splitLimit('a,b,c', ',', 1)",
    "std.map(std.codepoint, std.stringChars('aé😀'))",
    "{ a: std.prune({ x: null, y: [], z: { w: 1 } }), b: std.objectFields({ h:: 1, v: 2 }), c: std.get({}, 'x', 'd') }",
    "[1 << 3, 7 & 2, 1 | 4, 5 ^ 1, ~3, 7 % 3, -7 % 3, 1 / 4, 2 - 3]",
    "std.set(['b', 'a', 'b']) + std.setUnion(['a'], ['c']) + std.setDiff(['a', 'b'], ['a'])",
    "[std.pow(2, 0.5), std.exp(1), std.log(10), std.floor(-1.5), std.mantissa(10), std.exponent(10), std.round(2.5)]",
    "local f(x, y=x + 1) = [x, y]; [f(1), f(1, 5), f(y=2, x=0)]",
    "if std.isString('x') then std.toString({ a: [1] }) else error 'no'",
    "std.escapeStringBash(\"it's\") + std.escapeStringJson('\\n') + std.escapeStringPython('x') + std.escapeStringXML('<a>')",
    "std.assertEqual(1, 1)",
    "[std.slice('hello', 1, 4, 2), 'hello'[1:3], [1, 2, 3][::2]]",
    "{ a: 1 } == { a: 1 } && [1, 2] < [1, 3] && 'a' < 'b' && 'a' in { a: 1 }",
    "123456789012345678901234567890",
    "# a comment\n// another\n/* and\none */ { 'a-b': 1, \"c\": 'd', e: @'f\\g' }",
];

/// Programs that fail, and how.
const ERRORS: &[(&str, &str)] = &[
    (
        "{a: b}",
        "main.jsonnet:1:5-6 Unknown variable: b\n\n{a: b}\n    ^",
    ),
    (
        "{a: 1,\n b: }",
        "main.jsonnet:2:5-6 Unexpected \"}\": expected an expression\n\n b: }\n    ^",
    ),
    (
        "",
        "main.jsonnet:1:1 Unexpected end of file: expected an expression\n\n\n^",
    ),
    (
        "'abc",
        "main.jsonnet:1:1-5 Unterminated String\n\n'abc\n^^^^",
    ),
    (
        "local a = 1, a = 2; a",
        "main.jsonnet:1:14-15 Duplicate local var: a\n\nlocal a = 1, a = 2; a\n             ^",
    ),
    (
        "local f(x) = x.foo;\n{ a: { b: [f({})] } }",
        "RUNTIME ERROR: Field does not exist: foo\n\tmain.jsonnet:1:14-19\n\tmain.jsonnet:2:12-17\tfunction <f>\n\tArray element 0\n\tField \"b\"\n\tField \"a\"\n\tDuring evaluation",
    ),
    (
        "error 'one\\ntwo'",
        "RUNTIME ERROR: one\ntwo\n\tmain.jsonnet:1:1-17\n\tDuring evaluation",
    ),
    (
        "{a: function() 1}",
        "RUNTIME ERROR: couldn't manifest function as JSON\n\tField \"a\"\n\tDuring manifestation",
    ),
    (
        "function(a) a",
        "RUNTIME ERROR: Missing argument: a\n\tTop-level function call",
    ),
    (
        "import 'none'",
        "RUNTIME ERROR: couldn't open import \"none\": no match locally or in the jsonnet library path\n\tmain.jsonnet:1:1-14\n\tDuring evaluation",
    ),
    (
        "import 'lib'",
        "RUNTIME ERROR: cannot read `lib`: Is a directory (os error 21)\n\tmain.jsonnet:1:1-13\n\tDuring evaluation",
    ),
    (
        "import ''",
        "RUNTIME ERROR: the path of an import is empty\n\tmain.jsonnet:1:1-10\n\tDuring evaluation",
    ),
    (
        "import 'lib/bad.libsonnet'",
        "RUNTIME ERROR: lib/bad.libsonnet:1:3 Unexpected end of file: expected \"(\", \")\", \".\", \"[\", \"{\", an operator\n\n(1\n  ^\n\tmain.jsonnet:1:1-27\n\tDuring evaluation",
    ),
    (
        "std.extVar('zz')",
        "RUNTIME ERROR: Undefined external variable: zz\n\tmain.jsonnet:1:1-17\tfunction <extVar>\n\tDuring evaluation",
    ),
    (
        "{assert false: 'no'}",
        "RUNTIME ERROR: no\n\tmain.jsonnet:1:2-20\n\tDuring evaluation",
    ),
    (
        "1 + {} < []",
        "RUNTIME ERROR: Binary operator + does not take a number and a object\n\tmain.jsonnet:1:1-7\n\tmain.jsonnet:1:1-12\n\tDuring evaluation",
    ),
    (
        "[1][3]",
        "RUNTIME ERROR: Index 3 out of bounds, not within [0, 1)\n\tmain.jsonnet:1:1-7\n\tDuring evaluation",
    ),
    (
        "1 / 0",
        "RUNTIME ERROR: Division by zero.\n\tmain.jsonnet:1:1-6\n\tDuring evaluation",
    ),
    (
        "local a = a; a",
        "RUNTIME ERROR: infinite recursion: a value depends on itself\n\tmain.jsonnet:1:11-12\tvariable <a>\n\tmain.jsonnet:1:14-15\tvariable <a>\n\tDuring evaluation",
    ),
];

struct Files {
    root: TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self {
            root: tempfile::tempdir().unwrap(),
        };
        for (path, bytes) in [
            ("lib/here.libsonnet", &b"std.thisFile"[..]),
            ("lib/bad.libsonnet", b"(1"),
            ("vendor/there.libsonnet", b"std.thisFile"),
            ("bytes", b"\xff\x00a"),
        ] {
            files.write(path, bytes);
        }
        files
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn evaluate(&self, program: &[u8]) -> Result<Evaluated, String> {
        self.write("main.jsonnet", program);
        let variable = |name: &str, form, value: &str| Variable {
            name: name.to_owned(),
            form,
            value: value.to_owned(),
        };
        let job = Job {
            directory: self.root.path().to_owned(),
            file: "main.jsonnet".into(),
            library_path: vec!["vendor".into()],
            ext: vec![
                variable("code", Form::Code, "1 + 2"),
                variable("text", Form::Text, "t"),
                // Not used, so not evaluated.
                variable("wrong", Form::Code, "error 'used'"),
            ],
            tla: Vec::new(),
        };
        evaluate(&job).map_err(|error| {
            let message = error.to_string();
            let rest = message.strip_prefix("cannot evaluate `main.jsonnet`\n");
            rest.unwrap_or(&message).to_owned()
        })
    }

    fn json(&self, program: &str) -> Result<String, String> {
        let done = self.evaluate(program.as_bytes())?;
        Ok(String::from_utf8(done.json).unwrap())
    }

    /// What the oracle makes of the program that was evaluated last.
    fn asked(&self, oracle: &Path) -> (bool, String) {
        let done = Command::new(oracle)
            .args([
                "-J",
                "vendor",
                "-V",
                "text=t",
                "--ext-code",
                "code=1 + 2",
                "main.jsonnet",
            ])
            .current_dir(self.root.path())
            .env_remove("JSONNET_PATH")
            .output()
            .unwrap();
        (
            done.status.success(),
            String::from_utf8(done.stdout).unwrap(),
        )
    }
}

fn oracle() -> Option<PathBuf> {
    let named = std::env::var_os("JSONNET_ORACLE").map(PathBuf::from);
    let found = named.or_else(|| {
        let path = std::env::var_os("PATH")?;
        let mut places = std::env::split_paths(&path).map(|place| place.join("jsonnet"));
        places.find(|place| place.is_file())
    });
    if found.is_none() {
        // Not captured, so that it is seen.
        let skipped = b"SKIPPED: no jsonnet command to compare with; set JSONNET_ORACLE\n";
        std::io::stderr().write_all(skipped).unwrap();
    }
    found
}

#[test]
fn values() {
    let files = Files::new();
    for (program, expected) in VALUES {
        assert_eq!(files.json(program).as_deref(), Ok(*expected), "{program}");
    }
}

#[test]
fn errors() {
    let files = Files::new();
    for (program, expected) in ERRORS {
        assert_eq!(
            files.json(program),
            Err((*expected).to_owned()),
            "{program}"
        );
    }
}

#[test]
fn as_the_jsonnet_command() {
    let Some(oracle) = oracle() else { return };
    let files = Files::new();
    let values = VALUES.iter().map(|(program, _)| *program);
    for program in values.chain(COMPARED.iter().copied()) {
        let ours = files.json(program);
        assert_eq!(files.asked(&oracle), (true, ours.unwrap()), "{program}");
    }
    for (program, _) in ERRORS {
        assert!(files.json(program).is_err());
        assert!(!files.asked(&oracle).0, "{program}");
    }
}

#[test]
fn what_was_read_is_told() {
    let files = Files::new();
    let program = b"[import 'there.libsonnet', importstr 'bytes', import 'lib/here.libsonnet', std.trace('hi', 1)]";
    let done = files.evaluate(program).unwrap();
    let root = fs::canonicalize(files.root.path()).unwrap();
    let read: Vec<String> = done
        .files
        .iter()
        .map(|(path, digest)| {
            let path = path
                .strip_prefix(files.root.path())
                .or(path.strip_prefix(&root))
                .unwrap();
            format!("{} {}", path.display(), digest.is_some())
        })
        .collect();
    assert_eq!(
        read,
        [
            "bytes true",
            "lib/here.libsonnet true",
            "main.jsonnet true",
            "there.libsonnet false",
            "vendor/there.libsonnet true",
        ]
    );
    assert_eq!(done.traces, ["TRACE: main.jsonnet:1 hi"]);
}

/// Input that is made to break the evaluator ends in an error or a value, not in a dead process.
#[test]
fn hostile_input_is_survived() {
    let files = Files::new();
    let nested = |open: &str, middle: &str, close: &str| {
        open.repeat(100_000) + middle + &close.repeat(100_000)
    };
    for program in [
        nested("[", "", "]"),
        nested("(", "1", ")"),
        nested("{a:", "1", "}"),
        nested("[", "", ""),
        nested("local a=1;", "a", ""),
        nested("if true then ", "1", ""),
        nested("function() ", "1", ""),
        nested("error ", "1", ""),
        nested("1+", "1", ""),
        nested("assert true;", "1", ""),
        nested("[x for x in ", "[]", "]"),
        "[".repeat(10_000_000),
        "local a = [a]; a".to_owned(),
        "local f(x) = f(x + 1); f(0)".to_owned(),
        "std.parseJson(std.repeat('[', 100000) + std.repeat(']', 100000))".to_owned(),
        "std.parseYaml(std.repeat('[', 100000) + std.repeat(']', 100000))".to_owned(),
        "std.repeat('%', 1001) % []".to_owned(),
        "std.substr('a', -1, 1e300)".to_owned(),
        "std.char(1e10)".to_owned(),
        "std.range(1, 0) + std.makeArray(-1, function(i) i)".to_owned(),
        "\u{0}".to_owned(),
    ] {
        let start: String = program.chars().take(20).collect();
        match files.json(&program) {
            Ok(json) => assert!(json.ends_with('\n'), "{start}"),
            Err(told) => assert!(
                !told.is_empty() && !told.contains("broke down"),
                "{start}: {told}"
            ),
        }
    }
    assert!(files.evaluate(b"{'\xff': \"\xfe\"}").is_ok());
    assert!(files.evaluate(b"\xff").is_err());
}
