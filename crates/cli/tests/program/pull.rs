//! `ash-nlp models pull` through the real program, against a hub on this machine.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{code, command, err, json_lines, out};
use crate::hub::{COMMIT, Fault, Hub, Repo, TOKEN, tiny, tiny_file};

const FILES: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];
const WEIGHTS: &str = "model.safetensors";

/// A directory for models, and the program with a home of its own.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Desk(TempDir::new().expect("a folder"))
    }

    fn store(&self) -> PathBuf {
        self.0.path().join("models")
    }

    fn folder(&self) -> PathBuf {
        self.store().join("o--m")
    }

    fn staging(&self) -> PathBuf {
        self.store().join(format!(".pull-o--m-{}", &COMMIT[..12]))
    }

    fn pull(&self, endpoint: &str, args: &[&str], env: &[(&str, &str)]) -> Output {
        let store = self.store();
        let mut all = vec!["models", "pull", "--directory", store.to_str().expect("UTF-8")];
        all.extend(args);
        let mut command = command(&all);
        command.env("HF_ENDPOINT", endpoint).env("HOME", self.0.path()).envs(env.iter().copied());
        command.output().expect("the program starts")
    }

    /// Pulls `o/m` and expects it to work.
    fn pulls(&self, hub: &Hub, args: &[&str]) -> Value {
        let output = self.pull(&hub.endpoint(), &[&["o/m", "--json"], args].concat(), &[]);
        assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
        assert!(err(&output).is_empty(), "no progress where nobody sees it: {}", err(&output));
        json_lines(&output).remove(0)
    }

    /// Pulls and expects one sentence of refusal, with nothing put into the store.
    fn refused(&self, endpoint: &str, args: &[&str], env: &[(&str, &str)]) -> String {
        let output = self.pull(endpoint, args, env);
        let error = err(&output);
        assert_eq!(code(&output), 2, "{args:?}: {}{error}", out(&output));
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(
            !error.contains(TOKEN) && !error.contains("s3cret") && !error.contains("panicked"),
            "{error}"
        );
        assert!(!self.folder().exists(), "{error}");
        error
    }

    fn holds(&self, model: &str) {
        for file in FILES {
            let got = fs::read(self.folder().join(file)).expect("pulled");
            assert!(got == tiny_file(model, file), "{file} is that of {model}");
        }
        let left: Vec<_> =
            fs::read_dir(self.store()).expect("the store").flatten().map(|e| e.file_name()).collect();
        assert_eq!(left, ["o--m"], "nothing else is left");
    }
}

fn record(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("ash-model.json")).expect("a record")).expect("JSON")
}

#[test]
fn a_model_is_fetched_checked_pinned_and_not_fetched_twice() {
    let (desk, hub) = (Desk::new(), Hub::start([("o/m", Repo::of("bert"))]));
    let line = desk.pulls(&hub, &[]);
    desk.holds("bert");
    assert_eq!((&line["revision"], &line["was_there"]), (&COMMIT.into(), &false.into()), "{line}");
    let record = record(&desk.folder());
    assert_eq!((&record["source"], &record["revision"]), (&"o/m".into(), &COMMIT.into()));
    for file in record["files"].as_array().expect("files") {
        let etag = file["etag"].as_str().expect("an ETag");
        let is_weights = file["name"] == WEIGHTS;
        assert_eq!(etag.len(), if is_weights { 64 } else { 40 }, "{file}");
        assert_eq!(file["sha256"].as_str().expect("a checksum") == etag, is_weights, "{file}");
    }
    let asked: Vec<String> = hub.requests().into_iter().filter(|r| !r.storage).map(|r| r.path).collect();
    assert!(asked[1..].iter().all(|path| path.contains(COMMIT) || path.starts_with("/small/")), "{asked:?}");

    assert_eq!(desk.pulls(&hub, &[])["was_there"], true);
    assert_eq!(hub.requests().len(), 1, "only the revision is asked for");
    let pinned = desk.pull(&hub.endpoint(), &[&format!("o/m@{COMMIT}")], &[]);
    assert!(out(&pinned).contains("here already"), "{}", out(&pinned));
    assert!(hub.requests().is_empty(), "a commit that is here never changes");
}

