//! Promises of a recording, on tiny models. Everything that computes here is recorded, for a recording is of the whole
//! process.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ash_encoder::recording::{self, Arithmetic, Level, Op, Recording, Span, SpanKind, Work, record};
use ash_encoder::{Batch, Files, Limits, Precision, SequenceClassifier};

const TEXTS: [&str; 3] = ["one two three", "four", "five six seven eight nine ten"];

fn model(name: &str, precision: Precision) -> SequenceClassifier {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/classifiers").join(name);
    // Loading computes too.
    record(|| SequenceClassifier::load(&Files::directory(folder), precision))
        .0
        .unwrap_or_else(|e| panic!("{e}"))
}

/// What other tests compute would be recorded too.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stages of whoever calls: what `classifier` says of `batch`, and what was computed for it.
fn recorded(classifier: &SequenceClassifier, batch: &Batch) -> (Vec<f32>, Recording) {
    record(|| {
        let _stage = recording::enter(Level::Stage, "models");
        let here = recording::here();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("three threads");
        pool.install(|| {
            let _here = here.resume();
            let _model = recording::enter(Level::Model, "tiny");
            classifier.logits(batch)
        })
    })
}

/// All work of an operation.
fn calls(recording: &Recording, op: Op) -> Vec<Work> {
    let is_op = |span: &Span| recording.places[span.place].level == Level::Operation(op);
    let works = recording.spans.iter().filter(|span| is_op(span)).filter_map(|span| match span.kind {
        SpanKind::Call(work) => Some(work),
        _ => None,
    });
    works.collect()
}

#[test]
fn recording_changes_no_bit_of_a_result() {
    let _alone = alone();
    for name in ["mpnet", "deberta-v3", "deberta-v2-conv", "distilbert"] {
        for precision in [Precision::F32, Precision::Int8] {
            let model = model(name, precision);
            let batch = model.tokenize(&TEXTS);
            let (logits, recording) = recorded(&model, &batch);
            assert!(!recording.spans.is_empty());
            assert_eq!(logits, model.logits(&batch), "{name} {precision}");
        }
    }
}

#[test]
fn the_work_of_an_operation_is_the_arithmetic_of_its_shapes() {
    let _alone = alone();
    for precision in [Precision::F32, Precision::Int8] {
        let model = model("mpnet", precision);
        let batch = model.tokenize(&TEXTS);
        let config = model.config();
        let (layers, width, inner) =
            (config.num_hidden_layers as u64, config.hidden_size as u64, config.intermediate_size as u64);
        let (_, recording) = recorded(&model, &batch);
        let (tokens, texts) = (batch.tokens() as u64, batch.len() as u64);
        let size = if precision == Precision::Int8 { 1 } else { 4 };
        let product = |op, rows_of_last: u64, inputs: u64, outputs: u64| {
            let calls = calls(&recording, op);
            let rows = (layers - 1) * tokens + rows_of_last;
            assert_eq!(calls.iter().map(|w| w.rows).sum::<u64>(), rows, "{op:?}");
            assert_eq!(
                calls.iter().map(|w| w.operations).sum::<u64>(),
                2 * rows * inputs * outputs,
                "{op:?}"
            );
            // So few tokens are one group and one block: weights pass once a layer.
            assert_eq!(calls.len() as u64, layers, "{op:?}");
            let bytes = layers * size * inputs * outputs + rows * (size * inputs + 4 * outputs);
            assert_eq!(calls.iter().map(|w| w.bytes).sum::<u64>(), bytes, "{op:?}");
            let weights = layers * size * inputs * outputs;
            assert_eq!(calls.iter().map(|w| w.weights).sum::<u64>(), weights, "{op:?}");
            let arithmetic = if size == 1 { Arithmetic::Int8 } else { Arithmetic::F32 };
            assert!(calls.iter().all(|w| w.arithmetic == arithmetic), "{op:?}");
        };
        // The last layer works on the first token of a text only, but for keys and values.
        product(Op::Query, texts, width, width);
        product(Op::KeyValue, tokens, width, 2 * width);
        product(Op::AttentionOutput, texts, width, width);
        product(Op::Intermediate, texts, width, inner);
        product(Op::Output, texts, inner, width);
        let pairs = |queries: fn(u64) -> u64| -> u64 {
            (0..batch.len()).map(|i| batch.ids(i).len() as u64).map(|t| queries(t) * t).sum()
        };
        let attention = 4 * width * ((layers - 1) * pairs(|t| t) + pairs(|_| 1));
        assert_eq!(calls(&recording, Op::Attention).iter().map(|w| w.operations).sum::<u64>(), attention);
        assert_eq!(calls(&recording, Op::Embeddings).iter().map(|w| w.rows).sum::<u64>(), tokens);
        let quantised = calls(&recording, Op::Quantise).len() as u64;
        // Before keys, values and (but for the last layer) queries together, and before three products more.
        assert_eq!(quantised, if size == 1 { 4 * layers + 1 } else { 0 });
    }
}

