//! The layers and what they refuse, through files and variables.

use super::*;
use figment::Jail;

#[test]
fn the_shipped_default_loads_and_is_valid() {
    // In a jail, like its neighbours: the environment is shared by all tests of a process.
    Jail::expect_with(|_| {
        let settings = Settings::load(None, Overrides::default()).expect("config/ash.toml");
        assert_eq!(settings.models.profile, Profile::Compact);
        assert_eq!(settings.server.bind.to_string(), "127.0.0.1:8881");
        assert_eq!(settings.models.path, None);
        Ok(())
    });
}

#[test]
fn later_layers_win_and_leave_the_rest() {
    Jail::expect_with(|jail| {
        jail.create_file(
            "ash.toml",
            "[queue]\ncapacity_tokens = 777\n[server]\nbind = \"127.0.0.1:1111\"\n",
        )?;
        jail.set_env("ASH_SERVER__BIND", "127.0.0.1:2222");
        jail.set_env("ASH_MODELS__PATH", "elsewhere");
        jail.set_env("ASH_ANALYSIS__ENSEMBLE__MODE", "majority");
        jail.set_env("ASH_PORT", "tcp://10.0.0.1:80");
        let load = |overrides| Settings::load(Some(Path::new("ash.toml")), overrides).unwrap();
        let settings = load(Overrides::default());
        assert_eq!(settings.queue.capacity_tokens, 777);
        assert_eq!(settings.queue.max_batch_tokens, 2048);
        assert_eq!(settings.server.bind.port(), 2222);
        assert_eq!(settings.models.path.as_deref(), Some(Path::new("elsewhere")));
        assert_eq!(settings.analysis.ensemble.mode, ash_analysis::Mode::Majority);
        let settings = load(Overrides::default().set("server.bind", "127.0.0.1:3333"));
        assert_eq!(settings.server.bind.port(), 3333);
        Ok(())
    });
}

#[test]
fn another_profile_is_judged_by_its_own_layer_and_by_nothing_that_was_fitted_to_the_first() {
    Jail::expect_with(|jail| {
        let zero_shot = || Overrides::default().set("models.profile", "zero-shot");
        let settings = Settings::load(None, zero_shot()).unwrap();
        let layer: AnalyzerSettings =
            toml::from_str::<toml::Table>(ZERO_SHOT_TOML).unwrap()["analysis"].clone().try_into().unwrap();
        assert_eq!(settings.analysis, layer, "the layer leaves nothing of the default");
        let weights = ["depression", "sentiment", "emotional_distress"].map(|m| layer.ensemble.weights[m]);
        assert_eq!(weights.map(|w| format!("{w}")), ["0.4", "0.3", "0.3"]);

        jail.create_file("mine.toml", "[analysis.ensemble.weights]\nsentiment = 0.5\n")?;
        let settings = Settings::load(Some(Path::new("mine.toml")), zero_shot()).unwrap();
        assert!((settings.analysis.ensemble.weights["sentiment"] - 0.5).abs() < 1e-6, "a file wins");

        jail.create_file("chooses.toml", ZERO_SHOT_TOML)?;
        let chosen = Settings::load(Some(Path::new("chooses.toml")), Overrides::default()).unwrap();
        assert_eq!(chosen.models.profile, Profile::ZeroShot);
        jail.set_env("ASH_MODELS__PROFILE", "zero-shot");
        assert_eq!(Settings::load(None, Overrides::default()).unwrap(), chosen);

        jail.create_file("old.toml", DEFAULT_TOML)?;
        let error = Settings::load(Some(Path::new("old.toml")), zero_shot()).unwrap_err().to_string();
        assert!(error.contains("fitted to the compact models"), "{error}");
        Ok(())
    });
}

#[test]
fn a_bad_setting_is_refused_with_its_key_and_what_is_allowed() {
    struct Case {
        toml: &'static str,
        says: &'static [&'static str],
    }
    let case = |toml, says| Case { toml, says };
    let cases = [
        case("[queue]\ncapacity_tokens = 0", &["queue.capacity_tokens is 0", "512 to 16777216"]),
        case(
            "[queue]\nmax_wait_ms = 4500",
            &["queue.max_wait_ms is 4500", "server.request_timeout_ms (4500)"],
        ),
        case("[cache]\nmax_entries = 0", &["cache.max_entries is 0", "1 to 10000000"]),
        case("[server]\nmax_message_bytes = 200000", &["server.max_message_bytes", "1 to 100000"]),
        case("[server]\nneeds_response_from = \"none\"", &["low, medium, high or critical"]),
        case("[server]\nport = 80", &["bad.toml:2", "server.port", "unknown key"]),
        case("[models]\nprecision = \"int4\"", &["int4", "models.precision", "bad.toml"]),
        case("[server]\nbind = \"localhost\"", &["server.bind", "bad.toml"]),
        case("[analysis.decision.cuts.weighted]\nlow = 0.9", &["do not ascend", "analysis.decision.cuts"]),
        case("[conversation]\nrapid_rise = 0.1", &["conversation.rapid_rise is 0.1", "sudden_rise to 1"]),
        case("[queue", &["bad.toml"]),
        case("[models]\nprofile = \"tiny\"", &["tiny", "compact", "zero-shot", "bad.toml"]),
        case(
            "[models.zero_shot.sentiment]\nname = \"../../etc\"",
            &["models.zero_shot.sentiment.name is \"../../etc\"", "owner/name"],
        ),
        case(
            "[models.zero_shot.depression]\nrevision = \"main\"",
            &["models.zero_shot.depression.revision is \"main\"", "a commit hash"],
        ),
        case("[models.zero_shot.anger]\nname = \"a/b\"", &["unknown key", "anger"]),
        case("[models.zero_shot]\nmax_batch_tokens = 5", &["models.zero_shot.max_batch_tokens is 5"]),
        case("[auth]\nkeys_file = \"\"", &["auth.keys_file is empty"]),
        case("[auth]\nkey = \"x\"", &["unknown key", "keys_file"]),
        case("[limits]\nburst_per_key = 0", &["limits.burst_per_key is 0", "1 to 1000000"]),
        case("[limits]\nmax_connections = 0", &["limits.max_connections is 0", "1 to 65536"]),
        case(
            "[limits]\ntrusted_proxies = [\"10.0.0.0/40\"]",
            &["10.0.0.0/40", "limits.trusted_proxies", "bad.toml"],
        ),
        case("[cors]\nallowed_origins = [\"*\"]", &["no origin", "cors.allowed_origins", "bad.toml"]),
    ];
    Jail::expect_with(|jail| {
        for Case { toml, says } in cases {
            jail.create_file("bad.toml", toml)?;
            let error =
                Settings::load(Some(Path::new("bad.toml")), Overrides::default()).unwrap_err().to_string();
            for part in says {
                assert!(error.contains(part), "{toml:?}: {error}");
            }
        }
        let missing = Settings::load(Some(Path::new("none.toml")), Overrides::default()).unwrap_err();
        assert!(missing.to_string().contains("none.toml"), "{missing}");
        Ok(())
    });
}
