/* The decoder in storage of the program: no allocator, no standard library.
 *
 * As it stands, it is linked with nothing except the library, which proves that the library needs
 * nothing else. With HOSTED, it is a program that runs. */

#define HIGHCHAT_DECODER_ONLY
#include <highchat.h>

static const char STREAM[] =
    "id: 7\nretry: 1500\nevent: delta\ndata: {\"text\":\"Բարև 👋\"}\n\n: ping\n\ndata: one\ndata: two\n\n";

static unsigned char storage[HIGHCHAT_DECODER_SIZE + 256];

static int equals(highchat_bytes bytes, const char *text) {
    size_t i;
    for (i = 0; i < bytes.len; i++)
        if (text[i] == 0 || bytes.ptr[i] != (unsigned char)text[i]) return 0;
    return text[bytes.len] == 0;
}

/* Decodes the stream in pieces. Returns the number of frames, or -1 if one is wrong. */
static int frames(size_t piece) {
    highchat_decoder *decoder;
    highchat_frame frame;
    const uint8_t *input = (const uint8_t *)STREAM, *end = input + sizeof STREAM - 1;
    uint64_t time = 0;
    int count = 0;
    if (highchat_decoder_init(storage, sizeof storage, &decoder) != HIGHCHAT_STATUS_OK) return -1;
    while (input < end) {
        size_t len = (size_t)(end - input) < piece ? (size_t)(end - input) : piece;
        while (highchat_decoder_decode(decoder, &input, &len, &frame) == HIGHCHAT_STATUS_OK) {
            count++;
            if (count == 1 && !(equals(frame.event, "delta") && equals(frame.id, "7") &&
                                equals(frame.data, "{\"text\":\"Բարև 👋\"}")))
                return -1;
            if (count == 2 && !(equals(frame.event, "") && equals(frame.data, "one\ntwo"))) return -1;
        }
    }
    if (highchat_decoder_reconnection_time(decoder, &time) != HIGHCHAT_STATUS_OK || time != 1500) return -1;
    if (highchat_decoder_finish(decoder, &frame) != HIGHCHAT_STATUS_NOTHING) return -1;
    return count;
}

static int is_right(void) {
    size_t piece;
    for (piece = 1; piece <= sizeof STREAM; piece++)
        if (frames(piece) != 2) return 0;
    return 1;
}

#ifdef HOSTED
#include <stdio.h>

int main(void) {
    if (!is_right()) return 1;
    puts("the decoder without an allocator: all checks passed");
    return 0;
}
#else
/* What every freestanding program has; a compiler calls them too. */
void *memcpy(void *to, const void *from, size_t len) {
    unsigned char *target = to;
    const unsigned char *source = from;
    while (len-- > 0) *target++ = *source++;
    return to;
}

void *memmove(void *to, const void *from, size_t len) {
    unsigned char *target = to;
    const unsigned char *source = from;
    if (target < source) return memcpy(to, from, len);
    while (len-- > 0) target[len] = source[len];
    return to;
}

void *memset(void *to, int value, size_t len) {
    unsigned char *target = to;
    while (len-- > 0) *target++ = (unsigned char)value;
    return to;
}

int memcmp(const void *one, const void *other, size_t len) {
    const unsigned char *left = one, *right = other;
    for (; len > 0; len--, left++, right++)
        if (*left != *right) return *left < *right ? -1 : 1;
    return 0;
}

int bcmp(const void *one, const void *other, size_t len) { return memcmp(one, other, len); }

int result;

void start(void) {
    result = is_right();
    for (;;) {
    }
}
#endif
