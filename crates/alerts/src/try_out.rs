//! Whether an alert would arrive.

use std::time::{Duration, Instant};

use crate::clock;
use crate::error::{AlertError, TestError};
use crate::notice::Notice;
use crate::retry::Outcome;
use crate::sender::Sender;
use crate::settings::AlertSettings;

/// Sends one alert that says that it is a test, at once and once, and answers how long that took. It touches no
/// outbox, so that it may be done beside a running service, and works while alerts are not enabled yet.
///
/// # Errors
/// If the settings cannot be used, or the receiver did not take it.
pub fn send_test(settings: &AlertSettings, webhook: &str) -> Result<Duration, TestError> {
    if let Some((key, value, allowed)) = settings.fault() {
        return Err(AlertError::Setting { key, value, allowed }.into());
    }
    let Some(found) = settings.webhooks.get(webhook) else {
        let names = settings.webhooks.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(TestError::NoSuchWebhook { name: webhook.to_owned(), names });
    };
    let sender = Sender::new(webhook, found, settings)?;
    let at = clock::now();
    let started = Instant::now();
    let outcome = sender.post(&Notice::Test { id: format!("test-{at}"), at });
    match outcome {
        Outcome::Delivered => Ok(started.elapsed()),
        Outcome::Later { why, .. } | Outcome::Away { why } | Outcome::Refused { why } => {
            Err(TestError::Failed { hint: hint(&why), why: why.to_string() })
        }
    }
}

/// What a failure usually means.
fn hint(why: &str) -> &'static str {
    match why {
        "timeout" => "the receiver did not answer in alerts.timeout_ms; is a firewall in between?",
        "refused" => "nobody listens at this address; is the receiver running, and the port right?",
        "unreachable" => {
            "the host cannot be found or reached; is the name right, and may this machine reach it?"
        }
        "tls" => "no secure connection; is the certificate valid, and does the port speak TLS?",
        "proxy" => "the proxy of the environment does not let the request through",
        "status_401" | "status_403" => {
            "the receiver does not accept the address; was it changed or taken back?"
        }
        "status_404" | "status_410" => "the receiver does not know the address; was the webhook deleted?",
        "status_429" => "the receiver is asked too often; alerts would wait and be sent later",
        _ if why.starts_with("status_3") => "redirects are not followed; give the final address",
        _ if why.starts_with("status_4") => {
            "the receiver does not understand the request; is the kind right?"
        }
        _ if why.starts_with("status_5") => "the receiver has trouble; alerts would wait and be sent again",
        _ => "the answer was not understood; is there a web server at this address?",
    }
}
