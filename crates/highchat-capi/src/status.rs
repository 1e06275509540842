//! The results of the functions.

use core::ffi::CStr;

/// The result of a function. Every value except `OK` and `NOTHING` is an error. A function that
/// returns an error changed nothing, unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// The function did what it is for.
    Ok = 0,
    /// No error, but there is nothing to return: more input is needed, or nothing was announced.
    Nothing = 1,
    /// A handle or another pointer that is needed is NULL.
    NullPointer = 2,
    /// A length is larger than any object in memory.
    InvalidLength = 3,
    /// A text is not UTF-8.
    InvalidUtf8 = 4,
    /// A number is not one of those that the function accepts.
    InvalidNumber = 5,
    /// The library failed by a mistake of its own. The handle can only be freed.
    Panicked = 6,
    /// The storage is too small for a decoder.
    StorageTooSmall = 7,

    /// A message is empty or longer than 4000 characters.
    InvalidMessage = 16,
    /// The end user's id is empty or longer than 200 characters.
    InvalidVisitor = 17,
    /// The id of a conversation is empty or too long.
    InvalidId = 18,
    /// A timestamp is not in the format of RFC 3339.
    InvalidTimestamp = 19,
    /// A saved conversation cannot be read.
    InvalidSaved = 20,
    /// The key is empty, too long, or has a character other than visible ASCII.
    InvalidKey = 21,
    /// The slug is empty or longer than 1024 bytes.
    InvalidSlug = 22,

    /// The base URL is not valid.
    InvalidBaseUrl = 32,
    /// The host name of the base URL is not ASCII.
    BaseUrlHost = 33,
    /// The base URL begins with neither `https://` nor `http://`.
    BaseUrlScheme = 34,
    /// The base URL is `http://` to another machine, which would show the key.
    BaseUrlPlainHttp = 35,
    /// The base URL contains a user name or a password.
    BaseUrlUserInfo = 36,
    /// The base URL has a query or a fragment.
    BaseUrlQuery = 37,

    /// The reply to the previous message is not over yet.
    TurnInProgress = 48,
    /// There is no conversation to rate yet.
    NoConversation = 49,
    /// The previous rating is not answered yet.
    RatingInProgress = 50,

    /// The pipe is gone, or never existed. Late input for it is ignored.
    UnknownPipe = 64,
    /// The pipe was not reported as open yet.
    PipeNotOpen = 65,
    /// The pipe was reported as open before.
    PipeAlreadyOpen = 66,
    /// More bytes were reported as written than were handed out.
    TooMuchWritten = 67,

    /// An event is longer than the limit. The decoder repeats this error until it is reset.
    EventTooLong = 80,
    /// A known event has data that the API's text does not allow. Text of the reply may be
    /// missing, so the reply counts as cut.
    InvalidEvent = 81,
}

/// The text of a status, or of a number that is no status.
pub(crate) fn text(status: u32) -> &'static CStr {
    TEXTS
        .iter()
        .find(|(known, _)| *known as u32 == status)
        .map_or(c"unknown status", |(_, text)| text)
}

const TEXTS: &[(Status, &CStr)] = &[
    (Status::Ok, c"no error"),
    (Status::Nothing, c"there is nothing to return now"),
    (Status::NullPointer, c"a pointer that is needed is NULL"),
    (Status::InvalidLength, c"a length is larger than any object in memory"),
    (Status::InvalidUtf8, c"a text is not UTF-8"),
    (Status::InvalidNumber, c"a number is not one of those that the function accepts"),
    (Status::Panicked, c"the library failed by a mistake of its own; the handle can only be freed"),
    (Status::StorageTooSmall, c"the storage is too small for a decoder"),
    (Status::InvalidMessage, c"a message must have 1 to 4000 characters"),
    (Status::InvalidVisitor, c"the id of the end user must have 1 to 200 characters"),
    (Status::InvalidId, c"the id of the conversation is empty or too long"),
    (Status::InvalidTimestamp, c"the timestamp is not in the format of RFC 3339"),
    (Status::InvalidSaved, c"the saved conversation cannot be read"),
    (Status::InvalidKey, c"the key is empty, longer than 1024 bytes, or not visible ASCII"),
    (Status::InvalidSlug, c"the slug must be 1 to 1024 bytes long"),
    (Status::InvalidBaseUrl, c"the base URL is not valid: it should look like https://host/prefix"),
    (Status::BaseUrlHost, c"the host name of the base URL must be in ASCII: write it in punycode, which begins with xn--"),
    (Status::BaseUrlScheme, c"the base URL must begin with https:// or http://"),
    (Status::BaseUrlPlainHttp, c"http:// without TLS is allowed only to this machine"),
    (Status::BaseUrlUserInfo, c"the base URL must not contain a user name or a password"),
    (Status::BaseUrlQuery, c"the base URL must not have a query or a fragment"),
    (Status::TurnInProgress, c"the reply to the previous message is not over yet"),
    (Status::NoConversation, c"there is no conversation to rate yet"),
    (Status::RatingInProgress, c"the previous rating is not answered yet"),
    (Status::UnknownPipe, c"the pipe is gone, or never existed"),
    (Status::PipeNotOpen, c"the pipe was not reported as open yet"),
    (Status::PipeAlreadyOpen, c"the pipe was reported as open before"),
    (Status::TooMuchWritten, c"more bytes were reported as written than were handed out"),
    (Status::EventTooLong, c"an event is longer than the limit"),
    (Status::InvalidEvent, c"an event has data that the API does not allow"),
];
