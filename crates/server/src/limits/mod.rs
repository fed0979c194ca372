//! How much one client may ask for: `buckets` counts, `address` says who asks if no key does, `gate` joins
//! them with the settings. What exceeds it is answered 429 with `Retry-After`.

mod address;
mod buckets;
mod gate;

pub(crate) use gate::Gate;
