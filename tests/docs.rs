//! The documentation against the program: links lead somewhere, and every command, option, exit code, setting and variable
//! that the program knows is described, and no others.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use betterform::cli::Cli;
use betterform::core::environment::{NEVER, SELECTING};
use betterform::error::{Error, Kind};
use clap::{Command, CommandFactory, Parser};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The README and every page of `docs`.
fn pages() -> Vec<PathBuf> {
    let pages = fs::read_dir(root().join("docs")).unwrap();
    let mut pages: Vec<_> = pages.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|ext| ext == "md"));
    pages.push(root().join("README.md"));
    pages.sort();
    pages
}

/// The text without code blocks.
fn prose(text: &str) -> String {
    let mut inside = false;
    let lines = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The targets of `[text](target)`.
fn links(text: &str) -> Vec<String> {
    let starts = text.match_indices("](").map(|(at, found)| at + found.len());
    let targets = starts.filter_map(|at| text[at..].split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

/// The anchors of a page, made of its headings as forges make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let slug = |heading: &str| {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(slug).collect()
}

/// What is wrong with the links of a page that lies in `directory`.
fn broken_links(directory: &Path, text: &str) -> Vec<String> {
    let text = prose(text);
    let mut broken = Vec::new();
    for link in links(&text) {
        if link.contains("://") {
            continue;
        }
        let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
        let target = directory.join(path);
        let is_anchor = |page: &str| anchor.is_empty() || anchors(page).contains(anchor);
        let found = match path {
            "" => is_anchor(&text),
            _ if anchor.is_empty() => target.exists(),
            _ => fs::read_to_string(&target).is_ok_and(|page| is_anchor(&prose(&page))),
        };
        if !found {
            broken.push(link);
        }
    }
    broken
}

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    assert!(pages.len() >= 12, "only {} pages were found", pages.len());
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let broken = broken_links(page.parent().unwrap(), &text);
        assert!(broken.is_empty(), "{}: {broken:?}", page.display());
    }
}

#[test]
fn a_broken_link_is_found() {
    let text = "# One two\n[a](#one-two) [b](#three) [c](README.md) [d](nowhere.md) [e](README.md#nowhere)\n```\n[f](no)\n```";
    assert_eq!(
        broken_links(root(), text),
        ["#three", "nowhere.md", "README.md#nowhere"]
    );
}

