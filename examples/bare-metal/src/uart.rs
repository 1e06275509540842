//! The first UART of the LM3S6965: an ARM PL011.

use core::convert::Infallible;
use core::ptr::{self, with_exposed_provenance, with_exposed_provenance_mut};

use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};

/// The addresses of the registers (ARM DDI 0183, chapter 3).
const DATA: usize = 0x4000_C000;
const FLAGS: usize = 0x4000_C018;
const LINE_CONTROL: usize = 0x4000_C02C;
const CONTROL: usize = 0x4000_C030;

const RECEIVE_FIFO_EMPTY: u32 = 1 << 4;
const TRANSMIT_FIFO_FULL: u32 = 1 << 5;
const EIGHT_BITS: u32 = 0b11 << 5;
const FIFOS: u32 = 1 << 4;
const ENABLE: u32 = 1 << 9 | 1 << 8 | 1;

/// The serial line.
///
/// It reads when it is asked. That is enough in QEMU, which holds bytes back until the UART has
/// room. On a chip, an interrupt must take the bytes within the time of 16 bytes, or a
/// request-to-send pin must hold the other side back; and the baud rate must be set.
pub struct Uart(());

impl Uart {
    /// Turns the UART on. Call it once.
    #[must_use]
    pub fn start() -> Self {
        write(CONTROL, 0);
        write(LINE_CONTROL, EIGHT_BITS | FIFOS);
        write(CONTROL, ENABLE);
        Self(())
    }
}

fn read(register: usize) -> u32 {
    // SAFETY: the four constants above are addresses of registers of this chip, and reading one
    // changes no memory.
    unsafe { ptr::read_volatile(with_exposed_provenance(register)) }
}

fn write(register: usize, value: u32) {
    // SAFETY: as in `read`; writing one changes no memory either.
    unsafe { ptr::write_volatile(with_exposed_provenance_mut(register), value) }
}

impl ErrorType for Uart {
    type Error = Infallible;
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(read(FLAGS) & RECEIVE_FIFO_EMPTY == 0)
    }
}

impl Read for Uart {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let mut len = 0;
        while len < buffer.len() && (len == 0 || self.read_ready()?) {
            while !self.read_ready()? {}
            // The byte is in the low bits; the others are its errors, which QEMU does not have.
            buffer[len] = read(DATA) as u8;
            len += 1;
        }
        Ok(len)
    }
}

impl WriteReady for Uart {
    fn write_ready(&mut self) -> Result<bool, Infallible> {
        Ok(read(FLAGS) & TRANSMIT_FIFO_FULL == 0)
    }
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let mut len = 0;
        while len < bytes.len() && (len == 0 || self.write_ready()?) {
            while !self.write_ready()? {}
            write(DATA, bytes[len].into());
            len += 1;
        }
        Ok(len)
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
