//! One message after another, over HTTP or in this process.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ash_analysis::{Level, MessageText};
use ash_runtime::Service;
use indicatif::ProgressBar;

use crate::bench::client::{Connection, Failure, Reply};
use crate::bench::target::refused;

/// A message to be sent.
pub(super) struct Message {
    pub(super) text: String,
    /// It must come back as high or critical.
    pub(super) is_crisis: bool,
}

/// What became of a message; holds nothing of its text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) is_crisis: bool,
    /// When it was sent, since the first was.
    pub(super) at: Duration,
    /// From before it was sent until its answer was read.
    pub(super) took: Duration,
    pub(super) answer: Answer,
}

/// How it was answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Verdict(Judged),
    /// A status that is none of success.
    Refused(u16),
    Failed(Failure),
}

/// A verdict, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Judged {
    pub(super) level: Option<Level>,
    pub(super) is_degraded: bool,
    /// By the service's own clock, waiting included.
    pub(super) analysis: Option<Duration>,
    /// Hit, miss, coalesced.
    pub(super) cache: Option<String>,
}

impl Asked {
    /// Answered by all parts of the analysis, and a crisis seen as one.
    pub(super) fn succeeded(&self) -> bool {
        let Answer::Verdict(judged) = &self.answer else { return false };
        let is_seen = !self.is_crisis || judged.level.is_some_and(Level::is_urgent);
        is_seen && !judged.is_degraded
    }
}

/// Sends them to a server, each when the one before it was answered. An error only if it refuses all of them.
pub(super) async fn over_http(
    connection: &mut Connection,
    url: &str,
    messages: &[Message],
    bar: &ProgressBar,
) -> Result<Vec<Asked>> {
    let mut asked = Vec::with_capacity(messages.len());
    let start = Instant::now();
    for message in messages {
        let at = start.elapsed();
        let reply = connection.analyze(&message.text).await;
        let took = reply.as_ref().map_or_else(|_| start.elapsed().saturating_sub(at), |reply| reply.took);
        let answer = answer(reply);
        if let Answer::Refused(status) = answer {
            refused(connection, url, status)?;
        }
        asked.push(Asked { is_crisis: message.is_crisis, at, took, answer });
        bar.inc(1);
    }
    Ok(asked)
}

fn answer(reply: Result<Reply, Failure>) -> Answer {
    let reply = match reply {
        Ok(reply) => reply,
        Err(failure) => return Answer::Failed(failure),
    };
    if !reply.status.is_success() {
        return Answer::Refused(reply.status.as_u16());
    }
    match reply.verdict() {
        Ok(verdict) => Answer::Verdict(Judged {
            level: verdict.level(),
            is_degraded: verdict.is_degraded,
            analysis: verdict.analysis_ms().and_then(|ms| Duration::try_from_secs_f64(ms / 1e3).ok()),
            cache: verdict.cache().map(str::to_owned),
        }),
        Err(failure) => Answer::Failed(failure),
    }
}

/// Gives them to a service in this process.
pub(super) fn inside(service: &Service, messages: &[Message], bar: &ProgressBar) -> Result<Vec<Asked>> {
    let mut asked = Vec::with_capacity(messages.len());
    let start = Instant::now();
    for message in messages {
        let text = MessageText::parse(&message.text)?;
        let at = start.elapsed();
        let answers = service.analyze(vec![text])?;
        let took = start.elapsed().saturating_sub(at);
        let analyzed = answers.into_iter().next().context("the service gave no answer")?;
        let judged = Judged {
            level: Some(analyzed.assessment.level),
            is_degraded: analyzed.assessment.is_degraded(),
            analysis: Duration::try_from_secs_f64(analyzed.timing.total_ms / 1e3).ok(),
            cache: None,
        };
        asked.push(Asked { is_crisis: message.is_crisis, at, took, answer: Answer::Verdict(judged) });
        bar.inc(1);
    }
    Ok(asked)
}
