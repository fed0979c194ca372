//! Keys are exchanged while the service runs, and never shown.

use std::fs;

use rustix::process::Signal;

use super::client::{message, with_key};
use super::served::{Served, serving};
use crate::harness::{code, err, out, run};

#[test]
fn a_wrong_key_is_401_and_a_rotated_one_is_taken_up_without_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.toml");
    let path = file.to_str().expect("UTF-8");
    let add = |name: &str| {
        let added = run(&["keys", "add", name, "--role", "analyze", "--file", path]);
        assert_eq!(code(&added), 0, "{}", err(&added));
        out(&added).trim().to_owned()
    };
    let old = add("bot");
    let mut command = serving(&[]);
    let command = command.env("ASH_AUTH__KEYS_FILE", path).env("ASH_LOG__LEVEL", "trace");
    let served = Served::ready(command);
    let status = |key: &str| served.ask(&with_key(&message("hello"), key)).status;
    let wrong = format!("ash_{}", "0".repeat(64));
    assert_eq!((status(&old), status(&wrong)), (200, 401));
    assert_eq!(served.ask(&message("hello")).status, 401, "no key at all");

    let good = fs::read_to_string(&file).expect("the file");
    fs::write(&file, "[[keys]]\nname = 1\n").expect("written");
    served.signal(Signal::HUP);
    served.hear("nothing was reloaded");
    assert_eq!(status(&old), 200, "a bad file locks nobody out");

    fs::write(&file, good).expect("written");
    assert_eq!(code(&run(&["keys", "remove", "bot", "--file", path])), 0);
    let new = add("bot");
    served.signal(Signal::HUP);
    served.hear("the configuration was reloaded");
    assert_eq!((status(&old), status(&new)), (401, 200));
    let (code, said) = served.stopped();
    assert_eq!(code, 0, "{said}");
    for key in [&old, &new, &wrong] {
        assert!(!said.contains(key.as_str()), "a key is in the log");
    }
}
