//! From layers to settings, or to everything that is wrong with them.

use std::path::Path;

use super::faults::fault;
use super::layers::Layers;
use super::{Fault, Overrides, Profile, SettingOrigin, Settings, SettingsError};

/// Settings that remember where each of them comes from.
#[derive(Debug, Clone)]
pub struct Configuration {
    settings: Settings,
    layers: Layers,
}

/// More faults than these are not looked for.
const MOST_FAULTS: usize = 50;

impl Configuration {
    /// Default, then the profile's layer, then `file`, then the environment, then `overrides`; checked
    /// as a whole. The last three say which profile it is. Several wrong keys are all reported.
    pub fn load(file: Option<&Path>, overrides: Overrides) -> Result<Self, SettingsError> {
        let layers = Layers::read(file, overrides)?;
        let settings = settle(&layers)?;
        if settings.models.profile != Profile::Compact {
            settings.is_not_judged_by(&settle(&Layers::of_profile(Profile::Compact)?)?)?;
        }
        Ok(Configuration { settings, layers })
    }

    /// The settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings, without their origin.
    pub fn into_settings(self) -> Settings {
        self.settings
    }

    /// Where the value of a dotted key was set; none if nobody sets it, not even the default.
    pub fn origin(&self, key: &str) -> Option<SettingOrigin> {
        self.layers.origin(&key.split('.').collect::<Vec<_>>())
    }
}

/// The settings of `layers`. A wrong value is set aside, so that the next one shows as well.
pub(super) fn settle(layers: &Layers) -> Result<Settings, SettingsError> {
    let mut spare = layers.clone();
    let mut faults: Vec<Fault> = Vec::new();
    while faults.len() < MOST_FAULTS {
        let refusal = match spare.settings() {
            Ok(settings) if faults.is_empty() => return Ok(settings),
            Ok(_) => break,
            Err(refusal) => refusal,
        };
        let key: Vec<&str> = refusal.key.iter().map(String::as_str).collect();
        let found = fault(&spare, &refusal);
        let set_by_somebody = spare.set_aside(&key);
        // What only shows because another value was set aside would send people to the wrong place.
        if set_by_somebody || faults.is_empty() {
            faults.push(found);
        }
        if !set_by_somebody {
            break;
        }
    }
    faults.sort_by_key(|fault| match &fault.origin {
        Some(SettingOrigin::File { line, .. }) => line.unwrap_or(usize::MAX),
        _ => usize::MAX,
    });
    Err(SettingsError::Faulty(faults))
}

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "figment::Jail's signature")]
mod tests {
    use super::*;
    use figment::Jail;

