//! What happens is counted once, in the right place, and forgotten in time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ash_analysis::{Level, Offsets};
use ash_runtime::PerformanceSettings;
use ash_runtime::telemetry::{
    AlertMoved, AlertOutcome, Answered, AuthFailed, Baseline, BatchRan, Cache, CacheCounts, CacheGauges,
    Degraded, DriftVerdict, Event, Evicted, FeedbackGiven, FeedbackOutcome, Gauges, HandlerPanicked,
    HttpAnswered, InferenceRead, LoadRetried, METRICS, MetricKind, ModelFailed, PHASES, RateLimited,
    Reloaded, Shed, ShedReason, Source, Stage, StageTimes, Telemetry, WorkerPanicked,
};
use serde_json::{Value, json};

const MS: fn(u64) -> Duration = Duration::from_millis;

fn settings() -> PerformanceSettings {
    PerformanceSettings { target_ms: 50 }
}

fn telemetry() -> Telemetry {
    Telemetry::new(settings())
}

/// A computed answer that took so long in all.
fn answered(total: Duration) -> Answered<'static> {
    Answered {
        stages: StageTimes::default().with(Stage::Total, total),
        models: &[],
        level: Level::None,
        source: Source::Miss,
        degraded: None,
    }
}

fn gauges() -> Gauges {
    Gauges {
        ready: true,
        degraded: false,
        phase: "ready",
        cold_start_eliminated: true,
        warmup: Some(MS(321)),
        models_loaded: 3,
        models_configured: 3,
        queue_messages: 4,
        queue_tokens: 120,
        queue_capacity_tokens: 65_536,
        queue_oldest_age: None,
        active_messages: 2,
        assessments: CacheGauges { entries: 10, bytes: 2048 },
        inference: CacheGauges { entries: 11, bytes: 4096 },
        offsets: Offsets::bounded([0.02, 0.0, -0.03, 0.0]),
        alerts_waiting: Some(4),
        alerts_oldest_age: Some(MS(61_000)),
        baseline: Baseline::fit(&[(10, 3.0), (110, 13.0)]),
        uptime: MS(5000),
        version: "1.2.3",
    }
}

/// The samples of a page by name and labels, as they are printed.
fn samples(page: &str) -> BTreeMap<String, f64> {
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
        (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("no number: {line}")))
    };
    page.lines().filter(|line| !line.starts_with('#')).map(sample).collect()
}

/// The samples that an event moved, and by how much; sums of seconds left out.
fn moved(telemetry: &Telemetry, event: &impl Event) -> BTreeMap<String, f64> {
    let before = samples(&telemetry.encode(&gauges()));
    telemetry.emit(event);
    let after = samples(&telemetry.encode(&gauges()));
    let volatile = ["ash_resident_memory_bytes", "ash_within_target_ratio", "ash_latency_drift_ratio"];
    after
        .into_iter()
        .filter(|(name, _)| !name.contains("_sum") && !name.contains("_bucket"))
        .filter(|(name, _)| !volatile.iter().any(|v| name.starts_with(v)))
        .map(|(name, value)| (name.clone(), value - before.get(&name).unwrap_or(&0.0)))
        .filter(|(_, by)| *by != 0.0)
        .collect()
}

