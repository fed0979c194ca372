//! The bounds, through real sockets.

use std::io::Write;

use axum::Extension;
use axum::routing::get;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

use super::*;

const PATIENT: Bounds =
    Bounds { connections: 2, head: Duration::from_secs(60), idle: Duration::from_secs(60) };
const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<io::Result<()>>,
}

async fn start(bounds: Bounds) -> Running {
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        "slow"
    };
    let peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
    // More than a socket holds, and no end.
    let endless = || async {
        let pieces = stream::repeat_with(|| Ok::<_, Infallible>(vec![b'.'; 1 << 16]));
        (Extension(Endless), Body::from_stream(pieces))
    };
    let router =
        Router::new().route("/", get(peer)).route("/slow", get(slow)).route("/endless", get(endless));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(serve(listener, router, bounds, async { drop(stopped.await) }));
    Running { address, stop, ended }
}

/// One answer, as far as its end is told by a known last word.
async fn answer(stream: &mut TcpStream, last: &str) -> String {
    let mut text = Vec::new();
    while !text.ends_with(last.as_bytes()) {
        let mut piece = [0; 1024];
        let length = stream.read(&mut piece).await.unwrap();
        assert!(length > 0, "closed after {:?}", String::from_utf8_lossy(&text));
        text.extend_from_slice(&piece[..length]);
    }
    String::from_utf8(text).unwrap()
}

/// Waits for the end; a reset is one, too.
async fn closes(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "the connection stays open");
}

#[tokio::test]
async fn half_a_head_is_closed_and_pauses_between_requests_are_not() {
    let head = Duration::from_millis(100);
    let server = start(Bounds { head, ..PATIENT }).await;
    let mut half = TcpStream::connect(server.address).await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nhost").await.unwrap();
    closes(half).await;

    let mut working = TcpStream::connect(server.address).await.unwrap();
    let own = working.local_addr().unwrap().to_string();
    for _ in 0..3 {
        tokio::time::sleep(head * 2).await;
        working.write_all(ASK).await.unwrap();
        assert!(answer(&mut working, &own).await.starts_with("HTTP/1.1 200"));
    }
    working.write_all(b"GET / HTTP/1.1\r\nhost").await.unwrap();
    closes(working).await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_one_that_waits_for_its_answer_is_not() {
    let server = start(Bounds { idle: Duration::from_millis(500), ..PATIENT }).await;
    closes(TcpStream::connect(server.address).await.unwrap()).await;
    let mut waiting = TcpStream::connect(server.address).await.unwrap();
    waiting.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(answer(&mut waiting, "slow").await.starts_with("HTTP/1.1 200"));
    closes(waiting).await;
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_closed_too() {
    let server = start(Bounds { head: Duration::from_millis(100), ..PATIENT }).await;
    let mut drip = TcpStream::connect(server.address).await.unwrap();
    let mut sent = 0_u32;
    while sent < 400 && drip.write_all(b"a").await.is_ok() {
        sent += 1;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert!(sent < 400, "ten seconds of dripping were allowed");
}

#[tokio::test]
async fn further_connections_wait_for_a_place() {
    let server = start(PATIENT).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    let second = TcpStream::connect(server.address).await.unwrap();
    first.write_all(ASK).await.unwrap();
    let own = first.local_addr().unwrap().to_string();
    answer(&mut first, &own).await;
    let mut third = TcpStream::connect(server.address).await.unwrap();
    third.write_all(ASK).await.unwrap();
    let mut piece = [0; 1];
    let early = tokio::time::timeout(Duration::from_millis(300), third.read(&mut piece)).await;
    assert!(early.is_err(), "there was no place");
    drop(second);
    let own = third.local_addr().unwrap().to_string();
    assert!(answer(&mut third, &own).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn at_the_end_idle_connections_are_closed_and_what_was_asked_is_answered() {
    let server = start(PATIENT).await;
    let idle = TcpStream::connect(server.address).await.unwrap();
    let mut busy = TcpStream::connect(server.address).await.unwrap();
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.stop.send(()).unwrap();
    assert!(answer(&mut busy, "slow").await.starts_with("HTTP/1.1 200"));
    closes(idle).await;
    closes(busy).await;
    server.ended.await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
}

/// Connects without letting anybody else run: what happens next, happens before the server knows.
fn connect_at_once(address: SocketAddr) -> std::net::TcpStream {
    std::net::TcpStream::connect(address).unwrap()
}

async fn is_answered(client: std::net::TcpStream) {
    client.set_nonblocking(true).unwrap();
    let mut client = TcpStream::from_std(client).unwrap();
    let own = client.local_addr().unwrap().to_string();
    assert!(answer(&mut client, &own).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn who_connected_before_the_end_is_answered() {
    // More than there are places.
    let server = start(Bounds { connections: 16, ..PATIENT }).await;
    let clients: Vec<_> = (0..40)
        .map(|_| {
            let mut client = connect_at_once(server.address);
            client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
            client
        })
        .collect();
    server.stop.send(()).unwrap();
    for client in clients {
        is_answered(client).await;
    }
    server.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn who_asks_in_the_moment_of_the_end_is_answered() {
    let server = start(PATIENT).await;
    let mut working = TcpStream::connect(server.address).await.unwrap();
    let mut fresh = connect_at_once(server.address);
    working.write_all(ASK).await.unwrap();
    let own = working.local_addr().unwrap().to_string();
    answer(&mut working, &own).await;
    server.stop.send(()).unwrap();
    fresh.write_all(ASK).unwrap();
    is_answered(fresh).await;
}

#[tokio::test]
async fn whoever_does_not_take_an_endless_answer_does_not_hold_up_the_end() {
    let server = start(Bounds { idle: Duration::from_secs(3600), ..PATIENT }).await;
    let mut stuck = TcpStream::connect(server.address).await.unwrap();
    stuck.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    stuck.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    server.stop.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(60), server.ended).await;
    ended.expect("it is waited for").unwrap().unwrap();
}
