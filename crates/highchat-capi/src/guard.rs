//! Handles that a panic makes unusable.

use crate::status::Status;

/// What the caller holds by a pointer.
pub(crate) trait Handle {
    /// Whether a call with this handle panicked, or is under way.
    fn broken(&mut self) -> &mut bool;
}

/// Calls a function with a handle. A panic becomes a status, and so does every call after it,
/// because the value may be half changed.
pub(crate) fn guarded<H: Handle>(
    handle: &mut H,
    call: impl FnOnce(&mut H) -> Result<(), Status>,
) -> Status {
    if *handle.broken() {
        return Status::Panicked;
    }
    *handle.broken() = true;
    let status = caught(|| call(handle));
    *handle.broken() = status == Status::Panicked;
    status
}

/// Calls a function that has no handle. A panic becomes a status.
#[cfg(feature = "std")]
pub(crate) fn caught(call: impl FnOnce() -> Result<(), Status>) -> Status {
    // The handle cannot be used after a panic, so nobody sees a value that is half changed.
    match std::panic::catch_unwind(core::panic::AssertUnwindSafe(call)) {
        Ok(Ok(())) => Status::Ok,
        Ok(Err(status)) => status,
        Err(_) => Status::Panicked,
    }
}

/// Calls a function. Without `std`, a panic does not unwind.
#[cfg(not(feature = "std"))]
pub(crate) fn caught(call: impl FnOnce() -> Result<(), Status>) -> Status {
    call().err().unwrap_or(Status::Ok)
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Counter {
        is_broken: bool,
        calls: usize,
    }

    impl Handle for Counter {
        fn broken(&mut self) -> &mut bool {
            &mut self.is_broken
        }
    }

    #[test]
    fn after_a_panic_every_call_returns_the_same_status_and_does_nothing() {
        let mut counter = Counter::default();
        let count = |counter: &mut Counter| {
            counter.calls += 1;
            Ok(())
        };
        assert_eq!(guarded(&mut counter, count), Status::Ok);
        let panics = |_: &mut Counter| -> Result<(), Status> { panic!("սխալ 😕") };
        assert_eq!(guarded(&mut counter, panics), Status::Panicked);
        assert_eq!(guarded(&mut counter, count), Status::Panicked);
        assert_eq!(counter.calls, 1);
    }

    #[test]
    fn an_error_leaves_the_handle_usable() {
        let mut counter = Counter::default();
        let fails = |_: &mut Counter| Err(Status::TurnInProgress);
        assert_eq!(guarded(&mut counter, fails), Status::TurnInProgress);
        assert_eq!(guarded(&mut counter, |_| Ok(())), Status::Ok);
    }
}
