//! kill -9 in the midst of writing, a hundred times on one database: nothing that was acknowledged is lost.
//!
//! Has its own `main`, because it starts itself as the program to kill.

#[cfg(unix)]
mod killed {
    use std::collections::BTreeSet;
    use std::env;
    use std::io::{BufRead, BufReader, Write};
    use std::ops::ControlFlow;
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::thread::sleep;
    use std::time::Duration;

    use ash_analysis::{Level, MessageText};
    use ash_learning::{Feedback, Kind, Learning, LearningSettings, Moment};

    const DATABASE: &str = "ASH_LEARNING_CRASH_DATABASE";
    const ROUND: &str = "ASH_LEARNING_CRASH_ROUND";
    const ROUNDS: u32 = 100;
    /// Longest life of a writer, in milliseconds.
    const LONGEST: u16 = 60;

    fn open(database: &Path) -> Learning {
        let settings = LearningSettings { path: database.to_owned(), ..LearningSettings::default() };
        Learning::open(settings).expect("a database that was killed opens")
    }

    /// Learns for ever, and prints the id of each record once it is acknowledged.
    fn write(database: &Path, round: &str) -> ! {
        let mut learning = open(database);
        let mut out = std::io::stdout();
        for n in 0.. {
            let text = MessageText::parse(&format!("text {n} of {round}")).expect("text");
            let id = format!("{round}-{n}").parse().expect("an id");
            let feedback = Feedback::new(Kind::FalseNegative, Level::None, Level::High, text);
            let feedback = feedback.expect("feedback").with_id(id);
            let learnt = learning.learn(&feedback, Moment::now()).expect("learnt");
            assert!(learnt.is_new);
            writeln!(out, "{}", learnt.id).and_then(|()| out.flush()).expect("somebody listens");
        }
        unreachable!("numbers do not end");
    }

    /// One writer, killed after a random while; the ids it acknowledged.
    fn kill_one(database: &Path, round: u32) -> Vec<String> {
        let mut writer = Command::new(env::current_exe().expect("this program"))
            .env(DATABASE, database)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let out = writer.stdout.take().expect("a pipe");
        let mut random = [0; 2];
        getrandom::fill(&mut random).expect("random bytes");
        sleep(Duration::from_millis(u64::from(u16::from_le_bytes(random) % LONGEST)));
        writer.kill().expect("it was alive");
        let status = writer.wait().expect("it ended");
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "it failed by itself");
        let mut acknowledged = Vec::new();
        let mut out = BufReader::new(out);
        let mut line = String::new();
        while out.read_line(&mut line).expect("its output") > 0 {
            // A line without its end was cut off.
            acknowledged.extend(line.strip_suffix('\n').map(str::to_owned));
            line.clear();
        }
        acknowledged
    }

    pub(crate) fn main() {
        if let (Some(database), Ok(round)) = (env::var_os(DATABASE), env::var(ROUND)) {
            write(database.as_ref(), &round);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("learning.db");
        let acknowledged: Vec<Vec<String>> = (0..ROUNDS).map(|round| kill_one(&database, round)).collect();

        let mut stored = BTreeSet::new();
        let read = open(&database).store().for_each(&mut |record| {
            assert!(stored.insert(record.id.to_string()), "twice");
            ControlFlow::Continue(())
        });
        read.expect("it reads");
        let lost: Vec<&String> = acknowledged.iter().flatten().filter(|id| !stored.contains(*id)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        let whole: String = rusqlite::Connection::open(&database)
            .and_then(|database| database.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
            .expect("an answer");
        assert_eq!(whole, "ok");

        let (count, writers) = (
            acknowledged.iter().map(Vec::len).sum::<usize>(),
            acknowledged.iter().filter(|ids| !ids.is_empty()).count(),
        );
        assert!(
            writers > 10,
            "only {writers} writers lived long enough to write anything: nothing was tested"
        );
        println!(
            "{ROUNDS} writers killed: {count} records acknowledged by {writers} of them, {} stored, none lost",
            stored.len()
        );
    }
}

fn main() {
    #[cfg(unix)]
    killed::main();
}