#[test]
fn every_event_moves_what_it_should_and_nothing_else() {
    macro_rules! moves {
        ($telemetry:expr, $event:expr => $($sample:literal + $by:literal),+ $(,)?) => {
            let expected: BTreeMap<String, f64> = [$(($sample.to_owned(), f64::from($by))),+].into();
            assert_eq!(moved(&$telemetry, &$event), expected);
        };
    }
    let t = telemetry();
    let stages = StageTimes::default().with(Stage::Queue, MS(1)).with(Stage::Total, MS(12));
    let models = [(Arc::from("depression"), MS(7)), (Arc::from("sentiment"), MS(3))];
    moves!(t, Answered { stages, models: &models, level: Level::High, source: Source::Miss, degraded: None } =>
        "ash_answers_total{source=\"miss\"}" + 1,
        "ash_levels_total{level=\"high\"}" + 1,
        "ash_cache_misses_total{cache=\"assessments\"}" + 1,
        "ash_stage_duration_seconds_count{stage=\"queue\"}" + 1,
        "ash_stage_duration_seconds_count{stage=\"total\"}" + 1,
        "ash_model_duration_seconds_count{model=\"depression\"}" + 1,
        "ash_model_duration_seconds_count{model=\"sentiment\"}" + 1,
    );
    let hit = Answered { source: Source::Hit, ..answered(MS(1)) };
    moves!(t, hit =>
        "ash_answers_total{source=\"hit\"}" + 1,
        "ash_levels_total{level=\"none\"}" + 1,
        "ash_cache_hits_total{cache=\"assessments\"}" + 1,
        "ash_stage_duration_seconds_count{stage=\"total\"}" + 1,
    );
    moves!(t, Answered { source: Source::Coalesced, stages: StageTimes::default(), ..hit } =>
        "ash_answers_total{source=\"coalesced\"}" + 1,
        "ash_levels_total{level=\"none\"}" + 1,
        "ash_cache_coalesced_total{cache=\"assessments\"}" + 1,
    );
    let shed = Answered {
        source: Source::Bypass,
        degraded: Some(ShedReason::Full.into()),
        stages: StageTimes::default(),
        ..hit
    };
    moves!(t, shed =>
        "ash_answers_total{source=\"bypass\"}" + 1,
        "ash_levels_total{level=\"none\"}" + 1,
        "ash_degraded_answers_total{reason=\"full\"}" + 1,
    );
    moves!(t, Shed { why: ShedReason::Late } => "ash_shed_total{reason=\"late\"}" + 1);
    moves!(t, ModelFailed { model: "sentiment" } => "ash_model_failures_total{model=\"sentiment\"}" + 1);
    let http = HttpAnswered { route: Some("/analyze"), method: "POST", status: 503, took: MS(2) };
    moves!(t, http =>
        "ash_http_requests_total{route=\"/analyze\",method=\"POST\",status=\"503\"}" + 1,
        "ash_http_request_duration_seconds_count{route=\"/analyze\"}" + 1,
    );
    moves!(t, HttpAnswered { route: None, method: "BREW", status: 404, took: MS(1) } =>
        "ash_http_requests_total{route=\"-\",method=\"other\",status=\"404\"}" + 1,
        "ash_http_request_duration_seconds_count{route=\"-\"}" + 1,
    );
    moves!(t, BatchRan { messages: 5, tokens: 230, took: MS(9), expected: Some(MS(10)) } =>
        "ash_batch_duration_seconds_count" + 1,
        "ash_batch_messages_total" + 5,
        "ash_batch_tokens_total" + 230,
        "ash_latency_drift_batches" + 1,
    );
    moves!(t, InferenceRead { hits: 2, misses: 1, coalesced: 3 } =>
        "ash_cache_hits_total{cache=\"inference\"}" + 2,
        "ash_cache_misses_total{cache=\"inference\"}" + 1,
        "ash_cache_coalesced_total{cache=\"inference\"}" + 3,
    );
    moves!(t, Evicted { cache: Cache::Assessments, n: 4 } =>
        "ash_cache_evictions_total{cache=\"assessments\"}" + 4,
    );
    moves!(t, HandlerPanicked => "ash_handler_panics_total" + 1);
    moves!(t, WorkerPanicked => "ash_worker_panics_total" + 1);
    moves!(t, RateLimited => "ash_rate_limited_total" + 1);
    moves!(t, AuthFailed => "ash_auth_failures_total" + 1);
    moves!(t, Reloaded { ok: true } => "ash_reloads_total{outcome=\"ok\"}" + 1);
    moves!(t, Reloaded { ok: false } =>
        "ash_reloads_total{outcome=\"failed\"}" + 1,
        "ash_last_reload_ok" + -1,
    );
    moves!(t, Reloaded { ok: true } => "ash_reloads_total{outcome=\"ok\"}" + 1, "ash_last_reload_ok" + 1);
    for outcome in FeedbackOutcome::ALL {
        let name = format!("ash_feedback_total{{outcome=\"{}\"}}", outcome.as_str());
        assert_eq!(moved(&t, &FeedbackGiven { outcome: *outcome }), [(name, 1.0)].into());
    }
    for outcome in AlertOutcome::ALL {
        let name = format!("ash_alerts_total{{outcome=\"{}\"}}", outcome.as_str());
        assert_eq!(moved(&t, &AlertMoved { outcome: *outcome }), [(name, 1.0)].into());
    }
    moves!(t, LoadRetried { ok: true } => "ash_load_retries_total{outcome=\"ok\"}" + 1);
    moves!(t, LoadRetried { ok: false } => "ash_load_retries_total{outcome=\"failed\"}" + 1);

    let counts = CacheCounts { hits: 1, misses: 1, coalesced: 1, evictions: 4 };
    assert_eq!(t.cache_counts(Cache::Assessments), counts);
    let report = serde_json::to_value(t.snapshot(Instant::now())).unwrap();
    assert_eq!(report["requests"]["total"], 4);
    let by_source = json!({"hit": 1, "miss": 1, "coalesced": 1, "bypass": 1});
    assert_eq!(report["requests"]["by_source"], by_source);
    assert_eq!(report["levels"], json!({"none": 3, "low": 0, "medium": 0, "high": 1, "critical": 0}));
    assert_eq!(report["degraded_answers"], 1);
    assert_eq!(report["shed"], json!({"full": 0, "late": 1, "models_down": 0, "starting": 0}));
    let errors = json!({"server_errors": 1, "model_failures": 1, "handler_panics": 1, "worker_panics": 1});
    assert_eq!(report["errors"], errors);
    assert_eq!(report["models"]["sentiment"]["failures"], 1);
    assert_eq!(report["models"]["sentiment"]["lifetime"]["count"], 1);
}

