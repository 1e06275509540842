//! A blocking HighChat client over ureq.
