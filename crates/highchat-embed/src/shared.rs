//! The pointer to what conversations share.

// A target without compare-and-swap has no `Arc`; a `Conversation` uses `Rc` there too.
#[cfg(not(target_has_atomic = "ptr"))]
pub(crate) use alloc::rc::Rc as Arc;
#[cfg(target_has_atomic = "ptr")]
pub(crate) use alloc::sync::Arc;
