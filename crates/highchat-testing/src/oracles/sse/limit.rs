//! Computes where a stream exceeds the limit, as the documentation of `Decoder` describes it,
//! line by line over the whole stream.

use super::naive;

/// The byte that does not fit: a byte of a value, or the byte that ends the name of a second
/// data line if the LF before it does not fit. `carried` is the length of the last event ID at
/// the start of the stream.
pub fn exceeded_at(stream: &[u8], limit: usize, carried: usize) -> Option<usize> {
    let (mut carried, mut id) = (carried, None);
    let (mut used, mut data_lines) = (0, 0);
    for (start, line, end) in naive::lines(stream) {
        if line.is_empty() {
            carried = id.take().unwrap_or(carried);
            (used, data_lines) = (0, 0);
            continue;
        }
        let (name, value) = naive::field(line);
        if name.len() == line.len() && end.is_empty() {
            // The stream ends here, so the name may be longer.
            continue;
        }
        let mut counted = value;
        match name {
            b"data" => {
                if data_lines > 0 {
                    if carried + used == limit {
                        return Some(start + name.len());
                    }
                    used += 1;
                }
                data_lines += 1;
            }
            b"event" => {}
            // The decoder stores the bytes before a NUL until it reads the NUL.
            b"id" => counted = value.split(|byte| *byte == 0).next().unwrap_or_default(),
            _ => continue,
        }
        let room = limit - carried - used;
        if counted.len() > room {
            return Some(start + line.len() - value.len() + room);
        }
        if counted.len() == value.len() {
            used += value.len();
            if name == b"id" {
                id = Some(value.len());
            }
        }
    }
    None
}
