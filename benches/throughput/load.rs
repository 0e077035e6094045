//! The load: connections that stay open, each with one request under way.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
    time::sleep,
};

use super::{Result, process::Server};

const CONNECTIONS: usize = 32;
/// Before anything counts: caches are filled.
const WARM_UP: Duration = Duration::from_millis(200);

/// What a load has shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Microseconds of processor time per request, of the server.
    pub(crate) processor: f64,
    /// Answers per second.
    pub(crate) rate: f64,
    /// Microseconds from a request to its answer, for half of them and for all but one in a hundred.
    pub(crate) half: f64,
    pub(crate) tail: f64,
    /// How much of its core the server had.
    pub(crate) busy: f64,
}

/// A connection of HTTP/1.1.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(server: &Server) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", server.port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request and reads its answer: the head, and the body.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<(&[u8], &[u8])> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server ended the connection".into());
            }
            let Some(head) = memmem::find(&self.buffer, b"\r\n\r\n") else { continue };
            if self.buffer.len() >= head + 4 + body_length(&self.buffer[..head])? {
                break;
            }
        }
        let head = memmem::find(&self.buffer, b"\r\n\r\n").unwrap_or_default();
        Ok((&self.buffer[..head], &self.buffer[head + 4..]))
    }
}

/// What the head of a good answer says of its body.
fn body_length(head: &[u8]) -> Result<usize> {
    const FIELD: &[u8] = b"content-length: ";
    let start = memmem::find(head, FIELD).map(|place| place + FIELD.len());
    let digits = start.map(|start| head[start..].iter().take_while(|byte| byte.is_ascii_digit()));
    match digits {
        Some(digits) if head.starts_with(b"HTTP/1.1 200 ") => {
            Ok(digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0')))
        }
        _ => Err(format!("an answer that was not asked for: {}", String::from_utf8_lossy(head)).into()),
    }
}

/// A server with all connections to it, and what has been counted.
#[derive(Debug)]
pub(crate) struct Load<'s> {
    server: &'s Server,
    request: Rc<[u8]>,
    connections: Vec<Connection>,
    /// What the server had spent when counting began.
    spent_before: u64,
    wall: Duration,
    /// Nanoseconds of each answer.
    times: Vec<u32>,
}

impl<'s> Load<'s> {
    /// Opens the connections, and asks for a while without counting.
    pub(crate) async fn open(server: &'s Server, request: &[u8]) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(Connection::open(server).await?);
        }
        let (wall, times) = (Duration::ZERO, Vec::new());
        let mut load = Self { server, request: request.into(), connections, spent_before: 0, wall, times };
        load.stretch(WARM_UP).await?;
        Ok(Self { spent_before: server.processor_time()?, wall, times: Vec::new(), ..load })
    }

    /// Asks for so long, over all connections at once.
    pub(crate) async fn stretch(&mut self, time: Duration) -> Result<()> {
        let tasks = LocalSet::new();
        let is_over = Rc::new(Cell::new(false));
        let start = Instant::now();
        let asking = self.connections.drain(..).map(|connection| {
            let (request, is_over) = (Rc::clone(&self.request), Rc::clone(&is_over));
            tasks.spawn_local(ask(connection, request, is_over))
        });
        let asking: Vec<_> = asking.collect();
        tasks
            .run_until(async {
                sleep(time).await;
                is_over.set(true);
                for task in asking {
                    let (connection, times) = task.await??;
                    self.connections.push(connection);
                    self.times.extend(times);
                }
                self.wall += start.elapsed();
                Ok(())
            })
            .await
    }

    /// All that was counted. The server waits by now, so that the system has added up what it spent.
    pub(crate) fn sample(mut self) -> Result<Sample> {
        let spent = self.server.processor_time()?.saturating_sub(self.spent_before) as f64;
        let (wall, count) = (self.wall.as_nanos() as f64, self.times.len());
        self.times.sort_unstable();
        let at = |part: usize| self.times.get(count * part / 100).map_or(f64::NAN, |nanos| f64::from(*nanos) / 1e3);
        Ok(Sample {
            processor: spent / count as f64 / 1e3,
            rate: count as f64 / wall * 1e9,
            half: at(50),
            tail: at(99),
            busy: spent / wall,
        })
    }
}

/// One connection, and the nanoseconds of each answer.
async fn ask(mut connection: Connection, request: Rc<[u8]>, is_over: Rc<Cell<bool>>) -> Result<(Connection, Vec<u32>)> {
    let mut times = Vec::with_capacity(512);
    while !is_over.get() {
        let start = Instant::now();
        connection.ask(&request).await?;
        times.push(u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX));
    }
    Ok((connection, times))
}
