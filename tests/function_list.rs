//! `docs/functions.md` is made from the functions that are embedded, and from the names of all that gomplate has.
//!
//! `BETTERFORM_BLESS=1 cargo test --test function_list` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use betterform::template::gomplate::{DROPPED, NAMES, REMARKS, functions};

const PAGE: &str = "docs/functions.md";

const HEAD: &str = "\
# Functions

Templates may use every function of gomplate v5.2.0, whose own
[documentation](https://docs.gomplate.ca/functions/) says what each does, and those that its version 5 dropped.
betterform has most of them embedded. A stage whose templates call another one is rendered with the real gomplate, which then
has to be installed (see [Templates](writing-stages.md#templates)).

An embedded function gives gomplate's very bytes, or fails with its message. Where that is not certain for the arguments at
hand, the stage is handed over to gomplate as well; the remarks name the most common cases. So is one in which `slice` goes
beyond the end of a list: Go's lists may have room behind it, of which `slice` makes elements. A stage that is handed over
cannot use what version 5 dropped.

| | |
| --- | --- |
| embedded | no gomplate is needed |
| gomplate | the stage is handed over |
| none | neither has it |
";

const TAIL: &str = "
This page is generated: `BETTERFORM_BLESS=1 cargo test --test function_list`.
";

fn state(name: &str, embedded: bool) -> &'static str {
    match (embedded, name) {
        (true, _) => "embedded",
        (false, "uuid.V7") => "none",
        (false, _) => "gomplate",
    }
}

fn generated() -> String {
    let embedded = functions().signatures();
    let mut namespaces: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (name, alias) in NAMES {
        let namespace = name.split_once('.').map_or("", |(namespace, _)| namespace);
        namespaces.entry(namespace).or_default().push((name, alias));
    }
    let mut page = HEAD.to_owned();
    for (namespace, names) in namespaces {
        let title = if namespace.is_empty() {
            "Without a namespace"
        } else {
            namespace
        };
        let _ = write!(
            page,
            "\n## {title}\n\n| function | also | | |\n| --- | --- | --- | --- |\n"
        );
        for (name, alias) in names {
            let alias = if alias.is_empty() {
                String::new()
            } else {
                format!("`{alias}`")
            };
            let state = state(name, embedded.contains_key(name));
            let remark = REMARKS.iter().find(|(known, _)| *known == name);
            let remark = match remark {
                Some((_, remark)) => remark,
                None if DROPPED.contains(&name) => "as in version 4.3.3",
                None => "",
            };
            let _ = writeln!(page, "| `{name}` | {alias} | {state} | {remark} |");
        }
    }
    page + TAIL
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that writes its golden file"
)]
fn is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = generated();
    if std::env::var_os("BETTERFORM_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == page,
        "`{PAGE}` is out of date: run `BETTERFORM_BLESS=1 cargo test --test function_list`"
    );
}

/// Nothing is embedded under a name that gomplate does not have, and every remark is on one that it has.
#[test]
fn names_are_gomplates() {
    let known = |name: &str| {
        NAMES
            .iter()
            .any(|(full, alias)| *full == name || *alias == name)
    };
    for name in functions().signatures().keys() {
        assert!(known(name), "{name}");
    }
    for (name, _) in REMARKS {
        assert!(known(name), "{name}");
    }
}

/// A name outside its namespace is embedded exactly where the function is.
#[test]
fn aliases_are_embedded_with_their_functions() {
    let embedded = functions().signatures();
    for (name, alias) in NAMES.iter().filter(|(_, alias)| !alias.is_empty()) {
        let both = (embedded.contains_key(*name), embedded.contains_key(*alias));
        assert_eq!(both.0, both.1, "{name} and {alias}");
    }
}
