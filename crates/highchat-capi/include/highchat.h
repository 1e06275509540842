/* The HighChat client for C99. This file is made from the Rust source by a test: do not edit it.
 *
 * A pointer that the library gets is valid and of its type, or NULL. A handle is used by one
 * thread at a time. Texts and bytes that the library returns belong to the library; each says how
 * long it is valid. A text is UTF-8, a pointer and a length, without a NUL at its end unless its
 * comment says so. Times are milliseconds on a clock of the caller that never goes back.
 *
 * With HIGHCHAT_DECODER_ONLY, this is the header of the library that has only the decoder. */

#ifndef HIGHCHAT_H
#define HIGHCHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(HIGHCHAT_DECODER_ONLY)
#define HIGHCHAT_CONVERSATION

/**
 * Flag of a new conversation: at most one pipe is open at the same time, for programs that can
 * wait for only one. A request that becomes due while a reply streams waits for the end of the
 * reply.
 */
#define HIGHCHAT_ONE_PIPE 1
#endif

/**
 * Storage of this many bytes is enough for a decoder itself. Every byte more is room for an
 * event.
 */
#define HIGHCHAT_DECODER_SIZE 320

#if defined(HIGHCHAT_CONVERSATION)
/**
 * The credentials are a client API key.
 */
#define HIGHCHAT_CREDENTIALS_KEY 1

/**
 * The credentials are a public slug.
 */
#define HIGHCHAT_CREDENTIALS_SLUG 2

/**
 * There are no credentials: a backend of yours adds its own key.
 */
#define HIGHCHAT_CREDENTIALS_NONE 3

/**
 * Flag of `highchat_endpoint_new`: `http://` without TLS is allowed to every host. Everybody
 * who can listen on the network can then read the key.
 */
#define HIGHCHAT_INSECURE_HTTP 1

/**
 * The rating 👎.
 */
#define HIGHCHAT_RATING_DOWN 0

/**
 * The rating 👍.
 */
#define HIGHCHAT_RATING_UP 1

/**
 * A time that never comes, and a number of milliseconds that is not known.
 */
#define HIGHCHAT_NEVER UINT64_MAX
#endif

/**
 * The result of a function. Every value except `OK` and `NOTHING` is an error. A function that
 * returns an error changed nothing, unless it says otherwise.
 */
enum highchat_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The function did what it is for.
   */
  HIGHCHAT_STATUS_OK = 0,
  /**
   * No error, but there is nothing to return: more input is needed, or nothing was announced.
   */
  HIGHCHAT_STATUS_NOTHING = 1,
  /**
   * A handle or another pointer that is needed is NULL.
   */
  HIGHCHAT_STATUS_NULL_POINTER = 2,
  /**
   * A length is larger than any object in memory.
   */
  HIGHCHAT_STATUS_INVALID_LENGTH = 3,
  /**
   * A text is not UTF-8.
   */
  HIGHCHAT_STATUS_INVALID_UTF8 = 4,
  /**
   * A number is not one of those that the function accepts.
   */
  HIGHCHAT_STATUS_INVALID_NUMBER = 5,
  /**
   * The library failed by a mistake of its own. The handle can only be freed.
   */
  HIGHCHAT_STATUS_PANICKED = 6,
  /**
   * The storage is too small for a decoder.
   */
  HIGHCHAT_STATUS_STORAGE_TOO_SMALL = 7,
  /**
   * A message is empty or longer than 4000 characters.
   */
  HIGHCHAT_STATUS_INVALID_MESSAGE = 16,
  /**
   * The end user's id is empty or longer than 200 characters.
   */
  HIGHCHAT_STATUS_INVALID_VISITOR = 17,
  /**
   * The id of a conversation is empty or too long.
   */
  HIGHCHAT_STATUS_INVALID_ID = 18,
  /**
   * A timestamp is not in the format of RFC 3339.
   */
  HIGHCHAT_STATUS_INVALID_TIMESTAMP = 19,
  /**
   * A saved conversation cannot be read.
   */
  HIGHCHAT_STATUS_INVALID_SAVED = 20,
  /**
   * The key is empty, too long, or has a character other than visible ASCII.
   */
  HIGHCHAT_STATUS_INVALID_KEY = 21,
  /**
   * The slug is empty or longer than 1024 bytes.
   */
  HIGHCHAT_STATUS_INVALID_SLUG = 22,
  /**
   * The base URL is not valid.
   */
  HIGHCHAT_STATUS_INVALID_BASE_URL = 32,
  /**
   * The host name of the base URL is not ASCII.
   */
  HIGHCHAT_STATUS_BASE_URL_HOST = 33,
  /**
   * The base URL begins with neither `https://` nor `http://`.
   */
  HIGHCHAT_STATUS_BASE_URL_SCHEME = 34,
  /**
   * The base URL is `http://` to another machine, which would show the key.
   */
  HIGHCHAT_STATUS_BASE_URL_PLAIN_HTTP = 35,
  /**
   * The base URL contains a user name or a password.
   */
  HIGHCHAT_STATUS_BASE_URL_USER_INFO = 36,
  /**
   * The base URL has a query or a fragment.
   */
  HIGHCHAT_STATUS_BASE_URL_QUERY = 37,
  /**
   * The reply to the previous message is not over yet.
   */
  HIGHCHAT_STATUS_TURN_IN_PROGRESS = 48,
  /**
   * There is no conversation to rate yet.
   */
  HIGHCHAT_STATUS_NO_CONVERSATION = 49,
  /**
   * The previous rating is not answered yet.
   */
  HIGHCHAT_STATUS_RATING_IN_PROGRESS = 50,
  /**
   * The pipe is gone, or never existed. Late input for it is ignored.
   */
  HIGHCHAT_STATUS_UNKNOWN_PIPE = 64,
  /**
   * The pipe was not reported as open yet.
   */
  HIGHCHAT_STATUS_PIPE_NOT_OPEN = 65,
  /**
   * The pipe was reported as open before.
   */
  HIGHCHAT_STATUS_PIPE_ALREADY_OPEN = 66,
  /**
   * More bytes were reported as written than were handed out.
   */
  HIGHCHAT_STATUS_TOO_MUCH_WRITTEN = 67,
  /**
   * An event is longer than the limit. The decoder repeats this error until it is reset.
   */
  HIGHCHAT_STATUS_EVENT_TOO_LONG = 80,
  /**
   * A known event has data that the API's text does not allow. Text of the reply may be
   * missing, so the reply counts as cut.
   */
  HIGHCHAT_STATUS_INVALID_EVENT = 81,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum highchat_status highchat_status;