/// The sections of a page below headings that consist of code: the code, and the text up to the next heading.
fn sections(page: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in prose(page).lines() {
        if let Some(heading) = line.strip_prefix("##") {
            let name = heading.trim_start_matches('#').trim().trim_matches('`');
            sections.push((name.to_owned(), String::new()));
        } else if let Some((_, text)) = sections.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    sections
}

/// The options that stand as code in the first cells of a section's table: `-j`, `--jobs`.
fn documented(section: &str) -> BTreeSet<String> {
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let words = cells.flat_map(|cell| cell.split(['`', ' ', ',', '[', '=']));
    let options = words.filter(|word| word.starts_with('-') && word.len() > 1 && *word != "--");
    options
        .filter(|word| word.contains(char::is_alphabetic))
        .map(str::to_owned)
        .collect()
}

/// The options that a command has of its own, global ones aside.
fn options(command: &Command) -> BTreeSet<String> {
    let own = command
        .get_arguments()
        .filter(|argument| !argument.is_global_set());
    let names = own.flat_map(|argument| {
        let short = argument.get_short().map(|short| format!("-{short}"));
        let long = argument.get_long().map(|long| format!("--{long}"));
        [short, long]
    });
    names.flatten().collect()
}

/// All commands that do something, by their full names.
fn commands(command: &Command, prefix: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut all = Vec::new();
    for command in command.get_subcommands() {
        let name = format!("{prefix}{}", command.get_name());
        all.push((name.clone(), options(command)));
        all.extend(commands(command, &format!("{name} ")));
    }
    all
}

#[test]
fn every_command_is_described_with_all_its_options_and_no_others() {
    let page = read("docs/commands.md");
    let sections = sections(&page);
    let commands = commands(&Cli::command(), "");
    assert!(commands.len() >= 20, "only {} commands", commands.len());
    for (name, options) in &commands {
        let found = sections.iter().find(|(heading, _)| heading == name);
        let (_, text) =
            found.unwrap_or_else(|| panic!("docs/commands.md does not describe `{name}`"));
        assert_eq!(documented(text), *options, "the options of `{name}`");
    }
    let prose = [
        "Global options",
        "Naming stages",
        "Events",
        "help",
        "Planned, not there yet",
    ];
    for (heading, _) in &sections {
        let known = commands.iter().any(|(name, _)| name == heading);
        assert!(
            known || prose.contains(&heading.as_str()),
            "docs/commands.md describes `{heading}`, which is no command"
        );
    }
}

/// The calls of betterform in code blocks and code spans that stand for a whole call: `betterform plan -v`.
fn calls(text: &str) -> Vec<String> {
    let mut calls = Vec::new();
    let mut is_block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_block = !is_block;
        } else if is_block {
            let call = line.strip_prefix("$ ").unwrap_or(line).trim();
            calls.extend(call.starts_with("betterform ").then(|| call.to_owned()));
        } else {
            let line = line.replace("\\|", "|");
            let spans = line.split('`').skip(1).step_by(2);
            let spans = spans.filter_map(|span| Some(span.split_at(span.find("betterform ")?)));
            // In a span something may stand before it: `echo x | betterform render -`.
            let whole = spans.filter(|(before, _)| before.is_empty() || before.ends_with("| "));
            calls.extend(whole.map(|(_, call)| call.to_owned()));
        }
    }
    calls
}

/// The arguments of a call as a shell would pass them on; what comes behind the call itself is left out.
fn arguments(call: &str) -> Vec<String> {
    let end = [" | ", " > ", " # ", " ;", " && ", "  "];
    let end = end.iter().filter_map(|end| call.find(end)).min();
    let words = call[..end.unwrap_or(call.len())].split(' ');
    words
        .map(|word| word.trim_matches(['\'', '"']).to_owned())
        .collect()
}

/// Whether a call only lacks arguments: `betterform exec` in a sentence.
fn names_a_command(error: &clap::Error) -> bool {
    use clap::error::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

#[test]
fn every_call_in_the_documentation_is_understood() {
    let mut count = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for call in calls(&text) {
            // `COMMAND` and `…` stand for something.
            if call.contains("COMMAND") || call.contains('…') {
                continue;
            }
            count += 1;
            match Cli::try_parse_from(arguments(&call)) {
                Err(error) if error.use_stderr() && !names_a_command(&error) => {
                    panic!("{}: `{call}`: {error}", page.display());
                }
                _ => {}
            }
        }
    }
    assert!(count > 80, "only {count} calls were found");
}

