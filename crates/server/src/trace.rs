//! The trace that a request belongs to: the caller's, by W3C Trace Context, or one that begins here.
//!
//! <https://www.w3.org/TR/trace-context/>, section 3.2. What is malformed is ignored, as the specification asks:
//! a broken header must not cost anybody a verdict.

use axum::http::HeaderMap;
use uuid::Uuid;

/// A trace id, 32 lower-case hexadecimal digits, not all 0, and the span in it that asked, 16 of them, if one did. They
/// may come from the client and go to the log, so nothing but digits gets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace {
    id: String,
    pub(crate) parent: Option<String>,
    /// Whether whoever began the trace wants to see it.
    pub(crate) sampled: bool,
}

impl Trace {
    /// That of the header `traceparent`; a new one if it is missing, malformed, or there is more than one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self::caller(headers).unwrap_or_else(Self::begin)
    }

    fn caller(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all("traceparent").iter();
        let (only, None) = (all.next()?, all.next()) else { return None };
        Self::parse(only.to_str().ok()?)
    }

    fn begin() -> Self {
        Trace { id: Uuid::new_v4().simple().to_string(), parent: None, sampled: true }
    }

    fn parse(header: &str) -> Option<Self> {
        let mut fields = header.trim().split('-');
        let (version, trace, parent, flags) =
            (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        // Later versions may have more fields; the first has not.
        let known = version != "ff" && (version != "00" || fields.next().is_none());
        let whole = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
        let named = |id: &str| id.bytes().any(|digit| digit != b'0');
        if !(known && whole && named(trace) && named(parent)) {
            return None;
        }
        // The lowest bit says sampled, in every version.
        let sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
        Some(Trace { id: trace.to_owned(), parent: Some(parent.to_owned()), sampled })
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

    #[test]
    fn the_lowest_bit_of_the_flags_says_whether_a_trace_is_wanted() {
        for (flags, sampled) in [("00", false), ("01", true), ("02", false), ("03", true), ("fe", false)] {
            let header = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");
            assert_eq!(Trace::parse(&header).map(|trace| trace.sampled), Some(sampled), "{flags}");
        }
    }

    #[test]
    fn where_nobody_names_a_trace_or_two_do_a_new_one_begins() {
        let none = HeaderMap::new();
        let mut two = HeaderMap::new();
        for id in ["4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"] {
            two.append("traceparent", format!("00-{id}-00f067aa0ba902b7-01").parse().unwrap());
        }
        let begun = [&none, &none, &two].map(Trace::of);
        for trace in &begun {
            assert!(hex(trace.id(), 32) && trace.parent.is_none() && trace.sampled, "{trace:?}");
        }
        assert!(
            begun[0] != begun[1] && two.iter().all(|(_, v)| !v.to_str().unwrap().contains(begun[2].id()))
        );
    }
}
