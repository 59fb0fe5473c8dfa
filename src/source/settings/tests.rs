use std::path::{Path, PathBuf};

use super::*;

const LIBRARY: &str = r#"
jobs = 8
genfiles = "gen"
env = ["APP_*"]
secrets = ["*_TOKEN"]
pools = { tf = 1, net = 2 }
timeout = "1h"
keep = ["a"]
[stamp]
stamper = "gomplate"
verbatim = ["charts/**"]
[jsonnet]
jpath = ["vendor"]
ext_str = { one = "library", two = "library" }
[stage.final]
inputs = ["$REPO_ROOT/modules/**", "modules/*"]
outputs = ["top.json"]
env = ["DEPLOY_REGION"]
retries = 2
pool = "net"
[stage.final.stamp]
left_delim = "<<"
[stage.gone]
"#;

const DEPLOYMENT: &str = r#"
impl_dir = "../../lib"
jobs = 2
genfiles = ""
output_dir = "out"
config_jsonnet_file = ""
env = ["!APP_DEBUG"]
pools = { tf = 3 }
timeout = "2h"
[stamp]
verbatim = ["*.png"]
[jsonnet]
ext_code = { two = "1+1" }
[stage.final]
outputs = []
env = ["!DEPLOY_REGION"]
timeout = "0s"
protect = true
[stage.finl]
always = true
"#;

fn merged() -> Settings {
    let library = parse(LIBRARY.as_bytes(), "/lib/betterform.toml").unwrap();
    let deployment = parse(DEPLOYMENT.as_bytes(), "betterform.toml").unwrap();
    Settings::merge(
        (library, Path::new("/lib")),
        (deployment, Path::new("/d/e")),
    )
    .unwrap()
}

fn name(name: &str) -> StageName {
    StageName::new(name).unwrap()
}

#[test]
fn the_deployment_goes_before_the_library() {
    let settings = merged();
    let file = &settings.file;
    let place = |location: &Option<Location>| location.clone().map(|location| location.0);
    assert_eq!(place(&file.impl_dir), Some(PathBuf::from("/lib")));
    assert_eq!(place(&file.genfiles), Some(PathBuf::from("/lib/gen")));
    assert_eq!(place(&file.output_dir), Some(PathBuf::from("/d/e/out")));
    assert_eq!(place(&file.config_jsonnet_file), Some(PathBuf::new()));
    assert_eq!(file.jobs, Some(Whole(2)));
    assert_eq!(settings.pools(), BTreeMap::from([("net", 2), ("tf", 3)]));
    assert_eq!(settings.secrets().collect::<Vec<_>>(), ["*_TOKEN"]);
    assert_eq!(settings.snapshot_limit(), 16 << 20);
    let jsonnet = &file.jsonnet;
    assert_eq!(jsonnet.jpath, Some(vec![Location("/lib/vendor".into())]));
    let text = |text: &str| JsonnetText::Text(text.to_owned());
    let texts = BTreeMap::from([("one".to_owned(), text("library"))]);
    assert_eq!(jsonnet.ext_str, texts);
    let codes = BTreeMap::from([("two".to_owned(), text("1+1"))]);
    assert_eq!(jsonnet.ext_code, codes);
}

#[test]
fn a_stage_goes_before_all_stages() {
    let pattern = |text: &str| PathPattern {
        base: "/lib".into(),
        text: text.to_owned(),
    };
    let expected = StageSettings {
        inputs: vec![pattern("$REPO_ROOT/modules/**"), pattern("modules/*")],
        outputs: Vec::new(),
        env: ["APP_*", "!APP_DEBUG", "DEPLOY_REGION", "!DEPLOY_REGION"]
            .map(str::to_owned)
            .to_vec(),
        config: None,
        shared: None,
        timeout: None,
        retries: 2,
        retry_delay: Duration::from_secs(5),
        grace: Duration::from_secs(300),
        protect: true,
        pool: Some("net".to_owned()),
        always: false,
        keep: vec!["a".to_owned()],
        ctl_cwd: CtlCwd::Stage,
        stamp: StampSettings {
            stamper: Some(Stamper::Gomplate),
            left_delim: Some("<<".to_owned()),
            right_delim: None,
            verbatim: vec!["*.png".to_owned()],
            sensitive: Vec::new(),
        },
    };
    assert_eq!(merged().stage(&name("final")), expected);
    let other = merged().stage(&name("other"));
    assert_eq!(other.timeout, Some(Duration::from_secs(7200)));
    assert!(!other.protect);
}

#[test]
fn stages_that_do_not_exist_are_told() {
    let stages = ["final", "other"].map(name);
    let warnings: Vec<String> = merged()
        .unknown_stages(&stages)
        .iter()
        .map(|it| {
            let help = it.help.clone().unwrap_or_default();
            format!("{}:{}: {} {help}", it.path, it.line, it.message)
        })
        .collect();
    assert_eq!(
        warnings,
        [
            "/lib/betterform.toml:23: there is no stage `gone` in the DAG ",
            "betterform.toml:19: there is no stage `finl` in the DAG did you mean `final`?",
        ]
    );
}

#[test]
fn mistakes_that_only_both_files_show() {
    let place = Path::new("/d");
    let text = b"pools = { tf = 1 }\n[stage.a]\npool = \"ft\"\n[stage.b]\npool = \"net\"";
    let parsed = parse(text, "betterform.toml").unwrap();
    let error = Settings::single(parsed, place).unwrap_err();
    let told: Vec<(usize, &str, Option<&str>)> = error
        .diagnostics()
        .iter()
        .map(|it| (it.line, it.message.as_str(), it.help.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (
                2,
                "stage `a` is in the unknown pool `ft`",
                Some("give it a limit: `pools = { ft = 1 }`")
            ),
            (
                4,
                "stage `b` is in the unknown pool `net`",
                Some("give it a limit: `pools = { net = 1 }`")
            ),
        ]
    );
    let library = parse(b"jobs = 1\nimpl_dir = \"x\"", "/l/betterform.toml").unwrap();
    let error = Settings::merge((library, place), (Parsed::default(), place)).unwrap_err();
    let told = error.diagnostics().first().unwrap();
    assert_eq!(
        (told.line, told.message.as_str()),
        (
            2,
            "`impl_dir` is not allowed in the library's own `betterform.toml`"
        )
    );
}