#[test]
fn a_new_commit_replaces_the_model_as_a_whole() {
    let (desk, hub) = (Desk::new(), Hub::start([("o/m", Repo::of("bert"))]));
    desk.pulls(&hub, &[]);
    let next = "f".repeat(40);
    hub.edit("o/m", |repo| {
        *repo = Repo::of("roberta");
        repo.revisions.insert("main".to_owned(), next.clone());
    });
    hub.fault(WEIGHTS, Fault::Status(404));
    let failed = desk.pull(&hub.endpoint(), &["o/m"], &[]);
    assert_eq!(code(&failed), 2);
    assert_eq!(fs::read(desk.folder().join("config.json")).expect("there"), tiny_file("bert", "config.json"));
    hub.repair();
    assert_eq!(desk.pulls(&hub, &[])["revision"], next);
    desk.holds("roberta");
}

#[test]
fn the_token_goes_to_the_hub_and_nowhere_else() {
    struct Way<'a> {
        args: &'a [&'a str],
        env: &'a [(&'a str, &'a str)],
    }
    let closed = |status| Repo { closed: Some(status), ..Repo::of("bert") };
    let hub = Hub::start([("o/m", closed(401)), ("o/gated", closed(403))]);
    let desk = Desk::new();
    let file = desk.0.path().join("token");
    fs::write(&file, format!("{TOKEN}\n")).expect("written");
    let file = file.to_str().expect("UTF-8");

    let error = desk.refused(&hub.endpoint(), &["o/m"], &[]);
    assert!(error.contains("o/m does not exist or is private") && error.contains("--token-file"), "{error}");
    let error = desk.refused(&hub.endpoint(), &["o/gated"], &[]);
    assert!(error.contains("o/gated is gated: accept its terms"), "{error}");
    let error = desk.refused(&hub.endpoint(), &["o/m"], &[("HF_TOKEN", "hf_wrong")]);
    assert!(
        error.contains("does not accept the token from HF_TOKEN") && !error.contains("hf_wrong"),
        "{error}"
    );
    let error = desk.refused(&hub.endpoint(), &["o/m", "--token-file", "no/such"], &[]);
    assert!(error.contains("cannot read the token file no/such"), "{error}");
    hub.requests();

    let ways = [
        Way { args: &["--token-file", file], env: &[] },
        Way { args: &[], env: &[("HF_TOKEN", TOKEN)] },
        Way { args: &[], env: &[("HF_TOKEN_PATH", file)] },
    ];
    for Way { args, env } in ways {
        let desk = Desk::new();
        let output = desk.pull(&hub.endpoint(), &[&["o/m"], args].concat(), env);
        assert_eq!(code(&output), 0, "{}", err(&output));
        desk.holds("bert");
        assert!(!(out(&output) + &err(&output)).contains(TOKEN));
        let requests = hub.requests();
        assert!(
            requests.iter().any(|r| r.storage) && requests.iter().all(|r| r.storage != r.token.is_some())
        );
    }
}

#[test]
fn a_broken_connection_is_continued_where_it_broke() {
    let (desk, hub) = (Desk::new(), Hub::start([("o/m", Repo::of("bert"))]));
    hub.fault(WEIGHTS, Fault::Cut { after: 20_000, times: 2 });
    desk.pulls(&hub, &[]);
    desk.holds("bert");
    let ranges: Vec<_> = hub.requests().into_iter().filter(|r| r.storage).map(|r| r.range).collect();
    assert_eq!(ranges, [None, Some("bytes=20000-".to_owned()), Some("bytes=40000-".to_owned())]);
}

#[test]
fn what_a_run_left_is_continued_by_the_next_run() {
    let (desk, hub) = (Desk::new(), Hub::start([("o/m", Repo::of("bert"))]));
    // As after a run that broke at this byte; and then nothing comes, again and again.
    fs::create_dir_all(desk.staging()).expect("made");
    fs::write(desk.staging().join("model.safetensors.part"), &tiny_file("bert", WEIGHTS)[..12_345])
        .expect("written");
    hub.fault(WEIGHTS, Fault::Cut { after: 0, times: 100 });
    let error = desk.refused(&hub.endpoint(), &["o/m"], &[]);
    assert!(error.contains("broke 5 times at 12345 of 70310 bytes of model.safetensors"), "{error}");
    assert!(error.contains("pull again to go on from there"), "{error}");
    hub.repair();
    hub.requests();
    desk.pulls(&hub, &[]);
    desk.holds("bert");
    let requests = hub.requests();
    assert_eq!(requests.last().and_then(|r| r.range.clone()).as_deref(), Some("bytes=12345-"));
    assert!(!requests.iter().any(|r| r.path.contains("tokenizer")), "what was whole is not fetched again");
}

