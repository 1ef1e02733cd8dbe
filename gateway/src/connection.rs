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
pub struct Timeouts {
    /// Without a byte in either direction. A write alone keeps the connection alive, such as a stream of events that
    /// the visitor only listens to. In HTTP/2, where pings travel at any time: without a running request.
    pub idle: Duration,
    /// For the header of a request, from its first byte; in HTTP/2, for the first bytes of the connection.
    pub header: Duration,
}

/// A connection with time-outs.
pub struct TimedConnection {
    socket: TcpStream,
    timeouts: Timeouts,
    requests: Requests,
    idle_end: Pin<Box<Sleep>>,
    /// The end of the time for a header that has begun, and how many requests had begun before.
    header_end: Option<(Pin<Box<Sleep>>, u64)>,
    version: Version,
    /// How many requests had begun when bytes last travelled.
    begun_before: u64,
}

/// The version of HTTP, which the first bytes tell.
enum Version {
    /// These bytes came, which both versions may begin with.
    Unknown(Vec<u8>),
    Http1,
    Http2,
}

impl Version {
    fn read(&mut self, bytes: &[u8]) {
        let Self::Unknown(first) = self else { return };
        first.extend(bytes.iter().take(HTTP2.len() - first.len()));
        if first.as_slice() == HTTP2 {
            *self = Self::Http2;
        } else if !HTTP2.starts_with(first) {
            *self = Self::Http1;
        }
    }
}

impl TimedConnection {
    /// A new connection, whose requests are noted in `requests`.
    pub fn new(socket: TcpStream, timeouts: Timeouts, requests: Requests) -> Self {
        let idle_end = Box::pin(tokio::time::sleep(timeouts.idle));
        let version = Version::Unknown(Vec::new());
        Self { socket, timeouts, requests, idle_end, header_end: None, version, begun_before: 0 }
    }

    /// Takes the result of a read or write: bytes that travelled put off the end, and a wait fails at the end.
    fn watch<T>(&mut self, result: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            let begun = self.requests.begun();
            let is_of_request = self.requests.is_running() || begun != self.begun_before;
            if is_of_request || !matches!(self.version, Version::Http2) {
                let end = Instant::now() + self.timeouts.idle;
                self.idle_end.as_mut().reset(end);
            }
            self.begun_before = begun;
            return result;
        }
        ready!(self.idle_end.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Bytes came: they begin a header, unless they are the body of a running request.
    fn note_read(&mut self, bytes: &[u8]) {
        self.version.read(bytes);
        if matches!(self.version, Version::Http2) {
            self.header_end = None;
        } else if !bytes.is_empty() && self.header_end.is_none() && !self.requests.is_running() {
            let end = Box::pin(tokio::time::sleep(self.timeouts.header));
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
