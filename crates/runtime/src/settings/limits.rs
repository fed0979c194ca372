//! `[limits]`: how much one client may ask for.

use serde::{Deserialize, Serialize};

use super::{Network, SettingsError, within};

/// `[limits]`: how much one client may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Requests a second of one API key, as a long-term mean; 0 sets no limit.
    pub requests_per_second_per_key: u32,
    /// Requests that one API key may send at once after a pause.
    pub burst_per_key: u32,
    /// Requests a second of one address without a key, as a long-term mean; 0 sets no limit.
    pub requests_per_second_per_address: u32,
    /// Requests that one address may send at once after a pause.
    pub burst_per_address: u32,
    /// Addresses without a limit.
    pub exempt_addresses: Vec<Network>,
    /// How many addresses, and how many keys, are remembered.
    pub max_tracked: usize,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// How many connections may be open.
    pub max_connections: usize,
}

impl LimitSettings {
    /// The highest rate and burst that can be set.
    pub const MAX_RATE: u32 = 1_000_000;

    /// The ranges of config/ash.toml.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let (rates, bursts) = (0..=Self::MAX_RATE, 1..=Self::MAX_RATE);
        within("limits.requests_per_second_per_key", self.requests_per_second_per_key, rates.clone())?;
        within("limits.burst_per_key", self.burst_per_key, bursts.clone())?;
        within("limits.requests_per_second_per_address", self.requests_per_second_per_address, rates)?;
        within("limits.burst_per_address", self.burst_per_address, bursts)?;
        within("limits.max_tracked", self.max_tracked, 1..=1_000_000)?;
        within("limits.max_connections", self.max_connections, 1..=65_536)
    }
}
