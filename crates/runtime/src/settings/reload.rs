//! What of the settings can be exchanged while the service runs.

use super::{ModelSettings, ServerSettings, Settings, ZeroShotSettings};

impl Settings {
    /// These settings with what can be exchanged taken from `new`, and the sections in which `new` differs
    /// otherwise: those changes need a restart.
    pub(crate) fn reloaded(&self, new: &Settings) -> (Settings, Vec<&'static str>) {
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
        let sections = [
            ("models", effective.models != new.models),
            ("server", effective.server != new.server),
            ("queue", effective.queue != new.queue),
            ("cache", effective.cache != new.cache),
            ("log", effective.log != new.log),
        ];
        let restart = sections.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
        (effective, restart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Overrides;

    #[test]
    fn what_judges_is_taken_over_and_the_rest_is_told() {
        let old = Settings::load(None, Overrides::default()).unwrap();
        let mut new = old.clone();
        assert_eq!(old.reloaded(&new), (old.clone(), vec![]));
        new.compat.critical_as_high = true;
        new.patterns.enabled = false;
        new.server.needs_response_from = ash_analysis::Level::High;
        new.models.zero_shot.label_set = "compact".into();
        assert_eq!(old.reloaded(&new), (new.clone(), vec![]));
        new.queue.capacity_tokens += 1;
        new.server.max_body_bytes += 1;
        let (effective, restart) = old.reloaded(&new);
        assert_eq!(restart, ["server", "queue"]);
        assert_eq!(effective.queue, old.queue);
        assert!(effective.compat.critical_as_high, "what can be taken over is");
    }
}