#else
typedef uint32_t highchat_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

#if defined(HIGHCHAT_CONVERSATION)
/**
 * What the caller must do next.
 */
enum highchat_output_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Open the pipe: connect to the host and port of the endpoint, with TLS if the endpoint
   * needs it. Then call `highchat_conversation_handle_opened` or
   * `highchat_conversation_handle_failure`.
   */
  HIGHCHAT_OUTPUT_KIND_OPEN = 1,
  /**
   * Write as many of the bytes as the pipe takes, then call
   * `highchat_conversation_handle_written`. The message counts as sent from now on. The rest
   * comes again after a partial write. If the pipe takes nothing now, write later what
   * `highchat_conversation_bytes` returns.
   */
  HIGHCHAT_OUTPUT_KIND_WRITE = 2,
  /**
   * Close the pipe, or stop opening it. No input for it is needed after that.
   */
  HIGHCHAT_OUTPUT_KIND_CLOSE = 3,
  /**
   * Call `highchat_conversation_update`.
   */
  HIGHCHAT_OUTPUT_KIND_UPDATE = 4,
  /**
   * Wait for bytes or a command, at most until the deadline. Then call
   * `highchat_conversation_handle_timeout`.
   */
  HIGHCHAT_OUTPUT_KIND_WAIT = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum highchat_output_kind highchat_output_kind;
#else
typedef uint32_t highchat_output_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What happened.
 */
enum highchat_update_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The conversation of the reply: `conversation_id`, `is_replaced`.
   */
  HIGHCHAT_UPDATE_KIND_META = 1,
  /**
   * A part of the reply: `text`.
   */
  HIGHCHAT_UPDATE_KIND_DELTA = 2,
  /**
   * The reply is whole: `message_id`, `state`, `state_text`, `timestamp`.
   */
  HIGHCHAT_UPDATE_KIND_DONE = 3,
  /**
   * A person took over: `text` is a sentence to show, `timestamp`.
   */
  HIGHCHAT_UPDATE_KIND_HUMAN = 4,
  /**
   * An event that the API's text does not name: `event`, `data`.
   */
  HIGHCHAT_UPDATE_KIND_UNKNOWN = 5,
  /**
   * The reply was cut or never came, and a search for it begins: `failure`.
   */
  HIGHCHAT_UPDATE_KIND_RECOVERING = 6,
  /**
   * The search found the whole reply: `text` is the part that was missing, and the whole
   * message is in `message_id`, `role`, `role_text`, `content` and `timestamp`.
   */
  HIGHCHAT_UPDATE_KIND_RECOVERED = 7,
  /**
   * The turn ended, exactly once for each message that was sent: `id`, `turn_end`, and
   * `failure` if it failed.
   */
  HIGHCHAT_UPDATE_KIND_TURN_ENDED = 8,
  /**
   * The state changed: `state`, `state_text`.
   */
  HIGHCHAT_UPDATE_KIND_STATE = 9,
  /**
   * A message that a poll found, once each: `message_id`, `role`, `role_text`, `content`,
   * `timestamp`. `text` is its content if the user did not write it.
   */
  HIGHCHAT_UPDATE_KIND_MESSAGE = 10,
  /**
   * Messages of a page were invalid and are left out: `count`.
   */
  HIGHCHAT_UPDATE_KIND_UNREADABLE = 11,
  /**
   * An attempt failed, and a new one follows: `delayed`, `delay_reason`, `delay_ms`.
   */
  HIGHCHAT_UPDATE_KIND_DELAYED = 12,
  /**
   * Polling ended with an error: `failure`. No later messages of a person are shown.
   */
  HIGHCHAT_UPDATE_KIND_HANDOFF_FAILED = 13,
  /**
   * The service took the rating: `id`, `rating`.
   */
  HIGHCHAT_UPDATE_KIND_RATED = 14,
  /**
   * The rating failed: `id`, `failure`. Rating again does no harm.
   */
  HIGHCHAT_UPDATE_KIND_RATING_FAILED = 15,
  /**
   * An update of a newer version.
   */
  HIGHCHAT_UPDATE_KIND_OTHER = 16,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum highchat_update_kind highchat_update_kind;
#else
typedef uint32_t highchat_update_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a turn ended.
 */
enum highchat_turn_end
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The update is not the end of a turn.
   */
  HIGHCHAT_TURN_END_NONE = 0,
  /**
   * The reply is whole.
   */
  HIGHCHAT_TURN_END_DONE = 1,
  /**
   * A person has the message, and answers from now on.
   */
  HIGHCHAT_TURN_END_HUMAN = 2,
  /**
   * The stream was cut, and a search found the whole reply.
   */
  HIGHCHAT_TURN_END_RECOVERED = 3,
  /**
   * There is no reply, or only a part of it.
   */
  HIGHCHAT_TURN_END_FAILED = 4,
  /**
   * The program cancelled the turn. The message may have been taken.
   */
  HIGHCHAT_TURN_END_CANCELLED = 5,
  /**
   * An end of a newer version. The reply may be incomplete.
   */
  HIGHCHAT_TURN_END_OTHER = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum highchat_turn_end highchat_turn_end;
