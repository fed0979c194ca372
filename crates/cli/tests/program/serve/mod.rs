//! `ash-nlp serve` as a process of its own, as an operator meets it: signals, files, sockets, what it says on standard
//! error. What a request is answered is tested in `ash-server`; here is what only the whole program can promise.
//!
//! `served` starts and ends it, `client` speaks HTTP so plainly that every byte and every lost connection is seen,
//! `profile` makes directories of models that can be broken. The other files are promises, one subject each.

mod broken;
mod burst;
mod client;
mod clients;
mod first;
mod keys;
mod log;
mod privacy;
mod profile;
mod reload;
mod served;
mod stop;
