//! The HighChat /v1 protocol without a socket, a clock or a runtime.
