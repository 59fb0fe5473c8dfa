//! Tables of texts and what they mention.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::core::location::Locations;
use crate::core::mention::{
    MOST_NAMES, MOST_PATHS, Mentions, Scanner, Tool, Wave, expand, is_system,
};

fn place() -> Locations {
    Locations::new([
        ("IMPL_DIR", "/repo/lib/my_tool"),
        ("GENFILES", "/repo/prod/genfiles"),
        ("OUTPUT_DIR", "/repo/prod/output"),
        ("CONFIG_JSON_FILE", "/repo/prod/genfiles/config.json"),
        ("CONFIG_JSONNET_FILE", "/repo/prod/config.jsonnet"),
        ("REPO_ROOT", "/repo"),
    ])
}

fn scanner(shared: &[&str]) -> Scanner {
    let shared: Vec<_> = shared.iter().map(|name| name.as_bytes().to_vec()).collect();
    Scanner::new(&place(), &shared)
}

fn scan(text: &[u8]) -> Mentions {
    let mut mentions = Mentions::default();
    scanner(&[]).scan(&mut mentions, Some("me"), b"ctl", text);
    mentions
}

fn all<'a>(items: impl Iterator<Item = &'a str>) -> String {
    items.collect::<Vec<_>>().join(" ")
}

#[test]
fn environment_variables() {
    let cases = [
        (
            "echo $FOO ${BAR} ${BAZ:-x} $lower ${low2%/}",
            "BAR BAZ FOO low2 lower",
        ),
        (
            "${!REF} ${#LEN} $$TWICE $(MAKE_VAR) $(date) $1 $? ${1} $-",
            "LEN MAKE_VAR REF TWICE",
        ),
        ("${A_1}${B_2}$C_3$D_4", "A_1 B_2 C_3 D_4"),
        ("os.environ[\"PY\"] + os.getenv('PY2')", "PY PY2"),
        ("process.env.NODE_VAR ENV[RUBY]", "NODE_VAR RUBY"),
        (
            "{{ .Env.APP_X }} {{ .Env.lower_x }} {{ getenv \"GET\" \"default\" }} `RAW`",
            "APP_X GET RAW lower_x",
        ),
        ("'X' \"x_y\" .foo.Bar [baz] \"Mixed\" \"A1b\"", ""),
        (
            "\"TF_VAR_region\" .TF_VAR_x \"TF_VARx\"",
            "TF_VAR_region TF_VAR_x",
        ),
        ("BARE words COUNT not", ""),
        (
            "printenv ONE TWO; docker run -e THREE --env FOUR --env=FIVE -e SIX=6 image SEVEN",
            "FIVE FOUR ONE THREE TWO",
        ),
        (
            "sudo --preserve-env=ONE,TWO x; [ -v THREE ]; export \"FOUR\"; export FIVE=5; set -eu",
            "FOUR ONE THREE TWO",
        ),
        (
            "print $ENV{PERL}; $env:SHELL_X ${env:SHELL_Y} $HASH{NOT}",
            "ENV HASH PERL SHELL_X SHELL_Y env",
        ),
        ("printenv OUTPUT_DIR; print-env NOT; -ex NOT", ""),
        ("$IMPL_DIR \"OUTPUT_DIR\" .Env.GENFILES", ""),
        ("$\u{e9}A ${\u{e9}} $ ${ $", ""),
        ("'_UNDER' \"__\" \"1A\"", "_UNDER"),
    ];
    for (text, names) in cases {
        assert_eq!(all(scan(text.as_bytes()).names()), names, "{text}");
    }
}

#[test]
fn bytes_that_are_no_text() {
    let mut bytes = b"\xff\xfe$FOO\x80\0 $lower '\xffBAR' \"BAZ\"\xff$UP/x /data/x".to_vec();
    assert_eq!(all(scan(&bytes).names()), "BAZ FOO UP");
    assert_eq!(
        all(scan(&bytes).paths()),
        "",
        "paths in programs are the compiler's"
    );
    bytes.retain(|byte| *byte != 0);
    assert_eq!(all(scan(&bytes).names()), "BAZ FOO UP lower");
    assert_eq!(all(scan(&bytes).paths()), "${UP}/x /data/x");
}

