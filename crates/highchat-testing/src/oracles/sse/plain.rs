//! Compares the decoder with the plain decoder.

use core::time::Duration;

use highchat_proto::sse::{DecodeError, Decoder, Frame, PlainDecoder};

/// The methods that both decoders have.
trait Decodes {
    fn decode_next(&mut self, input: &mut &[u8]) -> Result<Option<Shown>, DecodeError>;
    fn end(&mut self) -> Option<Shown>;
    fn id_and_time(&self) -> (Vec<u8>, Option<Duration>);
}

/// The event type, the data and the id of a frame.
type Shown = [Vec<u8>; 3];

fn shown(frame: Frame<'_>) -> Shown {
    [frame.event(), frame.data(), frame.id()].map(<[u8]>::to_vec)
}

macro_rules! decodes {
    ($decoder:ident) => {
        impl Decodes for $decoder<'_> {
            fn decode_next(&mut self, input: &mut &[u8]) -> Result<Option<Shown>, DecodeError> {
                Ok(self.decode(input)?.map(shown))
            }

            fn end(&mut self) -> Option<Shown> {
                self.finish().map(shown)
            }

            fn id_and_time(&self) -> (Vec<u8>, Option<Duration>) {
                (self.last_event_id().to_vec(), self.reconnection_time())
            }
        }
    };
}

decodes!(Decoder);
decodes!(PlainDecoder);

/// The log of a decoder for these chunks: frames, state, and an error with its place.
fn log(decoder: &mut impl Decodes, chunks: &[&[u8]]) -> Vec<String> {
    let mut log = Vec::new();
    let mut pushed = 0;
    'stream: for chunk in chunks {
        let mut input = *chunk;
        loop {
            match decoder.decode_next(&mut input) {
                Ok(Some([event, data, id])) => log.push(format!(
                    "event \"{}\" data \"{}\" id \"{}\"",
                    event.escape_ascii(),
                    data.escape_ascii(),
                    id.escape_ascii()
                )),
                Ok(None) => {
                    assert!(input.is_empty(), "no frame, but {} bytes left", input.len());
                    break;
                }
                Err(error) => {
                    let at = pushed + chunk.len() - input.len();
                    log.push(format!("{error} at {at}"));
                    assert_eq!(decoder.decode_next(&mut &b"\n\n"[..]), Err(error));
                    break 'stream;
                }
            }
            log.push(format!("{:?}", decoder.id_and_time()));
        }
        pushed += chunk.len();
        log.push(format!("{:?} after byte {pushed}", decoder.id_and_time()));
    }
    log.push(format!("{:?} at the end", decoder.end()));
    log.push(format!("{:?} after the end", decoder.id_and_time()));
    log
}

/// Compares a decoder with each storage with the plain decoder, on the same chunks.
pub fn compare(chunks: &[&[u8]], limit: usize) {
    let expected = log(&mut PlainDecoder::with_limit(limit), chunks);
    let mut storage = vec![0xAA; limit];
    let owned = log(&mut Decoder::with_limit(limit), chunks);
    let growing = log(&mut Decoder::growing(limit), chunks);
    let borrowed = log(&mut Decoder::with_buffer(&mut storage), chunks);
    for got in [owned, growing, borrowed] {
        assert_eq!(got, expected, "limit {limit}");
    }
}
