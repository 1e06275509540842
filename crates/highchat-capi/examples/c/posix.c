/* A whole chat over POSIX sockets, with poll() and without a thread.
 *
 * It sends the arguments as a message and prints the reply as it comes. After a handoff, it prints
 * what the person writes, until the bot is back. It reads HIGHCHAT_KEY or HIGHCHAT_SLUG, and
 * HIGHCHAT_BASE_URL, an http:// URL of this machine, because this example has no TLS. */

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

#include "common.h"

/* A reply, a poll and a rating can be under way at the same time, and the end of each. */
#define MOST_SOCKETS 8

struct connection {
    uint64_t pipe; /* 0 if the place is free */
    int socket;
    bool is_connecting;
    bool wants_to_write;
    struct addrinfo *addresses;
    struct addrinfo *next;
};

static struct connection connections[MOST_SOCKETS];
static highchat_endpoint *endpoint;
static highchat_conversation *conversation;

static struct connection *find(uint64_t pipe) {
    size_t i;
    for (i = 0; i < MOST_SOCKETS; i++)
        if (connections[i].pipe == pipe) return &connections[i];
    return NULL;
}

static void drop(struct connection *connection) {
    if (connection->socket >= 0) close(connection->socket);
    if (connection->addresses != NULL) freeaddrinfo(connection->addresses);
    memset(connection, 0, sizeof *connection);
    connection->socket = -1;
}

static void fail(struct connection *connection, int error) {
    uint64_t pipe = connection->pipe;
    drop(connection);
    lost(conversation, pipe, error);
}

static void opened(struct connection *connection) {
    connection->is_connecting = false;
    must(highchat_conversation_handle_opened(conversation, connection->pipe, now_ms()));
}

/* Begins to connect to the next address of the host. */
static void connect_to_next(struct connection *connection) {
    int error = EHOSTUNREACH;
    for (; connection->next != NULL; connection->next = connection->next->ai_next) {
        struct addrinfo *address = connection->next;
        if (connection->socket >= 0) close(connection->socket);
        connection->socket = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
        if (connection->socket < 0 ||
            fcntl(connection->socket, F_SETFL, O_NONBLOCK | fcntl(connection->socket, F_GETFL)) < 0) {
            error = errno;
            continue;
        }
        if (connect(connection->socket, address->ai_addr, address->ai_addrlen) == 0) {
            opened(connection);
            return;
        }
        if (errno == EINPROGRESS) {
            connection->is_connecting = true;
            connection->next = address->ai_next;
            return;
        }
        error = errno;
    }
    fail(connection, error);
}

static void open_pipe(uint64_t pipe) {
    struct connection *connection = find(0);
    struct addrinfo hints;
    highchat_endpoint_info info;
    char port[8];
    int error;
    if (connection == NULL) {
        lost(conversation, pipe, EMFILE);
        return;
    }
    must(highchat_endpoint_describe(endpoint, &info));
    snprintf(port, sizeof port, "%u", (unsigned)info.port);
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    connection->pipe = pipe;
    /* This blocks while it asks for the name. */
    error = getaddrinfo(info.host.ptr, port, &hints, &connection->addresses);
    if (error != 0) {
        const char *cause = gai_strerror(error);
        drop(connection);
        must(highchat_conversation_handle_failure(conversation, pipe, cause, strlen(cause), now_ms()));
        return;
    }
    connection->next = connection->addresses;
    connect_to_next(connection);
}

/* Writes what the socket takes. What it does not take waits for POLLOUT. */
static void write_pipe(struct connection *connection) {
    highchat_bytes bytes;
    ssize_t len;
    must(highchat_conversation_bytes(conversation, connection->pipe, &bytes));
    if (bytes.len == 0) {
        connection->wants_to_write = false;
        return;
    }
    len = send(connection->socket, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    if (len >= 0) {
        connection->wants_to_write = (size_t)len < bytes.len;
        must(highchat_conversation_handle_written(conversation, connection->pipe, (size_t)len, now_ms()));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        connection->wants_to_write = true;
    } else {
        fail(connection, errno);
    }
}

static void read_pipe(struct connection *connection) {
    uint8_t buffer[4096];
    uint64_t pipe = connection->pipe;
    ssize_t len = recv(connection->socket, buffer, sizeof buffer, 0);
    if (len > 0) {
        must(highchat_conversation_handle_read(conversation, pipe, buffer, (size_t)len, now_ms()));
    } else if (len == 0) {
        drop(connection);
        must(highchat_conversation_handle_end(conversation, pipe, now_ms()));
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        fail(connection, errno);
    }
}

/* Passes on what happened to a socket. */
static void ready(struct connection *connection, short events) {
    if (connection->is_connecting) {
        int error = 0;
        socklen_t len = sizeof error;
        if (getsockopt(connection->socket, SOL_SOCKET, SO_ERROR, &error, &len) < 0) error = errno;
        if (error == 0)
            opened(connection);
        else if (connection->next != NULL)
            connect_to_next(connection);
        else
            fail(connection, error);
    } else if (events & POLLOUT) {
        write_pipe(connection);
    } else {
        read_pipe(connection);
    }
}

static void wait_until(uint64_t deadline_ms) {
    struct pollfd sockets[MOST_SOCKETS];
    struct connection *of[MOST_SOCKETS];
    nfds_t count = 0, i;
    for (i = 0; i < MOST_SOCKETS; i++) {
        struct connection *connection = &connections[i];
        if (connection->pipe == 0) continue;
        sockets[count].fd = connection->socket;
        sockets[count].events = POLLIN;
        if (connection->is_connecting || connection->wants_to_write) sockets[count].events |= POLLOUT;
        sockets[count].revents = 0;
        of[count++] = connection;
    }
    if (poll(sockets, count, until(deadline_ms)) > 0)
        for (i = 0; i < count; i++)
            /* An earlier socket of this round may have ended a later one. */
            if (sockets[i].revents != 0 && of[i]->pipe != 0 && of[i]->socket == sockets[i].fd)
                ready(of[i], sockets[i].revents);
    must(highchat_conversation_handle_timeout(conversation, now_ms()));
}

int main(int argc, char **argv) {
    bool goes_on = begin(argc, argv, false, 0, &endpoint, &conversation);
    size_t i;
    if (!goes_on) exit_status = USAGE;
    for (i = 0; i < MOST_SOCKETS; i++) connections[i].socket = -1;
    while (goes_on) {
        highchat_output output;
        struct connection *connection;
        must(highchat_conversation_poll(conversation, &output));
        connection = output.pipe == 0 ? NULL : find(output.pipe);
        switch (output.kind) {
        case HIGHCHAT_OUTPUT_KIND_OPEN:
            open_pipe(output.pipe);
            break;
        case HIGHCHAT_OUTPUT_KIND_WRITE:
            if (connection != NULL) write_pipe(connection);
            break;
        case HIGHCHAT_OUTPUT_KIND_CLOSE:
            if (connection != NULL) drop(connection);
            break;
        case HIGHCHAT_OUTPUT_KIND_UPDATE:
            show(conversation);
            break;
        case HIGHCHAT_OUTPUT_KIND_WAIT:
            goes_on = output.deadline_ms != HIGHCHAT_NEVER;
            if (goes_on) wait_until(output.deadline_ms);
            break;
        }
    }
    for (i = 0; i < MOST_SOCKETS; i++)
        if (connections[i].pipe != 0) drop(&connections[i]);
    highchat_conversation_free(conversation);
    highchat_endpoint_free(endpoint);
    return exit_status;
}
