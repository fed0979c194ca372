//! Who asks: a key that was recognised, or somebody without one.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::{KeyEntry, Role};
use crate::answer::WireSettings;

/// Who asks; handlers take it from the request's extensions.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    key: Option<Arc<str>>,
    role: Role,
    critical_as_high: bool,
    /// The key's own rate and burst, where it has them.
    pub(crate) requests_per_second: Option<u32>,
    pub(crate) burst: Option<u32>,
}

impl Caller {
    /// The bearer of a key.
    pub(super) fn of(entry: &KeyEntry) -> Self {
        Caller {
            key: Some(entry.name().into()),
            role: entry.role(),
            critical_as_high: entry.critical_as_high(),
            requests_per_second: entry.requests_per_second(),
            burst: entry.burst(),
        }
    }

    /// Somebody without a key.
    pub(crate) const fn anonymous(role: Role) -> Self {
        Caller { key: None, role, critical_as_high: false, requests_per_second: None, burst: None }
    }

    /// The name of the key; none without one.
    pub(crate) fn key(&self) -> Option<&Arc<str>> {
        self.key.as_ref()
    }

    pub(crate) const fn role(&self) -> Role {
        self.role
    }

    /// The settings of an answer, with what the key asks for.
    pub(crate) fn adapted<'a>(&self, wire: &'a WireSettings) -> Cow<'a, WireSettings> {
        if !self.critical_as_high || wire.critical_as_high {
            return Cow::Borrowed(wire);
        }
        Cow::Owned(WireSettings { critical_as_high: true, ..wire.clone() })
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.key.as_deref().unwrap_or("anonymous"), self.role)
    }
}
