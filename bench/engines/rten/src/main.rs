//! The rten side of the comparison: JSON lines on standard input, one answer a line.
//!
//! The same protocol as the other workers (bench/engines/README.md).

mod inputs;

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use rten::{Model, ModelOptions, RunOptions, ThreadPool};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};
use serde::Deserialize;
use serde_json::json;

use inputs::{Case, Inputs, Part};

/// Time ONNX models in rten.
#[derive(Parser)]
struct Args {
    /// The models and token ids, as `compare.py` writes them.
    #[arg(long)]
    inputs: PathBuf,
    /// Which ONNX file of a model to run: f32 or int8.
    #[arg(long)]
    precision: String,
    /// Threads that a model runs on.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// What the other side asks for.
#[derive(Deserialize)]
struct Request {
    case: String,
    #[serde(default)]
    rounds: usize,
    #[serde(default)]
    logits: bool,
}

/// The padded tensors that a model takes: ids, mask and, for models that have them, token types.
struct Padded(Vec<NdTensor<i32, 2>>);

struct Engine {
    models: HashMap<String, Model>,
    options: RunOptions,
}

impl Engine {
    /// The logits of one part, row-major pairs × labels, by one forward pass.
    fn logits(&self, part: &Part, padded: &Padded) -> Result<Vec<f32>> {
        let model = &self.models[&part.model];
        let names = ["input_ids", "attention_mask", "token_type_ids"];
        let mut inputs = Vec::new();
        for (name, tensor) in names.into_iter().zip(&padded.0) {
            if let Some(id) = model.find_node(name) {
                inputs.push((id, tensor.view().into()));
            }
        }
        let [output] = model.run_n(inputs, [model.node_id("logits")?], Some(self.options.clone()))?;
        let logits: Tensor<f32> = output.try_into()?;
        Ok(logits.to_vec())
    }
}

/// Rows padded with zeros to the longest, and which of their numbers are real.
fn pad(part: &Part) -> Padded {
    let longest = part.ids.iter().map(Vec::len).max().unwrap_or(0);
    let mut tensors = vec![NdTensor::zeros([part.ids.len(), longest]); 3];
    for (row, (ids, types)) in part.ids.iter().zip(&part.types).enumerate() {
        for (at, (&id, &kind)) in ids.iter().zip(types).enumerate() {
            tensors[0][[row, at]] = id;
            tensors[1][[row, at]] = 1;
            tensors[2][[row, at]] = kind;
        }
    }
    Padded(tensors)
}

fn answer(engine: &Engine, case: &Case, request: &Request) -> Result<serde_json::Value> {
    let padded: Vec<Padded> = case.parts.iter().map(pad).collect();
    let once = || -> Result<Vec<Vec<f32>>> {
        case.parts.iter().zip(&padded).map(|(part, padded)| engine.logits(part, padded)).collect()
    };
    if request.logits {
        return Ok(json!({ "logits": once()? }));
    }
    let mut ms = Vec::with_capacity(request.rounds);
    for _ in 0..request.rounds {
        let start = Instant::now();
        once()?;
        ms.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(json!({ "ms": ms }))
}

fn main() -> Result<()> {
    let args = Args::parse();
    let inputs = Inputs::read(&args.inputs)?;
    let mut models = HashMap::new();
    let mut load_ms = HashMap::new();
    for model in &inputs.models {
        let file = model.onnx.get(&args.precision);
        let file = file.with_context(|| format!("{} has no {} ONNX file", model.name, args.precision))?;
        let start = Instant::now();
        let loaded = ModelOptions::with_all_ops().prepack_weights(true).load_file(inputs.path(file));
        models.insert(model.name.clone(), loaded.with_context(|| file.clone())?);
        load_ms.insert(model.name.clone(), start.elapsed().as_secs_f64() * 1e3);
    }
    let pool = ThreadPool::with_num_threads(args.threads);
    let engine = Engine { models, options: RunOptions::default().with_thread_pool(Some(pool.into())) };

    let mut out = std::io::stdout();
    writeln!(out, "{}", json!({ "ready": true, "load_ms": load_ms, "version": "0.27.0" }))?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let case = inputs.cases.iter().find(|c| c.name == request.case);
        ensure!(request.logits || request.rounds > 0, "a request needs rounds or logits");
        let case = case.with_context(|| format!("no case {}", request.case))?;
        writeln!(out, "{}", answer(&engine, case, &request)?)?;
        out.flush()?;
    }
    Ok(())
}
