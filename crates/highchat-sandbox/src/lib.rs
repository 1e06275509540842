//! A local HighChat /v1 service for development, demonstrations and tests.
