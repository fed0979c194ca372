//! What staff say is kept and counts, through the doors that a service and the command line use.

#![expect(clippy::float_cmp, reason = "offsets are rounded to four decimals, and equal ones are equal")]

mod arithmetic;
mod files;
mod learnt;
mod make;
mod memory;
mod promises;