    /// What is said about a file, variables and options that hold mistakes.
    struct Case<'a> {
        toml: &'a str,
        env: &'a [(&'static str, &'static str)],
        flag: Option<(&'static str, &'static str)>,
        says: &'a [&'static str],
    }

    impl Case<'_> {
        fn said(&self) -> Vec<String> {
            let mut said = Vec::new();
            Jail::expect_with(|jail| {
                jail.create_file("ash.toml", self.toml)?;
                for (name, value) in self.env {
                    jail.set_env(name, value);
                }
                let overrides = Overrides::default();
                let overrides = self.flag.map_or(overrides.clone(), |(key, value)| overrides.set(key, value));
                let error = Configuration::load(Some(Path::new("ash.toml")), overrides).unwrap_err();
                said = error.faults().iter().map(ToString::to_string).collect();
                Ok(())
            });
            said
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_with_what_is_allowed() {
        let file = |toml, says| Case { toml, env: &[], flag: None, says };
        let env = |env, says| Case { toml: "", env, flag: None, says };
        let flag = |key, value, says| Case { toml: "", env: &[], flag: Some((key, value)), says };
        let cases = [
            file(
                "\n[queue]\ncapacity_tokens = 0\n",
                &["ash.toml:3: queue.capacity_tokens is 0, allowed is 512 to 16777216"],
            ),
            file(
                "[queue]\ncapacity_tokens = \"many\"\n",
                &[
                    "ash.toml:2: queue.capacity_tokens is \"many\", allowed is a whole number, 512 to 16777216",
                ],
            ),
            file(
                "[queue]\ncapacity_tokens = -1\n",
                &["ash.toml:2: queue.capacity_tokens is -1, allowed is a whole number, 512 to 16777216"],
            ),
            file(
                "[models]\nprecision = \"int4\"\n",
                &[
                    "ash.toml:2: models.precision is \"int4\", allowed is \"f32\" or \"int8\"; did you mean `int8`?",
                ],
            ),
            file(
                "server.needs_response_from = \"none\"\n",
                &["ash.toml:1: server.needs_response_from is none, allowed is low, medium, high or critical"],
            ),
            file(
                "[analysis.ensemble.weights]\nsentiment = 0.1\ndepression = 7\n",
                &["ash.toml:3: analysis.ensemble.weights.depression is 7, allowed is 0 to 1"],
            ),
            file(
                "[analysis.evidence.cues]\nquoted = 2\n",
                &["ash.toml:2: analysis.evidence.cues.quoted is 2, allowed is 0 to 1"],
            ),
            file(
                "[conversation]\nsudden_rise = 0.5\n",
                &["conversation.rapid_rise is 0.2 (the default), allowed is sudden_rise to 1"],
            ),
            file(
                "[queue]\ncapacity_tokens = 5\ncapacity_tokens = 6\n[log\n",
                &["ash.toml:3: this is no TOML", "ash.toml:4: this is no TOML"],
            ),
            file(
                "[log]\nlevel = \"inform\"\n[sever]\nbind = \"127.0.0.1:1\"\n[queue]\ncapaciti = 5\n",
                &[
                    "ash.toml:2: log.level is \"inform\"",
                    "ash.toml:3: [sever] is an unknown section",
                    "ash.toml:6: queue.capaciti is an unknown key; [queue] may have ",
                ],
            ),
            env(
                &[("ASH_SERVER__BIND", "localhost"), ("ash_queue__capacity_tokens", "0")],
                &[
                    "ash_queue__capacity_tokens: queue.capacity_tokens is 0",
                    "ASH_SERVER__BIND: server.bind is \"localhost\", allowed is an address",
                ],
            ),
            env(&[("ASH_SERVER__BNID", "x")], &["ASH_SERVER__BNID: server.bnid is an unknown key"]),
            flag(
                "models.threads",
                "x",
                &["command line: models.threads is \"x\", allowed is a whole number, 0 to 1024"],
            ),
        ];
        for case in cases {
            let said = case.said();
            assert_eq!(said.len(), case.says.len(), "{}: {said:#?}", case.toml);
            for wanted in case.says {
                assert!(said.iter().any(|fault| fault.starts_with(wanted)), "{wanted}\nis not in {said:#?}");
            }
        }
    }

    #[test]
    fn what_was_probably_meant_is_said() {
        struct Typed(&'static str, Option<&'static str>);
        for Typed(toml, meant) in [
            Typed("[server]\nbnid = 1", Some("did you mean `bind`?")),
            Typed("[sever]", Some("did you mean `server`?")),
            Typed("[server]\ncapacity_tokens = 1", Some("did you mean `queue.capacity_tokens`?")),
            Typed("[server]\nzebra = 1", None),
        ] {
            let said = Case { toml, env: &[], flag: None, says: &[] }.said().join("\n");
            match meant {
                Some(meant) => assert!(said.ends_with(meant), "{said}"),
                None => assert!(!said.contains("did you mean"), "{said}"),
            }
        }
    }

    #[test]
    fn a_value_behind_an_unknown_key_is_not_repeated() {
        let toml = "[server]\napi_key = \"hunter2\"";
        let said = Case { toml, env: &[("ASH_SERVER__TOKEN", "hunter3")], flag: None, says: &[] }.said();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(!said.join("\n").contains("hunter"), "{said:?}");
    }

    #[test]
    fn the_address_of_a_webhook_is_not_repeated_wherever_it_was_written() {
        const ADDRESS: &str = "https://host/hunter2";
        let team = |line: &str| format!("[alerts.webhooks.team]\nkind = \"discord\"\n{line}\n");
        for (toml, says) in [
            (
                team(&format!("url = [\"{ADDRESS}\"]")),
                "ash.toml:3: alerts.webhooks.team.url is (hidden), allowed is an address like https://host/path",
            ),
            (
                team(&format!("url_file = [\"{ADDRESS}\"]")),
                "ash.toml:3: alerts.webhooks.team.url_file is (hidden), allowed is the path of a file",
            ),
            (
                team(&format!("url_file = \"{ADDRESS}\"")),
                "ash.toml:3: alerts.webhooks.team.url_file is (hidden), allowed is the path of a file that holds the \
                 address, not the address",
            ),
            (
                team(&format!("signing_key_file = [\"{ADDRESS}\"]")),
                "ash.toml:3: alerts.webhooks.team.signing_key_file is (hidden)",
            ),
            (
                format!("[alerts.webhooks.team.url]\nit = \"{ADDRESS}\"\n"),
                "alerts.webhooks.team.url is a table",
            ),
            (
                format!("[alerts.webhooks]\nteam = \"{ADDRESS}\"\n"),
                "ash.toml:2: alerts.webhooks.team is (hidden)",
            ),
            (format!("[alerts]\nwebhooks = [\"{ADDRESS}\"]\n"), "ash.toml:2: alerts.webhooks is (hidden)"),
            (team(&format!("url = {ADDRESS}")), "ash.toml:3: this is no TOML"),
            (
                team("kind = \"discrod\"").replace("kind = \"discord\"\n", ""),
                "ash.toml:2: alerts.webhooks.team.kind is \"discrod\"",
            ),
        ] {
            let said = Case { toml: &toml, env: &[], flag: None, says: &[] }.said().join("\n");
            assert!(said.contains(says), "{says}\nis not in {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        let env = [("ASH_ALERTS__WEBHOOKS__TEAM__URL", "[\"https://host/hunter2\"]")];
        let said = Case { toml: &team(""), env: &env, flag: None, says: &[] }.said().join("\n");
        assert!(
            said.contains("URL: alerts.webhooks.team.url is (hidden)") && !said.contains("hunter2"),
            "{said}"
        );
    }

    #[test]
    fn every_value_knows_where_it_comes_from() {
        Jail::expect_with(|jail| {
            jail.create_file(
                "ash.toml",
                "[models]\nprofile = \"zero-shot\"\nthreads = 2\n[queue]\ncapacity_tokens = 999\n",
            )?;
            jail.set_env("ASH_QUEUE__CAPACITY_TOKENS", "888");
            jail.set_env("ASH_MODELS__PATH", "elsewhere");
            let overrides = Overrides::default().set("log.level", "debug");
            let loaded = Configuration::load(Some(Path::new("ash.toml")), overrides).unwrap();
            for (key, origin) in [
                ("models.threads", "ash.toml:3"),
                ("models.profile", "ash.toml:2"),
                ("queue.capacity_tokens", "ASH_QUEUE__CAPACITY_TOKENS"),
                ("log.level", "command line"),
                ("analysis.ensemble.weights.sentiment", "default of the profile zero-shot"),
                ("server.bind", "default"),
            ] {
                assert_eq!(loaded.origin(key).map(|o| o.to_string()).as_deref(), Some(origin), "{key}");
            }
            assert_eq!(loaded.origin("models.zero_shot.labels_path"), None);
            let differing: Vec<String> = loaded.differing().into_iter().map(|said| said.key).collect();
            assert_eq!(
                differing,
                ["models.profile", "models.path", "models.threads", "queue.capacity_tokens", "log.level"]
            );
            Ok(())
        });
    }
}