#else
typedef uint32_t highchat_turn_end;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why there is no whole answer. It says what is known about the message.
 */
enum highchat_failure_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * There is no failure.
   */
  HIGHCHAT_FAILURE_KIND_NONE = 0,
  /**
   * The service could not be reached. The message was surely not taken.
   */
  HIGHCHAT_FAILURE_KIND_NOT_SENT = 1,
  /**
   * The connection was lost before an answer came. The message may have been taken.
   */
  HIGHCHAT_FAILURE_KIND_UNANSWERED = 2,
  /**
   * No answer came in time. The message may have been taken.
   */
  HIGHCHAT_FAILURE_KIND_TIMED_OUT = 3,
  /**
   * The service answered, but not with what was requested; see `refusal`.
   */
  HIGHCHAT_FAILURE_KIND_REFUSED = 4,
  /**
   * Only a part of the reply came; see `cut`.
   */
  HIGHCHAT_FAILURE_KIND_CUT = 5,
  /**
   * The service failed with an `error` event.
   */
  HIGHCHAT_FAILURE_KIND_SERVICE = 6,
  /**
   * A failure of a newer version.
   */
  HIGHCHAT_FAILURE_KIND_OTHER = 7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum highchat_failure_kind highchat_failure_kind;
#else
typedef uint32_t highchat_failure_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What the service answered instead.
 */
enum highchat_refusal
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The failure is not a refusal.
   */
  HIGHCHAT_REFUSAL_NONE = 0,
  /**
   * An error in the API's shape, or at least with its status.
   */
  HIGHCHAT_REFUSAL_API = 1,
  /**
   * A redirect, which is never followed.
   */
  HIGHCHAT_REFUSAL_REDIRECT = 2,
  /**
   * A status that has no meaning for our requests.
   */
  HIGHCHAT_REFUSAL_STATUS = 3,
  /**
   * A 200 that is neither an event stream nor an error; `detail` is its content type.
   */
  HIGHCHAT_REFUSAL_NOT_EVENT_STREAM = 4,
  /**
   * A content encoding that was not requested; `detail` is its name.
   */
  HIGHCHAT_REFUSAL_CONTENT_ENCODING = 5,
  /**
   * A page of messages that the API's text does not allow.
   */
  HIGHCHAT_REFUSAL_INVALID_PAGE = 6,
  /**
   * A page of messages that is longer than the limit.
   */
  HIGHCHAT_REFUSAL_TOO_LONG = 7,
  /**
   * A page of messages that is incomplete.
   */
  HIGHCHAT_REFUSAL_BROKEN_OFF = 8,
  /**
   * A refusal of a newer version.
   */
  HIGHCHAT_REFUSAL_OTHER = 9,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum highchat_refusal highchat_refusal;
#else
typedef uint32_t highchat_refusal;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why only a part of a reply came.
 */
enum highchat_cut
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The reply was not cut.
   */
  HIGHCHAT_CUT_NONE = 0,
  /**
   * The body ended before the reply did.
   */
  HIGHCHAT_CUT_TRUNCATED = 1,
  /**
   * The connection was lost.
   */
  HIGHCHAT_CUT_INTERRUPTED = 2,
  /**
   * No byte came for too long.
   */
  HIGHCHAT_CUT_IDLE = 3,
  /**
   * Only pings came for too long.
   */
  HIGHCHAT_CUT_NO_PROGRESS = 4,
  /**
   * An event was longer than the limit.
   */
  HIGHCHAT_CUT_TOO_LONG = 5,
  /**
   * An event had data that the API's text does not allow; `detail` is the event's name.
   */
  HIGHCHAT_CUT_INVALID_EVENT = 6,
  /**
   * The program ended during the reply, and was started again.
   */
  HIGHCHAT_CUT_RESTARTED = 7,
  /**
   * A cut of a newer version.
   */
  HIGHCHAT_CUT_OTHER = 8,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum highchat_cut highchat_cut;
#else
typedef uint32_t highchat_cut;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The author of a message.
 */
enum highchat_role
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The update has no message.
   */
  HIGHCHAT_ROLE_NONE = 0,
  /**
   * The user.
   */
  HIGHCHAT_ROLE_USER = 1,
  /**
   * The bot, or a person who answers in its place.
   */
  HIGHCHAT_ROLE_ASSISTANT = 2,
  /**
   * A role that the API's text does not name.
   */
  HIGHCHAT_ROLE_OTHER = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum highchat_role highchat_role;
#else
typedef uint32_t highchat_role;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Who answers in the conversation.
 */
enum highchat_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * No state is known.
   */
  HIGHCHAT_STATE_NONE = 0,
  /**
   * The bot answers.
   */
  HIGHCHAT_STATE_BOT = 1,
  /**
   * A person was asked to take over.
   */
  HIGHCHAT_STATE_PENDING_HUMAN = 2,
  /**
   * A person answers.
   */
  HIGHCHAT_STATE_HUMAN = 3,
  /**
   * The conversation is closed. The next message opens it again.
   */
  HIGHCHAT_STATE_CLOSED = 4,
  /**
   * A state that the API's text does not name.
   */
  HIGHCHAT_STATE_OTHER = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum highchat_state highchat_state;
#else
typedef uint32_t highchat_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What is tried again.
 */
