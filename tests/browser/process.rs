//! The `chromedriver` process, which ends with the value that owns it.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long `chromedriver` may take to come up, and to go.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pause between two looks at something that is about to change.
pub(crate) const POLL: Duration = Duration::from_millis(20);

/// The `chromedriver` process.
pub(crate) struct Driver {
    child: Child,
    pub(crate) addr: SocketAddr,
}

impl Driver {
    /// Starts `chromedriver` with its output in the file `log`; `None` if there
    /// is no such program. All other files go into `folder`.
    pub(crate) async fn start(folder: &Path, log: &Path) -> Option<Self> {
        let program = std::env::var_os("CHROMEDRIVER").unwrap_or_else(|| "chromedriver".into());
        // A file, unlike a pipe, never fills up and stops the writer.
        let output = File::create(log).expect("a log file");
        let errors = output.try_clone().expect("a second handle to the log");
        let child = Command::new(&program)
            // Port 0: the system picks one that is free, without a race.
            .arg("--port=0")
            // Chromium keeps crash reports below HOME and a socket in TMPDIR.
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
        let mut driver = Self { child, addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) };
        let start = Instant::now();
        loop {
            let text = fs::read_to_string(log).unwrap_or_default();
            if let Some(port) = announced_port(&text) {
                driver.addr.set_port(port);
                return Some(driver);
            }
            let ended = driver.child.try_wait().expect("the state of chromedriver");
            assert!(ended.is_none() && start.elapsed() < PATIENCE, "chromedriver does not start ({ended:?}):\n{text}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Asks chromedriver to end its browser and itself.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect_timeout(&self.addr, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET /shutdown HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.addr)?;
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
            while start.elapsed() < PATIENCE {
                if let Ok(Some(_)) = self.child.try_wait() {
                    return;
                }
                thread::sleep(POLL);
            }
        }
        // It does not answer. Chromium notices the closed pipe and ends as well.
        self.child.kill().unwrap_or(());
        drop(self.child.wait());
    }
}

/// The port in chromedriver's "was started successfully on port 12345.", once
/// that line is complete.
fn announced_port(output: &str) -> Option<u16> {
    let (_, rest) = output.split_once("started successfully on port ")?;
    let (port, _) = rest.split_once('.')?;
    port.parse().ok()
}
