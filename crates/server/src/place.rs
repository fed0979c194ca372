//! The place of a text among those of one request.

use ash_analysis::MessageText;
use ash_runtime::{Priority, Provenance, Request};

/// Under which id a text is judged, and how soon.
pub(crate) struct Place {
    id: String,
    priority: Priority,
}

/// The places of `count` texts: somebody waits for a single one; each of several has an id of its own, and waits
/// behind those that somebody waits for.
pub(crate) fn places(request_id: &str, count: usize) -> impl Iterator<Item = Place> {
    (0..count).map(move |i| match count {
        1 => Place { id: request_id.to_owned(), priority: Priority::Interactive },
        _ => Place { id: format!("{request_id}_{i}"), priority: Priority::Batch },
    })
}

impl Place {
    /// What is asked of the service.
    pub(crate) fn request(self, text: MessageText) -> Request {
        let from = Provenance { request_id: self.id, ..Provenance::default() };
        Request { priority: self.priority, from, ..Request::new(text) }
    }
}