enum highchat_delayed
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Nothing.
   */
  HIGHCHAT_DELAYED_NONE = 0,
  /**
   * Sending the message.
   */
  HIGHCHAT_DELAYED_MESSAGE = 1,
  /**
   * Sending the rating.
   */
  HIGHCHAT_DELAYED_RATING = 2,
  /**
   * Asking for a person's messages.
   */
  HIGHCHAT_DELAYED_POLL = 3,
  /**
   * Something of a newer version.
   */
  HIGHCHAT_DELAYED_OTHER = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum highchat_delayed highchat_delayed;
#else
typedef uint32_t highchat_delayed;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why it is tried again.
 */
enum highchat_delay_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Nothing is tried again.
   */
  HIGHCHAT_DELAY_REASON_NONE = 0,
  /**
   * The service answered 429.
   */
  HIGHCHAT_DELAY_REASON_RATE_LIMITED = 1,
  /**
   * The service could not be reached. Nothing was sent.
   */
  HIGHCHAT_DELAY_REASON_NOT_SENT = 2,
  /**
   * The failure is temporary, and the request can be repeated without harm.
   */
  HIGHCHAT_DELAY_REASON_TRANSIENT = 3,
  /**
   * A reason of a newer version.
   */
  HIGHCHAT_DELAY_REASON_OTHER = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum highchat_delay_reason highchat_delay_reason;
#else
typedef uint32_t highchat_delay_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The type of an event.
 */
enum highchat_event_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The conversation of the reply: `conversation_id`.
   */
  HIGHCHAT_EVENT_KIND_META = 1,
  /**
   * A piece of the reply: `text`.
   */
  HIGHCHAT_EVENT_KIND_DELTA = 2,
  /**
   * The reply is whole: `message_id`, `state`, `state_text`, `timestamp`.
   */
  HIGHCHAT_EVENT_KIND_DONE = 3,
  /**
   * A person took over: `text` is a sentence to show, `timestamp`.
   */
  HIGHCHAT_EVENT_KIND_HUMAN = 4,
  /**
   * The reply failed: `text` is a sentence to show.
   */
  HIGHCHAT_EVENT_KIND_ERROR = 5,
  /**
   * The service is alive.
   */
  HIGHCHAT_EVENT_KIND_PING = 6,
  /**
   * An event that the API's text does not name: `event`, `data`.
   */
  HIGHCHAT_EVENT_KIND_UNKNOWN = 7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum highchat_event_kind highchat_event_kind;
#else
typedef uint32_t highchat_event_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A conversation and its HTTP/1.1 exchanges. It belongs to the caller, who frees it with
 * `highchat_conversation_free`.
 */
typedef struct highchat_conversation highchat_conversation;
#endif

/**
 * A decoder of event streams. It belongs to the caller, who frees it with
 * `highchat_decoder_free`, or who owns its storage.
 */
typedef struct highchat_decoder highchat_decoder;

#if defined(HIGHCHAT_CONVERSATION)
/**
 * The address of the service and the credentials for it. Conversations can share it.
 */
typedef struct highchat_endpoint highchat_endpoint;

/**
 * Reads the events of a reply. It belongs to the caller, who frees it with
 * `highchat_events_free`.
 */
typedef struct highchat_events highchat_events;

/**
 * The settings of a conversation. Fill it with `highchat_config_default`, then change what you
 * need. Times are in milliseconds, limits in bytes. `highchat_proto::Config` gives the reason
 * for each value.
 */
typedef struct highchat_config {
  /**
   * Time from a request to the head of its response: 60000. Half of it is the time to open a
   * pipe.
   */
  uint64_t response_timeout_ms;
  /**
   * Time that a body may go without a byte: 60000.
   */
  uint64_t idle_timeout_ms;
  /**
   * Time that a reply may go with only pings: 300000.
   */
  uint64_t progress_timeout_ms;
  /**
   * Time to read the rest of a body after its reply ended: 2000.
   */
  uint64_t settle_timeout_ms;
  /**
   * Time that a pipe without a request is kept for the next poll, search or rating: 10000.
   * With 0, no pipe is kept.
   */
  uint64_t keep_alive_ms;
  /**
   * Delays before the next attempt after a 429 without `Retry-After`: 5000, then 20000.
   */
  uint64_t rate_limit_delays_ms[2];
  /**
   * The longest `Retry-After` that the conversation waits for: 120000.
   */
  uint64_t retry_after_limit_ms;
  /**
   * Delays before the next attempt if the service could not be reached: 500, then 2000.
   */
  uint64_t not_sent_delays_ms[2];
  /**
   * Delays before each of the four searches for a cut reply: 1000, 3000, 6000 and 10000.
   */
  uint64_t recovery_delays_ms[4];
  /**
   * Time from the end of one poll to the start of the next: 4000.
   */
  uint64_t poll_interval_ms;
  /**
   * The longest delay between polls that fail: 60000.
   */
  uint64_t poll_backoff_limit_ms;
  /**
   * The seed of all jitter. With 0, the library draws one for each conversation. Any other
   * seed gives the same delays in every run, which suits a test.
   */
  uint64_t seed;
  /**
   * How much text of a reply is remembered for a search: 1048576.
   */
  size_t reply_limit;
  /**
   * The size limit of one event of a reply: 1048576.
   */
  size_t event_limit;
  /**
   * How much of an error's body is read: 65536.
   */
  size_t error_limit;
  /**
   * The size limit of a page of messages: 8388608.
   */
  size_t page_limit;
  /**
   * How many times a message is sent at most: 3. It is sent again only if the service surely
   * did not take it. 0 counts as 1.
   */
  uint32_t attempts;
} highchat_config;
#endif

/**
 * Bytes of the library. `ptr` is NULL if there are none.
 */
