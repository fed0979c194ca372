//! Our side of `bench/engines`: JSON lines on standard input, one answer a line, as the workers of the
//! other engines do it (bench/engines/README.md). Started by that comparison, not by hand.

mod inputs;
mod peak;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use ash_encoder::{Batch, Files, Precision, SequenceClassifier, kernel_name};
use serde::Deserialize;
use serde_json::{Value, json};

use inputs::{Case, Inputs, Part, Source};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The command line.
struct Args {
    inputs: String,
    precision: Precision,
    threads: usize,
}

impl Args {
    fn parse() -> Result<Self> {
        let mut args = Args { inputs: String::new(), precision: Precision::Int8, threads: 2 };
        let mut words = std::env::args().skip(1);
        while let Some(flag) = words.next() {
            let value = words.next().ok_or_else(|| format!("{flag} needs a value"))?;
            match flag.as_str() {
                "--inputs" => args.inputs = value,
                "--precision" => args.precision = value.parse()?,
                "--threads" => args.threads = value.parse()?,
                _ => return Err(format!("unknown flag {flag}").into()),
            }
        }
        Ok(args)
    }
}

/// What the other side asks for.
#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    case: String,
    #[serde(default)]
    peak: bool,
    #[serde(default)]
    rounds: usize,
    #[serde(default)]
    logits: bool,
}

type Models = BTreeMap<String, SequenceClassifier>;

/// The batch of a part; its ids were checked against the model.
fn batch(model: &SequenceClassifier, part: &Part) -> Result<Batch> {
    let sequences: Vec<_> = part.ids.iter().zip(&part.types).collect();
    Ok(model.batch_of_ids(&sequences)?)
}

/// Load a model and let it answer one pair, as every worker does.
fn load(folder: &Path, source: &Source, inputs: &Inputs, precision: Precision) -> Result<SequenceClassifier> {
    let path = source.huggingface.get(precision.as_str());
    let path = path.ok_or_else(|| format!("{} has no {precision} files", source.name))?;
    let model = SequenceClassifier::load(&Files::directory(folder.join(path)), precision)?;
    let parts = inputs.cases.iter().flat_map(|case| &case.parts);
    if let Some(part) = parts.into_iter().find(|part| part.model == source.name) {
        let first = model.batch_of_ids(&[(&part.ids[0], &part.types[0])])?;
        model.logits(&first);
    }
    Ok(model)
}

fn answer(models: &Models, case: &Case, request: &Request) -> Result<Value> {
    let mut parts = Vec::new();
    for part in &case.parts {
        let model = &models[&part.model];
        parts.push((model, batch(model, part)?));
    }
    let once = || -> Vec<Vec<f32>> { parts.iter().map(|(model, batch)| model.logits(batch)).collect() };
    if request.logits {
        return Ok(json!({ "logits": once() }));
    }
    let ms: Vec<f64> = (0..request.rounds).map(|_| milliseconds(once).1).collect();
    Ok(json!({ "ms": ms }))
}

fn milliseconds<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let out = work();
    (out, start.elapsed().as_secs_f64() * 1e3)
}

fn serve(args: &Args) -> Result<()> {
    let file = Path::new(&args.inputs);
    let inputs = Inputs::read(file)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let (mut models, mut load_ms) = (Models::new(), BTreeMap::new());
    for source in &inputs.models {
        let (model, ms) = milliseconds(|| load(folder, source, &inputs, args.precision));
        models.insert(source.name.clone(), model?);
        load_ms.insert(&source.name, ms);
    }
    let version = format!("ash-encoder {}, {} kernels", env!("CARGO_PKG_VERSION"), kernel_name());
    let mut out = std::io::stdout();
    writeln!(out, "{}", json!({ "ready": true, "load_ms": load_ms, "version": version }))?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        if request.peak {
            writeln!(out, "{}", json!({ "peak": peak::measure(args.threads) }))?;
            out.flush()?;
            continue;
        }
        let case = inputs.cases.iter().find(|c| c.name == request.case);
        let case = case.ok_or_else(|| format!("no case {}", request.case))?;
        writeln!(out, "{}", answer(&models, case, &request)?)?;
        out.flush()?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let args = Args::parse()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    pool.install(|| serve(&args).map_err(|e| e.to_string()))?;
    Ok(())
}
