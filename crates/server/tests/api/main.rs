//! The HTTP door, through a real socket and the real router, with a classifier that costs nothing.

mod analyze;
mod auth;
mod batch;
mod clients;
mod cors;
mod dashboard;
mod embedded;
mod ensemble;
mod errors;
mod harness;
mod history;
mod labels;
mod learning;
mod lifecycle;
mod limits;
mod moderations;
mod oip;
mod openapi;
mod quotes;
mod stats;
mod thresholds;
mod troubleshooting;
mod zero_shot;
