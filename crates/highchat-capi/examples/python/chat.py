#!/usr/bin/env python3
"""A whole chat from Python, over ctypes and the standard library's sockets.

    HIGHCHAT_KEY=... python3 chat.py Բարև 👋

It sends the arguments as a message and prints the reply as it comes. After a handoff, it prints
what the person writes, until the bot is back. It reads HIGHCHAT_KEY or HIGHCHAT_SLUG, and
HIGHCHAT_BASE_URL, from the environment. HIGHCHAT_LIBRARY is the shared library, if it is not
installed. The exit status is that of `highchat ask --wait`.
"""

import ctypes
import ctypes.util
import os
import select
import socket
import ssl
import sys
import time
from ctypes import POINTER, Structure, byref, c_bool, c_char_p, c_size_t, c_uint16, c_uint32, c_uint64, c_void_p

# Numbers of highchat.h; tests/c/layout.py compares them with the header, and the structures below.
OK = 0
NEVER = 2**64 - 1
CREDENTIALS_KEY, CREDENTIALS_SLUG = 1, 2
OPEN, WRITE, CLOSE, UPDATE = 1, 2, 3, 4
MESSAGE, TURN_ENDED, HANDOFF_FAILED = 10, 8, 13
TURN_FAILED, TURN_CANCELLED, TURN_OTHER = 4, 5, 6
USER = 1
NOT_SENT, UNANSWERED, TIMED_OUT, REFUSED, CUT, SERVICE = 1, 2, 3, 4, 5, 6
API = 1

PATIENCE = 10  # seconds for a connection to open


class Text(Structure):
    _fields_ = [("ptr", c_void_p), ("len", c_size_t)]

    def __str__(self):
        return bytes(self).decode()

    def __bytes__(self):
        return ctypes.string_at(self.ptr, self.len) if self.ptr else b""


class EndpointInfo(Structure):
    _fields_ = [
        ("base_url", Text),
        ("host", Text),
        ("port", c_uint16),
        ("is_tls", c_bool),
        ("is_loopback", c_bool),
    ]


class Output(Structure):
    _fields_ = [("kind", c_uint32), ("pipe", c_uint64), ("bytes", Text), ("deadline_ms", c_uint64)]


class Failure(Structure):
    _fields_ = [
        ("kind", c_uint32),
        ("refusal", c_uint32),
        ("cut", c_uint32),
        ("status", c_uint16),
        ("may_have_been_taken", c_bool),
        ("can_be_sent_again", c_bool),
        ("retry_after_ms", c_uint64),
        ("code", Text),
        ("detail", Text),
        ("sentence", Text),
        ("description", Text),
    ]


class Update(Structure):
    _fields_ = [
        ("kind", c_uint32),
        ("turn_end", c_uint32),
        ("text", Text),
        ("conversation_id", Text),
        ("message_id", Text),
        ("role_text", Text),
        ("content", Text),
        ("state_text", Text),
        ("timestamp", Text),
        ("event", Text),
        ("data", Text),
        ("failure", Failure),
        ("id", c_uint64),
        ("count", c_uint64),
        ("delay_ms", c_uint64),
        ("role", c_uint32),
        ("state", c_uint32),
        ("delayed", c_uint32),
        ("delay_reason", c_uint32),
        ("rating", c_uint32),
        ("is_replaced", c_bool),
    ]


FUNCTIONS = {
    "endpoint_new": [c_char_p, c_size_t, c_uint32, c_char_p, c_size_t, c_uint32, POINTER(c_void_p)],
    "endpoint_describe": [c_void_p, POINTER(EndpointInfo)],
    "conversation_new": [c_void_p, c_void_p, c_uint32, POINTER(c_void_p)],
    "conversation_send": [c_void_p, c_char_p, c_size_t, c_uint64, c_void_p],
    "conversation_poll": [c_void_p, POINTER(Output)],
    "conversation_update": [c_void_p, POINTER(Update)],
    "conversation_handle_opened": [c_void_p, c_uint64, c_uint64],
    "conversation_handle_written": [c_void_p, c_uint64, c_size_t, c_uint64],
    "conversation_handle_read": [c_void_p, c_uint64, c_char_p, c_size_t, c_uint64],
    "conversation_handle_end": [c_void_p, c_uint64, c_uint64],
    "conversation_handle_failure": [c_void_p, c_uint64, c_char_p, c_size_t, c_uint64],
    "conversation_handle_timeout": [c_void_p, c_uint64],
}


class HighchatError(Exception):
    """A function returned an error."""


class Library:
    """The functions of highchat.h. An error becomes an exception."""

    def __init__(self):
        path = os.environ.get("HIGHCHAT_LIBRARY") or ctypes.util.find_library("highchat")
        if path is None:
            raise HighchatError("the library is not installed: set HIGHCHAT_LIBRARY")
        self.library = ctypes.CDLL(path)
        self.library.highchat_status_text.restype = c_char_p
        for name in ["endpoint_free", "conversation_free"]:
            function = getattr(self.library, f"highchat_{name}")
            function.argtypes, function.restype = [c_void_p], None
            setattr(self, name, function)
        for name, types in FUNCTIONS.items():
            function = getattr(self.library, f"highchat_{name}")
            function.argtypes, function.restype = types, c_uint32
            setattr(self, name, self.checked(function))

    def checked(self, function):
        def call(*arguments):
            status = function(*arguments)
            if status != OK:
                raise HighchatError(self.library.highchat_status_text(status).decode())

        return call