#[test]
fn a_server_that_knows_no_ranges_or_a_part_that_is_too_long_starts_the_file_anew() {
    for (left, fault) in [(12_345, Some(Fault::NoRange)), (90_000, None)] {
        let (desk, hub) = (Desk::new(), Hub::start([("o/m", Repo::of("bert"))]));
        fs::create_dir_all(desk.staging()).expect("made");
        fs::write(desk.staging().join("model.safetensors.part"), vec![7; left]).expect("written");
        if let Some(fault) = fault {
            hub.fault(WEIGHTS, fault);
        }
        desk.pulls(&hub, &[]);
        desk.holds("bert");
    }
}

#[test]
fn a_damaged_file_is_thrown_away() {
    for file in FILES {
        let (desk, hub) = (Desk::new(), Hub::start([("o/m", Repo::of("bert"))]));
        hub.fault(file, Fault::Damage);
        let error = desk.refused(&hub.endpoint(), &["o/m"], &[]);
        assert!(
            error.contains(&format!("{file} arrived damaged")) && error.contains("pull again"),
            "{error}"
        );
        hub.repair();
        desk.pulls(&hub, &[]);
        desk.holds("bert");
    }
}

#[test]
fn what_cannot_be_pulled_is_one_sentence_that_says_what_to_do() {
    struct Case {
        what: &'static str,
        says: &'static [&'static str],
    }
    let desk = Desk::new();
    let unsupported = || {
        let mut repo = Repo::of("bert");
        let config = String::from_utf8(tiny_file("bert", "config.json")).expect("UTF-8");
        repo.files.insert("config.json".to_owned(), config.replace("\"bert\"", "\"gpt2\"").into_bytes());
        repo
    };
    let hub = Hub::start([
        ("o/m", Repo::of("bert")),
        ("o/pickle", Repo::of("bert").with(WEIGHTS, &["pytorch_model.bin"])),
        ("o/pieces", Repo::of("bert").with(WEIGHTS, &["model.safetensors.index.json"])),
        ("o/slow", Repo::of("bert").with("tokenizer.json", &["spm.model"])),
        ("o/other", unsupported()),
    ]);
    let cases = [
        Case { what: "o/none", says: &["o/none does not exist or is private"] },
        Case { what: "o/m@v9", says: &["o/m has no revision \"v9\""] },
        Case { what: "o/pickle", says: &["has no model.safetensors", "only pytorch_model.bin", "refs/pr/1"] },
        Case { what: "o/pieces", says: &["has no model.safetensors", "in several pieces"] },
        Case { what: "o/slow", says: &["has no tokenizer.json", "AutoTokenizer"] },
        Case { what: "o/other", says: &["o/other cannot be used", "model_type \"gpt2\" is not supported"] },
        Case { what: "o/../m", says: &["is no model"] },
        Case { what: "./no/such", says: &["cannot read ./no/such"] },
    ];
    for Case { what, says } in cases {
        let error = desk.refused(&hub.endpoint(), &[what], &[]);
        assert!(says.iter().all(|said| error.contains(said)), "{what}: {error}");
    }
    assert!(!hub.requests().iter().any(|r| r.storage), "no weights of a model that cannot be used");

    hub.fault("info", Fault::Status(503));
    let error = desk.refused(&hub.endpoint(), &["o/m"], &[]);
    assert!(error.contains("answered 503") && error.contains("try again later"), "{error}");
    let error = desk.refused("http://127.0.0.1:9", &["o/m"], &[]);
    assert!(error.contains("cannot reach 127.0.0.1:9") && error.contains("HF_ENDPOINT"), "{error}");
    let error = desk.refused("hub.example", &["o/m"], &[]);
    assert!(error.contains("HF_ENDPOINT is \"hub.example\""), "{error}");
}

