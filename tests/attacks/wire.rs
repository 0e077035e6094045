//! Requests as bytes, and answers read back as strictly as the grammar is: what a lenient reader would forgive is a
//! failure here.

use std::{fmt, net::SocketAddr};

use http::{HeaderName, HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

pub(crate) const BOTH: [Protocol; 2] = [Protocol::Http1, Protocol::Http2];

/// The host that every request asks unless it says another.
pub(crate) const HOST: &str = "www.example.com";

/// Fields of a request, in their order, as bytes.
pub(crate) type Fields<'a> = &'a [(&'a str, &'a [u8])];

/// An answer as it came over the wire.
#[derive(Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        for (name, value) in &self.fields {
            write!(f, "\n  {name}: {}", value.escape_ascii())?;
        }
        write!(f, "\n{}", String::from_utf8_lossy(&self.body))
    }
}

impl Answer {
    /// The values of a field, escaped.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let of_name = self.fields.iter().filter(|(known, _)| known == name);
        of_name.map(|(_, value)| value.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'")).collect()
    }

    pub(crate) fn field(&self, name: &str) -> Option<String> {
        self.lines(name).into_iter().next()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The value that it gives a cookie.
    pub(crate) fn sets(&self, name: &str) -> Option<String> {
        let start = format!("{name}=");
        let lines = self.lines("set-cookie");
        lines.iter().find_map(|line| Some(line.strip_prefix(&start)?.split(';').next()?.to_owned()))
    }
}

/// Sends one request over a connection of its own. `what`: `/path` or `METHOD /path`.
pub(crate) async fn ask(
    address: SocketAddr,
    protocol: Protocol,
    what: &str,
    fields: Fields<'_>,
    body: &[u8],
) -> Answer {
    match protocol {
        Protocol::Http1 => {
            let is_head = what.starts_with("HEAD ");
            parse(&send_raw(address, &request(what, fields, body)).await, is_head)
        }
        Protocol::Http2 => {
            let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
            let (mut sender, connection) =
                hyper::client::conn::http2::Builder::new(TokioExecutor::new()).handshake(stream).await.unwrap();
            tokio::spawn(connection);
            sender.ready().await.unwrap();
            read(sender.send_request(http2_request(what, fields, body)).await.unwrap()).await
        }
    }
}

pub(crate) fn http2_request(what: &str, fields: Fields<'_>, body: &[u8]) -> Request<Full<Bytes>> {
    let (method, path) = split(what);
    let host = fields.iter().find(|(name, _)| *name == "host").map_or(HOST, |(_, host)| str::from_utf8(host).unwrap());
    let body = Full::new(Bytes::copy_from_slice(body));
    let mut request = Request::builder().method(method).uri(format!("http://{host}{path}")).body(body).unwrap();
    for (name, value) in fields.iter().filter(|(name, _)| *name != "host") {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    request
}

pub(crate) async fn read(response: http::Response<hyper::body::Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    let fields = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
    Answer { status: parts.status.as_u16(), fields: fields.collect(), body }
}

fn split(what: &str) -> (&str, &str) {
    what.split_once(' ').unwrap_or(("GET", what))
}

/// A request as bytes, after which the connection ends.
pub(crate) fn request(what: &str, fields: Fields<'_>, body: &[u8]) -> Vec<u8> {
    let (method, path) = split(what);
    let mut bytes = format!("{method} {path} HTTP/1.1\r\n").into_bytes();
    let is_said = |wanted: &str| fields.iter().any(|(name, _)| *name == wanted);
    if !is_said("host") {
        bytes.extend_from_slice(format!("host: {HOST}\r\n").as_bytes());
    }
    for (name, value) in fields {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    if !body.is_empty() && !is_said(header::CONTENT_LENGTH.as_str()) {
        bytes.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"connection: close\r\n\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// Writes these bytes, and reads to the end of the connection.
pub(crate) async fn send_raw(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that has seen enough answers before all is written.
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    let write = async {
        let _ended_early: std::io::Result<()> = writer.write_all(bytes).await;
    };
    let read = async {
        let _reset: std::io::Result<usize> = reader.read_to_end(&mut answer).await;
    };
    tokio::join!(write, read);
    answer
}

/// Reads exactly one HTTP/1.1 answer. Whatever more or less there is, a line break that ends nothing, a field that goes on
/// in a second line: all that is a panic.
pub(crate) fn parse(raw: &[u8], is_head: bool) -> Answer {
    let shown = || raw.escape_ascii().to_string();
    let end = find(raw, b"\r\n\r\n").unwrap_or_else(|| panic!("no head: {}", shown()));
    let (head, body) = (&raw[..end], &raw[end + 4..]);
    let mut lines = Vec::new();
    let mut rest = head;
    loop {
        let (line, behind) = match find(rest, b"\r\n") {
            Some(at) => (&rest[..at], Some(&rest[at + 2..])),
            None => (rest, None),
        };
        let is_broken = line.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
        assert!(!is_broken, "a line is split: {}", shown());
        lines.push(line);
        match behind {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    let status = str::from_utf8(lines[0]).unwrap().strip_prefix("HTTP/1.1 ").expect("a status line");
    let status: u16 = status.split(' ').next().unwrap().parse().unwrap();
    let fields: Vec<_> = lines[1..].iter().map(|line| field(line)).collect();
    let of = |name: &str| {
        let mut values = fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_slice());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} twice: {}", shown());
        value
    };
    let body = match (of("content-length"), of("transfer-encoding")) {
        (None, None) => {
            assert!(body.is_empty(), "a body of no length: {}", shown());
            Vec::new()
        }
        (Some(_), None) if is_head || matches!(status, 204 | 304) => {
            assert!(body.is_empty(), "a body where none can be: {}", shown());
            Vec::new()
        }
        (Some(length), None) => {
            let length: usize = str::from_utf8(length).unwrap().parse().unwrap();
            assert_eq!(body.len(), length, "more or less than one answer: {}", shown());
            body.to_vec()
        }
        (None, Some(coding)) => {
            assert_eq!(coding, b"chunked");
            chunks(body)
        }
        (Some(_), Some(_)) => panic!("two lengths: {}", shown()),
    };
    Answer { status, fields, body }
}

fn field(line: &[u8]) -> (String, Vec<u8>) {
    let colon = line.iter().position(|byte| *byte == b':').unwrap_or_else(|| panic!("{}", line.escape_ascii()));
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    assert!(!name.is_empty() && name.iter().all(is_token), "no name: {}", line.escape_ascii());
    let is_text = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..=0xff);
    assert!(value.iter().all(is_text), "no value: {}", line.escape_ascii());
    (str::from_utf8(name).unwrap().to_ascii_lowercase(), value.to_vec())
}

fn chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = find(rest, b"\r\n").expect("the size of a chunk");
        let size = usize::from_str_radix(str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        let chunk = &rest[end + 2..];
        assert_eq!(&chunk[size..size + 2], b"\r\n");
        body.extend_from_slice(&chunk[..size]);
        rest = &chunk[size + 2..];
        if size == 0 {
            assert!(rest.is_empty(), "more than one answer: {}", rest.escape_ascii());
            return body;
        }
    }
}

pub(crate) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// What a server does with a request of HTTP/2 whose fields no client library would write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It sent the head of an answer.
    Answered,
    /// It reset the stream, with this error.
    Reset(u32),
    /// It ended the connection, with this error if it said one.
    Ended(Option<u32>),
}

/// Sends one request of HTTP/2 as frames, fields as they are, and gives what came first.
pub(crate) async fn send_http2_fields(address: SocketAddr, fields: &[(&[u8], &[u8])]) -> Fate {
    const DATA_END: u8 = 0x1;
    const HEADERS_END: u8 = 0x4;
    // Each field as a literal without index and without Huffman's code (RFC 7541 section 6.2.2).
    let literal = |text: &[u8]| {
        assert!(text.len() < 127, "one byte is enough for the length");
        [&[u8::try_from(text.len()).unwrap()], text].concat()
    };
    let block: Vec<u8> =
        fields.iter().flat_map(|(name, value)| [vec![0], literal(name), literal(value)].concat()).collect();
    let frame = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    };
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let bytes = [&preface[..], &frame(4, 0, 0, b""), &frame(1, DATA_END | HEADERS_END, 1, &block)].concat();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    let mut head = [0; 9];
    loop {
        if stream.read_exact(&mut head).await.is_err() {
            return Fate::Ended(None);
        }
        let length = usize::try_from(u32::from_be_bytes([0, head[0], head[1], head[2]])).unwrap();
        let mut payload = vec![0; length];
        if stream.read_exact(&mut payload).await.is_err() {
            return Fate::Ended(None);
        }
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
        match (head[3], number(&head[5..])) {
            (1, 1) => return Fate::Answered,
            (3, 1) => return Fate::Reset(number(&payload)),
            (7, _) => return Fate::Ended(Some(number(&payload[4..8]))),
            _ => {}
        }
    }
}

/// The same grammar is held by the reader itself.
#[test]
fn the_reader_is_strict() {
    let answer = parse(b"HTTP/1.1 200 OK\r\nX-A: b\r\ncontent-length: 2\r\n\r\nok", false);
    assert_eq!((answer.status, answer.field("x-a").as_deref(), answer.text()), (200, Some("b"), "ok"));
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    assert_eq!(parse(chunked, false).text(), "abc");
    for broken in [
        &b"HTTP/1.1 200 OK\r\nX-A: b\nX-C: d\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nX-A: b\rX-C: d\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: b\0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nHTTP",
        b"HTTP/1.1 200 OK\r\n",
    ] {
        let outcome = std::panic::catch_unwind(|| parse(broken, false));
        assert!(outcome.is_err(), "{}", broken.escape_ascii());
    }
}
