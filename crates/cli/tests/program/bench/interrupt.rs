//! What a measurement leaves behind when it is asked to end.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{code, command, err};

/// The processes whose parent is `pid`.
fn children(pid: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("processes").filter_map(Result::ok);
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parent = |pid: u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // Behind the name, which may hold anything: state, parent.
        stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
    };
    pids.filter(|&child| parent(child) == Some(pid)).collect()
}

#[test]
fn a_server_does_not_survive_the_measurement_that_started_it() {
    // A script that runs the tests may ignore these two, and so would the program.
    let ours = fs::read_to_string("/proc/self/status").expect("a process");
    let ignored = ours.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("signals");
    let ignored = u64::from_str_radix(ignored.trim(), 16).expect("a mask");
    let mut signals = vec![(Signal::TERM, "SIGTERM")];
    signals.extend((ignored & 0b10 == 0).then_some((Signal::INT, "SIGINT")));
    signals.extend((ignored & 0b1 == 0).then_some((Signal::HUP, "SIGHUP")));
    for (signal, name) in signals {
        let mut bench = command(&["bench", "load", "--spawn", "--rate", "1", "--duration", "10m"]);
        let mut bench =
            bench.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let servers = loop {
            let servers = children(bench.id());
            if !servers.is_empty() {
                break servers;
            }
            if bench.try_wait().expect("a child").is_some() {
                let output = bench.wait_with_output().expect("what it said");
                panic!("it ended before it was measuring: {}", err(&output));
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let pid = i32::try_from(bench.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, signal).expect("the process is there");
        let output = bench.wait_with_output().expect("the program ends");
        assert_eq!(code(&output), 2, "{name}: {}", err(&output));
        assert!(err(&output).contains(name), "{}", err(&output));
        for server in servers {
            assert!(
                !fs::exists(format!("/proc/{server}")).expect("asked"),
                "{name}: {server} is left behind"
            );
        }
    }
}