#[test]
fn too_many_names_are_all_names() {
    let text = |count: usize| {
        let names = (0..count).map(|n| format!("$V{n}"));
        names.collect::<Vec<_>>().join(" ")
    };
    let many = scan(text(MOST_NAMES).as_bytes());
    assert!(!many.every_name() && !many.name("OTHER"));
    assert_eq!(many.names().count(), MOST_NAMES);
    let more = scan(text(MOST_NAMES + 1).as_bytes());
    assert!(more.every_name() && more.name("OTHER"));
    assert_eq!(more.names().count(), 0);
}

#[test]
fn too_many_paths_are_told() {
    let text = |count: usize| {
        let paths = (0..count).map(|n| format!("$V/p{n}"));
        paths.collect::<Vec<_>>().join(" ")
    };
    let many = scan(text(MOST_PATHS).as_bytes());
    assert_eq!(
        (many.paths().count(), many.truncated()),
        (MOST_PATHS, false)
    );
    let more = scan(text(MOST_PATHS + 1).as_bytes());
    assert_eq!((more.paths().count(), more.truncated()), (MOST_PATHS, true));
}

fn waves(mentions: &Mentions) -> String {
    let waves = Wave::ALL.into_iter().filter(|wave| mentions.wave(*wave));
    waves.map(Wave::as_str).collect::<Vec<_>>().join(" ")
}

#[test]
fn wave_variables() {
    let cases = [
        ("$IMPL_DIR", "IMPL_DIR"),
        (
            "{{ .Env.OUTPUT_DIR }} \"CONFIG_JSON_FILE\"",
            "OUTPUT_DIR CONFIG_JSON_FILE",
        ),
        ("MY_IMPL_DIR IMPL_DIRS CONFIG_JSON_FILES", ""),
        ("cat /repo/lib/my_tool/x", "IMPL_DIR"),
        ("cat /repo/lib/my_tool2/x", ""),
        ("cat \0betterform:OUTPUT_DIR\0/x", "OUTPUT_DIR"),
        ("cat /repo/prod/genfiles/config.json", "CONFIG_JSON_FILE"),
        (
            "cat x/config.json config.jsonnet myconfig.json",
            "CONFIG_JSON_FILE",
        ),
        ("/repo/prod/config.jsonnet", "CONFIG_JSONNET_FILE"),
        ("exec $REPO_ROOT/lib/my_tool/x.sh", "IMPL_DIR"),
        ("the my_tool of /usr/share/my_tool", ""),
    ];
    for (text, found) in cases {
        assert_eq!(waves(&scan(text.as_bytes())), found, "{text}");
    }
}

#[test]
fn the_stages_own_genfiles_aside() {
    let own = [
        "$GENFILES/$STAGE_NAME",
        "${GENFILES}/${STAGE_NAME}/x",
        "\"$GENFILES\"/\"$STAGE_NAME\"",
        "\"$GENFILES/$STAGE_NAME\" x",
        "export GENFILES=$GENFILES/$STAGE_NAME",
        "export GENFILES=\"${GENFILES}/${STAGE_NAME}\"",
        "{{ .Env.GENFILES }}/{{ .Env.STAGE_NAME }}",
        "{{ .Env.GENFILES -}}/{{- .Env.STAGE_NAME -}}",
        "{{ print .Env.GENFILES \"/\" .Env.STAGE_NAME }}",
        "{{ print .Env.GENFILES \"/\" .Env.STAGE_NAME \"/x\" }}",
        "/repo/prod/genfiles/me",
        "/repo/prod/genfiles/me/x",
        "\0betterform:GENFILES\0/me/x",
        "$GENFILES/me",
    ];
    for text in own {
        assert_eq!(waves(&scan(text.as_bytes())), "", "{text}");
    }
    let others = [
        "$GENFILES",
        "$GENFILES/",
        "$GENFILES/other",
        "$GENFILES/me2",
        "$GENFILES/me.x",
        "$GENFILES/$STAGE_NAME/../other",
        "$GENFILES/$STAGE_NAME-x",
        "$GENFILES/${STAGE_NAME}x",
        "$GENFILES/${STAGE_NAME%x}",
        "$GENFILES/$STAGE_NAME$X",
        "{{ print .Env.GENFILES \"/\" .Env.STAGE_NAME \"-x\" }}",
        "{{ print .Env.GENFILES \"/\" .Env.STAGE_NAME \"/../x\" }}",
        "export GENFILES=$GENFILES/other",
        "export GENFILES=x",
        "cd $GENFILES; $GENFILES/$STAGE_NAME",
        "/repo/prod/genfiles/cluster/kubeconfig",
    ];
    for text in others {
        assert_eq!(waves(&scan(text.as_bytes())), "GENFILES", "{text}");
    }
}

