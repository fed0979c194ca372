//! Which settings a running service takes up when it is told to read its configuration again.

use serde_json::Value;

use super::{ModelSettings, ServerSettings, Settings, ZeroShotSettings};

/// Sections and keys that SIGHUP reloads. All others are read once: they shape threads, sockets and buffers.
const RELOADED: [&str; 6] = [
    "patterns",
    "analysis",
    "conversation",
    "compat",
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

impl Settings {
    /// These settings with all that is [`reloadable`] taken from `new`, and the keys in which `new` differs
    /// otherwise: those changes need a restart.
    pub(crate) fn reloaded(&self, new: &Settings) -> (Settings, Vec<String>) {
        let old = self.clone();
        let effective = Settings {
            patterns: new.patterns.clone(),
            analysis: new.analysis.clone(),
            conversation: new.conversation,
            compat: new.compat,
            server: ServerSettings { needs_response_from: new.server.needs_response_from, ..old.server },
            models: ModelSettings {
                zero_shot: ZeroShotSettings {
                    label_set: new.models.zero_shot.label_set.clone(),
                    ..old.models.zero_shot
                },
                ..old.models
            },
            ..old
        };
        let restart = differing(&effective, new);
        (effective, restart)
    }
}

/// The dotted keys whose values differ.
fn differing(a: &Settings, b: &Settings) -> Vec<String> {
    let value = |settings| serde_json::to_value(settings).unwrap_or_default();
    let mut keys = Vec::new();
    compare("", &value(a), &value(b), &mut keys);
    keys
}

fn compare(key: &str, a: &Value, b: &Value, keys: &mut Vec<String>) {
    let (Value::Object(left), Value::Object(right)) = (a, b) else {
        if a != b {
            keys.push(key.to_owned());
        }
        return;
    };
    let names = left.keys().chain(right.keys().filter(|name| !left.contains_key(*name)));
    for name in names {
        let at = |side: &serde_json::Map<String, Value>| side.get(name).cloned().unwrap_or_default();
        let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
        compare(&key, &at(left), &at(right), keys);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Overrides;

    #[test]
    fn a_reload_takes_up_what_judges_and_leaves_what_is_built_once() {
        for key in ["patterns", "analysis.ensemble.weights.depression", "server.needs_response_from"] {
            assert!(reloadable(key), "{key}");
        }
        for key in ["server", "server.bind", "models.profile", "authority", "queue.capacity", ""] {
            assert!(!reloadable(key), "{key}");
        }
    }

    /// In a jail: the environment is shared by all tests of a process, and some of them set variables.
    #[expect(clippy::result_large_err, reason = "figment::Jail's signature")]
    fn shipped() -> Settings {
        let mut settings = None;
        figment::Jail::expect_with(|_| {
            settings = Some(Settings::load(None, Overrides::default()).expect("config/ash.toml"));
            Ok(())
        });
        settings.expect("loaded")
    }

    #[test]
    fn what_can_be_taken_over_is_and_the_rest_is_named() {
        let old = shipped();
        let mut new = old.clone();
        assert_eq!(old.reloaded(&new), (old.clone(), vec![]));
        new.compat.critical_as_high = true;
        new.patterns.path = Some("elsewhere".into());
        new.analysis.ensemble.max_spread = 0.5;
        new.conversation.may_raise = false;
        new.server.needs_response_from = ash_analysis::Level::High;
        new.models.zero_shot.label_set = "compact".into();
        let changed = differing(&old, &new);
        assert_eq!(changed.len(), 6, "{changed:?}");
        assert!(changed.iter().all(|key| reloadable(key)), "{changed:?}");
        assert_eq!(old.reloaded(&new), (new.clone(), vec![]));

        new.queue.capacity_tokens += 1;
        new.models.path = Some("models".into());
        let (effective, restart) = old.reloaded(&new);
        assert_eq!(restart, ["models.path", "queue.capacity_tokens"]);
        assert!(!restart.iter().any(|key| reloadable(key)));
        assert_eq!(effective.queue, old.queue);
        assert!(effective.compat.critical_as_high, "what can be taken over is");
    }
}