#[test]
fn one_model_that_fails_leaves_the_others() {
    let first = "MoritzLaurer/deberta-v3-base-zeroshot-v2.0";
    let (desk, hub) = (Desk::new(), Hub::start([(first, Repo::of("bert"))]));
    let output = desk.pull(&hub.endpoint(), &["--json"], &[]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let lines = json_lines(&output);
    assert_eq!(lines.iter().map(|l| l["ok"] == true).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(lines[0]["name"], first);
    assert!(
        lines[2]["error"].as_str().is_some_and(|e| e.contains("mDeBERTa-v3-base-mnli-xnli does not exist"))
    );
}

#[test]
fn offline_nothing_is_asked_and_what_is_here_is_enough() {
    let (desk, hub) = (Desk::new(), Hub::start([("o/m", Repo::of("bert"))]));
    let error = desk.refused(&hub.endpoint(), &["o/m", "--offline"], &[]);
    assert!(error.contains("o/m is not on this machine and offline mode is on"), "{error}");
    desk.refused(&hub.endpoint(), &["o/m"], &[("HF_HUB_OFFLINE", "1")]);
    assert!(hub.requests().is_empty());

    // The cache of the hub's own tools: links to blobs that are named by their ETags.
    let cache = desk.0.path().join("cache");
    let repo = cache.join("models--o--m");
    let snapshot = repo.join("snapshots").join(COMMIT);
    for folder in [&snapshot, &repo.join("blobs"), &repo.join("refs")] {
        fs::create_dir_all(folder).expect("made");
    }
    fs::write(repo.join("refs/main"), COMMIT).expect("written");
    for file in FILES {
        fs::write(repo.join("blobs").join(file), tiny_file("bert", file)).expect("written");
        std::os::unix::fs::symlink(repo.join("blobs").join(file), snapshot.join(file)).expect("linked");
    }
    let cached = [("HF_HUB_CACHE", cache.to_str().expect("UTF-8"))];
    let output = desk.pull(&hub.endpoint(), &["o/m", "--offline"], &cached);
    assert_eq!(code(&output), 0, "{}", err(&output));
    desk.holds("bert");
    assert!(out(&desk.pull(&hub.endpoint(), &["o/m", "--offline"], &[])).contains("here already"));
    assert!(hub.requests().is_empty());
}

#[test]
fn a_directory_is_copied_or_linked() {
    let from = tiny("distilbert");
    let from = from.to_str().expect("UTF-8");
    let desk = Desk::new();
    let output = desk.pull("", &[from, "--name", "o/m"], &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    desk.holds("distilbert");
    let output = desk.pull("", &[from, "--name", "o/m", "--link"], &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    desk.holds("distilbert");
    assert!(desk.folder().join(WEIGHTS).is_symlink());
    let output = desk.pull("", &[from], &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(desk.store().join("distilbert").join(WEIGHTS).is_file());
}

#[test]
fn a_folder_that_was_not_pulled_is_not_replaced() {
    let (desk, hub) = (Desk::new(), Hub::start([("o/m", Repo::of("bert"))]));
    fs::create_dir_all(desk.folder()).expect("made");
    fs::write(desk.folder().join("mine"), "x").expect("written");
    let error = err(&desk.pull(&hub.endpoint(), &["o/m"], &[]));
    assert!(error.contains("was not pulled by this program"), "{error}");
    assert!(desk.folder().join("mine").is_file());
}

#[test]
fn two_pulls_of_one_model_do_not_mix() {
    let (desk, hub) = (Desk::new(), Hub::start([("o/m", Repo::of("bert"))]));
    fs::create_dir_all(desk.staging()).expect("made");
    let lock = File::create(desk.staging().join(".lock")).expect("a file");
    lock.lock().expect("held");
    let error = desk.refused(&hub.endpoint(), &["o/m"], &[]);
    assert!(error.contains("another ash-nlp is pulling o/m"), "{error}");
    drop(lock);
    desk.pulls(&hub, &[]);
    desk.holds("bert");
}

#[test]
fn a_proxy_is_used_where_the_environment_names_one() {
    let (desk, hub) = (Desk::new(), Hub::start([("o/m", Repo::of("bert").with("none", &[]))]));
    // The name exists nowhere; only the proxy can reach it. Storage is told by its own address.
    let proxy = [("HTTP_PROXY", hub.endpoint()), ("NO_PROXY", "127.0.0.1".to_owned())];
    let proxy = proxy.each_ref().map(|(name, value)| (*name, value.as_str()));
    let output = desk.pull("http://hub.invalid", &["o/m"], &proxy);
    assert_eq!(code(&output), 0, "{}", err(&output));
    desk.holds("bert");
    assert!(hub.requests().iter().any(|r| r.path == "CONNECT hub.invalid:80"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_keeps_what_is_there() {
    let (desk, hub) = (Desk::new(), Hub::start([("o/m", Repo::of("bert"))]));
    fs::create_dir_all(desk.staging()).expect("made");
    let part = desk.staging().join("model.safetensors.part");
    std::os::unix::fs::symlink("/dev/full", &part).expect("linked");
    let error = desk.refused(&hub.endpoint(), &["o/m"], &[]);
    assert!(error.contains("no space left for") && error.contains("--directory"), "{error}");
    assert!(desk.staging().join("tokenizer.json").is_file(), "the next pull goes on from there");
    fs::remove_file(part).expect("removed");
    desk.pulls(&hub, &[]);
    desk.holds("bert");
}
