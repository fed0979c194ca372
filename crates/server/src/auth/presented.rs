//! The key that a request shows.

use axum::http::{HeaderMap, header};

/// Where the replaced service's clients send a key.
pub(crate) const KEY_HEADER: &str = "x-ash-internal-key";

/// Why a request's key was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyFault {
    /// There is none.
    None,
    /// There are two, and they differ.
    Two,
    /// Nobody's.
    Unknown,
}

/// The key in `X-Ash-Internal-Key` or in `Authorization: Bearer …`; in both if they are equal. An empty
/// header counts as absent: clients send one if their key was not configured.
pub(crate) fn presented(headers: &HeaderMap) -> Result<Option<&str>, KeyFault> {
    let own = headers.get_all(KEY_HEADER).iter().map(|value| value.to_str().map_err(|_| KeyFault::Unknown));
    let bearer = headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(Ok(key))
    });
    let mut found = None;
    for key in own.chain(bearer) {
        let key = key?.trim();
        match found {
            _ if key.is_empty() => {}
            None => found = Some(key),
            Some(first) if first == key => {}
            Some(_) => return Err(KeyFault::Two),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_key_is_found_in_either_header_and_two_must_agree() {
        struct Case {
            headers: &'static [(&'static str, &'static [u8])],
            gives: Result<Option<&'static str>, KeyFault>,
        }
        let case = |headers, gives| Case { headers, gives };
        let cases = [
            case(&[], Ok(None)),
            case(&[("x-ash-internal-key", b"a")], Ok(Some("a"))),
            case(&[("authorization", b"Bearer a")], Ok(Some("a"))),
            case(&[("authorization", b"bearer  a")], Ok(Some("a"))),
            case(&[("authorization", b"Basic a")], Ok(None)),
            case(&[("authorization", b"Bearer a"), ("x-ash-internal-key", b"a")], Ok(Some("a"))),
            case(&[("authorization", b"Bearer a"), ("x-ash-internal-key", b"b")], Err(KeyFault::Two)),
            case(&[("x-ash-internal-key", b"a"), ("x-ash-internal-key", b"b")], Err(KeyFault::Two)),
            case(&[("x-ash-internal-key", b""), ("authorization", b"Bearer a")], Ok(Some("a"))),
            case(&[("x-ash-internal-key", b"\xff")], Err(KeyFault::Unknown)),
        ];
        for Case { headers, gives } in cases {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
            }
            assert_eq!(presented(&map), gives, "{headers:?}");
        }
    }
}
