//! The fuzz targets of `tests/fuzz/targets`, for the programs in `targets`.

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/fuzz/targets/mod.rs"]
mod targets;

pub fn request(input: &[u8]) {
    targets::request::run(input);
}

pub fn response(input: &[u8]) {
    targets::response::run(input);
}

pub fn consent_cookie(input: &[u8]) {
    targets::consent_cookie::run(input);
}

pub fn banners(input: &[u8]) {
    targets::banners::run(input);
}

pub fn policy(input: &[u8]) {
    targets::policy::run(input);
}

pub fn api(input: &[u8]) {
    targets::api::run(input);
}
