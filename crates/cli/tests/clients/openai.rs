//! The official client of the OpenAI API, told another address and nothing else.

use crate::peers::{content, file, key, peer};
use crate::served::{Served, serving};

#[test]
fn the_official_openai_client_reads_verdicts_and_errors_by_its_own_types() {
    let Some(mut python) = peer("python") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, key) = key("analyze", folder.path());
    let mut service = serving(&[]);
    let served =
        Served::ready(service.env("ASH_LEARNING__PATH", ":memory:").env("ASH_AUTH__KEYS_FILE", keys));
    python.arg(file("openai_client.py")).arg(format!("http://{}", served.address)).arg(key);
    let said = content(python);
    assert!(said.ends_with("ok\n"), "{said}");
}
