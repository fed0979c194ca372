//! SIGHUP: the configuration is taken over whole, or not at all.

use std::fs;

use rustix::process::Signal;

use super::served::{Served, serving};

const CRITICAL: &str = "i have the pills here and i am going to take all of them tonight. goodbye everyone";

#[test]
fn a_bad_file_changes_nothing_and_is_named_with_line_and_key_and_a_good_one_is_taken_over() {
    let file = tempfile::NamedTempFile::with_suffix(".toml").expect("a file");
    let path = file.path().to_str().expect("UTF-8");
    let configured = |text: &str| fs::write(file.path(), text).expect("written");
    configured("[compat]\ncritical_as_high = false\n");
    let served = Served::ready(&mut serving(&["--config", path]));
    let levels = || {
        let verdict = served.verdict(CRITICAL);
        ["level", "crisis_level"].map(|key| verdict[key].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(levels(), ["critical", "critical"]);

    configured("[compat]\ncritical_as_high = true\n\n[queue]\ncapacity_tokens = \"many\"\n");
    served.signal(Signal::HUP);
    served.hear("nothing was reloaded");
    let said = served.said();
    let line = said.lines().find(|line| line.contains("nothing was reloaded")).unwrap_or_default();
    for part in [&format!("{path}:5"), "queue.capacity_tokens"] {
        assert!(said.contains(part), "{part} is not named: {line}");
    }
    assert_eq!(levels(), ["critical", "critical"], "half of a bad file was taken over");
    assert_eq!(served.health()["status"], "healthy");

    configured("[compat]\ncritical_as_high = true\n");
    served.signal(Signal::HUP);
    served.hear("the configuration was reloaded");
    assert_eq!(levels(), ["critical", "high"]);
    assert_eq!(served.stopped().0, 0);
}
