//! Lets a client's request in, or says when to come back.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ash_runtime::{LimitSettings, Network};
use axum::http::HeaderMap;

use super::address;
use super::buckets::{Buckets, Rate};
use crate::auth::Caller;

/// Counts the requests of keys and addresses.
pub(crate) struct Gate {
    settings: LimitSettings,
    start: Instant,
    keys: Mutex<Buckets<Arc<str>>>,
    addresses: Mutex<Buckets<IpAddr>>,
}

impl Gate {
    pub(crate) fn new(settings: LimitSettings) -> Self {
        Gate {
            start: Instant::now(),
            keys: Mutex::new(Buckets::new(settings.max_tracked)),
            addresses: Mutex::new(Buckets::new(settings.max_tracked)),
            settings,
        }
    }

    /// Counts one request of whoever asks: by its key if it has one, else by its address. `Err` is how long
    /// to wait.
    pub(crate) fn admit(
        &self,
        caller: Option<&Caller>,
        peer: IpAddr,
        headers: &HeaderMap,
    ) -> Result<(), Duration> {
        let (limits, now) = (&self.settings, self.start.elapsed());
        if let Some((caller, key)) = caller.and_then(|caller| Some((caller, caller.key()?))) {
            let per_second = caller.requests_per_second.unwrap_or(limits.requests_per_second_per_key);
            let burst = caller.burst.unwrap_or(limits.burst_per_key);
            let Some(rate) = Rate::new(per_second, burst) else { return Ok(()) };
            return self.keys.lock().unwrap_or_else(PoisonError::into_inner).admit(key, rate, now);
        }
        let Some(rate) = Rate::new(limits.requests_per_second_per_address, limits.burst_per_address) else {
            return Ok(());
        };
        let client = address::client(peer, headers, &limits.trusted_proxies);
        if limits.exempt_addresses.iter().any(|network: &Network| network.contains(client)) {
            return Ok(());
        }
        let client = address::counted(client);
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).admit(&client, rate, now)
    }
}
