//! Calls any method of the contract by its path, with encoded messages: for tests that loop over the
//! contract.

use bytes::{Buf, BufMut, Bytes};
use chassis::channel;
use tokio_stream::StreamExt;
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// Calls a method with one message; returns all messages of the answer. A unary answer has one message.
///
/// # Errors
/// The status of a call that failed.
pub async fn call(channel: channel::Channel, path: &str, message: &[u8]) -> Result<Vec<Bytes>, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let messages = tokio_stream::once(Bytes::copy_from_slice(message));
    let answers = grpc.streaming(Request::new(messages), path.parse().unwrap(), AsBytes).await?;
    answers.into_inner().collect::<Result<Vec<_>, _>>().await
}

/// A codec that leaves messages encoded.
pub(crate) struct AsBytes;

impl Codec for AsBytes {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsBytes {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for AsBytes {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
