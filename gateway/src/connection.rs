//! A connection that ends when nothing travels over it, or when the header of a request takes too long.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep},
};

/// The first bytes of an HTTP/2 connection (RFC 9113 §3.4).
const HTTP2: &[u8] = b"PRI * HTTP/2.0";

/// How many requests of a connection have begun and ended: a request begins when its header is complete.
#[derive(Clone, Debug, Default)]
pub struct Requests(Arc<(AtomicU64, AtomicU64)>);

impl Requests {
    /// Notes that a request begins, until the guard is dropped.
    pub fn begin(&self) -> impl Drop + use<> {
        struct Ends(Requests);
        impl Drop for Ends {
            fn drop(&mut self) {
                self.0.0.1.fetch_add(1, Ordering::SeqCst);
            }
        }
        self.0.0.fetch_add(1, Ordering::SeqCst);
        Ends(self.clone())
    }

    fn begun(&self) -> u64 {
        self.0.0.load(Ordering::SeqCst)
    }

    fn is_running(&self) -> bool {
        self.begun() != self.0.1.load(Ordering::SeqCst)
    }
}

/// How long a visitor may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Without a byte in either direction. A write alone keeps the connection alive, such as a stream of events that
    /// the visitor only listens to.
    pub idle: Duration,
    /// For the header of a request, from its first byte. HTTP/2 has pings in its place.
    pub header: Duration,
}

/// A connection with time-outs.
pub struct TimedConnection {
    socket: TcpStream,
    limits: Limits,
    requests: Requests,
    idle_end: Pin<Box<Sleep>>,
    /// The end of the time for a header that has begun, and how many requests had begun before.
    header_end: Option<(Pin<Box<Sleep>>, u64)>,
    is_http2: Option<bool>,
}

impl TimedConnection {
    /// A new connection, whose requests are noted in `requests`.
    pub fn new(socket: TcpStream, limits: Limits, requests: Requests) -> Self {
        let idle_end = Box::pin(tokio::time::sleep(limits.idle));
        Self { socket, limits, requests, idle_end, header_end: None, is_http2: None }
    }

    /// Takes the result of a read or write: bytes that travelled put off the end, and a wait fails at the end.
    fn watch<T>(&mut self, result: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            let end = Instant::now() + self.limits.idle;
            self.idle_end.as_mut().reset(end);
            return result;
        }
        ready!(self.idle_end.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Bytes came: they begin a header, unless they are the body of a running request.
    fn note_read(&mut self, bytes: &[u8]) {
        let is_http2 =
            *self.is_http2.get_or_insert_with(|| HTTP2.starts_with(bytes) || bytes.starts_with(HTTP2));
        if !bytes.is_empty() && !is_http2 && self.header_end.is_none() && !self.requests.is_running() {
            let end = Box::pin(tokio::time::sleep(self.limits.header));
            self.header_end = Some((end, self.requests.begun()));
        }
    }

    /// Whether the time for a header is over.
    fn is_header_late(&mut self, cx: &mut Context<'_>) -> bool {
        let Some((end, begun)) = &mut self.header_end else { return false };
        if *begun != self.requests.begun() {
            self.header_end = None;
            return false;
        }
        end.as_mut().poll(cx).is_ready()
    }
}

impl AsyncRead for TimedConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.socket).poll_read(cx, buffer);
        match &result {
            Poll::Ready(_) => self.note_read(buffer.filled().get(before..).unwrap_or_default()),
            Poll::Pending if self.is_header_late(cx) => {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            Poll::Pending => {}
        }
        self.watch(result, cx)
    }
}

impl AsyncWrite for TimedConnection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.watch(result, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write_vectored(cx, parts);
        self.watch(result, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