def now_ms():
    return time.monotonic_ns() // 1_000_000


class Chat:
    """A conversation and its sockets."""

    def __init__(self, library, base_url, kind, credentials):
        self.library = library
        self.endpoint, self.conversation = c_void_p(), c_void_p()
        self.sockets = {}
        self.status = 1
        base_url = base_url.encode() if base_url is not None else None
        credentials = credentials.encode()
        library.endpoint_new(
            base_url, len(base_url or b""), kind, credentials, len(credentials), 0, byref(self.endpoint)
        )
        self.info = EndpointInfo()
        library.endpoint_describe(self.endpoint, byref(self.info))
        library.conversation_new(self.endpoint, None, 0, byref(self.conversation))

    def close(self):
        for opened in self.sockets.values():
            opened.close()
        self.library.conversation_free(self.conversation)
        self.library.endpoint_free(self.endpoint)

    def send(self, message):
        message = message.encode()
        self.library.conversation_send(self.conversation, message, len(message), now_ms(), None)

    def run(self):
        """Follows the conversation until nothing more can happen."""
        output = Output()
        while True:
            self.library.conversation_poll(self.conversation, byref(output))
            if output.kind == OPEN:
                self.open(output.pipe)
            elif output.kind == WRITE:
                self.write(output.pipe, bytes(output.bytes))
            elif output.kind == CLOSE:
                self.sockets.pop(output.pipe).close()
            elif output.kind == UPDATE:
                self.show()
            elif output.deadline_ms == NEVER:
                return
            else:
                self.wait(output.deadline_ms)

    def fail(self, pipe, error):
        opened = self.sockets.pop(pipe, None)
        if opened is not None:
            opened.close()
        cause = str(error).encode()
        self.library.conversation_handle_failure(self.conversation, pipe, cause, len(cause), now_ms())

    def open(self, pipe):
        host = str(self.info.host)
        try:
            opened = socket.create_connection((host, self.info.port), PATIENCE)
            if self.info.is_tls:
                # The default context verifies the certificate and the host name, and an end
                # without close_notify is an exception.
                context = ssl.create_default_context()
                context.set_alpn_protocols(["http/1.1"])
                opened = context.wrap_socket(opened, server_hostname=host, suppress_ragged_eofs=False)
        except OSError as error:
            self.fail(pipe, error)
            return
        self.sockets[pipe] = opened
        self.library.conversation_handle_opened(self.conversation, pipe, now_ms())

    def write(self, pipe, data):
        try:
            written = self.sockets[pipe].send(data)
        except OSError as error:
            self.fail(pipe, error)
            return
        self.library.conversation_handle_written(self.conversation, pipe, written, now_ms())

    def wait(self, deadline_ms):
        seconds = max(0, deadline_ms - now_ms()) / 1000
        pipes = {opened: pipe for pipe, opened in self.sockets.items()}
        # TLS may hold bytes that the socket no longer has.
        ready = [opened for opened in pipes if isinstance(opened, ssl.SSLSocket) and opened.pending()]
        ready = ready or select.select(list(pipes), [], [], seconds)[0]
        for opened in ready:
            self.read(pipes[opened], opened)
        self.library.conversation_handle_timeout(self.conversation, now_ms())

    def read(self, pipe, opened):
        try:
            data = opened.recv(4096)
        except OSError as error:
            self.fail(pipe, error)
            return
        if data:
            self.library.conversation_handle_read(self.conversation, pipe, data, len(data), now_ms())
        else:
            self.sockets.pop(pipe).close()
            self.library.conversation_handle_end(self.conversation, pipe, now_ms())

    def show(self):
        update = Update()
        self.library.conversation_update(self.conversation, byref(update))
        # Texts of the service are untrusted: a program for a terminal removes control characters.
        print(update.text, end="", flush=True)
        if update.kind == MESSAGE and update.role != USER:
            print(flush=True)
        elif update.kind == TURN_ENDED:
            print(flush=True)
            ends = {TURN_FAILED: None, TURN_CANCELLED: 130, TURN_OTHER: 1}
            self.status = ends.get(update.turn_end, 0)
            if self.status is None:
                self.status = failed(update.failure)
        elif update.kind == HANDOFF_FAILED:
            self.status = failed(update.failure)


def failed(failure):
    """Prints a failure. Returns the exit status of `highchat ask` for it."""
    print(f"error: {failure.description}", file=sys.stderr)
    if failure.kind == REFUSED and failure.refusal == API:
        return {401: 4, 403: 4, 429: 5, 404: 6}.get(failure.status, 8)
    kinds = {NOT_SENT: 7, UNANSWERED: 3, TIMED_OUT: 3, CUT: 3, SERVICE: 8, REFUSED: 8}
    return kinds.get(failure.kind, 1)


def main():
    key, slug = os.environ.get("HIGHCHAT_KEY"), os.environ.get("HIGHCHAT_SLUG")
    if key is None and slug is None:
        print("error: HIGHCHAT_KEY or HIGHCHAT_SLUG must be set", file=sys.stderr)
        return 2
    kind = CREDENTIALS_KEY if slug is None else CREDENTIALS_SLUG
    try:
        chat = Chat(Library(), os.environ.get("HIGHCHAT_BASE_URL"), kind, slug or key)
        try:
            chat.send(" ".join(sys.argv[1:]))
            chat.run()
            return chat.status
        finally:
            chat.close()
    except HighchatError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
