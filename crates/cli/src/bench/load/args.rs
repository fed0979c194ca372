//! What `bench load` can be asked.

use std::fmt::Write as _;
use std::time::Duration;

use crate::bench::output;
use crate::bench::table::counted;
use crate::bench::target;
use crate::bench::validate::positive as milliseconds;

/// Arguments of `bench load`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) target: target::Args,
    /// Open loop: requests a second
    #[arg(long, value_name = "R", value_parser = positive, group = "plan")]
    rate: Option<f64>,
    /// Open loop: times the capacity, which is measured first, 5 s with 64 clients [default: 2]
    #[arg(long, value_name = "X", value_parser = positive, group = "plan")]
    rate_factor: Option<f64>,
    /// Closed loop: clients that each send their next request when they have the answer to the last
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=900), group = "plan")]
    clients: Option<u16>,
    /// Open loop, one rate after another, from one to another in even steps: finds how much it can take
    #[arg(long, value_name = "FROM:TO", value_parser = range, groups = ["plan", "several"])]
    ramp: Option<(f64, f64)>,
    /// The same at these rates
    #[arg(long, value_name = "R,R,…", value_parser = positive, value_delimiter = ',', num_args = 1.., groups = ["plan", "several"])]
    rates: Vec<f64>,
    /// Steps of --ramp
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(2..=100),
        requires = "ramp", conflicts_with_all = ["rate", "rate_factor", "clients", "rates"])]
    steps: u16,
    /// How long, or how long each rate of several: 500ms, 60s or 2m [default: 60s, 10s each]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// The same load for so long before anything is counted
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(super) warm_up: Option<Duration>,
    /// The share of requests that say again what one of the last 256 said, which a cache may answer
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(super) repeat_share: f64,
    /// Milliseconds that 99 of 100 requests should take at most, for --ramp and --rates [default: the target of the
    /// server, or 50]
    #[arg(long, value_name = "MS", value_parser = milliseconds, requires = "several",
        conflicts_with_all = ["rate", "rate_factor", "clients"])]
    pub(super) target_ms: Option<f64>,
    /// Exit with 1 unless all aims of the report are met
    #[arg(long)]
    pub(super) assert: bool,
    #[command(flatten)]
    pub(super) output: output::Args,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp bench load --spawn --rate-factor 2 --duration 60s
  ash-nlp bench load --spawn --clients 64 --duration 20s --warm-up 3s --json
  ash-nlp bench load --spawn --ramp 20:200 --steps 10 --html ramp.html
  ash-nlp bench load --spawn --rates 50,100,150 --repeat-share 0.3
  ash-nlp bench load --url http://127.0.0.1:8881 --rate 50 --duration 5m

In an open loop requests are sent when they are due, and latency counts from then: what waits
because the server is slow is not left out. In a closed loop clients wait with it, so that fewer
requests meet the slow moments (`coordinated omission`): there the percentiles as measured stand
beside corrected ones, as if each client had sent a request every median. Of several rates, the
highest with p99 within the target and 99 of 100 requests judged in full is the knee.

Client and server share this machine's cores; the client runs on one thread. At most 900
connections are open at a time; what was due while all were busy is `unsent`.

--assert asserts:
  each request that was sent is answered (503 and 429 are answers), each GET /health too;
  no 5xx without Retry-After, and p99 of GET /health at most 20 ms;
  open loop: latency back to normal within 5 s;
  closed loop, spawned server: at least 0.9 of the engine's own throughput;
  several rates: one within the target.";

/// The load that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plan {
    Closed {
        clients: u16,
    },
    Open(Rate),
    /// Ascending.
    Ramp(Vec<f64>),
}

/// The rate of an open loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rate {
    /// Requests a second.
    Fixed(f64),
    /// Times the capacity.
    Factor(f64),
}

impl Args {
    pub(super) fn plan(&self) -> Plan {
        if let Some(clients) = self.clients {
            return Plan::Closed { clients };
        }
        if let Some(rate) = self.rate {
            return Plan::Open(Rate::Fixed(rate));
        }
        if let Some((from, to)) = self.ramp {
            return Plan::Ramp(steps(from, to, self.steps));
        }
        if !self.rates.is_empty() {
            let mut rates = self.rates.clone();
            rates.sort_by(f64::total_cmp);
            return Plan::Ramp(rates);
        }
        Plan::Open(Rate::Factor(self.rate_factor.unwrap_or(2.0)))
    }

    /// What must be the same for two runs to be compared.
    pub(super) fn setup(&self) -> String {
        let mut setup = match self.plan() {
            Plan::Closed { clients } => format!("closed loop, {clients} clients"),
            Plan::Open(Rate::Fixed(rate)) => format!("open loop, {rate} requests/s"),
            Plan::Open(Rate::Factor(factor)) => format!("open loop, {factor} × the capacity"),
            Plan::Ramp(rates) => {
                let (first, last) = (rates.first().unwrap_or(&0.0), rates.last().unwrap_or(&0.0));
                format!("{}, {first} to {last}/s", counted(rates.len(), "rate"))
            }
        };
        if self.repeat_share > 0.0 {
            // Writing to a String cannot fail.
            let _ = write!(setup, ", {:.0} % repeats", self.repeat_share * 100.0);
        }
        setup + if self.target.spawn() { ", spawned" } else { ", a running server" }
    }

    pub(super) fn duration(&self) -> Duration {
        let default = if matches!(self.plan(), Plan::Ramp(_)) { 10 } else { 60 };
        self.duration.unwrap_or(Duration::from_secs(default))
    }
}

/// From one rate to another, both among them.
fn steps(from: f64, to: f64, steps: u16) -> Vec<f64> {
    let step = (to - from) / f64::from(steps.max(2) - 1);
    (0..steps).map(|n| ((from + step * f64::from(n)) * 100.0).round() / 100.0).collect()
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.01..=1e6).contains(&number) => Ok(number),
        _ => Err("a number from 0.01 to 1000000 is needed".to_owned()),
    }
}

fn range(text: &str) -> Result<(f64, f64), String> {
    let ends = text.split_once(':').ok_or("two rates are needed, as 20:200")?;
    match (positive(ends.0)?, positive(ends.1)?) {
        (from, to) if from < to => Ok((from, to)),
        _ => Err("the second rate must be above the first".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=0.99).contains(&share) => Ok(share),
        _ => Err("a share from 0 to 0.99 is needed".to_owned()),
    }
}

/// `60s`, `2m`, `500ms`, or seconds without a unit; up to a day.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("{unit} is no unit of time; ms, s, m and h are")),
    };
    let duration =
        number.trim().parse().ok().and_then(|n: f64| Duration::try_from_secs_f64(n * seconds).ok());
    let allowed = Duration::from_millis(100)..=Duration::from_secs(86_400);
    duration.filter(|d| allowed.contains(d)).ok_or_else(|| "a time from 100ms to 24h is needed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for wrong in ["", "s", "0s", "-1s", "1 week", "1d", "25h", "NaN", "inf", "1e400"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_ramp_has_both_ends_and_even_steps() {
        assert_eq!(steps(20.0, 200.0, 4), [20.0, 80.0, 140.0, 200.0]);
        assert_eq!(range("20:200"), Ok((20.0, 200.0)));
        for wrong in ["20", "200:20", "20:20", "0:5", "a:b", "NaN:5"] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }
}
