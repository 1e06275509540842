//! Tests of the sandbox over real sockets, with a simple HTTP client.

mod access;
mod chat;
mod client;
mod commands;
mod control;
mod cors;
mod faults;
mod feed;
mod foreign;
mod half_close;
mod handoff;
mod inbox;
mod lifetime;
mod limits;
mod memory;
mod messages;
mod pages;
mod patience;
mod rate;
mod rating;
mod readings;
mod refusals;
mod requests;
mod script;
mod time;
mod verdict;