/// Everything that can happen, once.
fn everything(t: &Telemetry) {
    t.mark_ready();
    let stages = Stage::ALL.iter().fold(StageTimes::default(), |times, stage| times.with(*stage, MS(3)));
    let models = [(Arc::from("depression"), MS(3))];
    let degraded = Some(Degraded::ModelFailed);
    t.emit(&Answered { stages, models: &models, level: Level::Low, source: Source::Miss, degraded });
    t.emit(&HttpAnswered { route: Some("/analyze"), method: "POST", status: 200, took: MS(4) });
    t.emit(&Shed { why: ShedReason::Starting });
    t.emit(&ModelFailed { model: "depression" });
    t.emit(&BatchRan { messages: 1, tokens: 8, took: MS(3), expected: Some(MS(3)) });
    t.emit(&InferenceRead { hits: 1, misses: 1, coalesced: 1 });
    t.emit(&Evicted { cache: Cache::Inference, n: 1 });
    t.emit(&HandlerPanicked);
    t.emit(&WorkerPanicked);
    t.emit(&RateLimited);
    t.emit(&AuthFailed);
    t.emit(&Reloaded { ok: true });
    t.emit(&LoadRetried { ok: true });
    t.emit(&FeedbackGiven { outcome: FeedbackOutcome::Stored });
    t.emit(&AlertMoved { outcome: AlertOutcome::Sent });
}

