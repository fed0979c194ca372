//! GET /: the dashboard for browsers, and for programs where to find what.

use std::sync::{Arc, LazyLock};

use ash_runtime::VERSION;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::app::App;

/// A file of the page.
macro_rules! asset {
    ($name:literal) => {
        include_str!(concat!("../../../assets/dashboard/", $name))
    };
}

const HTML: &str = asset!("index.html");

/// Each by a line that says what it is about; one after the other they are one style sheet.
const STYLES: [&str; 2] = [asset!("base.css"), asset!("parts.css")];

/// In an order in which each uses only those before it; together they are one module.
const SCRIPTS: [&str; 9] = [
    asset!("dom.js"),
    asset!("chart.js"),
    asset!("key.js"),
    asset!("stream.js"),
    asset!("state.js"),
    asset!("figures.js"),
    asset!("verdict.js"),
    asset!("try.js"),
    asset!("main.js"),
];

static PAGE: LazyLock<Page> = LazyLock::new(|| Page::made_of(HTML, &STYLES.concat(), &SCRIPTS.concat()));

/// The page and what it may do.
struct Page {
    html: String,
    policy: HeaderValue,
}

impl Page {
    /// Style and script stand in the page, so that it is one request; a browser runs them because their hashes are
    /// in the policy, and nothing else. The page may ask this service, and nobody else, and no text can become
    /// markup or script in it.
    fn made_of(html: &str, style: &str, script: &str) -> Self {
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
             trusted-types 'none'",
            base64(&Sha256::digest(script)),
            base64(&Sha256::digest(style)),
        );
        let html = html.replacen("<!-- style -->", &format!("<style>{style}</style>"), 1).replacen(
            "<!-- script -->",
            &format!("<script type=\"module\">{script}</script>"),
            1,
        );
        let closed = HeaderValue::from_static("default-src 'none'");
        Page { html, policy: HeaderValue::from_str(&policy).unwrap_or(closed) }
    }
}

/// With padding, as in RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let of_three = |three: &[u8]| {
        let bits =
            three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        let digit = |place: usize| match place {
            place if place > three.len() => '=',
            place => char::from(DIGITS[(bits >> (18 - 6 * place) & 63) as usize]),
        };
        [0, 1, 2, 3].map(digit)
    };
    bytes.chunks(3).flat_map(of_three).collect()
}

/// The answer of GET / for programs.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::routes) struct Entrance {
    service: &'static str,
    version: &'static str,
    /// For people: this address in a browser.
    dashboard: &'static str,
    /// For people who write clients.
    docs: &'static str,
    openapi: &'static str,
    health: &'static str,
    /// Where messages are sent.
    analyze: &'static str,
}

/// The dashboard
///
/// A page for browsers (`Accept: text/html`); programs are told where to find what. The page shows what `/events` says,
/// and has a message judged by `/analyze`; if the service takes keys, the page asks for one.
#[utoipa::path(get, path = "/", operation_id = "dashboard", tag = "state", responses(
    (status = 200, description = "The page, or where to find what.", content(
        (Entrance = "application/json"), (String = "text/html"),
    )),
))]
pub(in crate::routes) async fn page(State(_): State<Arc<App>>, headers: HeaderMap) -> Response {
    let varies = (header::VARY, HeaderValue::from_static("accept"));
    if !is_browser(&headers) {
        let entrance = Entrance {
            service: "ash-nlp",
            version: VERSION,
            dashboard: "/",
            docs: "/docs",
            openapi: "/openapi.json",
            health: "/health",
            analyze: "/analyze",
        };
        return ([varies], Json(entrance)).into_response();
    }
    let policy = (header::CONTENT_SECURITY_POLICY, PAGE.policy.clone());
    ([varies, policy], Html(PAGE.html.as_str())).into_response()
}

/// Browsers name HTML when they open a page; programs take anything, or JSON.
fn is_browser(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut kinds = accepted.flat_map(|value| value.split([',', ';']));
    kinds.any(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_in_the_examples_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xef, 0xff]), "++//");
    }

    #[test]
    fn style_and_script_stand_in_the_page_once_and_nothing_is_asked_of_others() {
        let html = &PAGE.html;
        for part in ["<style>", "</style>", "<script", "</script>"] {
            assert_eq!(html.matches(part).count(), 1, "{part}");
        }
        assert!(!html.contains("<!-- style -->") && !html.contains("<!-- script -->"));
        // The one address is the name of a kind of picture, which nobody fetches.
        let addresses: Vec<&str> =
            html.split("://").skip(1).filter(|rest| !rest.starts_with("www.w3.org/2000/svg")).collect();
        assert!(
            addresses.is_empty(),
            "{:?}",
            addresses.iter().map(|a| &a[..a.len().min(30)]).collect::<Vec<_>>()
        );
        for word in ["style=", "onclick", "innerHTML", "localStorage.setItem(\"key", "console."] {
            assert!(!html.contains(word), "{word}");
        }
    }
}
