//! PostgreSQL servers of the tests' own: in a temporary folder, reached by a socket in it, gone with the test.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends the signals that it reads to the server, and ends it when there is nothing more to read: also when the test's
/// process was killed.
const KEEPER: &str = r#""$0" "$@" >/dev/null & echo $!; while read -r signal; do kill -"$signal" $!; done; kill -QUIT $! 2>/dev/null; wait"#;

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    folder: TempDir,
    programs: PathBuf,
    account: Option<(u32, u32)>,
    running: Mutex<Option<Running>>,
    databases: AtomicU32,
}

#[derive(Debug)]
struct Running {
    keeper: Child,
    signals: ChildStdin,
    /// The server's own.
    pid: u32,
}

impl Server {
    /// A new server; `None`, and a line that says so, where PostgreSQL is not installed.
    pub(crate) fn start(settings: &[&str]) -> Option<Self> {
        let Some(programs) = programs() else {
            let message = "no PostgreSQL (/usr/lib/postgresql/*/bin/initdb, or initdb in the PATH)";
            assert!(env::var_os("CI").is_none(), "{message}");
            println!("skipped: {message}");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        // A server refuses to run as root.
        let account = (fs::metadata(folder.path()).unwrap().uid() == 0).then(account);
        for name in ["data", "socket"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let server = Self { folder, programs, account, running: Mutex::default(), databases: AtomicU32::new(0) };
        for name in ["data", "socket"] {
            server.give(&server.path(name), 0o700);
        }
        let mut initdb = server.program("initdb");
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"]);
        let made = initdb.arg(server.path("data")).output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        // One role needs its password.
        let doors = "local all guarded scram-sha-256\nlocal all all trust\nhost all all 127.0.0.1/32 trust\n";
        fs::write(server.path("data").join("pg_hba.conf"), doors).unwrap();
        let socket = format!("unix_socket_directories = '{}'", server.path("socket").display());
        let basic =
            ["listen_addresses = ''", "max_connections = 200", "shared_buffers = 64MB", "log_line_prefix = '%d|'"];
        server.set(&basic);
        server.set(&[&socket]);
        server.set(settings);
        server.start_again();
        Some(server)
    }

    /// A server that tests share: it goes away when none of them has it.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::start(&[])?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    /// A file in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.path("log")).unwrap()).into_owned()
    }

    /// Makes a file one of the server's own.
    pub(crate) fn give(&self, path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        if let Some((user, group)) = self.account {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }

    /// Adds to its settings, from its next start on.
    pub(crate) fn set(&self, settings: &[&str]) {
        let file = fs::File::options().append(true).open(self.path("data").join("postgresql.conf"));
        file.unwrap().write_all((settings.join("\n") + "\n").as_bytes()).unwrap();
    }

    /// Starts it, on the data that it has.
    pub(crate) fn start_again(&self) {
        let mut running = self.running.lock().unwrap();
        assert!(running.is_none(), "it runs");
        let begin = Instant::now();
        loop {
            let log = fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
            let mut command = self.command("/bin/sh");
            command.arg("-c").arg(KEEPER).arg(self.programs.join("postgres")).arg("-D").arg(self.path("data"));
            let mut keeper = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
            let signals = keeper.stdin.take().unwrap();
            let mut line = String::new();
            BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
            let pid = line.trim().parse().unwrap();
            *running = Some(Running { keeper, signals, pid });
            if wait(begin, || self.is_ready(pid), || is_dead(pid)) {
                return;
            }
            // What the last one left may still be going away.
            stop(running.take());
            assert!(begin.elapsed() < PATIENCE, "the server does not start: {}", self.log());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Ends it by a signal: `INT` in an orderly way, `QUIT` at once, `KILL` without its knowing.
    pub(crate) fn end(&self, signal: &str) {
        let mut running = self.running.lock().unwrap();
        let mut server = running.take().expect("it runs");
        writeln!(server.signals, "{signal}").unwrap();
        let pid = server.pid;
        assert!(wait(Instant::now(), || is_dead(pid), || false), "it does not stop: {}", self.log());
        stop(Some(server));
    }

    /// The address of a database by its socket.
    pub(crate) fn address(&self, database: &str) -> String {
        format!("host={} user=postgres dbname={database}", self.path("socket").display())
    }

    /// The address of a new database.
    pub(crate) async fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}")).await;
        self.address(&name)
    }

    /// What a statement answers in a database: rows of texts.
    pub(crate) async fn sql(&self, database: &str, sql: &str) -> Vec<Vec<String>> {
        sql_at(&self.address(database), sql).await
    }

    /// Whether the server of this process says that it takes connections.
    fn is_ready(&self, pid: u32) -> bool {
        let text = fs::read_to_string(self.path("data").join("postmaster.pid")).unwrap_or_default();
        text.lines().next() == Some(&pid.to_string()) && text.lines().nth(7).is_some_and(|line| line.trim() == "ready")
    }

    fn program(&self, name: &str) -> Command {
        self.command(self.programs.join(name))
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/");
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        stop(self.running.get_mut().unwrap().take());
    }
}

/// A connection of the test's own.
pub(crate) async fn connect(address: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    drop(tokio::spawn(connection));
    client
}

/// What a statement answers: rows of texts.
pub(crate) async fn sql_at(address: &str, sql: &str) -> Vec<Vec<String>> {
    let messages = connect(address).await.simple_query(sql).await.unwrap();
    let text = |message| match message {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|column| row.get(column).unwrap_or("NULL").to_owned()).collect())
        }
        _ => None,
    };
    messages.into_iter().filter_map(text).collect()
}

/// Ends a server with its keeper.
fn stop(running: Option<Running>) {
    let Some(Running { mut keeper, signals, .. }) = running else { return };
    drop(signals);
    if !wait(Instant::now(), || keeper.try_wait().unwrap().is_some(), || false) {
        keeper.kill().unwrap();
        keeper.wait().unwrap();
    }
}

/// Whether a process has ended, if its parent has not asked yet.
fn is_dead(pid: u32) -> bool {
    // Process, name in brackets, state.
    fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

/// Waits until something is so, or cannot be any more.
fn wait(begin: Instant, mut is_so: impl FnMut() -> bool, mut is_hopeless: impl FnMut() -> bool) -> bool {
    while begin.elapsed() < PATIENCE {
        if is_so() {
            return true;
        }
        if is_hopeless() {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

/// The folder of the newest server's programs.
fn programs() -> Option<PathBuf> {
    let mut folders: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            Some((folder.file_name()?.to_str()?.parse().ok()?, folder.join("bin")))
        })
        .collect();
    folders.sort();
    let said = Command::new("pg_config").arg("--bindir").output().ok();
    let said = said.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let path = env::var_os("PATH").unwrap_or_default();
    let newest_first = folders.into_iter().rev().map(|(_, folder)| folder);
    newest_first
        .chain(said)
        .chain(env::split_paths(&path).collect::<Vec<_>>())
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// User and group for a server, where the tests run as root.
fn account() -> (u32, u32) {
    let number = |option: &str, user: &str| {
        let output = Command::new("id").args([option, user]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    ["postgres", "nobody"]
        .iter()
        .find_map(|user| Some((number("-u", user)?, number("-g", user)?)))
        .expect("as root, another user for the server")
}