#[test]
fn the_page_prints_exactly_the_metrics_of_the_table() {
    let t = telemetry();
    everything(&t);
    let page = t.encode(&gauges());
    assert!(page.ends_with("# EOF\n"), "{page}");

    let mut types = BTreeMap::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        assert!(types.insert(name, kind).is_none(), "{name} is printed twice");
    }
    let family = |name: &'static str| name.trim_end_matches("_total");
    let table: BTreeMap<_, _> = METRICS.iter().map(|m| (family(m.name), m.kind.as_str())).collect();
    let mut printed = types;
    if cfg!(not(target_os = "linux")) {
        printed.insert("ash_resident_memory_bytes", "gauge");
    }
    assert_eq!(printed, table);

    let samples = samples(&page);
    for metric in METRICS {
        assert!(
            page.contains(&format!("# HELP {} {}.\n", family(metric.name), metric.help)),
            "{}",
            metric.name
        );
        let unit = format!("# UNIT {} {}\n", family(metric.name), metric.unit);
        assert_eq!(page.contains(&unit), !metric.unit.is_empty(), "{}", metric.name);
        let suffixes: &[&str] =
            if metric.kind == MetricKind::Histogram { &["_bucket", "_sum", "_count"] } else { &[""] };
        for suffix in suffixes {
            let name = format!("{}{suffix}", metric.name);
            let of_name = |sample: &&String| sample.split('{').next() == Some(name.as_str());
            let found: Vec<_> = samples.keys().filter(of_name).collect();
            assert!(found.len() + usize::from(cfg!(not(target_os = "linux"))) > 0, "{name}: no sample");
            for sample in found {
                let labels = sample.split_once('{').map_or("", |(_, labels)| labels.trim_end_matches('}'));
                let labels: BTreeSet<&str> = labels
                    .split("\",")
                    .filter_map(|l| l.split('=').next())
                    .filter(|l| !l.is_empty())
                    .collect();
                let mut wanted: BTreeSet<&str> = metric.labels.iter().copied().collect();
                if *suffix == "_bucket" {
                    wanted.insert("le");
                }
                assert_eq!(labels, wanted, "{sample}");
            }
        }
    }
    assert!(samples.values().all(|value| value.is_finite()), "{page}");
}

