//! The embedded stamper, where a case of files alone cannot show it.

use std::path::Path;

use crate::case::Case;
use crate::stampers;
use crate::tree::write;

/// A variable that is read from a file makes the file an input, also where there is none.
#[test]
fn files_that_variables_name_are_read() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stamping/environment-file");
    let case = Case::set_up(&directory);
    let (_, stamper) = stampers(None).swap_remove(0);
    let template = br#"{{ getenv "SECRET" }}{{ env.ExpandEnv "$SECRET ${SECRET}" }}"#;
    write(&case.stage_dir().join("f"), template);
    let file = case.root.join("deployment/secret.txt");
    let render = || {
        let rendered = case.with_request(&case.stage_dir(), |request| stamper.render(request));
        let rendered = rendered.unwrap();
        assert!(rendered.reads.files.contains(&file));
        for name in ["SECRET", "SECRET_FILE"] {
            assert!(rendered.reads.env.contains(name), "{name}");
        }
        rendered
            .files
            .get(Path::new("f"))
            .map(|file| file.content.clone())
    };
    write(&file, b" \n hidden\n");
    assert_eq!(render().as_deref(), Some(&b"hiddenhidden hidden"[..]));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(render(), None, "what is blank makes no file");
}
