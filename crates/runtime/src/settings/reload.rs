//! Which settings a running service takes up when it is told to read its configuration again.

/// Sections and keys that SIGHUP reloads. All others are read once: they shape threads, sockets and buffers.
const RELOADED: [&str; 8] = [
    "patterns",
    "analysis",
    "conversation",
    "compat",
    "auth",
    "limits",
    "server.needs_response_from",
    "models.zero_shot.label_set",
];

/// Whether a running service takes up a change of `key` on SIGHUP; if not, it takes a restart. A section
/// is reloadable if all of it is.
pub fn reloadable(key: &str) -> bool {
    RELOADED.into_iter().any(|reloaded| {
        key.strip_prefix(reloaded).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_takes_up_what_judges_and_leaves_what_is_built_once() {
        for key in ["patterns", "analysis.ensemble.weights.depression", "server.needs_response_from"] {
            assert!(reloadable(key), "{key}");
        }
        for key in ["server", "server.bind", "models.profile", "authority", "queue.capacity", ""] {
            assert!(!reloadable(key), "{key}");
        }
    }
}