#[test]
fn latencies_fall_into_the_buckets_that_are_promised() {
    let t = telemetry();
    t.emit(&answered(Duration::from_micros(2500)));
    let samples = samples(&t.encode(&gauges()));
    let bucket =
        |le: &str| samples[&format!("ash_stage_duration_seconds_bucket{{le=\"{le}\",stage=\"total\"}}")];
    for le in ["0.0005", "0.001"] {
        assert!(bucket(le) < 0.5, "{le}");
    }
    for le in ["0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "+Inf"]
    {
        assert!((bucket(le) - 1.0).abs() < 1e-9, "{le}");
    }
}

#[test]
fn gauges_show_what_they_are_given() {
    let t = telemetry();
    let now = samples(&t.encode(&gauges()));
    let expected = [
        ("ash_ready", 1.0),
        ("ash_degraded", 0.0),
        ("ash_phase{phase=\"ready\"}", 1.0),
        ("ash_phase{phase=\"loading\"}", 0.0),
        ("ash_cold_start_eliminated", 1.0),
        ("ash_warmup_seconds", 0.321),
        ("ash_models_loaded", 3.0),
        ("ash_queue_messages", 4.0),
        ("ash_queue_tokens", 120.0),
        ("ash_queue_capacity_tokens", 65_536.0),
        ("ash_queue_oldest_age_seconds", 0.0),
        ("ash_active_messages", 2.0),
        ("ash_cache_entries{cache=\"assessments\"}", 10.0),
        ("ash_cache_bytes{cache=\"inference\"}", 4096.0),
        ("ash_learned_offset{level=\"low\"}", 0.02),
        ("ash_learned_offset{level=\"high\"}", -0.03),
        ("ash_alerts_waiting", 4.0),
        ("ash_alerts_oldest_age_seconds", 61.0),
        ("ash_baseline_seconds{part=\"batch\"}", 0.002),
        ("ash_baseline_seconds{part=\"token\"}", 0.0001),
        ("ash_latency_drift_batches", 0.0),
        ("ash_last_reload_ok", 1.0),
        ("ash_target_seconds", 0.05),
        ("ash_uptime_seconds", 5.0),
        ("ash_build_info{version=\"1.2.3\"}", 1.0),
    ];
    for (name, value) in expected {
        assert!((now[name] - value).abs() < 1e-9, "{name} is {}", now[name]);
    }
    let phases = now.keys().filter(|name| name.starts_with("ash_phase")).count();
    assert_eq!(phases, PHASES.len());

    let early = samples(&t.encode(&Gauges { warmup: None, phase: "loading", ..gauges() }));
    assert!(!early.contains_key("ash_warmup_seconds"));
    assert!((early["ash_phase{phase=\"loading\"}"] - 1.0).abs() < 1e-9);
}

#[test]
fn what_nobody_measured_is_unknown_and_not_zero() {
    let t = telemetry();
    let report = serde_json::to_value(t.snapshot(Instant::now())).unwrap();
    let nothing = json!({
        "count": 0, "p50_ms": null, "p90_ms": null, "p95_ms": null, "p99_ms": null, "max_ms": null,
    });
    let stages: Vec<&String> = report["stages"].as_object().unwrap().keys().collect();
    let names: Vec<&str> = Stage::ALL.iter().map(|stage| stage.as_str()).collect();
    assert_eq!(stages, names);
    for (stage, windows) in report["stages"].as_object().unwrap() {
        for window in ["lifetime", "last_1m", "last_5m", "last_15m"] {
            assert_eq!(windows[window], nothing, "{stage} {window}");
        }
    }
    let unknown = json!({"lifetime": null, "last_1m": null, "last_5m": null, "last_15m": null});
    assert_eq!(report["within_target"], unknown);
    for key in ["first_request_ms", "later_median_ms", "first_to_later_ms"] {
        assert_eq!(report[key], Value::Null, "{key}");
    }
    assert_eq!(report["drift"], json!({"ratio": null, "samples": 0, "verdict": "unknown"}));
    assert_eq!(report["target_ms"], 50.0);

    let page = t.encode(&gauges());
    for absent in ["ash_within_target_ratio", "ash_latency_drift_ratio", "ash_first_request_seconds", "NaN"] {
        assert!(!page.contains(absent), "{absent} in {page}");
    }
    assert!(
        page.contains("ash_degraded_answers_total{reason=\"models_down\"} 0\n"),
        "known words begin at 0"
    );
}

#[test]
fn windows_roll_by_the_steady_clock_and_the_lifetime_does_not() {
    let start = Instant::now();
    let t = Telemetry::since(settings(), start);
    let at = |seconds| start + Duration::from_secs(seconds);
    for second in 0..120 {
        t.emit_at(&answered(if second < 60 { MS(200) } else { MS(20) }), at(second));
    }
    let shares = |seconds| {
        let within = t.snapshot(at(seconds)).within_target;
        [within.lifetime, within.last_1m, within.last_5m, within.last_15m]
    };
    assert_eq!(shares(119), [Some(0.5), Some(1.0), Some(0.5), Some(0.5)]);
    assert_eq!(shares(420), [Some(0.5), None, None, Some(0.5)]);
    let hours_later = 7 * 3600;
    assert_eq!(shares(hours_later), [Some(0.5), None, None, None]);

    t.emit_at(&answered(MS(50)), at(hours_later));
    let total = t.snapshot(at(hours_later)).stages[&Stage::Total];
    assert_eq!((total.lifetime.count, total.last_1m.count, total.last_15m.count), (121, 1, 1));
    assert_eq!(shares(hours_later)[1], Some(1.0), "exactly the target is within it");
    let p50 = total.last_5m.p50_ms.unwrap();
    assert!((50.0..50.5).contains(&p50), "{p50}");
    // Before its own start, as no steady clock can be: nothing breaks.
    t.emit_at(&answered(MS(1)), start.checked_sub(MS(1)).unwrap_or(start));
    assert_eq!(t.snapshot(start).stages[&Stage::Total].lifetime.count, 122);
}

#[test]
fn the_first_request_is_the_first_that_models_computed_after_ready() {
    let t = telemetry();
    t.emit(&answered(MS(400)));
    t.mark_ready();
    t.emit(&Answered { source: Source::Hit, ..answered(Duration::from_micros(90)) });
    t.emit(&Answered { degraded: Some(Degraded::Late), ..answered(MS(2)) });
    assert_eq!(t.first_request(), None);
    t.emit(&answered(MS(12)));
    for _ in 0..9 {
        t.emit(&answered(MS(10)));
        t.emit(&Answered { source: Source::Hit, ..answered(Duration::from_micros(90)) });
    }
    assert_eq!(t.first_request(), Some(MS(12)));
    let report = t.snapshot(Instant::now());
    assert_eq!(report.first_request_ms, Some(12.0));
    let later = report.later_median_ms.unwrap();
    assert!((10.0..10.1).contains(&later), "{later}");
    assert_eq!(report.first_to_later_ms, Some(12.0 - later));
}

#[test]
fn batches_that_became_slow_are_told_as_drift() {
    let start = Instant::now();
    let t = Telemetry::since(settings(), start);
    let batch = |took| BatchRan { messages: 1, tokens: 40, took, expected: Some(MS(10)) };
    for second in 0..30 {
        t.emit_at(&batch(MS(20)), start + Duration::from_secs(second));
        t.emit_at(&BatchRan { expected: None, ..batch(MS(900)) }, start + Duration::from_secs(second));
    }
    let drift = t.drift(start + Duration::from_secs(30));
    assert_eq!((drift.samples, drift.verdict), (30, DriftVerdict::Slower));
    assert!((2.0..=2.02).contains(&drift.ratio.unwrap()), "{drift:?}");
    let now = start + Duration::from_secs(30);
    assert!(t.encode_at(&gauges(), now).contains("\nash_latency_drift_ratio 2.0"), "as a gauge too");
    assert_eq!(t.drift(start + Duration::from_secs(600)).verdict, DriftVerdict::Unknown);
}

#[test]
fn nothing_is_lost_between_threads() {
    const THREADS: u64 = 8;
    const EACH: u64 = 1000;
    let t = telemetry();
    let models = [(Arc::from("depression"), MS(1))];
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for i in 0..EACH {
                    t.emit(&Answered { models: &models, ..answered(Duration::from_micros(i)) });
                    t.emit(&HttpAnswered {
                        route: Some("/analyze"),
                        method: "POST",
                        status: 200,
                        took: MS(1),
                    });
                }
            });
        }
    });
    let report = t.snapshot(Instant::now());
    assert_eq!(report.requests.total, THREADS * EACH);
    let total = report.stages[&Stage::Total];
    assert_eq!((total.lifetime.count, total.last_15m.count), (THREADS * EACH, THREADS * EACH));
    assert_eq!(report.models["depression"].lifetime.count, THREADS * EACH);
    let page = t.encode(&gauges());
    let requests = "ash_http_requests_total{route=\"/analyze\",method=\"POST\",status=\"200\"} 8000\n";
    assert!(page.contains(requests), "{page}");
}

#[test]
fn clients_cannot_make_the_page_grow() {
    let t = telemetry();
    let lines = || t.encode(&gauges()).lines().count();
    let call = |i: u32, prefix: &str| {
        let (route, model) = (format!("{prefix}{i}"), format!("{prefix}\"{i}"));
        t.emit(&HttpAnswered { route: Some(&route), method: &route, status: 200, took: MS(1) });
        t.emit(&ModelFailed { model: &model });
        t.emit(&Answered { models: &[(Arc::from(model.as_str()), MS(1))], ..answered(MS(1)) });
    };
    (0..200).for_each(|i| call(i, "/a"));
    let full = lines();
    (0..200).for_each(|i| call(i, "/b"));
    assert_eq!(lines(), full);
    assert_eq!(t.snapshot(Instant::now()).errors.model_failures, 400, "counted, if not by name");
}
