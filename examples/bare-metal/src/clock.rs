//! A clock that counts milliseconds by SysTick, the timer of the processor core.

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use highchat_embed::device;
use highchat_embed::proto::time::Instant;

/// Ticks of SysTick in a millisecond. QEMU's LM3S6965 starts with a clock of 12.5 MHz. A program
/// for a chip sets up its clock first.
const TICKS: u32 = 12_500;

/// The milliseconds since the start; enough for 49 days.
static MILLISECONDS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    MILLISECONDS.fetch_add(1, Ordering::Relaxed);
}

/// The time since the start.
#[derive(Clone, Copy)]
pub struct Clock(());

impl Clock {
    /// Starts the timer.
    #[must_use]
    pub fn start(mut timer: SYST) -> Self {
        timer.set_reload(TICKS - 1);
        timer.clear_current();
        timer.set_clock_source(SystClkSource::Core);
        timer.enable_interrupt();
        timer.enable_counter();
        Self(())
    }
}

impl device::Clock for Clock {
    fn now(&self) -> Instant {
        let milliseconds = MILLISECONDS.load(Ordering::Relaxed);
        Instant::from_origin(Duration::from_millis(milliseconds.into()))
    }
}
