#define _POSIX_C_SOURCE 200809L

#include "common.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int exit_status = 1;

uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int until(uint64_t then_ms) {
    uint64_t now = now_ms();
    if (then_ms <= now) return 0;
    return then_ms - now < INT_MAX ? (int)(then_ms - now) : INT_MAX;
}

void must(highchat_status status) {
    if (status == HIGHCHAT_STATUS_OK) return;
    fprintf(stderr, "error: %s\n", highchat_status_text(status));
    exit(1);
}

/* A number from the environment. */
static bool number(const char *name, uint64_t *value) {
    const char *text = getenv(name);
    if (text == NULL) return false;
    *value = strtoull(text, NULL, 10);
    return true;
}

static void settings(highchat_config *config) {
    uint64_t value;
    size_t i;
    must(highchat_config_default(config));
    if (number("HIGHCHAT_TIMEOUT_MS", &value)) {
        config->response_timeout_ms = value;
        config->idle_timeout_ms = value;
        config->progress_timeout_ms = value;
    }
    if (number("HIGHCHAT_DELAY_MS", &value)) {
        for (i = 0; i < 2; i++) config->rate_limit_delays_ms[i] = value;
        for (i = 0; i < 2; i++) config->not_sent_delays_ms[i] = value;
        for (i = 0; i < 4; i++) config->recovery_delays_ms[i] = value;
        config->poll_interval_ms = value;
        config->poll_backoff_limit_ms = value;
    }
}

/* The arguments, with a space between them; to be freed. */
static char *joined(int argc, char **argv) {
    size_t len = 1;
    char *text;
    int i;
    for (i = 1; i < argc; i++) len += strlen(argv[i]) + 1;
    text = calloc(len, 1);
    if (text == NULL) exit(1);
    for (i = 1; i < argc; i++) {
        if (i > 1) strcat(text, " ");
        strcat(text, argv[i]);
    }
    return text;
}

bool begin(int argc, char **argv, bool has_tls, uint32_t flags, highchat_endpoint **endpoint,
           highchat_conversation **conversation) {
    const char *base_url = getenv("HIGHCHAT_BASE_URL");
    const char *slug = getenv("HIGHCHAT_SLUG");
    const char *credentials = slug != NULL ? slug : getenv("HIGHCHAT_KEY");
    highchat_config config;
    highchat_endpoint_info info;
    highchat_status status;
    char *message;
    *conversation = NULL;
    *endpoint = NULL;
    if (credentials == NULL) {
        fprintf(stderr, "error: HIGHCHAT_KEY or HIGHCHAT_SLUG must be set\n");
        return false;
    }
    status = highchat_endpoint_new(base_url, base_url == NULL ? 0 : strlen(base_url),
                                   slug != NULL ? HIGHCHAT_CREDENTIALS_SLUG : HIGHCHAT_CREDENTIALS_KEY,
                                   credentials, strlen(credentials), 0, endpoint);
    if (status == HIGHCHAT_STATUS_OK) {
        must(highchat_endpoint_describe(*endpoint, &info));
        if (info.is_tls != has_tls) {
            fprintf(stderr, "error: this example needs an %s URL\n", has_tls ? "https" : "http");
            return false;
        }
        settings(&config);
        must(highchat_conversation_new(*endpoint, &config, flags, conversation));
        message = joined(argc, argv);
        status = highchat_conversation_send(*conversation, message, strlen(message), now_ms(), NULL);
        free(message);
    }
    if (status != HIGHCHAT_STATUS_OK) {
        fprintf(stderr, "error: %s\n", highchat_status_text(status));
        return false;
    }
    return true;
}

static void print(FILE *file, highchat_text text) {
    if (text.ptr != NULL) fwrite(text.ptr, 1, text.len, file);
}

/* Prints a failure. Returns the exit status of `highchat ask` for it. */
static int failed(const highchat_failure *failure) {
    fputs("error: ", stderr);
    print(stderr, failure->description);
    fputs("\n", stderr);
    switch (failure->kind) {
    case HIGHCHAT_FAILURE_KIND_NOT_SENT:
        return 7;
    case HIGHCHAT_FAILURE_KIND_UNANSWERED:
    case HIGHCHAT_FAILURE_KIND_TIMED_OUT:
    case HIGHCHAT_FAILURE_KIND_CUT:
        return 3;
    case HIGHCHAT_FAILURE_KIND_SERVICE:
        return 8;
    case HIGHCHAT_FAILURE_KIND_REFUSED:
        if (failure->refusal != HIGHCHAT_REFUSAL_API) return 8;
        switch (failure->status) {
        case 401:
        case 403:
            return 4;
        case 429:
            return 5;
        case 404:
            return 6;
        default:
            return 8;
        }
    default:
        return 1;
    }
}

void show(highchat_conversation *conversation) {
    highchat_update update;
    if (highchat_conversation_update(conversation, &update) != HIGHCHAT_STATUS_OK) return;
    /* Texts of the service are untrusted: a program for a terminal removes control characters. */
    print(stdout, update.text);
    switch (update.kind) {
    case HIGHCHAT_UPDATE_KIND_MESSAGE:
        if (update.role != HIGHCHAT_ROLE_USER) fputs("\n", stdout);
        break;
    case HIGHCHAT_UPDATE_KIND_TURN_ENDED:
        fputs("\n", stdout);
        if (update.turn_end == HIGHCHAT_TURN_END_FAILED)
            exit_status = failed(&update.failure);
        else if (update.turn_end == HIGHCHAT_TURN_END_CANCELLED)
            exit_status = 130;
        else if (update.turn_end != HIGHCHAT_TURN_END_OTHER)
            exit_status = 0;
        break;
    case HIGHCHAT_UPDATE_KIND_HANDOFF_FAILED:
        exit_status = failed(&update.failure);
        break;
    default:
        break;
    }
    fflush(stdout);
}

void lost(highchat_conversation *conversation, uint64_t pipe, int error) {
    const char *cause = strerror(error);
    must(highchat_conversation_handle_failure(conversation, pipe, cause, strlen(cause), now_ms()));
}
