//! The dashboard: GET `/`, one page without any request beyond this service, and GET `/events`, what it shows.
//!
//! `page` puts the files of `assets/dashboard` together and says what they may do. `live` takes a snapshot a second
//! while somebody looks, and writes down a point every five (`past`) whether somebody does or not, so that a page
//! that was just opened has a curve. `events` sends both, to so many at a time; `snapshot` is what is sent: figures of
//! the service, never a message or anything of one.

pub(super) mod events;
mod live;
pub(super) mod page;
mod past;
mod snapshot;

pub(crate) use events::Endless;
pub(crate) use live::{Live, Why, sample};
