/* One message and its reply over libcurl: the decoder and the events alone.
 *
 * For a program that has an HTTP client. There is no handoff, no new attempt and no search for a
 * cut reply: that is what a conversation does. It reads HIGHCHAT_KEY and HIGHCHAT_BASE_URL, sends
 * the arguments as a message, and prints the reply as it comes. The exit status is that of
 * `highchat ask`, as far as this program can know. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>
#include <highchat.h>

/* The size limit of one event, in bytes. */
#define EVENT_LIMIT (1 << 20)

/* The time that a reply may go without a byte, and the time that it may go with only pings, in
 * seconds. For tests, HIGHCHAT_TIMEOUT_MS sets both. */
static long idle_timeout = 60;
static long progress_timeout = 300;

struct reply {
    CURL *curl;
    highchat_events *events;
    bool is_checked; /* Whether the head was looked at. */
    bool is_reply;
    bool is_over;
    time_t last_event; /* When the last event other than a ping came. */
    int status;
};

static void print(FILE *file, highchat_text text) {
    if (text.ptr != NULL) fwrite(text.ptr, 1, text.len, file);
}

/* Shows an event. Only these three end a reply. */
static void show(struct reply *reply, const highchat_event *event) {
    switch (event->kind) {
    case HIGHCHAT_EVENT_KIND_DELTA:
        print(stdout, event->text);
        break;
    case HIGHCHAT_EVENT_KIND_DONE:
        reply->is_over = true;
        reply->status = 0;
        break;
    case HIGHCHAT_EVENT_KIND_HUMAN:
        print(stdout, event->text);
        reply->is_over = true;
        reply->status = 0;
        break;
    case HIGHCHAT_EVENT_KIND_ERROR:
        fputs("error: ", stderr);
        print(stderr, event->text);
        fputs("\n", stderr);
        reply->is_over = true;
        reply->status = 8;
        break;
    default:
        break;
    }
    fflush(stdout);
}

/* Whether the answer is a reply stream. Anything else must not be read as one. */
static bool is_reply(CURL *curl) {
    const char *type = NULL;
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    return status == 200 && type != NULL && strncmp(type, "text/event-stream", 17) == 0;
}

static size_t body(char *data, size_t size, size_t count, void *user) {
    struct reply *reply = user;
    const uint8_t *input = (const uint8_t *)data;
    size_t len = size * count;
    highchat_event event;
    highchat_status status;
    if (!reply->is_checked) reply->is_reply = is_reply(reply->curl);
    reply->is_checked = true;
    while (reply->is_reply && !reply->is_over) {
        status = highchat_events_decode(reply->events, &input, &len, &event);
        if (status == HIGHCHAT_STATUS_NOTHING) break;
        if (status != HIGHCHAT_STATUS_OK) {
            fprintf(stderr, "error: %s\n", highchat_status_text(status));
            return 0;
        }
        if (event.kind != HIGHCHAT_EVENT_KIND_PING) {
            reply->last_event = time(NULL);
        } else if (time(NULL) - reply->last_event >= progress_timeout) {
            fputs("error: only pings came for too long\n", stderr);
            return 0;
        }
        show(reply, &event);
    }
    /* The rest of the body is of no use, and a service may never end it. */
    return reply->is_over ? 0 : size * count;
}

/* The JSON of a message; to be freed. */
static char *json(int argc, char **argv) {
    static const char head[] = "{\"message\":\"";
    size_t len = sizeof head + 4;
    char *text, *end;
    int i;
    for (i = 1; i < argc; i++) len += 6 * strlen(argv[i]) + 1;
    text = malloc(len);
    if (text == NULL) exit(1);
    end = text + sprintf(text, "%s", head);
    for (i = 1; i < argc; i++) {
        const unsigned char *character;
        if (i > 1) *end++ = ' ';
        for (character = (const unsigned char *)argv[i]; *character != 0; character++)
            if (*character == '"' || *character == '\\' || *character < 0x20)
                end += sprintf(end, "\\u%04x", (unsigned)*character);
            else
                *end++ = (char)*character;
    }
    strcpy(end, "\"}");
    return text;
}

int main(int argc, char **argv) {
    const char *base_url = getenv("HIGHCHAT_BASE_URL");
    const char *key = getenv("HIGHCHAT_KEY");
    const char *timeout = getenv("HIGHCHAT_TIMEOUT_MS");
    char url[2100], authorization[1100], problem[CURL_ERROR_SIZE] = "";
    struct reply reply = {NULL, NULL, false, false, false, 0, 3};
    struct curl_slist *headers = NULL;
    highchat_event event;
    CURLcode result;
    long status = 0;
    char *request;
    if (base_url == NULL) base_url = "https://app.highchat.am";
    if (key == NULL || strlen(key) > 1024 || strlen(base_url) > 2048) {
        fputs("error: HIGHCHAT_KEY must be set\n", stderr);
        return 2;
    }
    if (timeout != NULL) idle_timeout = progress_timeout = strtol(timeout, NULL, 10) / 1000 + 1;
    snprintf(url, sizeof url, "%s/v1/chat", base_url);
    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", key);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    reply.curl = curl_easy_init();
    if (reply.curl == NULL || highchat_events_new(EVENT_LIMIT, &reply.events) != HIGHCHAT_STATUS_OK)
        return 1;
    request = json(argc, argv);
    headers = curl_slist_append(headers, authorization);
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Accept: text/event-stream");
    curl_easy_setopt(reply.curl, CURLOPT_URL, url);
    curl_easy_setopt(reply.curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(reply.curl, CURLOPT_POSTFIELDS, request);
    curl_easy_setopt(reply.curl, CURLOPT_WRITEFUNCTION, body);
    curl_easy_setopt(reply.curl, CURLOPT_WRITEDATA, &reply);
    curl_easy_setopt(reply.curl, CURLOPT_ERRORBUFFER, problem);
    curl_easy_setopt(reply.curl, CURLOPT_CONNECTTIMEOUT, 30L);
    curl_easy_setopt(reply.curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(reply.curl, CURLOPT_LOW_SPEED_TIME, idle_timeout);
    reply.last_event = time(NULL);
    result = curl_easy_perform(reply.curl);
    curl_easy_getinfo(reply.curl, CURLINFO_RESPONSE_CODE, &status);
    if (reply.is_reply && !reply.is_over &&
        highchat_events_finish(reply.events, &event) == HIGHCHAT_STATUS_OK)
        show(&reply, &event);
    puts("");
    if (!reply.is_over) {
        /* Even a body that is whole for HTTP is cut without an event that ends the reply. */
        if (status != 0 && (status != 200 || !reply.is_reply)) {
            fprintf(stderr, "error: the service answered %ld\n", status);
            reply.status = status == 401 || status == 403 ? 4 : status == 429 ? 5 : status == 404 ? 6 : 8;
        } else if (result == CURLE_COULDNT_RESOLVE_HOST || result == CURLE_COULDNT_CONNECT) {
            fprintf(stderr, "error: the service could not be reached: %s\n", problem);
            reply.status = 7;
        } else {
            fprintf(stderr, "error: the reply is incomplete: %s\n",
                    result == CURLE_OK ? "the stream ended before the reply did" : problem);
        }
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(reply.curl);
    curl_global_cleanup();
    highchat_events_free(reply.events);
    free(request);
    return reply.status;
}
