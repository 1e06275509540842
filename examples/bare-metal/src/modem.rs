//! A modem on a serial line, which makes one call at a time.
//!
//! The program `modem` beside this package is the other side; its first lines describe the
//! frames. A call is a pipe to the service: [`Call`] has the traits of embedded-io.
//!
//! ```text
//!   Down ── dial ──▶ Dialling ── connected ──▶ Up ── ended, reset ──▶ Gone ── dropped ──▶ Down
//!                       │                      └── dropped ──▶ HangingUp ── ended, reset ──▶ Down
//!                       ├── refused ──▶ Down
//!                       └── too late ──▶ HangingUp ── refused, ended, reset ──▶ Down
//! ```

use core::cell::RefCell;

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use highchat_embed::Endpoint;
use highchat_embed::device::{Clock as _, Network};
use highchat_embed::proto::time::Instant;

use crate::clock::Clock;

/// The longest frame of bytes that the modem accepts.
const LONGEST: usize = 0xFFFF;

enum Phase {
    Down,
    Dialling,
    Up,
    /// The other side ended the call: in order or not.
    Gone(Result<(), ErrorKind>),
    /// This side ended the call. Bytes of the call may still come.
    HangingUp,
}

/// The device's side of the line.
pub struct Modem<S> {
    serial: S,
    phase: Phase,
    /// The received part of a frame's first three bytes.
    header: [u8; 3],
    header_len: usize,
    /// The bytes of the call that are left in the current frame.
    left: usize,
}

impl<S: Read + ReadReady + Write> Modem<S> {
    /// A modem on this line, without a call.
    pub const fn new(serial: S) -> Self {
        Self {
            serial,
            phase: Phase::Down,
            header: [0; 3],
            header_len: 0,
            left: 0,
        }
    }

    fn send(&mut self, frame: &[u8]) -> Result<(), ErrorKind> {
        self.serial.write_all(frame).map_err(kind)
    }

    /// Reads what came, up to bytes of the call. Does not wait.
    fn advance(&mut self) -> Result<(), ErrorKind> {
        while self.serial.read_ready().map_err(kind)? {
            if self.left > 0 {
                if !matches!(self.phase, Phase::HangingUp) {
                    return Ok(());
                }
                // Nobody wants the bytes of a call that was hung up.
                self.serial.read(&mut [0]).map_err(kind)?;
                self.left -= 1;
                continue;
            }
            let place = &mut self.header[self.header_len..][..1];
            self.header_len += self.serial.read(place).map_err(kind)?;
            match self.header[..self.header_len] {
                [b'B'] | [b'B', _] => continue,
                [b'B', high, low] => self.left = usize::from(u16::from_be_bytes([high, low])),
                [b'C'] if matches!(self.phase, Phase::HangingUp) => {}
                [b'C'] => self.phase = Phase::Up,
                [b'R'] => self.phase = Phase::Down,
                [b'E' | b'X'] if matches!(self.phase, Phase::HangingUp) => self.phase = Phase::Down,
                [b'E'] => self.phase = Phase::Gone(Ok(())),
                [b'X'] => self.phase = Phase::Gone(Err(ErrorKind::ConnectionReset)),
                _ => return Err(ErrorKind::InvalidData),
            }
            self.header_len = 0;
        }
        Ok(())
    }

    /// Whether a read of the call returns at once.
    fn is_readable(&mut self) -> Result<bool, ErrorKind> {
        self.advance()?;
        if self.left > 0 {
            return self.serial.read_ready().map_err(kind);
        }
        Ok(matches!(self.phase, Phase::Gone(_)))
    }

    /// Ends the call, even if data is in flight.
    fn hang_up(&mut self) {
        self.phase = match self.phase {
            Phase::Dialling | Phase::Up => {
                // If the line fails, the next dialling reports it.
                let _ = self.send(b"H");
                Phase::HangingUp
            }
            Phase::HangingUp => Phase::HangingUp,
            Phase::Down | Phase::Gone(_) => Phase::Down,
        };
    }

    /// Advances until `is_reached`. Returns an error if that takes too long.
    fn wait(
        &mut self,
        is_reached: fn(&Phase) -> bool,
        clock: Clock,
        until: Instant,
    ) -> Result<(), ErrorKind> {
        loop {
            self.advance()?;
            if is_reached(&self.phase) {
                return Ok(());
            }
            if clock.now() >= until {
                return Err(ErrorKind::TimedOut);
            }
            cortex_m::asm::wfi();
        }
    }
}

fn kind(error: impl embedded_io::Error) -> ErrorKind {
    error.kind()
}

/// Dials the service, whichever host the endpoint names: the modem knows one number.
pub struct Dialler<'a, S> {
    /// The modem.
    pub modem: &'a RefCell<Modem<S>>,
    /// The clock for the time limit of a call.
    pub clock: Clock,
}

impl<'a, S: Read + ReadReady + Write + WriteReady> Network for Dialler<'a, S> {
    type Pipe = Call<'a, S>;
    type Error = ErrorKind;

    fn open(&mut self, _: &Endpoint, until: Instant) -> Result<Call<'a, S>, ErrorKind> {
        let mut modem = self.modem.borrow_mut();
        modem.wait(|phase| matches!(phase, Phase::Down), self.clock, until)?;
        modem.send(b"D")?;
        modem.phase = Phase::Dialling;
        let is_answered = |phase: &Phase| !matches!(phase, Phase::Dialling);
        if let Err(error) = modem.wait(is_answered, self.clock, until) {
            modem.hang_up();
            return Err(error);
        }
        match modem.phase {
            Phase::Down => Err(ErrorKind::ConnectionRefused),
            Phase::Dialling | Phase::Up | Phase::Gone(_) | Phase::HangingUp => {
                Ok(Call { modem: self.modem })
            }
        }
    }
}

/// A call to the service. Dropping it hangs up.
pub struct Call<'a, S: Read + ReadReady + Write> {
    modem: &'a RefCell<Modem<S>>,
}

impl<S: Read + ReadReady + Write> Drop for Call<'_, S> {
    fn drop(&mut self) {
        self.modem.borrow_mut().hang_up();
    }
}

impl<S: Read + ReadReady + Write> ErrorType for Call<'_, S> {
    type Error = ErrorKind;
}

impl<S: Read + ReadReady + Write> ReadReady for Call<'_, S> {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        self.modem.borrow_mut().is_readable()
    }
}

impl<S: Read + ReadReady + Write> Read for Call<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let mut modem = self.modem.borrow_mut();
        while !modem.is_readable()? {
            cortex_m::asm::wfi();
        }
        if let (0, Phase::Gone(end)) = (modem.left, &modem.phase) {
            return end.map(|()| 0);
        }
        let most = buffer.len().min(modem.left);
        let len = modem.serial.read(&mut buffer[..most]).map_err(kind)?;
        modem.left -= len;
        Ok(len)
    }
}

impl<S: Read + ReadReady + Write + WriteReady> WriteReady for Call<'_, S> {
    fn write_ready(&mut self) -> Result<bool, ErrorKind> {
        self.modem.borrow_mut().serial.write_ready().map_err(kind)
    }
}

impl<S: Read + ReadReady + Write> Write for Call<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let mut modem = self.modem.borrow_mut();
        modem.advance()?;
        if !matches!(modem.phase, Phase::Up) {
            return Err(ErrorKind::BrokenPipe);
        }
        let bytes = &bytes[..bytes.len().min(LONGEST)];
        let [.., high, low] = bytes.len().to_be_bytes();
        modem.send(&[b'W', high, low])?;
        modem.send(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.modem.borrow_mut().serial.flush().map_err(kind)
    }
}