typedef struct highchat_bytes {
  /**
   * The first byte.
   */
  const uint8_t *ptr;
  /**
   * The number of bytes.
   */
  size_t len;
} highchat_bytes;

#if defined(HIGHCHAT_CONVERSATION)
/**
 * What the caller must do next, and with what.
 */
typedef struct highchat_output {
  /**
   * What to do.
   */
  highchat_output_kind kind;
  /**
   * The pipe of `OPEN`, `WRITE` and `CLOSE`; otherwise 0. Numbers begin with 1 and are not
   * reused.
   */
  uint64_t pipe;
  /**
   * The bytes of `WRITE`. They contain the key. They are valid until the next call with the
   * same conversation.
   */
  struct highchat_bytes bytes;
  /**
   * The time of `WAIT`, on the caller's clock. `HIGHCHAT_NEVER` means that nothing is under
   * way, no pipe is open, and nothing will become due.
   */
  uint64_t deadline_ms;
} highchat_output;
#endif

/**
 * A text of the library: UTF-8, without a NUL at its end. `ptr` is NULL if the text is absent;
 * a text that is present and empty has another `ptr` and a `len` of 0.
 */
typedef struct highchat_text {
  /**
   * The first byte.
   */
  const char *ptr;
  /**
   * The number of bytes.
   */
  size_t len;
} highchat_text;

#if defined(HIGHCHAT_CONVERSATION)
/**
 * What went wrong. Texts of the service are untrusted.
 */
typedef struct highchat_failure {
  /**
   * The kind of failure. With `NONE`, no other field means anything.
   */
  highchat_failure_kind kind;
  /**
   * What the service answered instead, if the kind is `REFUSED`.
   */
  highchat_refusal refusal;
  /**
   * Why the reply is incomplete, if the kind is `CUT`.
   */
  highchat_cut cut;
  /**
   * The HTTP status of a refusal, or 0.
   */
  uint16_t status;
  /**
   * Whether the service may have taken the message. Do not send it again then.
   */
  bool may_have_been_taken;
  /**
   * Whether the message can be sent again without any risk that it is taken twice.
   */
  bool can_be_sent_again;
  /**
   * The time that the service asks to wait before the next request, or `HIGHCHAT_NEVER`.
   */
  uint64_t retry_after_ms;
  /**
   * The service's code, such as `rate_limited`; absent if there is none.
   */
  struct highchat_text code;
  /**
   * The service's own sentence, the cause of a lost connection, or what the kind says;
   * absent if there is none.
   */
  struct highchat_text detail;
  /**
   * A sentence for the user: the service's own, if it sent one.
   */
  struct highchat_text sentence;
  /**
   * The whole description, for a log.
   */
  struct highchat_text description;
} highchat_failure;

/**
 * Something that happened. `kind` says which other fields mean something; the others are
 * absent, 0 or `NONE`. The texts are valid until the next call with the same conversation.
 * Texts of the service are untrusted.
 */
typedef struct highchat_update {
  /**
   * What happened.
   */
  highchat_update_kind kind;
  /**
   * How the turn ended.
   */
  highchat_turn_end turn_end;
  /**
   * The text to append to the screen; absent if there is none. A program that shows only
   * these texts misses nothing that the bot or a person wrote.
   */
  struct highchat_text text;
  /**
   * The id of the conversation; absent if none is known.
   */
  struct highchat_text conversation_id;
  /**
   * The id of the message; absent if the service sent none.
   */
  struct highchat_text message_id;
  /**
   * The author of the message, as the service writes it.
   */
  struct highchat_text role_text;
  /**
   * The whole content of the message.
   */
  struct highchat_text content;
  /**
   * The state, as the service writes it; absent if there is none.
   */
  struct highchat_text state_text;
  /**
   * The service's time, as it wrote it; absent if there is none.
   */
  struct highchat_text timestamp;
  /**
   * The type of an unknown event.
   */
  struct highchat_text event;
  /**
   * The data of an unknown event.
   */
  struct highchat_text data;
  /**
   * What went wrong.
   */
  struct highchat_failure failure;
  /**
   * The turn that `highchat_conversation_send` returned, or the rating that
   * `highchat_conversation_rate` returned.
   */
  uint64_t id;
  /**
   * The number of messages that are left out.
   */
  uint64_t count;
  /**
   * The time until the next attempt.
   */
  uint64_t delay_ms;
  /**
   * The author of the message.
   */
  highchat_role role;
  /**
   * The state.
   */
  highchat_state state;
  /**
   * What is tried again.
   */
  highchat_delayed delayed;
  /**
   * Why it is tried again.
   */
  highchat_delay_reason delay_reason;
  /**
   * The rating: `HIGHCHAT_RATING_UP` or `HIGHCHAT_RATING_DOWN`.
   */
  uint32_t rating;
  /**
   * Whether the id of the conversation differs from the one before.
   */
  bool is_replaced;
} highchat_update;

/**
 * What is known of a conversation. The texts are valid until the next call with the same
 * conversation.
 */
typedef struct highchat_conversation_info {
  /**
   * The id; absent until the first reply gives one.
   */
  struct highchat_text id;
  /**
   * The state.
   */
  highchat_state state;
  /**
   * The state as the service writes it.
   */
  struct highchat_text state_text;
  /**
   * The timestamp after which the next poll asks for messages; absent if none is known.
   */
  struct highchat_text cursor;
  /**
   * Whether polls for a person's messages are under way.
   */
  bool is_polling;
  /**
   * Whether a turn is not over.
   */
  bool turn_in_progress;
} highchat_conversation_info;
#endif

/**
 * One event of the stream, unparsed. It is valid until the next call with the same decoder, and
 * only as long as the input from which it was decoded.
 */
