//! Server processes on a core of their own, and what the system counts for them.

use std::{
    fs,
    io::{BufRead, BufReader, Read, stdin},
    path::Path,
    process::{Child, Command, Stdio},
    str::FromStr,
    thread,
};

use super::{Result, duel::Place, sites::Contender};

/// The processors that are used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    pub(crate) server: usize,
    pub(crate) load: usize,
}

impl Cores {
    /// The first and the last that this process may run on: neighbours are often two halves of one.
    pub(crate) fn allowed() -> Result<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or_default();
        // 0-3,8
        let numbers: Vec<usize> = list.trim().split([',', '-']).map(str::parse).collect::<Result<_, _>>()?;
        match (numbers.first(), numbers.last()) {
            (Some(&server), Some(&load)) if server != load => Ok(Self { server, load }),
            _ => Err("two processors are needed: one for the server, one for the load".into()),
        }
    }
}

impl FromStr for Cores {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once(',').map(|(server, load)| (server.parse(), load.parse()));
        match numbers {
            Some((Ok(server), Ok(load))) if server != load => Ok(Self { server, load }),
            _ => Err(format!("--cores: {text:?} is not two numbers like 0,1")),
        }
    }
}

/// Keeps a process of one thread on a core, and all that it starts.
pub(crate) fn pin(process: u32, core: usize) -> Result<()> {
    let done = Command::new("taskset").args(["-pc", &core.to_string(), &process.to_string()]).output();
    let done = done.map_err(|error| format!("taskset does not start: {error}"))?;
    match done.status.success() {
        true => Ok(()),
        false => Err(format!("taskset: {}", String::from_utf8_lossy(&done.stderr)).into()),
    }
}

/// Ends this process when the one that started it is gone.
pub(crate) fn end_with_input() {
    thread::spawn(|| {
        drop(stdin().lock().read_to_end(&mut Vec::new()));
        std::process::exit(0);
    });
}

/// One contender that serves.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) contender: Contender,
    /// On the loopback.
    pub(crate) port: u16,
    /// `name=value` of the cookie that carries the choice.
    pub(crate) consent: String,
    /// The value of the cookie that carries the sign-in.
    pub(crate) session: String,
}

impl Server {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(contender: Contender, strips: bool, place: &Place, folder: &Path) -> Result<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", &place.cores.server.to_string()]).arg(std::env::current_exe()?);
        command.args(["--serve", contender.name(), if strips { "refused" } else { "granted" }]);
        command.arg(folder).args(&place.redis);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("taskset does not start: {error}"))?;
        let output = child.stdout.take();
        let mut server = Self { child, contender, port: 0, consent: String::new(), session: String::new() };
        let mut line = String::new();
        BufReader::new(output.ok_or("no output")?).read_line(&mut line)?;
        let mut words = line.split_whitespace().map(str::to_owned);
        let mut word = || words.next().ok_or_else(|| format!("{} did not start", contender.name()));
        server.port = word()?.parse()?;
        server.consent = word()?;
        server.session = word()?;
        Ok(server)
    }

    /// Nanoseconds for which its threads had a processor.
    pub(crate) fn processor_time(&self) -> Result<u64> {
        let mut sum = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread that has just ended is not there; those that serve stay.
            let Ok(told) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
            sum += told.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(sum)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What ran on the machine in the last minute, five and fifteen.
pub(crate) fn load_average() -> String {
    let told = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    told.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