#[test]
fn paths_that_may_be_inputs() {
    let cases = [
        ("exec \"$REPO_ROOT/foo/bar\" \"$@\"", "${REPO_ROOT}/foo/bar"),
        (
            "${A}/x \"$B\"/y.json, ${C:-/d}/z.",
            "${A}/x ${B}/y.json ${C}/z /y.json",
        ),
        (
            "cat /data/x.json /srv/$NAME.txt",
            "/data/x.json /srv/${NAME}.txt",
        ),
        ("/repo/modules/x.tf", "${REPO_ROOT}/modules/x.tf"),
        (
            "#!/usr/bin/env bash\n>/dev/null /tmp/log /etc/x /bin/sh",
            "",
        ),
        ("https://host/path // comment s/a/b/ a/b ./c ../d", ""),
        (
            "$IMPL_DIR/x $GENFILES/y $OUTPUT_DIR/z /repo/prod/output/a",
            "${GENFILES}/y ${IMPL_DIR}/x",
        ),
        (
            "$IMPL_DIR/../x /repo/lib/my_tool/../y",
            "${IMPL_DIR}/../x ${IMPL_DIR}/../y",
        ),
        ("$A/*.json $A/$(date) $A/${B%x} $A/dir/ $A/", ""),
        (
            "$A/$STAGE_NAME/{{ .Env.B }}.x",
            "${A}/${STAGE_NAME}/${B}.x ${STAGE_NAME}/${B}.x",
        ),
        (
            "-f/data/x --file=/data/y PATH=/data/z:/data/w",
            "/data/w /data/x /data/y /data/z",
        ),
        ("/data/\u{e9} ", "/data/\u{e9}"),
    ];
    for (text, paths) in cases {
        assert_eq!(all(scan(text.as_bytes()).paths()), paths, "{text}");
    }
    assert_eq!(all(scan(b"/data/\xff\xfe.x").paths()), "/data/\\xff\\xfe.x");
}

#[test]
fn names_below_output_dir() {
    let cases = [
        ("> $OUTPUT_DIR/top.json", "top.json"),
        ("\"${OUTPUT_DIR}/a/b.json\" \"$OUTPUT_DIR\"/c", "a/b.json c"),
        (
            "${OUTPUT_DIR:?}/x.json ${OUTPUT_DIR%/}/y.json",
            "x.json y.json",
        ),
        (
            "{{ (print .Env.OUTPUT_DIR \"/top.json\" | file.Read | json).a }}",
            "top.json",
        ),
        ("{{ .Env.OUTPUT_DIR }}/top.json", "top.json"),
        ("/repo/prod/output/top.json", "top.json"),
        ("\0betterform:OUTPUT_DIR\0/top.json", "top.json"),
        (
            "os.path.join(os.environ[\"OUTPUT_DIR\"], 'a', \"b.json\")",
            "a a/b.json b.json",
        ),
        ("open(os.environ['OUTPUT_DIR'] + \"/top.json\")", "top.json"),
        (
            "$OUTPUT_DIR/$STAGE_NAME.json $OUTPUT_DIR/*.json",
            "${STAGE_NAME}.json",
        ),
        ("$OUTPUT_DIR \"/next\n/line\"", ""),
        ("$OUTPUT_DIR/../x $OUTPUT_DIR/", ""),
    ];
    for (text, names) in cases {
        assert_eq!(all(scan(text.as_bytes()).outputs()), names, "{text}");
    }
}