#[test]
fn position_terms_count_as_products_of_their_own() {
    let _alone = alone();
    for (name, products) in [("bert", 2), ("deberta-c2p", 3), ("deberta-p2c", 3), ("deberta-v3", 4)] {
        let model = model(name, Precision::F32);
        let (config, batch) = (model.config(), model.tokenize(&TEXTS));
        let layers = config.num_hidden_layers as u64;
        let (_, recording) = recorded(&model, &batch);
        let got: u64 = calls(&recording, Op::Attention).iter().map(|w| w.operations).sum();
        let tokens = (0..batch.len()).map(|i| batch.ids(i).len() as u64);
        // All tokens with all, in the last layer the first token with all.
        let pairs: u64 = tokens.map(|t| (layers - 1) * t * t + t).sum();
        assert_eq!(got, 2 * products * pairs * config.hidden_size as u64, "{name}");
        assert_eq!(calls(&recording, Op::Positions).is_empty(), products == 2, "{name}");
    }
}

#[test]
fn every_span_lies_in_a_span_of_the_place_around_it_and_parts_never_overlap_on_a_thread() {
    let _alone = alone();
    for name in ["mpnet", "deberta-v2-conv"] {
        let model = model(name, Precision::Int8);
        let texts = vec![TEXTS[2].repeat(20); 9];
        let (_, recording) = recorded(&model, &model.tokenize(&texts));
        let scopes: Vec<&Span> = recording.spans.iter().filter(|s| s.kind != SpanKind::Part).collect();
        for span in &recording.spans {
            assert!(span.start <= span.end && span.end <= recording.took, "{span:?}");
            assert!(span.thread < recording.threads.len());
            let place = &recording.places[span.place];
            let around = if span.kind == SpanKind::Part { Some(span.place) } else { place.parent };
            let holds = |s: &&&Span| Some(s.place) == around && s.start <= span.start && span.end <= s.end;
            assert!(around.is_none() || scopes.iter().any(|s| holds(&s)), "{place:?} {span:?} is in nothing");
        }
        for thread in 0..recording.threads.len() {
            let parts: Vec<&Span> =
                recording.spans.iter().filter(|s| s.thread == thread && s.kind == SpanKind::Part).collect();
            assert!(parts.windows(2).all(|w| w[0].end <= w[1].start), "{name}: parts overlap");
        }
        // Stage, model, layer, operation, in this order.
        for place in &recording.places {
            let parent = place.parent.map(|p| &recording.places[p]);
            assert!(parent.is_none_or(|p| p.level < place.level), "{place:?} in {parent:?}");
            assert!(place.parent.is_some() || place.name.as_ref() == "models");
        }
        assert!(recording.places.iter().any(|p| p.name.as_ref() == "layer 0"));
    }
}

#[test]
fn a_recording_has_nothing_of_before_or_after_and_a_panic_ends_it() {
    let _alone = alone();
    let model = model("bert", Precision::Int8);
    let batch = model.tokenize(&TEXTS);
    let count = || recorded(&model, &batch).1.spans.iter().filter(|s| s.kind != SpanKind::Part).count();
    let first = count();
    model.logits(&batch);
    assert_eq!(count(), first);
    let panicked = std::panic::catch_unwind(|| record(|| panic!("on purpose")));
    assert!(panicked.is_err());
    model.logits(&batch);
    assert_eq!(count(), first);
    assert_eq!(record(|| ()).1.spans, []);
}

#[test]
fn the_limits_of_this_machine_are_numbers_above_zero_for_as_many_threads_as_asked() {
    let _alone = alone();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
    let limits = pool.install(Limits::measure);
    assert_eq!(limits.threads, 2);
    for figure in [limits.int8_gops, limits.f32_gops, limits.memory_gb_s] {
        assert!(figure.is_finite() && figure > 0.0, "{limits:?}");
    }
}
