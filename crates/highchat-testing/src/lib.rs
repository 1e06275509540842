//! A simulated world for clients: a service with a truth of its own, a network, a user and a
//! person, in virtual time.
//!
//! ```text
//!   Life (drawn from a seed) ──▶ World ──▶ steps of answers ──▶ client ──▶ requests, updates
//!                                  ▲                                              │
//!                                  └──────────── Service, Screen ◀────────────────┘
//! ```
//!
//! A [`Life`](life::Life) is plain data: how the service reads the API, and what the user, the
//! person and the network do. A [`World`](world::World) plays it: it answers a client's
//! requests, and holds what the client shows against what the service really did. A
//! [`Finding`](world::Finding) says what was wrong. The same lives drive `highchat-proto`
//! alone ([`play::play`]) and each adapter.
//!
//! What the API cannot tell is taken for granted here as well: nobody else writes to the
//! conversation under the visitor's name, a person who comes during a turn stays until the
//! turn is over, and a service that shows pages in part has one clock.

#![forbid(unsafe_code)]

pub mod client;
pub mod http1;
pub mod life;
pub mod loopback;
pub mod play;
pub mod reduce;
pub mod run;
mod screen;
mod service;
pub mod step;
mod time;
mod words;
pub mod world;
