//! The trace that a request belongs to: the caller's, by W3C Trace Context, or none.
//!
//! <https://www.w3.org/TR/trace-context/>, section 3.2. What is malformed is ignored, as the specification asks:
//! a broken header must not cost anybody a verdict.

use axum::http::HeaderMap;

/// A trace id, 32 lower-case hexadecimal digits, not all 0, and the span in it that asked, 16 of them. They come from
/// the client and go to the log, so nothing but digits gets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace {
    id: String,
    pub(crate) parent: String,
}

impl Trace {
    /// Of the header `traceparent`; none if it is missing, malformed, or there is more than one.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all("traceparent").iter();
        let (only, None) = (all.next()?, all.next()) else { return None };
        Self::parse(only.to_str().ok()?)
    }

    fn parse(header: &str) -> Option<Self> {
        let mut fields = header.trim().split('-');
        let (version, trace, parent, flags) =
            (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        // Later versions may have more fields; the first has not.
        let known = version != "ff" && (version != "00" || fields.next().is_none());
        let whole = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
        let named = |id: &str| id.bytes().any(|digit| digit != b'0');
        (known && whole && named(trace) && named(parent))
            .then(|| Trace { id: trace.to_owned(), parent: parent.to_owned() })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

fn hex(field: &str, digits: usize) -> bool {
    field.len() == digits && field.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_taken_from_what_the_specification_allows_and_from_nothing_else() {
        const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let cases = [
            (good.clone(), true),
            (format!(" {good} "), true),
            (format!("cc-{TRACE}-00f067aa0ba902b7-01-what-comes-later"), true),
            (format!("{good}-more"), false),
            (format!("ff-{TRACE}-00f067aa0ba902b7-01"), false),
            (format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()), false),
            (format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)), false),
            (format!("00-{TRACE}-{}-01", "0".repeat(16)), false),
            (format!("00-{TRACE}-00f067aa0ba902b7"), false),
            (format!("00-{TRACE}-00f067aa0ba902b7-1"), false),
            (format!("00-{TRACE} -00f067aa0ba902b7-01"), false),
            (String::new(), false),
        ];
        for (header, taken) in cases {
            let trace = Trace::parse(&header);
            assert_eq!(trace.as_ref().map(Trace::id), taken.then_some(TRACE), "{header:?}");
        }
    }
}
