//! The sandbox over real sockets, asked by a client that knows no more than HTTP.

mod access;
mod answer;
mod chat;
mod client;
mod control;
mod cors;
mod desk;
mod faults;
mod feed;
mod foreign;
mod handoff;
mod lifetime;
mod limits;
mod magic;
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