typedef struct highchat_frame {
  /**
   * The event type. It is empty for the standard's default, `message`.
   */
  struct highchat_bytes event;
  /**
   * The data: the values of the `data` lines, joined by LF. It may be invalid UTF-8.
   */
  struct highchat_bytes data;
  /**
   * The last event ID of the stream. It is empty if there is none.
   */
  struct highchat_bytes id;
} highchat_frame;

#if defined(HIGHCHAT_CONVERSATION)
/**
 * Where to connect to. The texts are valid as long as the endpoint.
 */
typedef struct highchat_endpoint_info {
  /**
   * The base URL, without a slash at its end.
   */
  struct highchat_text base_url;
  /**
   * The host name, or an IP address without brackets. A NUL follows it, so that
   * `getaddrinfo` and TLS libraries can take it as it is.
   */
  struct highchat_text host;
  /**
   * The port.
   */
  uint16_t port;
  /**
   * Whether the pipe must use TLS.
   */
  bool is_tls;
  /**
   * Whether the host is this machine.
   */
  bool is_loopback;
} highchat_endpoint_info;

/**
 * An event of a reply. `kind` says which other fields mean something; the others are absent.
 * The texts are valid until the next call with the same events, and only as long as the input
 * from which the event was read. They are untrusted.
 *
 * Only `DONE`, `HUMAN` and `ERROR` end a reply. A body that ends without one of them was cut,
 * even if it is complete for HTTP.
 */
typedef struct highchat_event {
  /**
   * The type.
   */
  highchat_event_kind kind;
  /**
   * The new state.
   */
  highchat_state state;
  /**
   * The text to show or to append; absent if the service sent none.
   */
  struct highchat_text text;
  /**
   * The id to send with the next message; absent if the service sent none.
   */
  struct highchat_text conversation_id;
  /**
   * The id of the reply; absent if the service sent none.
   */
  struct highchat_text message_id;
  /**
   * The new state as the service writes it; absent if the service sent none.
   */
  struct highchat_text state_text;
  /**
   * The service's time; absent if the service sent none.
   */
  struct highchat_text timestamp;
  /**
   * The type of an unknown event.
   */
  struct highchat_text event;
  /**
   * The data of an unknown event.
   */
  struct highchat_text data;
} highchat_event;
#endif

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

#if defined(HIGHCHAT_CONVERSATION)
/**
 * Makes a new conversation; it begins with the first message. `config` is NULL for the default
 * settings, and is copied. `flags` is 0 or `HIGHCHAT_ONE_PIPE`. Free the conversation with
 * `highchat_conversation_free`.
 *
 * Errors: `NULL_POINTER`, `INVALID_NUMBER`.
 */
highchat_status highchat_conversation_new(struct highchat_endpoint *endpoint,
                                          const struct highchat_config *config,
                                          uint32_t flags,
                                          struct highchat_conversation **conversation);

/**
 * Resumes a conversation from the text that `highchat_conversation_save` returned, perhaps in
 * another process. It polls at once if a person is answering, and searches for the reply if the
 * program ended during a turn. The other arguments are as for `highchat_conversation_new`.
 *
 * Errors: `NULL_POINTER`, `INVALID_LENGTH`, `INVALID_UTF8`, `INVALID_NUMBER`, `INVALID_SAVED`.
 */
highchat_status highchat_conversation_resume(struct highchat_endpoint *endpoint,
                                             const struct highchat_config *config,
                                             uint32_t flags,
                                             const char *saved,
                                             size_t saved_len,
                                             uint64_t now_ms,
                                             struct highchat_conversation **conversation);

/**
 * Continues a conversation by its id alone. `state` is NULL for `bot`; with
 * `human` or `pending_human`, polling begins at once. `after` is NULL, or the timestamp of the
 * newest known message. A cut reply of such a conversation is not searched for, because its
 * earlier messages are unknown. The other arguments are as for `highchat_conversation_new`.
 *
 * Errors: `NULL_POINTER`, `INVALID_LENGTH`, `INVALID_UTF8`, `INVALID_NUMBER`, `INVALID_ID`,
 * `INVALID_TIMESTAMP`.
 */
highchat_status highchat_conversation_continue(struct highchat_endpoint *endpoint,
                                               const struct highchat_config *config,
                                               uint32_t flags,
                                               const char *id,
                                               size_t id_len,
                                               const char *state,
                                               size_t state_len,
                                               const char *after,
                                               size_t after_len,
                                               uint64_t now_ms,
                                               struct highchat_conversation **conversation);

/**
 * Frees a conversation. NULL is ignored. The service may still take a message that was sent.
 * Close its pipes yourself.
 */
void highchat_conversation_free(struct highchat_conversation *conversation);

/**
 * Sends a message of 1 to 4000 characters (Unicode scalar values). The text is copied. `turn`
 * may be NULL; it gets the id that the update at the end of the turn repeats.
 *
 * Errors: `NULL_POINTER`, `INVALID_LENGTH`, `INVALID_UTF8`, `INVALID_MESSAGE`,
 * `TURN_IN_PROGRESS`.
 */
highchat_status highchat_conversation_send(struct highchat_conversation *conversation,
                                           const char *message,
                                           size_t message_len,
                                           uint64_t now_ms,
                                           uint64_t *turn);

/**
 * Sets your id of the end user, of 1 to 200 characters, for the next message and all later
 * ones. NULL removes it. The text is copied.
 *
 * Errors: `NULL_POINTER`, `INVALID_LENGTH`, `INVALID_UTF8`, `INVALID_VISITOR`.
 */
highchat_status highchat_conversation_set_visitor(struct highchat_conversation *conversation,
                                                  const char *visitor,
                                                  size_t visitor_len,
                                                  uint64_t now_ms);

