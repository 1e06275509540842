//! A HighChat client over any byte pipe.
#![forbid(unsafe_code)]

mod pipe;

mod head;

mod body;

mod exchange;

mod pipes;

mod embed;

pub use embed::{Embed, Output};
pub use pipe::PipeId;
