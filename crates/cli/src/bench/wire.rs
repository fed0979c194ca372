//! What matters here of an answer of POST /analyze; everything else in it is skipped.

use ash_analysis::Level;
use serde::Deserialize;

/// Of a 200. Absent fields are tolerated: an older server has no cache.
#[derive(Debug, Deserialize)]
pub(crate) struct Verdict {
    /// Made without a part of the analysis: the pattern verdict of a server with too much to do, say.
    pub(crate) is_degraded: bool,
    #[serde(default)]
    level: Option<Level>,
    #[serde(default)]
    cache: Option<String>,
    #[serde(default)]
    timing: Option<Timing>,
}

#[derive(Debug, Deserialize)]
struct Timing {
    #[serde(default)]
    total_ms: Option<f64>,
}

impl Verdict {
    /// How urgent it is; absent if the server does not say.
    pub(crate) fn level(&self) -> Option<Level> {
        self.level
    }

    /// Hit, miss, coalesced; absent if the server does not say.
    pub(crate) fn cache(&self) -> Option<&str> {
        self.cache.as_deref()
    }

    /// How long the analysis took by the server's own clock, in milliseconds, waiting included.
    pub(crate) fn analysis_ms(&self) -> Option<f64> {
        self.timing.as_ref()?.total_ms
    }

    /// With the header `x-cache` where the body says nothing.
    pub(crate) fn or_cache(mut self, header: Option<&str>) -> Self {
        self.cache = self.cache.or_else(|| header.map(str::to_owned));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_with_and_without_the_later_fields_are_read() {
        let read = |json: &str| serde_json::from_str::<Verdict>(json).expect(json);
        let full =
            read(r#"{"level":"low","is_degraded":true,"cache":"hit","timing":{"total_ms":0.2,"batch":1}}"#);
        assert_eq!((full.is_degraded, full.cache(), full.analysis_ms()), (true, Some("hit"), Some(0.2)));
        assert_eq!(full.level(), Some(Level::Low));
        let old = read(r#"{"is_degraded":false}"#).or_cache(Some("miss"));
        assert_eq!((old.is_degraded, old.cache(), old.analysis_ms()), (false, Some("miss"), None));
        assert!(serde_json::from_str::<Verdict>("{}").is_err());
    }
}
