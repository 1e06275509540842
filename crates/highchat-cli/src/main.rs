//! The program `highchat`.

fn main() {}