#[test]
fn tools() {
    let cases: [(&str, &str, &[Tool]); 9] = [
        ("main.tf", "", &[Tool::Terraform]),
        ("a.tf.json", "", &[Tool::Terraform]),
        ("ctl", "terraform apply", &[Tool::Terraform]),
        ("ctl", "exec tofu", &[Tool::Terraform]),
        (
            "ctl",
            "kubectl apply; helm upgrade",
            &[Tool::Kubectl, Tool::Helm],
        ),
        ("ctl", "aws s3 ls", &[Tool::Aws]),
        ("ctl", "gcloud x; az login", &[Tool::Gcloud, Tool::Az]),
        ("ctl", "provider \"google\" {}", &[Tool::Gcloud]),
        ("ctl", "laws whelm tofurky kubectly azure my_helm", &[]),
    ];
    let every = [
        Tool::Terraform,
        Tool::Kubectl,
        Tool::Helm,
        Tool::Aws,
        Tool::Gcloud,
        Tool::Az,
    ];
    for (file, text, tools) in cases {
        let mut mentions = Mentions::default();
        scanner(&[]).scan(&mut mentions, None, file.as_bytes(), text.as_bytes());
        let found: Vec<_> = every
            .into_iter()
            .filter(|tool| mentions.tool(*tool))
            .collect();
        assert_eq!(found, tools, "{file}: {text}");
    }
}

#[test]
fn shared_files() {
    let shared = [
        "common.sh",
        "lib/deep/x.sh",
        "lib/y.py",
        "bin/run",
        ".env",
        "a b.txt",
        "q",
    ];
    let cases = [
        (". ./common.sh", "common.sh q"),
        ("x/common.sh.bak uncommon.sh", "common.sh q"),
        ("common_sh mycommon.sh", "q"),
        ("deep/", "lib/deep/x.sh q"),
        ("$X/lib/*.sh", "lib/deep/x.sh lib/y.py q"),
        ("#!/usr/bin/env bash", "q"),
        ("../bin/", "bin/run q"),
        ("import y", "q"),
        (". .env", ".env q"),
        ("cat 'a b.txt'", "a b.txt q"),
        ("x.sh", "lib/deep/x.sh q"),
        (
            "$IMPL_DIR",
            ".env a b.txt bin/run common.sh lib/deep/x.sh lib/y.py q",
        ),
    ];
    for (text, found) in cases {
        let mut mentions = Mentions::default();
        scanner(&shared).scan(&mut mentions, None, b"ctl", text.as_bytes());
        let mut names = shared.to_vec();
        names.sort_unstable();
        names.retain(|name| mentions.shared(name));
        assert_eq!(names.join(" "), found, "{text}");
    }
}

#[test]
fn shared_files_lead_to_others() {
    let files = [
        ("a.sh", ". b.sh"),
        ("b.sh", "python3 tool.py; echo $FROM_B"),
        ("tool.py", "import helpers"),
        ("helpers.py", "kubectl"),
        ("other.sh", "$NOT_ME"),
    ];
    let scanner = scanner(&files.map(|(name, _)| name));
    let mut texts = BTreeMap::new();
    for (name, text) in files {
        scanner.scan(
            texts.entry(name.to_owned()).or_default(),
            None,
            name.as_bytes(),
            text.as_bytes(),
        );
    }
    let mut stage = Mentions::default();
    scanner.scan(&mut stage, Some("me"), b"ctl", b". a.sh");
    assert!(!stage.shared("b.sh"));
    stage.close(&texts);
    let counts: Vec<_> = files.map(|(name, _)| stage.shared(name)).into();
    assert_eq!(counts, [true, true, true, true, false]);
    assert_eq!(all(stage.names()), "FROM_B");
    assert!(stage.tool(Tool::Kubectl));
}

