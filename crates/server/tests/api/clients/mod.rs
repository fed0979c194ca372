//! The clients of the replaced service, one file a generation: what each sends, what it reads of the answers, and what
//! it does if it does not find it. If somebody renames a field, the failing test says which client breaks and how.
//!
//! `reads` holds the tables against answers; `situations` brings about every answer that a client can get;
//! `python` writes JSON as the clients' libraries do; `errors` is what all of them share.

mod bot_3_0;
mod bot_3_1;
mod bot_5_0;
mod dashboard;
mod documented;
mod errors;
mod feedback;
mod python;
mod reads;
mod situations;
mod suite_3_1;
mod suite_5_0;
