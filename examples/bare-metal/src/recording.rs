//! A recorded reply that has everything that a stream may contain.

/// The sizes of the chunks in which the programs read it, in bytes.
pub const CHUNKS: [usize; 3] = [1, 7, 64];

/// The stream. It has a byte order mark, every line end, comments, pings, an escape, data of two
/// lines, an unknown field and an unknown event.
pub const STREAM: &str = concat!(
    "\u{FEFF}: connected\r\n\r\n",
    "event: meta\r\ndata: {\"conversation_id\":\"c1\"}\r\n\r\n",
    "event: delta\r\ndata: {\"text\":\"Բարև, \"}\r\n\r\n",
    "event: ping\ndata: {}\n\n",
    ": still here\n",
    "event: delta\ndata: {\"text\":\"\\u0561\\u0577\\u056d\"}\n\n",
    "event: delta\rdata: {\"text\"\rdata: :\"արհ\"}\r\r",
    "retry: 3000\r\nevent: typing\r\nunknown: x\r\ndata: 1\r\n\r\n",
    "id: 7\r\nevent: delta\r\ndata:{\"text\":\"։\"}\r\n\r\n",
    "event: done\r\ndata: {\"message_id\":\"m1\",\"state\":\"bot\",\
     \"ts\":\"2026-06-14T10:00:00.000Z\"}\r\n\r\n",
);

/// The expected frames of the stream: event type and data.
pub const FRAMES: [(&str, &str); 8] = [
    ("meta", "{\"conversation_id\":\"c1\"}"),
    ("delta", "{\"text\":\"Բարև, \"}"),
    ("ping", "{}"),
    ("delta", "{\"text\":\"\\u0561\\u0577\\u056d\"}"),
    ("delta", "{\"text\"\n:\"արհ\"}"),
    ("typing", "1"),
    ("delta", "{\"text\":\"։\"}"),
    (
        "done",
        "{\"message_id\":\"m1\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00.000Z\"}",
    ),
];

/// The text of the reply.
pub const REPLY: &str = "Բարև, աշխարհ։";
