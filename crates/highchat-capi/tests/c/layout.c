/* Prints the sizes, offsets and numbers of the header that the example in Python repeats. */

#include <stdio.h>

#include <highchat.h>

#define SIZE(type) printf("size %s %u\n", #type, (unsigned)sizeof(highchat_##type))
#define FIELD(type, field) \
    printf("field %s.%s %u\n", #type, #field, (unsigned)offsetof(highchat_##type, field))
#define NUMBER(name, value) printf("number %s %llu\n", #name, (unsigned long long)(value))

int main(void) {
    SIZE(text), SIZE(endpoint_info), SIZE(output), SIZE(failure), SIZE(update);
    FIELD(text, ptr), FIELD(text, len);
    FIELD(endpoint_info, host), FIELD(endpoint_info, port), FIELD(endpoint_info, is_tls);
    FIELD(endpoint_info, is_loopback);
    FIELD(output, kind), FIELD(output, pipe), FIELD(output, bytes), FIELD(output, deadline_ms);
    FIELD(failure, kind), FIELD(failure, refusal), FIELD(failure, cut), FIELD(failure, status);
    FIELD(failure, may_have_been_taken), FIELD(failure, can_be_sent_again);
    FIELD(failure, retry_after_ms), FIELD(failure, code), FIELD(failure, detail);
    FIELD(failure, sentence), FIELD(failure, description);
    FIELD(update, kind), FIELD(update, turn_end), FIELD(update, text);
    FIELD(update, conversation_id), FIELD(update, message_id), FIELD(update, role_text);
    FIELD(update, content), FIELD(update, state_text), FIELD(update, timestamp);
    FIELD(update, event), FIELD(update, data), FIELD(update, failure), FIELD(update, id);
    FIELD(update, count), FIELD(update, delay_ms), FIELD(update, role), FIELD(update, state);
    FIELD(update, delayed), FIELD(update, delay_reason), FIELD(update, rating);
    FIELD(update, is_replaced);
    NUMBER(OK, HIGHCHAT_STATUS_OK);
    NUMBER(NEVER, HIGHCHAT_NEVER);
    NUMBER(CREDENTIALS_KEY, HIGHCHAT_CREDENTIALS_KEY);
    NUMBER(CREDENTIALS_SLUG, HIGHCHAT_CREDENTIALS_SLUG);
    NUMBER(OPEN, HIGHCHAT_OUTPUT_KIND_OPEN);
    NUMBER(WRITE, HIGHCHAT_OUTPUT_KIND_WRITE);
    NUMBER(CLOSE, HIGHCHAT_OUTPUT_KIND_CLOSE);
    NUMBER(UPDATE, HIGHCHAT_OUTPUT_KIND_UPDATE);
    NUMBER(MESSAGE, HIGHCHAT_UPDATE_KIND_MESSAGE);
    NUMBER(TURN_ENDED, HIGHCHAT_UPDATE_KIND_TURN_ENDED);
    NUMBER(HANDOFF_FAILED, HIGHCHAT_UPDATE_KIND_HANDOFF_FAILED);
    NUMBER(TURN_FAILED, HIGHCHAT_TURN_END_FAILED);
    NUMBER(TURN_CANCELLED, HIGHCHAT_TURN_END_CANCELLED);
    NUMBER(TURN_OTHER, HIGHCHAT_TURN_END_OTHER);
    NUMBER(USER, HIGHCHAT_ROLE_USER);
    NUMBER(NOT_SENT, HIGHCHAT_FAILURE_KIND_NOT_SENT);
    NUMBER(UNANSWERED, HIGHCHAT_FAILURE_KIND_UNANSWERED);
    NUMBER(TIMED_OUT, HIGHCHAT_FAILURE_KIND_TIMED_OUT);
    NUMBER(REFUSED, HIGHCHAT_FAILURE_KIND_REFUSED);
    NUMBER(CUT, HIGHCHAT_FAILURE_KIND_CUT);
    NUMBER(SERVICE, HIGHCHAT_FAILURE_KIND_SERVICE);
    NUMBER(API, HIGHCHAT_REFUSAL_API);
    return 0;
}
