/* The C interface, right and wrong: a conversation over memory, and every misuse that the library
 * promises to survive. It is run with sanitizers and under valgrind. */

#include <highchat.h>

#include "check.h"

#define OK HIGHCHAT_STATUS_OK
#define NULL_POINTER HIGHCHAT_STATUS_NULL_POINTER
#define TOO_LONG ((size_t)-1)

static const char HEAD[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
static const char META[] = "event: meta\ndata: {\"conversation_id\":\"c1\"}\n\n";
static const char DELTA[] = "event: delta\ndata: {\"text\":\"Բարև 👋\"}\n\n";
static const char DONE[] =
    "event: done\ndata: {\"message_id\":\"m1\",\"state\":\"bot\",\"ts\":\"2026-06-14T10:00:00Z\"}\n\n";
static const char REFUSED[] =
    "HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\nretry-after: 7\r\n"
    "content-length: 59\r\n\r\n"
    "{\"error\":{\"code\":\"rate_limited\",\"message\":\"Սպասեք\"}}   \n\n";

static highchat_endpoint *endpoint;

static highchat_conversation *begin(const highchat_config *config) {
    highchat_conversation *conversation;
    CHECK(highchat_conversation_new(endpoint, config, 0, &conversation) == OK);
    return conversation;
}

static highchat_output poll(highchat_conversation *conversation) {
    highchat_output output;
    CHECK(highchat_conversation_poll(conversation, &output) == OK);
    return output;
}

static highchat_update update(highchat_conversation *conversation) {
    highchat_update update;
    CHECK(poll(conversation).kind == HIGHCHAT_OUTPUT_KIND_UPDATE);
    CHECK(highchat_conversation_update(conversation, &update) == OK);
    return update;
}

/* Opens the next pipe and writes its request, in two pieces. */
static uint64_t ask(highchat_conversation *conversation, const char *request) {
    highchat_output output = poll(conversation);
    uint64_t pipe = output.pipe;
    CHECK(output.kind == HIGHCHAT_OUTPUT_KIND_OPEN);
    CHECK(highchat_conversation_handle_written(conversation, pipe, 1, 0) ==
          HIGHCHAT_STATUS_PIPE_NOT_OPEN);
    CHECK(highchat_conversation_handle_read(conversation, pipe, (const uint8_t *)"x", 1, 0) ==
          HIGHCHAT_STATUS_PIPE_NOT_OPEN);
    CHECK(highchat_conversation_bytes(conversation, pipe, &output.bytes) ==
          HIGHCHAT_STATUS_PIPE_NOT_OPEN);
    CHECK(highchat_conversation_handle_opened(conversation, pipe, 0) == OK);
    CHECK(highchat_conversation_handle_opened(conversation, pipe, 0) ==
          HIGHCHAT_STATUS_PIPE_ALREADY_OPEN);
    /* Nothing was handed out yet. */
    CHECK(highchat_conversation_bytes(conversation, pipe, &output.bytes) == OK && output.bytes.len == 0);
    CHECK(highchat_conversation_handle_written(conversation, pipe, 1, 0) ==
          HIGHCHAT_STATUS_TOO_MUCH_WRITTEN);
    output = poll(conversation);
    CHECK(output.kind == HIGHCHAT_OUTPUT_KIND_WRITE && output.pipe == pipe);
    CHECK(memcmp(output.bytes.ptr, request, strlen(request)) == 0);
    CHECK(highchat_conversation_handle_written(conversation, pipe, output.bytes.len + 1, 0) ==
          HIGHCHAT_STATUS_TOO_MUCH_WRITTEN);
    CHECK(highchat_conversation_handle_written(conversation, pipe, TOO_LONG, 0) ==
          HIGHCHAT_STATUS_TOO_MUCH_WRITTEN);
    CHECK(highchat_conversation_handle_written(conversation, pipe, 0, 0) == OK);
    CHECK(highchat_conversation_handle_written(conversation, pipe, 10, 0) == OK);
    output = poll(conversation);
    CHECK(output.kind == HIGHCHAT_OUTPUT_KIND_WRITE && output.pipe == pipe);
    CHECK(memcmp(output.bytes.ptr, request + 10, 4) == 0);
    CHECK(highchat_conversation_handle_written(conversation, pipe, output.bytes.len, 0) == OK);
    return pipe;
}

/* Reads an answer byte by byte, each from memory of its own. */
static void answer(highchat_conversation *conversation, uint64_t pipe, const char *bytes) {
    for (; *bytes != 0; bytes++) {
        uint8_t *byte = malloc(1);
        CHECK(byte != NULL);
        *byte = (uint8_t)*bytes;
        CHECK(highchat_conversation_handle_read(conversation, pipe, byte, 1, 0) == OK);
        free(byte);
    }
}

static void a_whole_turn_is_shown_and_the_conversation_can_be_resumed(void) {
    highchat_conversation *conversation = begin(NULL), *resumed;
    highchat_conversation_info info;
    highchat_update shown;
    highchat_text saved;
    uint64_t turn = 99, rating = 99, pipe;
    CHECK(highchat_conversation_set_visitor(conversation, TEXT("Անի"), 0) == OK);
    CHECK(highchat_conversation_send(conversation, TEXT("Ինչպե՞ս ես 🙂"), 0, &turn) == OK);
    CHECK(highchat_conversation_send(conversation, TEXT("մեկ"), 0, &turn) ==
          HIGHCHAT_STATUS_TURN_IN_PROGRESS);
    pipe = ask(conversation, "POST /v1/chat HTTP/1.1\r\n");
    CHECK(highchat_conversation_update(conversation, &shown) == HIGHCHAT_STATUS_NOTHING);
    answer(conversation, pipe, HEAD);
    answer(conversation, pipe, META);
    answer(conversation, pipe, DELTA);
    answer(conversation, pipe, DONE);
    CHECK(highchat_conversation_handle_end(conversation, pipe, 0) == OK);
    /* Late input, for a pipe that is gone and for one that never was. */
    CHECK(highchat_conversation_handle_end(conversation, pipe, 0) == HIGHCHAT_STATUS_UNKNOWN_PIPE);
    CHECK(highchat_conversation_handle_read(conversation, 12345, (const uint8_t *)"x", 1, 0) ==
          HIGHCHAT_STATUS_UNKNOWN_PIPE);

    shown = update(conversation);
    CHECK(shown.kind == HIGHCHAT_UPDATE_KIND_META && IS(shown.conversation_id, "c1"));
    CHECK(shown.text.ptr == NULL && !shown.is_replaced);
    shown = update(conversation);
    CHECK(shown.kind == HIGHCHAT_UPDATE_KIND_DELTA && IS(shown.text, "Բարև 👋"));
    shown = update(conversation);
    CHECK(shown.kind == HIGHCHAT_UPDATE_KIND_DONE && IS(shown.message_id, "m1"));
    CHECK(shown.state == HIGHCHAT_STATE_BOT && IS(shown.state_text, "bot"));
    CHECK(IS(shown.timestamp, "2026-06-14T10:00:00Z"));
    shown = update(conversation);
    CHECK(shown.kind == HIGHCHAT_UPDATE_KIND_TURN_ENDED && shown.id == turn);
    CHECK(shown.turn_end == HIGHCHAT_TURN_END_DONE);
    CHECK(shown.failure.kind == HIGHCHAT_FAILURE_KIND_NONE);
    CHECK(poll(conversation).deadline_ms == HIGHCHAT_NEVER);
    CHECK(highchat_conversation_update(conversation, &shown) == HIGHCHAT_STATUS_NOTHING);

    CHECK(highchat_conversation_describe(conversation, &info) == OK);
    CHECK(IS(info.id, "c1") && info.state == HIGHCHAT_STATE_BOT && !info.turn_in_progress);
    CHECK(highchat_conversation_save(conversation, &saved) == OK);
    CHECK(highchat_conversation_resume(endpoint, NULL, HIGHCHAT_ONE_PIPE, saved.ptr, saved.len, 5,
                                       &resumed) == OK);
    CHECK(highchat_conversation_describe(resumed, &info) == OK && IS(info.id, "c1"));
    highchat_conversation_free(conversation);

    CHECK(highchat_conversation_rate(resumed, 2, NULL, 0, 5, &rating) ==
          HIGHCHAT_STATUS_INVALID_NUMBER);
    CHECK(highchat_conversation_rate(resumed, HIGHCHAT_RATING_UP, TEXT("լավ 👍"), 5, &rating) == OK);
    CHECK(highchat_conversation_rate(resumed, HIGHCHAT_RATING_UP, NULL, 0, 5, &rating) ==
          HIGHCHAT_STATUS_RATING_IN_PROGRESS);
    pipe = ask(resumed, "POST /v1/conversations/c1/rating HTTP/1.1\r\n");
    answer(resumed, pipe, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    shown = update(resumed);
    CHECK(shown.kind == HIGHCHAT_UPDATE_KIND_RATED && shown.id == rating);
    CHECK(shown.rating == HIGHCHAT_RATING_UP);
    highchat_conversation_free(resumed);
}

static void a_failure_says_all_that_is_known(void) {
    highchat_config config;
    highchat_conversation *conversation;
    highchat_update shown;
    highchat_output output;
    uint64_t pipe;
    CHECK(highchat_config_default(&config) == OK && config.attempts == 3);
    config.attempts = 1;
    conversation = begin(&config);
    CHECK(highchat_conversation_send(conversation, TEXT("մեկ"), 0, NULL) == OK);
    pipe = ask(conversation, "POST /v1/chat HTTP/1.1\r\n");
    answer(conversation, pipe, REFUSED);
    shown = update(conversation);
    CHECK(shown.kind == HIGHCHAT_UPDATE_KIND_TURN_ENDED && shown.turn_end == HIGHCHAT_TURN_END_FAILED);
    CHECK(shown.failure.kind == HIGHCHAT_FAILURE_KIND_REFUSED && shown.failure.status == 429);
    CHECK(shown.failure.refusal == HIGHCHAT_REFUSAL_API && IS(shown.failure.code, "rate_limited"));
    CHECK(shown.failure.retry_after_ms == 7000 && shown.failure.can_be_sent_again);
    CHECK(!shown.failure.may_have_been_taken && IS(shown.failure.sentence, "Սպասեք"));
    CHECK(poll(conversation).kind == HIGHCHAT_OUTPUT_KIND_CLOSE);
    CHECK(highchat_conversation_handle_failure(conversation, pipe, NULL, 0, 0) ==
          HIGHCHAT_STATUS_UNKNOWN_PIPE);

    /* A pipe that cannot be opened, with a cause that is not UTF-8. */
    CHECK(highchat_conversation_send(conversation, TEXT("երկու"), 0, NULL) == OK);
    output = poll(conversation);
    CHECK(highchat_conversation_handle_failure(conversation, output.pipe, TEXT("\xff refused"), 0) == OK);
    shown = update(conversation);
    CHECK(shown.failure.kind == HIGHCHAT_FAILURE_KIND_NOT_SENT && shown.failure.can_be_sent_again);
    CHECK(IS(shown.failure.detail, "localhost:80: \xef\xbf\xbd refused"));

    /* A cancel in the middle of the reply. */
    CHECK(highchat_conversation_send(conversation, TEXT("երեք"), 0, NULL) == OK);
    pipe = ask(conversation, "POST /v1/chat HTTP/1.1\r\n");
    answer(conversation, pipe, HEAD);
    answer(conversation, pipe, DELTA);
    CHECK(highchat_conversation_cancel(conversation, 0) == OK);
    CHECK(update(conversation).kind == HIGHCHAT_UPDATE_KIND_DELTA);
    CHECK(update(conversation).turn_end == HIGHCHAT_TURN_END_CANCELLED);
    output = poll(conversation);
    CHECK(output.kind == HIGHCHAT_OUTPUT_KIND_CLOSE && output.pipe == pipe);
    CHECK(highchat_conversation_handle_read(conversation, pipe, (const uint8_t *)DONE, 5, 0) ==
          HIGHCHAT_STATUS_UNKNOWN_PIPE);
    highchat_conversation_free(conversation);
}

static void a_handoff_is_continued_by_its_id(void) {
    static const char page[] =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
        "{\"state\":\"bot\",\"messages\":[{\"id\":\"m7\",\"role\":\"assistant\",\"content\":\"Ես Անին եմ\","
        "\"created_at\":\"2026-06-14T10:00:05Z\"}],\"ts\":\"\"}";
    highchat_conversation *conversation;
    highchat_conversation_info info;
    highchat_update shown;
    uint64_t pipe;
    CHECK(highchat_conversation_continue(endpoint, NULL, 0, TEXT("c1"), TEXT("human"),
                                         TEXT("2026-06-14T10:00:00Z"), 0, &conversation) == OK);
    CHECK(highchat_conversation_describe(conversation, &info) == OK && info.is_polling);
    CHECK(info.state == HIGHCHAT_STATE_HUMAN && IS(info.cursor, "2026-06-14T10:00:00Z"));
    CHECK(highchat_conversation_check_now(conversation, 0) == OK);
    CHECK(highchat_conversation_handle_return(conversation, 0) == OK);
    CHECK(highchat_conversation_handle_timeout(conversation, 10) == OK);
    pipe = ask(conversation, "GET /v1/conversations/c1/messages?after=");
    answer(conversation, pipe, page);
    CHECK(highchat_conversation_handle_end(conversation, pipe, 20) == OK);
    shown = update(conversation);
    CHECK(shown.kind == HIGHCHAT_UPDATE_KIND_MESSAGE && IS(shown.content, "Ես Անին եմ"));
    CHECK(shown.role == HIGHCHAT_ROLE_ASSISTANT && IS(shown.role_text, "assistant"));
    CHECK(IS(shown.text, "Ես Անին եմ") && IS(shown.message_id, "m7"));
    shown = update(conversation);
    CHECK(shown.kind == HIGHCHAT_UPDATE_KIND_STATE && shown.state == HIGHCHAT_STATE_BOT);
    highchat_conversation_free(conversation);
}

static void null_is_an_error_everywhere(void) {
    highchat_conversation *conversation = begin(NULL), *none;
    highchat_conversation_info info;
    highchat_endpoint *no_endpoint = endpoint;
    highchat_endpoint_info endpoint_info;
    highchat_output output;
    highchat_update shown;
    highchat_events *events, *no_events;
    highchat_event event;
    highchat_decoder *decoder, *no_decoder;
    highchat_frame frame;
    highchat_bytes bytes;
    highchat_text text;
    const uint8_t *input = (const uint8_t *)"data: x\n\n", *no_input = NULL;
    uint8_t storage[4096];
    uint64_t number;
    size_t len = 9, zero = 0;

    CHECK(highchat_endpoint_new(NULL, 0, HIGHCHAT_CREDENTIALS_NONE, NULL, 0, 0, NULL) == NULL_POINTER);
    CHECK(highchat_endpoint_new(NULL, 1, HIGHCHAT_CREDENTIALS_NONE, NULL, 0, 0, &no_endpoint) ==
          NULL_POINTER);
    CHECK(no_endpoint == NULL);
    CHECK(highchat_endpoint_describe(NULL, &endpoint_info) == NULL_POINTER);
    CHECK(highchat_endpoint_describe(endpoint, NULL) == NULL_POINTER);
    CHECK(highchat_config_default(NULL) == NULL_POINTER);
    CHECK(highchat_conversation_new(NULL, NULL, 0, &none) == NULL_POINTER && none == NULL);
    CHECK(highchat_conversation_new(endpoint, NULL, 0, NULL) == NULL_POINTER);
    CHECK(highchat_conversation_resume(NULL, NULL, 0, TEXT("{}"), 0, &none) == NULL_POINTER);
    CHECK(highchat_conversation_continue(NULL, NULL, 0, TEXT("c"), NULL, 0, NULL, 0, 0, &none) ==
          NULL_POINTER);

    CHECK(highchat_conversation_send(NULL, TEXT("ա"), 0, &number) == NULL_POINTER);
    CHECK(highchat_conversation_send(conversation, NULL, 2, 0, &number) == NULL_POINTER);
    CHECK(highchat_conversation_set_visitor(NULL, TEXT("ա"), 0) == NULL_POINTER);
    CHECK(highchat_conversation_set_visitor(conversation, NULL, 2, 0) == NULL_POINTER);
    CHECK(highchat_conversation_rate(NULL, 1, NULL, 0, 0, &number) == NULL_POINTER);
    CHECK(highchat_conversation_rate(conversation, 1, NULL, 2, 0, &number) == NULL_POINTER);
    CHECK(highchat_conversation_cancel(NULL, 0) == NULL_POINTER);
    CHECK(highchat_conversation_check_now(NULL, 0) == NULL_POINTER);
    CHECK(highchat_conversation_poll(NULL, &output) == NULL_POINTER);
    CHECK(highchat_conversation_poll(conversation, NULL) == NULL_POINTER);
    CHECK(highchat_conversation_update(NULL, &shown) == NULL_POINTER);
    CHECK(highchat_conversation_update(conversation, NULL) == NULL_POINTER);
    CHECK(highchat_conversation_bytes(NULL, 1, &bytes) == NULL_POINTER);
    CHECK(highchat_conversation_bytes(conversation, 1, NULL) == NULL_POINTER);
    CHECK(highchat_conversation_handle_opened(NULL, 1, 0) == NULL_POINTER);
    CHECK(highchat_conversation_handle_written(NULL, 1, 0, 0) == NULL_POINTER);
    CHECK(highchat_conversation_handle_read(NULL, 1, input, 9, 0) == NULL_POINTER);
    CHECK(highchat_conversation_handle_end(NULL, 1, 0) == NULL_POINTER);
    CHECK(highchat_conversation_handle_failure(NULL, 1, TEXT("ա"), 0) == NULL_POINTER);
    CHECK(highchat_conversation_handle_return(NULL, 0) == NULL_POINTER);
    CHECK(highchat_conversation_handle_timeout(NULL, 0) == NULL_POINTER);
    CHECK(highchat_conversation_describe(NULL, &info) == NULL_POINTER);
    CHECK(highchat_conversation_describe(conversation, NULL) == NULL_POINTER);
    CHECK(highchat_conversation_save(NULL, &text) == NULL_POINTER);
    CHECK(highchat_conversation_save(conversation, NULL) == NULL_POINTER);

    /* A pipe that is open, and bytes that are not there. */
    CHECK(highchat_conversation_send(conversation, TEXT("ա"), 0, NULL) == OK);
    number = ask(conversation, "POST /v1/chat HTTP/1.1\r\n");
    CHECK(highchat_conversation_handle_read(conversation, number, NULL, 3, 0) == NULL_POINTER);
    CHECK(highchat_conversation_handle_read(conversation, number, NULL, 0, 0) == OK);
    CHECK(highchat_conversation_handle_read(conversation, number, input, TOO_LONG, 0) ==
          HIGHCHAT_STATUS_INVALID_LENGTH);
    CHECK(highchat_conversation_handle_failure(conversation, number, NULL, 3, 0) == NULL_POINTER);
    CHECK(highchat_conversation_handle_failure(conversation, number, NULL, 0, 0) == OK);
    highchat_conversation_free(conversation);

    CHECK(highchat_events_new(100, NULL) == NULL_POINTER);
    CHECK(highchat_events_new(100, &events) == OK && highchat_events_new(0, &no_events) == OK);
    CHECK(highchat_events_decode(NULL, &input, &len, &event) == NULL_POINTER);
    CHECK(highchat_events_decode(events, NULL, &len, &event) == NULL_POINTER);
    CHECK(highchat_events_decode(events, &input, NULL, &event) == NULL_POINTER);
    CHECK(highchat_events_decode(events, &input, &len, NULL) == NULL_POINTER);
    CHECK(highchat_events_decode(events, &no_input, &len, &event) == NULL_POINTER);
    CHECK(highchat_events_decode(events, &no_input, &zero, &event) == HIGHCHAT_STATUS_NOTHING);
    CHECK(highchat_events_finish(NULL, &event) == NULL_POINTER);
    CHECK(highchat_events_finish(events, NULL) == NULL_POINTER);
    CHECK(highchat_events_reset(NULL) == NULL_POINTER);
    /* Nothing was taken by the calls that failed. */
    CHECK(len == 9 && highchat_events_decode(events, &input, &len, &event) == OK && len == 0);
    highchat_events_free(events);
    highchat_events_free(no_events);

    CHECK(highchat_decoder_new(100, NULL) == NULL_POINTER);
    CHECK(highchat_decoder_new(100, &decoder) == OK);
    CHECK(highchat_decoder_init(NULL, 4096, &no_decoder) == NULL_POINTER && no_decoder == NULL);
    CHECK(highchat_decoder_init(storage, sizeof storage, NULL) == NULL_POINTER);
    CHECK(highchat_decoder_init(storage, TOO_LONG, &no_decoder) == HIGHCHAT_STATUS_INVALID_LENGTH);
    CHECK(highchat_decoder_init(storage, HIGHCHAT_DECODER_SIZE - 1, &no_decoder) ==
          HIGHCHAT_STATUS_STORAGE_TOO_SMALL);
    CHECK(highchat_decoder_decode(NULL, &input, &len, &frame) == NULL_POINTER);
    CHECK(highchat_decoder_decode(decoder, NULL, &len, &frame) == NULL_POINTER);
    CHECK(highchat_decoder_decode(decoder, &input, NULL, &frame) == NULL_POINTER);
    CHECK(highchat_decoder_decode(decoder, &input, &len, NULL) == NULL_POINTER);
    CHECK(highchat_decoder_finish(NULL, &frame) == NULL_POINTER);
    CHECK(highchat_decoder_finish(decoder, NULL) == NULL_POINTER);
    CHECK(highchat_decoder_reset(NULL) == NULL_POINTER);
    CHECK(highchat_decoder_last_event_id(NULL, &bytes) == NULL_POINTER);
    CHECK(highchat_decoder_last_event_id(decoder, NULL) == NULL_POINTER);
    CHECK(highchat_decoder_reconnection_time(NULL, &number) == NULL_POINTER);
    CHECK(highchat_decoder_reconnection_time(decoder, NULL) == NULL_POINTER);
    highchat_decoder_free(decoder);

    /* In memory of exactly its size, so that a sanitizer sees a byte outside of it. */
    {
        uint8_t *exact = malloc(HIGHCHAT_DECODER_SIZE);
        const uint8_t *long_input = (const uint8_t *)META;
        size_t long_len = sizeof META - 1, count = 0;
        CHECK(exact != NULL && highchat_decoder_init(exact, HIGHCHAT_DECODER_SIZE, &decoder) == OK);
        while (highchat_decoder_decode(decoder, &long_input, &long_len, &frame) == OK) count++;
        CHECK(count == 1 && long_len == 0);
        for (count = 0; count < 200; count++) {
            const uint8_t *piece = (const uint8_t *)(count == 0 ? "data:" : "x");
            size_t piece_len = count == 0 ? 5 : 1;
            highchat_decoder_decode(decoder, &piece, &piece_len, &frame);
        }
        highchat_decoder_free(decoder);
        free(exact);
    }

    highchat_conversation_free(NULL);
    highchat_endpoint_free(NULL);
    highchat_events_free(NULL);
    highchat_decoder_free(NULL);
}

static void a_wrong_value_is_an_error_that_says_what_is_wrong(void) {
    static const struct {
        const char *base_url;
        uint32_t kind;
        const char *credentials;
        uint32_t flags;
        highchat_status status;
    } endpoints[] = {
        {"https://chat.example", 0, "k", 0, HIGHCHAT_STATUS_INVALID_NUMBER},
        {"https://chat.example", 9, "k", 0, HIGHCHAT_STATUS_INVALID_NUMBER},
        {"https://chat.example", HIGHCHAT_CREDENTIALS_KEY, "k", 2, HIGHCHAT_STATUS_INVALID_NUMBER},
        {"https://chat.example", HIGHCHAT_CREDENTIALS_KEY, "", 0, HIGHCHAT_STATUS_INVALID_KEY},
        {"https://chat.example", HIGHCHAT_CREDENTIALS_KEY, "k k", 0, HIGHCHAT_STATUS_INVALID_KEY},
        {"https://chat.example", HIGHCHAT_CREDENTIALS_KEY, "բանալի", 0, HIGHCHAT_STATUS_INVALID_KEY},
        {"https://chat.example", HIGHCHAT_CREDENTIALS_SLUG, "", 0, HIGHCHAT_STATUS_INVALID_SLUG},
        {"https://chat.example", HIGHCHAT_CREDENTIALS_SLUG, "\xc3\x28", 0, HIGHCHAT_STATUS_INVALID_UTF8},
        {"https://\xff", HIGHCHAT_CREDENTIALS_KEY, "k", 0, HIGHCHAT_STATUS_INVALID_UTF8},
        {"", HIGHCHAT_CREDENTIALS_KEY, "k", 0, HIGHCHAT_STATUS_INVALID_BASE_URL},
        {"https://", HIGHCHAT_CREDENTIALS_KEY, "k", 0, HIGHCHAT_STATUS_INVALID_BASE_URL},
        {"https://կայք.am", HIGHCHAT_CREDENTIALS_KEY, "k", 0, HIGHCHAT_STATUS_BASE_URL_HOST},
        {"ftp://chat.example", HIGHCHAT_CREDENTIALS_KEY, "k", 0, HIGHCHAT_STATUS_BASE_URL_SCHEME},
        {"http://chat.example", HIGHCHAT_CREDENTIALS_KEY, "k", 0, HIGHCHAT_STATUS_BASE_URL_PLAIN_HTTP},
        {"http://chat.example", HIGHCHAT_CREDENTIALS_KEY, "k", HIGHCHAT_INSECURE_HTTP, HIGHCHAT_STATUS_OK},
        {"https://u@chat.example", HIGHCHAT_CREDENTIALS_KEY, "k", 0, HIGHCHAT_STATUS_BASE_URL_USER_INFO},
        {"https://chat.example?q", HIGHCHAT_CREDENTIALS_KEY, "k", 0, HIGHCHAT_STATUS_BASE_URL_QUERY},
    };
    static const char long_text[8004] = "ա";
    highchat_conversation *conversation = begin(NULL), *none;
    highchat_endpoint *made;
    highchat_endpoint_info info;
    char *long_message = malloc(8002);
    size_t i;
    for (i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
        highchat_status status = highchat_endpoint_new(
            endpoints[i].base_url, strlen(endpoints[i].base_url), endpoints[i].kind,
            endpoints[i].credentials, strlen(endpoints[i].credentials), endpoints[i].flags, &made);
        if (status != endpoints[i].status) fprintf(stderr, "row %u: %u\n", (unsigned)i, (unsigned)status);
        CHECK(status == endpoints[i].status && (made != NULL) == (status == OK));
        CHECK(strlen(highchat_status_text(status)) > 5);
        highchat_endpoint_free(made);
    }
    CHECK(highchat_endpoint_new(NULL, 0, HIGHCHAT_CREDENTIALS_NONE, NULL, 0, 0, &made) == OK);
    CHECK(highchat_endpoint_describe(made, &info) == OK && info.is_tls && info.port == 443);
    CHECK(strcmp(info.host.ptr, "app.highchat.am") == 0);
    highchat_endpoint_free(made);
    CHECK(strcmp(highchat_status_text(12345), "unknown status") == 0);
    CHECK(strcmp(highchat_status_text(0), "no error") == 0);
    CHECK(strlen(highchat_version()) >= 5);

    CHECK(highchat_conversation_new(endpoint, NULL, 2, &none) == HIGHCHAT_STATUS_INVALID_NUMBER);
    CHECK(none == NULL);
    CHECK(highchat_conversation_resume(endpoint, NULL, 0, NULL, 0, 0, &none) ==
          HIGHCHAT_STATUS_INVALID_SAVED);
    CHECK(highchat_conversation_resume(endpoint, NULL, 0, TEXT("{\"version\":1}"), 0, &none) ==
          HIGHCHAT_STATUS_INVALID_SAVED);
    CHECK(highchat_conversation_resume(endpoint, NULL, 0, TEXT("\xff"), 0, &none) ==
          HIGHCHAT_STATUS_INVALID_UTF8);
    CHECK(highchat_conversation_continue(endpoint, NULL, 0, NULL, 0, NULL, 0, NULL, 0, 0, &none) ==
          HIGHCHAT_STATUS_INVALID_ID);
    CHECK(highchat_conversation_continue(endpoint, NULL, 0, TEXT("c"), NULL, 0, TEXT("երեկ"), 0, &none) ==
          HIGHCHAT_STATUS_INVALID_TIMESTAMP);

    CHECK(highchat_conversation_send(conversation, NULL, 0, 0, NULL) == HIGHCHAT_STATUS_INVALID_MESSAGE);
    CHECK(highchat_conversation_send(conversation, TEXT(""), 0, NULL) == HIGHCHAT_STATUS_INVALID_MESSAGE);
    CHECK(long_message != NULL);
    for (i = 0; i < 8002; i++) long_message[i] = long_text[i % 2];
    CHECK(highchat_conversation_send(conversation, long_message, 8002, 0, NULL) ==
          HIGHCHAT_STATUS_INVALID_MESSAGE);
    CHECK(highchat_conversation_send(conversation, long_message, 7999, 0, NULL) ==
          HIGHCHAT_STATUS_INVALID_UTF8);
    CHECK(highchat_conversation_send(conversation, long_message, TOO_LONG, 0, NULL) ==
          HIGHCHAT_STATUS_INVALID_LENGTH);
    CHECK(highchat_conversation_set_visitor(conversation, long_message, 402, 0) ==
          HIGHCHAT_STATUS_INVALID_VISITOR);
    CHECK(highchat_conversation_rate(conversation, HIGHCHAT_RATING_UP, NULL, 0, 0, NULL) ==
          HIGHCHAT_STATUS_NO_CONVERSATION);
    CHECK(highchat_conversation_rate(conversation, HIGHCHAT_RATING_UP, TEXT("\xf0\x9f"), 0, NULL) ==
          HIGHCHAT_STATUS_INVALID_UTF8);
    /* None of these began a turn. */
    CHECK(poll(conversation).deadline_ms == HIGHCHAT_NEVER);
    CHECK(highchat_conversation_send(conversation, long_message, 8000, 0, NULL) == OK);
    CHECK(poll(conversation).kind == HIGHCHAT_OUTPUT_KIND_OPEN);
    free(long_message);
    highchat_conversation_free(conversation);
}

/* Every setting at its end: no sum overflows, and nothing is allocated ahead. */
static void settings_may_have_any_value(void) {
    highchat_config config;
    uint64_t ends[] = {0, 1, UINT64_MAX}, pipe;
    highchat_conversation *conversation;
    size_t i;
    for (i = 0; i < 3; i++) {
        highchat_output output;
        memset(&config, ends[i] == UINT64_MAX ? 0xFF : 0, sizeof config);
        config.seed = ends[i];
        conversation = begin(&config);
        CHECK(highchat_conversation_send(conversation, TEXT("մեկ"), UINT64_MAX - 1, NULL) == OK);
        output = poll(conversation);
        pipe = output.pipe;
        CHECK(highchat_conversation_handle_opened(conversation, pipe, UINT64_MAX) == OK);
        output = poll(conversation);
        if (output.kind == HIGHCHAT_OUTPUT_KIND_WRITE)
            CHECK(highchat_conversation_handle_written(conversation, pipe, output.bytes.len, 0) == OK);
        highchat_conversation_handle_read(conversation, pipe, (const uint8_t *)HEAD, sizeof HEAD - 1, 0);
        highchat_conversation_handle_read(conversation, pipe, (const uint8_t *)META, sizeof META - 1, 7);
        highchat_conversation_handle_read(conversation, pipe, (const uint8_t *)DELTA, sizeof DELTA - 1, 7);
        highchat_conversation_handle_end(conversation, pipe, UINT64_MAX);
        CHECK(highchat_conversation_handle_timeout(conversation, UINT64_MAX) == OK);
        while (poll(conversation).kind == HIGHCHAT_OUTPUT_KIND_UPDATE) {
            highchat_update shown;
            CHECK(highchat_conversation_update(conversation, &shown) == OK);
        }
        highchat_conversation_free(conversation);
    }
}

/* Calls in an order that no program means, with numbers of pipes that are wrong as often as right.
 * Nothing may crash, and an update is never announced without being there. */
static void calls_in_any_order_do_no_harm(unsigned seed, unsigned steps) {
    static const char *const answers[] = {HEAD, META, DELTA, DONE, REFUSED, "\r\n", "x",
                                          "event: human\ndata: {}\n\n"};
    highchat_conversation *conversation = begin(NULL);
    uint64_t now = 0, newest = 0, random = seed;
    while (steps-- > 0) {
        uint64_t pipe;
        highchat_output output;
        highchat_update shown;
        highchat_text saved;
        highchat_bytes bytes;
        const char *text;
        random = random * 6364136223846793005u + 1442695040888963407u;
        pipe = newest + 1 - (random >> 40) % 3;
        now += (random >> 50) % 3 == 0 ? (random >> 33) % 20000 : 0;
        text = answers[(random >> 20) % (sizeof answers / sizeof *answers)];
        switch ((random >> 58) % 16) {
        case 0:
            highchat_conversation_send(conversation, TEXT("Բարև 👋"), now, NULL);
            break;
        case 1:
            if ((random >> 30) % 4 == 0) highchat_conversation_cancel(conversation, now);
            break;
        case 2:
            highchat_conversation_rate(conversation, (uint32_t)(random >> 30) % 3, NULL, 0, now, NULL);
            break;
        case 3:
            highchat_conversation_handle_end(conversation, pipe, now);
            break;
        case 4:
            highchat_conversation_handle_failure(conversation, pipe, TEXT("Կորավ 😕"), now);
            break;
        case 5:
        case 6:
            highchat_conversation_handle_opened(conversation, pipe, now);
            break;
        case 7:
            highchat_conversation_handle_written(conversation, pipe, (random >> 30) % 600, now);
            break;
        case 8:
            CHECK(highchat_conversation_handle_timeout(conversation, now) == OK);
            break;
        case 9:
            CHECK(highchat_conversation_save(conversation, &saved) == OK && saved.len > 0);
            break;
        case 10:
            if (highchat_conversation_bytes(conversation, pipe, &bytes) == OK && bytes.len > 0)
                highchat_conversation_handle_written(conversation, pipe, bytes.len, now);
            break;
        case 11:
        case 12:
            highchat_conversation_handle_read(conversation, pipe, (const uint8_t *)text, strlen(text), now);
            break;
        default:
            output = poll(conversation);
            if (output.kind == HIGHCHAT_OUTPUT_KIND_OPEN) newest = output.pipe;
            if (output.kind == HIGHCHAT_OUTPUT_KIND_WRITE) CHECK(output.bytes.len > 0);
            if (output.kind == HIGHCHAT_OUTPUT_KIND_UPDATE)
                CHECK(highchat_conversation_update(conversation, &shown) == OK);
            break;
        }
    }
    highchat_conversation_free(conversation);
}

int main(int argc, char **argv) {
    unsigned steps = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20000, seed;
    CHECK(highchat_endpoint_new(TEXT("http://localhost"), HIGHCHAT_CREDENTIALS_KEY, TEXT("hc_key"), 0,
                                &endpoint) == OK);
    a_whole_turn_is_shown_and_the_conversation_can_be_resumed();
    a_failure_says_all_that_is_known();
    null_is_an_error_everywhere();
    a_wrong_value_is_an_error_that_says_what_is_wrong();
    settings_may_have_any_value();
    a_handoff_is_continued_by_its_id();
    for (seed = 1; seed <= 10; seed++) calls_in_any_order_do_no_harm(seed, steps / 10);
    highchat_endpoint_free(endpoint);
    puts("the C interface: all checks passed");
    return 0;
}
