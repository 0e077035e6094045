//! The `chromedriver` or `geckodriver` process, which ends with the value that owns it.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a driver may take to come up, and to go.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pause between two looks at something that is about to change.
pub(crate) const POLL: Duration = Duration::from_millis(20);

/// The browsers that tests drive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Engine {
    #[default]
    Chromium,
    Firefox,
}

impl Engine {
    /// The program that steers it.
    pub(crate) const fn driver(self) -> &'static str {
        match self {
            Self::Chromium => "chromedriver",
            Self::Firefox => "geckodriver",
        }
    }

    /// The environment variable that may name another one.
    const fn variable(self) -> &'static str {
        match self {
            Self::Chromium => "CHROMEDRIVER",
            Self::Firefox => "GECKODRIVER",
        }
    }

    /// Port 0: the system picks one that is free, without a race.
    const fn args(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &["--port=0"],
            // System access: the cookies of all sites are read from Firefox itself.
            Self::Firefox => &["--port=0", "--websocket-port=0", "--allow-system-access"],
        }
    }

    /// What stands before the port in the driver's log, and after it.
    const fn announcement(self) -> (&'static str, char) {
        match self {
            Self::Chromium => ("started successfully on port ", '.'),
            Self::Firefox => ("Listening on 127.0.0.1:", '\n'),
        }
    }
}

/// The driver's process.
pub(crate) struct Driver {
    engine: Engine,
    child: Child,
    pub(crate) addr: SocketAddr,
    /// The path of the session that has to be ended, for a driver that leaves its browser running otherwise.
    pub(crate) session: Option<String>,
}

impl Driver {
    /// Starts the driver with its output in the file `log`; `None` if there
    /// is no such program. All other files go into `folder`.
    pub(crate) async fn start(engine: Engine, folder: &Path, log: &Path) -> Option<Self> {
        let program = std::env::var_os(engine.variable()).unwrap_or_else(|| engine.driver().into());
        // A file, unlike a pipe, never fills up and stops the writer.
        let output = File::create(log).expect("a log file");
        let errors = output.try_clone().expect("a second handle to the log");
        let child = Command::new(&program)
            .args(engine.args())
            // Browsers keep crash reports and profiles below HOME, and sockets in TMPDIR.
            .env("HOME", folder)
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn();
        let child = match child {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => panic!("cannot start {}: {error}", program.display()),
        };

        // From here on a panic ends the process, too.
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut driver = Self { engine, child, addr, session: None };
        let start = Instant::now();
        loop {
            let text = fs::read_to_string(log).unwrap_or_default();
            if let Some(port) = announced_port(engine, &text) {
                driver.addr.set_port(port);
                return Some(driver);
            }
            let ended = driver.child.try_wait().expect("the state of the driver");
            let is_coming = ended.is_none() && start.elapsed() < PATIENCE;
            assert!(is_coming, "{} does not start ({ended:?}):\n{text}", engine.driver());
            tokio::time::sleep(POLL).await;
        }
    }

    /// Asks the driver to end its browser, and itself if it can.
    fn shut_down(&self) -> std::io::Result<()> {
        let request = match (self.engine, &self.session) {
            (Engine::Chromium, _) => "GET /shutdown".to_owned(),
            (Engine::Firefox, Some(session)) => format!("DELETE {session}"),
            (Engine::Firefox, None) => return Ok(()),
        };
        let mut stream = TcpStream::connect_timeout(&self.addr, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.addr)?;
        // The answer comes when the browser has ended; its content is no matter.
        stream.read_to_end(&mut Vec::new())?;
        Ok(())
    }
}

impl Drop for Driver {
    // Plain blocking calls: this also runs while a panic unwinds, when no future
    // can be awaited and the runtime may be about to end.
    fn drop(&mut self) {
        if self.addr.port() != 0 && self.shut_down().is_ok() {
            let start = Instant::now();
            // geckodriver itself stays, without a browser.
            while self.engine == Engine::Chromium && start.elapsed() < PATIENCE {
                if let Ok(Some(_)) = self.child.try_wait() {
                    return;
                }
                thread::sleep(POLL);
            }
        }
        // It does not answer, or has nothing left to do. Chromium notices the closed pipe and ends as well.
        self.child.kill().unwrap_or(());
        drop(self.child.wait());
    }
}

/// The port in the driver's announcement, once that line is complete.
fn announced_port(engine: Engine, output: &str) -> Option<u16> {
    let (before, after) = engine.announcement();
    let (_, rest) = output.split_once(before)?;
    let (port, _) = rest.split_once(after)?;
    port.parse().ok()
}
