//! Recordings as trace events, which ui.perfetto.dev and `chrome://tracing` show.
//!
//! The format is Google's "Trace Event Format": complete events (`ph: "X"`) with `ts` and `dur` in microseconds.

use std::io::{self, Write};

use ash_runtime::{PlaceLevel, Recording, Span, SpanKind};
use serde_json::{Value, json};

/// Everything is one process.
const PROCESS: u32 = 1;

/// Writes the recordings one after the other, each batch behind the one before.
pub(crate) fn write(out: &mut dyn Write, recordings: &[Recording]) -> io::Result<()> {
    let mut threads: Vec<&str> = Vec::new();
    let mut events = vec![json!({
        "name": "process_name", "ph": "M", "pid": PROCESS, "tid": 0, "args": { "name": "ash-nlp" },
    })];
    let mut before = 0.0;
    for recording in recordings {
        for span in &recording.spans {
            let name = recording.threads[span.thread].as_str();
            let known = threads.iter().position(|&thread| thread == name);
            let thread = known.unwrap_or_else(|| {
                threads.push(name);
                threads.len() - 1
            });
            events.push(event(recording, span, thread + 1, before));
        }
        before += recording.took.as_secs_f64() * 1e6;
    }
    for (number, name) in threads.iter().enumerate() {
        events.push(json!({
            "name": "thread_name", "ph": "M", "pid": PROCESS, "tid": number + 1, "args": { "name": name },
        }));
    }
    let trace = json!({ "displayTimeUnit": "ms", "traceEvents": events });
    serde_json::to_writer(&mut *out, &trace)?;
    writeln!(out)
}

fn event(recording: &Recording, span: &Span, thread: usize, before: f64) -> Value {
    let place = &recording.places[span.place];
    let microseconds = span.took().as_secs_f64() * 1e6;
    let category = match (span.kind, place.level) {
        (SpanKind::Part, _) => "part",
        (_, PlaceLevel::Stage) => "stage",
        (_, PlaceLevel::Model) => "model",
        (_, PlaceLevel::Layer) => "layer",
        (_, PlaceLevel::Operation(_)) => "operation",
    };
    let around: Vec<&str> = std::iter::successors(place.parent, |&at| recording.places[at].parent)
        .map(|at| &*recording.places[at].name)
        .collect();
    let around = around.into_iter().rev().collect::<Vec<_>>().join(" / ");
    let args = match span.kind {
        SpanKind::Call(work) => json!({
            "in": around,
            "rows": work.rows,
            "operations": work.operations,
            "bytes": work.bytes,
            "gops": (work.operations as f64 / microseconds.max(1e-3)).round() / 1e3,
        }),
        SpanKind::Scope | SpanKind::Part => json!({ "in": around }),
    };
    json!({
        "name": &*place.name,
        "cat": category,
        "ph": "X",
        "ts": span.start.as_secs_f64() * 1e6 + before,
        "dur": microseconds,
        "pid": PROCESS,
        "tid": thread,
        "args": args,
    })
}