#[test]
fn a_call_that_is_not_understood_is_found() {
    let text = "`betterform plan --no`, `echo x | betterform -x`, betterform no\n```\n$ betterform apply > file\nx\n```";
    let calls = calls(text);
    assert_eq!(
        calls,
        [
            "betterform plan --no",
            "betterform -x",
            "betterform apply > file"
        ]
    );
    let understood = calls
        .iter()
        .map(|call| Cli::try_parse_from(arguments(call)).is_ok());
    assert_eq!(understood.collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn every_alias_is_described() {
    let page = read("docs/commands.md");
    let sections = sections(&page);
    for command in Cli::command().get_subcommands() {
        let found = sections.iter().find(|(name, _)| name == command.get_name());
        let (name, text) = found.unwrap();
        for alias in command.get_visible_aliases() {
            assert!(
                text.contains(&format!("`{alias}`")),
                "`{alias}` of `{name}`"
            );
        }
    }
}

#[test]
fn every_global_option_is_described_and_no_other() {
    let page = read("docs/commands.md");
    let sections = sections(&page);
    let (_, text) = sections
        .iter()
        .find(|(name, _)| name == "Global options")
        .unwrap();
    let cli = Cli::command();
    let mut expected = BTreeSet::from(["-h".to_owned(), "--help".to_owned()]);
    for argument in cli.get_arguments() {
        expected.extend(argument.get_short().map(|short| format!("-{short}")));
        expected.extend(argument.get_long().map(|long| format!("--{long}")));
    }
    assert_eq!(documented(text), expected);
}

/// The exit codes of all kinds of error, and the two of success.
fn exit_codes() -> BTreeSet<String> {
    let kinds = [
        Kind::Failed,
        Kind::Usage,
        Kind::Locked,
        Kind::Interrupted(2),
        Kind::Interrupted(15),
    ];
    let codes = kinds.map(|kind| Error::new(kind, "").exit_code());
    codes
        .into_iter()
        .chain([0, 2])
        .map(|code| code.to_string())
        .collect()
}

#[test]
fn every_exit_code_is_described_and_no_other() {
    let rows = read("docs/exit-codes.md");
    let rows = rows.lines().filter_map(|line| line.strip_prefix("| "));
    let codes = rows.filter_map(|row| row.split(" | ").next());
    let codes = codes.filter(|code| code.parse::<u8>().is_ok());
    let codes: BTreeSet<_> = codes.map(str::to_owned).collect();
    assert_eq!(codes, exit_codes());
    let page = read("docs/commands.md");
    let words: BTreeSet<_> = page.split(|c: char| !c.is_alphanumeric()).collect();
    for code in exit_codes() {
        assert!(words.contains(code.as_str()), "docs/commands.md: {code}");
    }
}

/// The keys of a table of the schema, with what stands before them in the documentation.
fn keys(schema: &serde_json::Value, pointer: &str, prefix: &str) -> BTreeSet<String> {
    let table = schema.pointer(pointer).and_then(|table| table.as_object());
    let names = table.unwrap_or_else(|| panic!("no {pointer}")).keys();
    let tables = ["jsonnet", "stamp", "stage"];
    names
        .filter(|name| !tables.contains(&name.as_str()))
        .map(|name| format!("{prefix}{name}"))
        .collect()
}

#[test]
fn every_setting_is_described_and_no_other() {
    let schema = serde_json::from_str(&read("schema/betterform.schema.json")).unwrap();
    let top = keys(&schema, "/properties", "");
    let stage = keys(&schema, "/$defs/stage/properties", "");
    let mut expected: BTreeSet<_> = top.union(&stage).cloned().collect();
    expected.extend(keys(&schema, "/$defs/jsonnet/properties", "[jsonnet] "));
    expected.extend(keys(&schema, "/$defs/stamp/properties", "[stamp] "));
    let page = read("docs/settings.md");
    let (_, table) = page.split_once("## All keys").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows: Vec<(&str, &str)> = rows.filter_map(|row| row.split_once("` | ")).collect();
    let described: BTreeSet<_> = rows.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(described, expected);
    for (key, rest) in rows.iter().filter(|(key, _)| !key.starts_with('[')) {
        let scope = rest.split(" | ").next().unwrap();
        let expected = match (top.contains(*key), stage.contains(*key)) {
            _ if *key == "impl_dir" => "D",
            (true, true) => "B S",
            (true, false) => "B",
            (false, _) => "S only",
        };
        assert_eq!(scope, expected, "the scope of `{key}`");
    }
}

#[test]
fn every_variable_that_counts_or_never_does_is_described() {
    let page = read("docs/fingerprints.md");
    let selecting = SELECTING.iter().flat_map(|(_, patterns)| patterns.iter());
    let wave = ["STAGE_NAME", "IMPL_DIR", "GENFILES", "OUTPUT_DIR"];
    let wave = [&wave[..], &["CONFIG_JSON_FILE", "CONFIG_JSONNET_FILE"]].concat();
    let never = NEVER.iter().filter(|name| !wave.contains(name));
    for pattern in selecting.chain(never) {
        assert!(page.contains(&format!("`{pattern}`")), "`{pattern}`");
    }
}