#[test]
fn the_identity_tells_what_mentions_depend_on() {
    let same = scanner(&["a.sh"]).identity();
    assert_eq!(same, scanner(&["a.sh"]).identity());
    assert_ne!(same, scanner(&["a.sh", "b.sh"]).identity());
    let moved = Locations::new([
        ("IMPL_DIR", "/x/my_tool"),
        ("CONFIG_JSON_FILE", "/y/config.json"),
    ]);
    assert_eq!(same, Scanner::new(&moved, &[b"a.sh".to_vec()]).identity());
    let renamed = Locations::new([
        ("IMPL_DIR", "/x/my_tool"),
        ("CONFIG_JSON_FILE", "/y/c.json"),
    ]);
    assert_ne!(same, Scanner::new(&renamed, &[b"a.sh".to_vec()]).identity());
}

#[test]
fn paths_expand() {
    let lookup = |name: &str| (name == "ROOT").then_some(&b"/r\xff"[..]);
    assert_eq!(
        expand("${ROOT}/a", lookup).as_deref(),
        Some(&b"/r\xff/a"[..])
    );
    assert_eq!(
        expand("/x\\xfe/${ROOT}", lookup).as_deref(),
        Some(&b"/x\xfe//r\xff"[..])
    );
    for (text, expected) in [
        ("$ROOT/a", Some(&b"/r\xff/a"[..])),
        ("x$ROOT", Some(b"x/r\xff")),
        ("$ROOTS/a", None),
        ("a$/$1", Some(b"a$/$1")),
        ("${OTHER}/a", None),
    ] {
        assert_eq!(expand(text, lookup).as_deref(), expected, "{text}");
    }
    assert_eq!(expand("${ROOT", lookup), None);
    assert!(
        is_system(b"/usr/bin")
            && is_system(b"/etc")
            && !is_system(b"/home/u/x")
            && !is_system(b"usr")
    );
}

#[test]
fn mentions_are_stored_small() {
    let text = serde_json::to_string(&scan(b"$FOO /data/x $OUTPUT_DIR/t kubectl")).unwrap();
    assert_eq!(
        text,
        r#"{"names":["FOO"],"waves":["OUTPUT_DIR"],"tools":["kubectl"],"paths":["/data/x"],"outputs":["t"]}"#
    );
    assert_eq!(serde_json::to_string(&Mentions::default()).unwrap(), "{}");
}

proptest! {
    /// Nothing that a text holds can stop the search; what is stored comes back; order does not count.
    #[test]
    fn any_bytes(
        one in prop::collection::vec(prop::sample::select(b"$/{}()\"'`.[]\0\n AZaz_0-=:*\xff".to_vec()), 0..200),
        other in "(\\$|\\{|\\}|/|GENFILES|OUTPUT_DIR|STAGE_NAME|[{][{]|[}][}]|\\.Env\\.|\"| |\n|\0betterform:|\0|/repo/prod/output|config\\.json){0,40}",
    ) {
        let scanner = scanner(&["lib/x.sh"]);
        let (mut forth, mut back) = (Mentions::default(), Mentions::default());
        scanner.scan(&mut forth, Some("me"), b"a", &one);
        scanner.scan(&mut forth, Some("me"), b"b", other.as_bytes());
        scanner.scan(&mut back, Some("me"), b"b", other.as_bytes());
        scanner.scan(&mut back, Some("me"), b"a", &one);
        prop_assert_eq!(&forth, &back);
        let stored = serde_json::to_string(&forth).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Mentions>(&stored).unwrap(), &forth);
    }

    /// A normalised text mentions what the text does.
    #[test]
    fn location_does_not_count(
        text in "(/repo/prod/output|/repo/prod/genfiles|/repo/lib/my_tool|/repo|/x\\.json|/me| |\n|=|:){0,30}",
    ) {
        prop_assert_eq!(scan(text.as_bytes()), scan(&place().normalise(text.as_bytes())));
    }
}