/**
 * Rates the conversation with `HIGHCHAT_RATING_UP` or `HIGHCHAT_RATING_DOWN`. `comment` may be
 * NULL, and is copied. `request` may be NULL; it gets the id that the update about the rating
 * repeats.
 *
 * Errors: `NULL_POINTER`, `INVALID_LENGTH`, `INVALID_UTF8`, `INVALID_NUMBER`,
 * `NO_CONVERSATION`, `RATING_IN_PROGRESS`.
 */
highchat_status highchat_conversation_rate(struct highchat_conversation *conversation,
                                           uint32_t rating,
                                           const char *comment,
                                           size_t comment_len,
                                           uint64_t now_ms,
                                           uint64_t *request);

/**
 * Ends the current turn, in any state. The service may have received the message. Without a
 * turn, it does nothing.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_conversation_cancel(struct highchat_conversation *conversation,
                                             uint64_t now_ms);

/**
 * Polls for a person's messages now instead of at the next due time, if polling is on.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_conversation_check_now(struct highchat_conversation *conversation,
                                                uint64_t now_ms);

/**
 * Returns what must be done next. Call it after each command and each input, until it returns
 * `WAIT`.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_conversation_poll(struct highchat_conversation *conversation,
                                           struct highchat_output *output);

/**
 * Returns the update that the last poll announced, or `NOTHING`. Its texts are valid until the
 * next call with this conversation.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_conversation_update(struct highchat_conversation *conversation,
                                             struct highchat_update *update);

/**
 * Returns the bytes that are still to be written to a pipe, for a pipe that could not take them
 * at `WRITE`. There are none before `WRITE`. They contain the key. They are valid until the next
 * call with this conversation.
 *
 * Errors: `NULL_POINTER`, `UNKNOWN_PIPE`, `PIPE_NOT_OPEN`.
 */
highchat_status highchat_conversation_bytes(struct highchat_conversation *conversation,
                                            uint64_t pipe,
                                            struct highchat_bytes *bytes);

/**
 * The pipe is open, its TLS handshake included, and can take bytes.
 *
 * Errors: `NULL_POINTER`, `UNKNOWN_PIPE`, `PIPE_ALREADY_OPEN`.
 */
highchat_status highchat_conversation_handle_opened(struct highchat_conversation *conversation,
                                                    uint64_t pipe,
                                                    uint64_t now_ms);

/**
 * The first `len` of the bytes of the last `WRITE` were written.
 *
 * Errors: `NULL_POINTER`, `UNKNOWN_PIPE`, `PIPE_NOT_OPEN`, `TOO_MUCH_WRITTEN`.
 */
highchat_status highchat_conversation_handle_written(struct highchat_conversation *conversation,
                                                     uint64_t pipe,
                                                     size_t len,
                                                     uint64_t now_ms);

/**
 * Bytes were read. They may be cut anywhere, and are not needed after the call. A length of 0
 * is ignored: call `highchat_conversation_handle_end` at the end of the pipe.
 *
 * Errors: `NULL_POINTER`, `INVALID_LENGTH`, `UNKNOWN_PIPE`, `PIPE_NOT_OPEN`.
 */
highchat_status highchat_conversation_handle_read(struct highchat_conversation *conversation,
                                                  uint64_t pipe,
                                                  const uint8_t *data,
                                                  size_t len,
                                                  uint64_t now_ms);

/**
 * The service closed the pipe in an orderly way: a read returned no bytes. With TLS, call it
 * only after a `close_notify`; any other end is a failure, because a reply may end with its
 * connection. The pipe is gone.
 *
 * Errors: `NULL_POINTER`, `UNKNOWN_PIPE`.
 */
highchat_status highchat_conversation_handle_end(struct highchat_conversation *conversation,
                                                 uint64_t pipe,
                                                 uint64_t now_ms);

/**
 * The pipe could not be opened, or was lost. The pipe is gone. `cause` is a line for a person,
 * such as the text of `strerror`; it may be NULL, and is copied. Only its first 300 bytes are
 * kept. Bytes of it that are not UTF-8 are replaced, so that no loss goes unreported.
 *
 * Errors: `NULL_POINTER`, `INVALID_LENGTH`, `UNKNOWN_PIPE`.
 */
highchat_status highchat_conversation_handle_failure(struct highchat_conversation *conversation,
                                                     uint64_t pipe,
                                                     const char *cause,
                                                     size_t cause_len,
                                                     uint64_t now_ms);

/**
 * The program reads again after it did not read for a while on purpose. That time does not
 * count as silence of a reply.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_conversation_handle_return(struct highchat_conversation *conversation,
                                                    uint64_t now_ms);

/**
 * The time of `WAIT` has come. An early call does no harm.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_conversation_handle_timeout(struct highchat_conversation *conversation,
                                                     uint64_t now_ms);

/**
 * Says what is known of the conversation. The texts are valid until the next call with this
 * conversation.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_conversation_describe(struct highchat_conversation *conversation,
                                               struct highchat_conversation_info *info);

/**
 * Returns all that a later process needs to resume the conversation, as JSON of at most some
 * dozen KiB. It contains no key, but the text of a reply that was cut: keep it as private as the
 * conversation. It is valid until the next `save`, or until the conversation is freed.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_conversation_save(struct highchat_conversation *conversation,
                                           struct highchat_text *saved);
#endif

/**
 * Returns a sentence for a status. It has a NUL at its end and is valid for ever.
 */
const char *highchat_status_text(uint32_t status);

/**
 * Returns the version of the library, such as `0.1.0`. It has a NUL at its end and is valid for
 * ever.
 */
const char *highchat_version(void);

