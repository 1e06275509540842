/* A whole chat over TLS, with OpenSSL and one blocking connection at a time.
 *
 * It sends the arguments as a message and prints the reply as it comes. After a handoff, it prints
 * what the person writes, until the bot is back. It reads HIGHCHAT_KEY or HIGHCHAT_SLUG, and
 * HIGHCHAT_BASE_URL if that is set. OpenSSL reads SSL_CERT_FILE, if other certificates than those
 * of the system are to be trusted.
 *
 * Two things matter. The certificate must be of the host that the endpoint names. And an end
 * without close_notify is a failure, not an end: a reply may end with its connection, and a reply
 * that somebody cut must not count as whole. */

#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "common.h"

static highchat_endpoint *endpoint;
static highchat_conversation *conversation;
static SSL_CTX *context;
static uint64_t live; /* The pipe that is open, or 0. */
static int sock = -1;
static SSL *tls;

static void drop(void) {
    SSL_free(tls);
    tls = NULL;
    if (sock >= 0) close(sock);
    sock = -1;
    live = 0;
}

/* The reason why TLS failed, or what `errno` says. */
static const char *reason(void) {
    unsigned long error = ERR_get_error();
    const char *text = error == 0 ? NULL : ERR_reason_error_string(error);
    if (tls != NULL && SSL_get_verify_result(tls) != X509_V_OK)
        return X509_verify_cert_error_string(SSL_get_verify_result(tls));
    if (text != NULL) return text;
    return errno == 0 ? "the connection ended without close_notify" : strerror(errno);
}

static void fail(uint64_t pipe, const char *cause) {
    drop();
    must(highchat_conversation_handle_failure(conversation, pipe, cause, strlen(cause), now_ms()));
}

/* Waits until the socket is ready. Returns false after the deadline. */
static bool wait_for(short events, uint64_t deadline_ms) {
    struct pollfd socket_;
    socket_.fd = sock;
    socket_.events = events;
    socket_.revents = 0;
    return poll(&socket_, 1, until(deadline_ms)) > 0;
}

/* Connects to the first address that accepts a connection. */
static const char *connect_to(const highchat_endpoint_info *info, uint64_t deadline_ms) {
    struct addrinfo hints, *addresses, *address;
    char port[8];
    int error;
    snprintf(port, sizeof port, "%u", (unsigned)info->port);
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    error = getaddrinfo(info->host.ptr, port, &hints, &addresses);
    if (error != 0) return gai_strerror(error);
    error = EHOSTUNREACH;
    for (address = addresses; address != NULL; address = address->ai_next) {
        socklen_t len = sizeof error;
        sock = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
        if (sock >= 0 && fcntl(sock, F_SETFL, O_NONBLOCK | fcntl(sock, F_GETFL)) == 0) {
            error = connect(sock, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
            if (error == EINPROGRESS) {
                error = ETIMEDOUT;
                if (wait_for(POLLOUT, deadline_ms)) getsockopt(sock, SOL_SOCKET, SO_ERROR, &error, &len);
            }
            if (error == 0) break;
        } else {
            error = errno;
        }
        if (sock >= 0) close(sock);
        sock = -1;
    }
    freeaddrinfo(addresses);
    return error == 0 ? NULL : strerror(error);
}

/* Waits for what an operation of TLS needs. Returns false if it cannot go on. */
static bool goes_on(int result, uint64_t deadline_ms) {
    switch (SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ:
        return wait_for(POLLIN, deadline_ms);
    case SSL_ERROR_WANT_WRITE:
        return wait_for(POLLOUT, deadline_ms);
    default:
        return false;
    }
}

/* The pipe is open when the handshake is done: a handshake that fails has sent nothing. */
static void open_pipe(uint64_t pipe) {
    static const unsigned char http[] = "\x08http/1.1";
    uint64_t deadline_ms = now_ms() + PATIENCE_MS;
    highchat_endpoint_info info;
    const char *cause;
    bool is_address;
    int result;
    must(highchat_endpoint_describe(endpoint, &info));
    cause = connect_to(&info, deadline_ms);
    if (cause != NULL) {
        fail(pipe, cause);
        return;
    }
    ERR_clear_error();
    errno = 0;
    tls = SSL_new(context);
    if (tls == NULL || SSL_set_fd(tls, sock) != 1 ||
        SSL_set_alpn_protos(tls, http, sizeof http - 1) != 0) {
        fail(pipe, reason());
        return;
    }
    /* The certificate must be of this host; a name is also sent in the handshake. */
    is_address = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), info.host.ptr) == 1;
    if (!is_address &&
        (SSL_set1_host(tls, info.host.ptr) != 1 || SSL_set_tlsext_host_name(tls, info.host.ptr) != 1)) {
        fail(pipe, reason());
        return;
    }
    while ((result = SSL_connect(tls)) != 1)
        if (!goes_on(result, deadline_ms)) {
            fail(pipe, reason());
            return;
        }
    live = pipe;
    must(highchat_conversation_handle_opened(conversation, pipe, now_ms()));
}

static void write_pipe(const highchat_output *output) {
    uint64_t deadline_ms = now_ms() + PATIENCE_MS;
    size_t written = 0;
    int result;
    ERR_clear_error();
    errno = 0;
    while ((result = SSL_write_ex(tls, output->bytes.ptr, output->bytes.len, &written)) != 1)
        if (!goes_on(result, deadline_ms)) {
            fail(output->pipe, reason());
            return;
        }
    must(highchat_conversation_handle_written(conversation, output->pipe, written, now_ms()));
}

static void read_pipe(void) {
    uint8_t buffer[4096];
    uint64_t pipe = live;
    size_t len = 0;
    int result;
    ERR_clear_error();
    errno = 0;
    result = SSL_read_ex(tls, buffer, sizeof buffer, &len);
    if (result == 1) {
        must(highchat_conversation_handle_read(conversation, pipe, buffer, len, now_ms()));
        return;
    }
    switch (SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        break;
    case SSL_ERROR_ZERO_RETURN: /* close_notify */
        drop();
        must(highchat_conversation_handle_end(conversation, pipe, now_ms()));
        break;
    default:
        fail(pipe, reason());
        break;
    }
}

int main(int argc, char **argv) {
    bool continues = begin(argc, argv, true, HIGHCHAT_ONE_PIPE, &endpoint, &conversation);
    if (!continues) exit_status = USAGE;
    signal(SIGPIPE, SIG_IGN);
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_set_default_verify_paths(context) != 1) return 1;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE);
    while (continues) {
        highchat_output output;
        must(highchat_conversation_poll(conversation, &output));
        switch (output.kind) {
        case HIGHCHAT_OUTPUT_KIND_OPEN:
            open_pipe(output.pipe);
            break;
        case HIGHCHAT_OUTPUT_KIND_WRITE:
            write_pipe(&output);
            break;
        case HIGHCHAT_OUTPUT_KIND_CLOSE:
            drop();
            break;
        case HIGHCHAT_OUTPUT_KIND_UPDATE:
            show(conversation);
            break;
        case HIGHCHAT_OUTPUT_KIND_WAIT:
            continues = output.deadline_ms != HIGHCHAT_NEVER;
            if (!continues) break;
            if (live == 0)
                poll(NULL, 0, until(output.deadline_ms));
            else if (SSL_pending(tls) > 0 || wait_for(POLLIN, output.deadline_ms))
                read_pipe();
            must(highchat_conversation_handle_timeout(conversation, now_ms()));
            break;
        }
    }
    drop();
    SSL_CTX_free(context);
    highchat_conversation_free(conversation);
    highchat_endpoint_free(endpoint);
    return exit_status;
}
