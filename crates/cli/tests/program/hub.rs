//! A model hub on this machine: the addresses, headers, redirects and refusals of the real one, and its bad days.
//!
//! Large files redirect to a second server (another origin, as the real one's storage is), small ones
//! to another address of the same. One request a connection.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::json;
use sha2::Digest;

/// The token that opens `private` repositories.
pub(crate) const TOKEN: &str = "hf_aVerySecretToken";

/// What goes wrong, for a file.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// The connection breaks after so many bytes of a body; so often.
    Cut { after: usize, times: usize },
    /// A byte is another one.
    Damage,
    /// `Range` is not understood: always the whole file.
    NoRange,
    /// This status instead.
    Status(u16),
}

/// A repository, with its revisions.
#[derive(Default, Clone)]
pub(crate) struct Repo {
    pub(crate) revisions: BTreeMap<String, String>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The status for whoever has not the token: 401 for private, 403 for gated.
    pub(crate) closed: Option<u16>,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) storage: bool,
    pub(crate) path: String,
    pub(crate) range: Option<String>,
    pub(crate) token: Option<String>,
}

#[derive(Default)]
struct State {
    repos: BTreeMap<String, Repo>,
    faults: BTreeMap<String, Fault>,
    requests: Vec<Request>,
}

/// The running hub; it ends with the test's process.
pub(crate) struct Hub {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// The commit that `main` is of every repository here.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The folder of a tiny model.
pub(crate) fn tiny(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../encoder/tests/data/classifiers").join(name)
}

/// Content of a tiny model's file.
pub(crate) fn tiny_file(name: &str, file: &str) -> Vec<u8> {
    std::fs::read(tiny(name).join(file)).expect("committed")
}

impl Repo {
    /// A repository with a tiny model.
    pub(crate) fn of(name: &str) -> Self {
        let files = ["config.json", "tokenizer.json", "model.safetensors"];
        Repo {
            revisions: [("main".to_owned(), COMMIT.to_owned())].into(),
            files: files.map(|file| (file.to_owned(), tiny_file(name, file))).into(),
            closed: None,
        }
    }

    /// The same without a file, and with others that are empty.
    pub(crate) fn with(mut self, without: &str, others: &[&str]) -> Self {
        self.files.remove(without);
        self.files.extend(others.iter().map(|name| ((*name).to_owned(), Vec::new())));
        self
    }
}

impl Hub {
    /// Starts the hub and its storage.
    pub(crate) fn start(repos: impl IntoIterator<Item = (&'static str, Repo)>) -> Self {
        let state =
            State { repos: repos.into_iter().map(|(n, r)| (n.to_owned(), r)).collect(), ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let listen = || TcpListener::bind("127.0.0.1:0").expect("a port");
        let (hub, storage) = (listen(), listen());
        let address = hub.local_addr().expect("bound");
        let storage_address = storage.local_addr().expect("bound");
        for (listener, is_storage) in [(hub, false), (storage, true)] {
            let state = Arc::clone(&state);
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let state = Arc::clone(&state);
                    thread::spawn(move || {
                        let _ = serve(&stream, &state, storage_address, is_storage); // the client may leave
                    });
                }
            });
        }
        Hub { address, state }
    }

    /// What `HF_ENDPOINT` is set to.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds this")
    }

    /// From now on `file` has this fault.
    pub(crate) fn fault(&self, file: &str, fault: Fault) {
        self.state().faults.insert(file.to_owned(), fault);
    }

    /// No faults any more.
    pub(crate) fn repair(&self) {
        self.state().faults.clear();
    }

    /// Changes a repository.
    pub(crate) fn edit(&self, name: &str, edit: impl FnOnce(&mut Repo)) {
        edit(self.state().repos.get_mut(name).expect("a repository"));
    }

    /// The requests since the last call.
    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state().requests)
    }
}

fn serve(
    stream: &TcpStream,
    state: &Mutex<State>,
    storage: SocketAddr,
    is_storage: bool,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut path, mut headers) = head(&mut reader)?;
    if let Some(to) = path.strip_prefix("CONNECT ") {
        // As a proxy: whoever is asked for, it is this hub.
        let request = Request { storage: false, path: format!("CONNECT {to}"), range: None, token: None };
        state.lock().expect("no panic").requests.push(request);
        write!(&mut &*stream, "HTTP/1.1 200 OK\r\n\r\n")?;
        (path, headers) = head(&mut reader)?;
    }
    let path = path.strip_prefix("GET ").unwrap_or_default().to_owned();
    let token = headers.get("authorization").cloned();
    let range = headers.get("range").cloned();
    let mut state = state.lock().expect("no panic");
    state.requests.push(Request {
        storage: is_storage,
        path: path.clone(),
        range: range.clone(),
        token: token.clone(),
    });
    let answer = answer(&mut state, &path, range.as_deref(), token.as_deref(), storage, is_storage);
    drop(state);
    let Answer { status, headers, body, cut } = answer;
    let mut head = format!("HTTP/1.1 {status} -\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in &headers {
        head = [&head, *name, ": ", value, "\r\n"].concat();
    }
    let mut out = stream;
    out.write_all(format!("{head}\r\n").as_bytes())?;
    out.write_all(&body[..cut.unwrap_or(body.len()).min(body.len())])?;
    out.flush()?;
    stream.shutdown(Shutdown::Write)
}

/// Request line without the version, and headers by lower-case name.
fn head(reader: &mut impl BufRead) -> std::io::Result<(String, BTreeMap<String, String>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let request = lines.first().cloned().unwrap_or_default();
    let headers = lines.iter().skip(1).filter_map(|l| l.split_once(": "));
    let headers = headers.map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned())).collect();
    Ok((request.trim_end_matches(" HTTP/1.1").to_owned(), headers))
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    cut: Option<usize>,
}