/**
 * Makes a decoder in storage of the caller, and allocates nothing. `size` is at least
 * `HIGHCHAT_DECODER_SIZE`; the limit of an event is what remains of it. The storage belongs to
 * the decoder as long as that is used. It needs no end: reuse the storage when you are done.
 *
 * Errors: `NULL_POINTER`, `INVALID_LENGTH`, `STORAGE_TOO_SMALL`.
 */
highchat_status highchat_decoder_init(uint8_t *storage,
                                      size_t size,
                                      struct highchat_decoder **decoder);

#if defined(HIGHCHAT_CONVERSATION)
/**
 * Makes a decoder with storage of its own, for events of at most `limit` bytes. It allocates
 * 4 KiB, or the limit if that is less, and more only for a longer event. Free it with
 * `highchat_decoder_free`.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_decoder_new(size_t limit, struct highchat_decoder **decoder);

/**
 * Frees a decoder of `highchat_decoder_new`. NULL is ignored, and so is a decoder in storage of
 * the caller.
 */
void highchat_decoder_free(struct highchat_decoder *decoder);
#endif

/**
 * Returns the next frame, and moves `*input` and `*len` past the bytes that it took. Call it
 * until it returns `NOTHING`: the whole input was taken then. The input may be cut anywhere.
 * The frame is valid until the next call with this decoder, and only as long as the input.
 *
 * Errors: `NULL_POINTER`, `INVALID_LENGTH`, `EVENT_TOO_LONG`.
 */
highchat_status highchat_decoder_decode(struct highchat_decoder *decoder,
                                        const uint8_t **input,
                                        size_t *len,
                                        struct highchat_frame *frame);

/**
 * Ends the stream. Returns the event that had no blank line after it, or `NOTHING`. The standard
 * discards this event, because it may be cut. Use it only if its data is whole in itself, such
 * as JSON. The decoder is then at the start of a new stream.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_decoder_finish(struct highchat_decoder *decoder,
                                        struct highchat_frame *frame);

/**
 * Makes the decoder like new, for another stream.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_decoder_reset(struct highchat_decoder *decoder);

/**
 * Returns the last event ID, which a client that reconnects sends as `Last-Event-ID`. It is
 * empty if there is none. It is valid until the next call with this decoder.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_decoder_last_event_id(struct highchat_decoder *decoder,
                                               struct highchat_bytes *id);

/**
 * Returns the reconnection time of the last `retry` field, in milliseconds, or `NOTHING` if the
 * stream had none.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_decoder_reconnection_time(struct highchat_decoder *decoder,
                                                   uint64_t *time_ms);

#if defined(HIGHCHAT_CONVERSATION)
/**
 * Makes an endpoint. `base_url` is NULL for `https://app.highchat.am`. `credentials_kind` is
 * `HIGHCHAT_CREDENTIALS_KEY`, `HIGHCHAT_CREDENTIALS_SLUG` or `HIGHCHAT_CREDENTIALS_NONE`;
 * `credentials` is the key or the slug, at most 1024 bytes. `flags` is 0 or
 * `HIGHCHAT_INSECURE_HTTP`. The texts are copied. Free the endpoint with
 * `highchat_endpoint_free`; conversations that use it keep what they need.
 *
 * Errors: `NULL_POINTER`, `INVALID_LENGTH`, `INVALID_UTF8`, `INVALID_NUMBER`, `INVALID_KEY`,
 * `INVALID_SLUG`, `INVALID_BASE_URL` and each status that begins with `BASE_URL`.
 */
highchat_status highchat_endpoint_new(const char *base_url,
                                      size_t base_url_len,
                                      uint32_t credentials_kind,
                                      const char *credentials,
                                      size_t credentials_len,
                                      uint32_t flags,
                                      struct highchat_endpoint **endpoint);

/**
 * Frees an endpoint. NULL is ignored.
 */
void highchat_endpoint_free(struct highchat_endpoint *endpoint);

/**
 * Says where to connect to. The texts are valid as long as the endpoint.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_endpoint_describe(struct highchat_endpoint *endpoint,
                                           struct highchat_endpoint_info *info);

/**
 * Fills in the default settings.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_config_default(struct highchat_config *config);

/**
 * Makes a reader of events, for events of at most `limit` bytes. It is for a program that has
 * an HTTP client of its own; a conversation reads its events itself. It allocates its
 * storage when an event needs it, at most some three times the limit. Free it with
 * `highchat_events_free`.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_events_new(size_t limit, struct highchat_events **events);

/**
 * Frees a reader of events. NULL is ignored.
 */
void highchat_events_free(struct highchat_events *events);

/**
 * Returns the next event, and moves `*input` and `*len` past the bytes that it took. Call it
 * until it returns `NOTHING`: the whole input was taken then. The input may be cut anywhere.
 * The event is valid until the next call with this reader, and only as long as the input.
 *
 * After `INVALID_EVENT` or `EVENT_TOO_LONG`, text of the reply may be missing: treat the reply
 * as cut.
 *
 * Errors: `NULL_POINTER`, `INVALID_LENGTH`, `EVENT_TOO_LONG`, `INVALID_EVENT`.
 */
highchat_status highchat_events_decode(struct highchat_events *events,
                                       const uint8_t **input,
                                       size_t *len,
                                       struct highchat_event *event);

/**
 * Ends the stream. Returns the last event if only its blank line is missing, or `NOTHING`. It never
 * returns a `PING` or an `UNKNOWN` event, because their data does not show that they are complete.
 * The reader is then at the start of a new stream.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_events_finish(struct highchat_events *events,
                                       struct highchat_event *event);

/**
 * Makes the reader like new, for another reply.
 *
 * Errors: `NULL_POINTER`.
 */
highchat_status highchat_events_reset(struct highchat_events *events);
#endif

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* HIGHCHAT_H */
