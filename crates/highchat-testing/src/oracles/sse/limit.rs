//! Finds where a stream exceeds the limit that the documentation of `Decoder` describes,
//! line by line over the whole stream.

use super::naive;

/// The index of the byte that does not fit: a byte of a value, or, for the LF between two
/// data lines, the byte that ends the second name. `carried` is the length of the last
/// event ID from before the stream.
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
            // The stream ends inside a name, so its field is unknown.
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
            // The bytes before a NUL count, because they are read before the NUL is seen.
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
