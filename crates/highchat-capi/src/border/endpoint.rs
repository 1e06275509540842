//! The functions of the endpoint and of the settings.

use core::ffi::c_char;

use super::{free, make, place, text, with};
use crate::config::Config;
use crate::endpoint::{Endpoint, EndpointInfo};
use crate::guard::caught;
use crate::status::Status;

/// Makes an endpoint. `base_url` is NULL for `https://app.highchat.am`. `credentials_kind` is
/// `HIGHCHAT_CREDENTIALS_KEY`, `HIGHCHAT_CREDENTIALS_SLUG` or `HIGHCHAT_CREDENTIALS_NONE`;
/// `credentials` is the key or the slug, at most 1024 bytes. `flags` is 0 or
/// `HIGHCHAT_INSECURE_HTTP`. The texts are copied. Free the endpoint with
/// `highchat_endpoint_free`; conversations that use it keep what they need.
///
/// Errors: `NULL_POINTER`, `INVALID_LENGTH`, `INVALID_UTF8`, `INVALID_NUMBER`, `INVALID_KEY`,
/// `INVALID_SLUG`, `INVALID_BASE_URL` and each status that begins with `BASE_URL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_endpoint_new(
    base_url: *const c_char,
    base_url_len: usize,
    credentials_kind: u32,
    credentials: *const c_char,
    credentials_len: usize,
    flags: u32,
    endpoint: *mut *mut Endpoint,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        make(endpoint, || {
            let base_url = text(base_url, base_url_len)?;
            let credentials = text(credentials, credentials_len)?;
            Endpoint::new(
                base_url,
                credentials_kind,
                credentials.unwrap_or_default(),
                flags,
            )
        })
    }
}

/// Frees an endpoint. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_endpoint_free(endpoint: *mut Endpoint) {
    // SAFETY: the caller's promise.
    unsafe { free(endpoint) }
}

/// Says where to connect to. The texts are valid as long as the endpoint.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_endpoint_describe(
    endpoint: *mut Endpoint,
    info: *mut EndpointInfo,
) -> Status {
    // SAFETY: the caller's promise about each pointer.
    unsafe {
        with(endpoint, |endpoint| {
            let info = place(info)?;
            info.write(endpoint.describe());
            Ok(())
        })
    }
}

/// Fills in the default settings.
///
/// Errors: `NULL_POINTER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn highchat_config_default(config: *mut Config) -> Status {
    caught(|| {
        // SAFETY: the caller's promise.
        let config = unsafe { place(config) }?;
        config.write(Config::default());
        Ok(())
    })
}
