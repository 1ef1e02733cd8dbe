//! Compression of answers, where it reveals nothing. A length tells whether two parts of a body are alike (BREACH): an
//! answer that holds what another site sent, and what that site wants to know, must not be compressed. Every page
//! holds its own path with the query, and forms hold what was sent. So only reads are compressed that no other site
//! can cause; and each form's stamp is encrypted anew, so that no two answers hold the same secret.

use axum::http::Response;
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, NotForContentType, SizeAbove},
    },
};

/// Answers below this size, in bytes, gain nothing.
const MIN_SIZE: u64 = 1024;

/// Marks an answer that may be compressed.
#[derive(Clone, Copy)]
pub struct MayCompress;

/// Whether an answer carries the mark.
#[derive(Clone, Copy)]
pub struct IsMarked;

impl Predicate for IsMarked {
    fn should_compress<B>(&self, response: &Response<B>) -> bool {
        response.extensions().get::<MayCompress>().is_some()
    }
}

/// The layer that compresses marked answers, by brotli or gzip.
pub fn layer() -> CompressionLayer<impl Predicate> {
    let by_kind = DefaultPredicate::new().and(NotForContentType::const_new("font/"));
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(IsMarked.and(SizeAbove::new(MIN_SIZE)).and(by_kind))
}