fn status(status: u16, code: &str) -> Answer {
    let headers = if code.is_empty() { Vec::new() } else { vec![("X-Error-Code", code.to_owned())] };
    Answer { status, headers, body: b"{\"error\":\"said by the hub\"}".to_vec(), cut: None }
}

fn answer(
    state: &mut State,
    path: &str,
    range: Option<&str>,
    token: Option<&str>,
    storage: SocketAddr,
    is_storage: bool,
) -> Answer {
    let plain = path.split('?').next().unwrap_or_default();
    let find = |name: &str| state.repos.get(name).cloned();
    if is_storage {
        // The real storage refuses a second way of authentication beside the signature.
        if token.is_some() || !path.ends_with("?Signature=s3cret") {
            return status(400, "");
        }
        let Some((name, file)) = plain.trim_start_matches('/').rsplit_once('/') else {
            return status(404, "");
        };
        let body = find(name).and_then(|repo| repo.files.get(file).cloned()).unwrap_or_default();
        return content(state, file, body, range, Vec::new());
    }
    let (name, rest) = match plain.strip_prefix("/api/models/") {
        Some(rest) => match rest.split_once("/revision/") {
            Some((name, revision)) => (name, format!("info {}", revision.replace("%2F", "/"))),
            None => return status(404, ""),
        },
        None => match plain.trim_start_matches('/').split_once("/resolve/") {
            Some((name, rest)) => (name, rest.to_owned()),
            None => match plain.strip_prefix("/small/").and_then(|p| p.rsplit_once('/')) {
                Some((name, file)) => (name, format!("{COMMIT}/{file}?")),
                None => return status(404, ""),
            },
        },
    };
    let Some(repo) = find(name) else {
        return status(if token.is_some() { 404 } else { 401 }, "RepoNotFound");
    };
    let open = token == Some(&format!("Bearer {TOKEN}"));
    match (repo.closed, token) {
        (Some(_), _) | (None, Some(_)) if open => {}
        // As the real one: a token that is wrong is refused even for what is public.
        (_, Some(_)) => return status(401, ""),
        (Some(401), None) => return status(401, "RepoNotFound"),
        (Some(closed), None) => return status(closed, "GatedRepo"),
        (None, None) => {}
    }
    if let Some(revision) = rest.strip_prefix("info ") {
        let known = repo.revisions.values().any(|c| c == revision).then_some(revision);
        let Some(commit) = repo.revisions.get(revision).map(String::as_str).or(known) else {
            return status(404, "RevisionNotFound");
        };
        if let Some(Fault::Status(code)) = state.faults.get("info") {
            return status(*code, "");
        }
        let siblings: Vec<_> = repo.files.keys().map(|f| json!({"rfilename": f})).collect();
        let body = json!({"id": name, "sha": commit, "siblings": siblings}).to_string().into_bytes();
        return Answer { status: 200, headers: Vec::new(), body, cut: None };
    }
    let Some((commit, file)) = rest.split_once('/') else { return status(404, "RevisionNotFound") };
    let (file, is_followed) = (file.trim_end_matches('?'), file.ends_with('?'));
    let Some(body) = repo.files.get(file).cloned() else { return status(404, "EntryNotFound") };
    let (sha256, sha1) = checksums(&body);
    let commit = ("X-Repo-Commit", commit.to_owned());
    if file.ends_with(".safetensors") {
        let linked = [("X-Linked-Etag", format!("\"{sha256}\"")), ("X-Linked-Size", body.len().to_string())];
        let to = format!("http://{storage}/{name}/{file}?Signature=s3cret");
        let headers = [commit, ("Location", to)].into_iter().chain(linked).collect();
        return Answer { status: 302, headers, body: Vec::new(), cut: None };
    }
    if file == "tokenizer.json" && !is_followed {
        let headers =
            vec![commit, ("Location", format!("/small/{name}/{file}")), ("ETag", format!("\"{sha1}\""))];
        return Answer { status: 307, headers, body: Vec::new(), cut: None };
    }
    content(state, file, body, range, vec![commit, ("ETag", format!("W/\"{sha1}\""))])
}

/// A file, or the part of it that was asked for, with what goes wrong.
fn content(
    state: &mut State,
    file: &str,
    mut body: Vec<u8>,
    range: Option<&str>,
    mut headers: Vec<(&'static str, String)>,
) -> Answer {
    let fault = state.faults.get(file).copied();
    let size = body.len();
    let from = range.and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    if fault == Some(Fault::Damage) {
        body[size / 2] ^= 1;
    }
    let mut code = 200;
    if let Some(from) = from.filter(|_| fault != Some(Fault::NoRange)) {
        if from >= size {
            return Answer { headers: vec![("Content-Range", format!("bytes */{size}"))], ..status(416, "") };
        }
        headers.push(("Content-Range", format!("bytes {from}-{}/{size}", size - 1)));
        body.drain(..from);
        code = 206;
    }
    let mut cut = None;
    match fault {
        Some(Fault::Cut { after, times }) if times > 0 => {
            cut = Some(after);
            state.faults.insert(file.to_owned(), Fault::Cut { after, times: times - 1 });
        }
        Some(Fault::Status(code)) => return status(code, ""),
        _ => {}
    }
    Answer { status: code, headers, body, cut }
}

/// SHA-256, and the hash of the git blob.
fn checksums(body: &[u8]) -> (String, String) {
    let blob = [format!("blob {}\0", body.len()).as_bytes(), body].concat();
    (hex(&sha2::Sha256::digest(body)), hex(&sha1::Sha1::digest(&blob)))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}
