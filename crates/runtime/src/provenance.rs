//! Whose message it is and where it was written, as far as the client tells; kept out of everything that prints.

use std::fmt;

/// A name that a client has for a person or a place. It has no `Display`, and its `Debug` tells nothing: what leaves
/// the process is a keyed hash of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientId(String);

impl ClientId {
    /// An id, unless it says that the client does not know: "" or "unknown".
    pub fn parse(raw: &str) -> Option<Self> {
        (!matches!(raw.trim(), "" | "unknown")).then(|| ClientId(raw.to_owned()))
    }

    /// The id itself. Named so that every place which reads it can be found.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientId(<hidden>)")
    }
}

/// Where a message comes from. None of it changes the verdict.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Provenance {
    /// The id of the request, by which its answer can be found again.
    pub request_id: String,
    /// Who wrote the message.
    pub user: Option<ClientId>,
    /// Where it was written.
    pub channel: Option<ClientId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_nothing_and_unknown_is_none() {
        assert_eq!(ClientId::parse("unknown"), None);
        assert_eq!(ClientId::parse(" "), None);
        let user = ClientId::parse("190024");
        let from = Provenance { user, ..Provenance::default() };
        assert!(!format!("{from:?}").contains("190024"));
        assert_eq!(from.user.unwrap().expose(), "190024");
    }
}
