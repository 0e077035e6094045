//! The counts that must not be exceeded, and the table that says where they are.
//!
//! They stand in `benches/limits.toml`, with what they were counted with: another compiler, another processor, another version
//! of a library or another valgrind makes other instructions of the same source.

use std::{
    collections::BTreeMap,
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use serde::Deserialize;

use super::common::Result;

/// What a count may be above its limit. Counts repeat exactly on one machine; another may have another C library.
const ALIKE: f64 = 1.03;
/// The same, where compiler, libraries, processor or valgrind are others than those of the limits.
const UNLIKE: f64 = 1.15;
/// Below this share of its limit a count has become so much better that the limit no longer guards it.
const BETTER: f64 = 0.95;

/// What counts hang on beside the source.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Maker {
    rust: String,
    valgrind: String,
    processor: String,
    libraries: String,
}

/// Whose code a request runs through, beside ours. Their versions are not in the repository.
const LIBRARIES: [&str; 12] =
    ["arc-swap", "base64", "bytes", "hashbrown", "hmac", "http", "memchr", "sha2", "time", "tokio", "tower", "wide"];

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// What cargo has chosen of them: `bytes 1.12.2, http 1.5.0, …`.
fn libraries() -> Result<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let text = fs::read_to_string(&file).map_err(|error| format!("Cargo.lock: {error}"))?;
    let lock: Lock = toml::from_str(&text).map_err(|error| format!("Cargo.lock: {error}"))?;
    let ours = lock.package.iter().filter(|package| LIBRARIES.contains(&package.name.as_str()));
    Ok(ours.map(|package| format!("{} {}", package.name, package.version)).collect::<Vec<_>>().join(", "))
}

impl Maker {
    pub(crate) fn here() -> Result<Self> {
        let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
        let version = |program: &str| -> Result<String> {
            let output = Command::new(program).arg("--version").output();
            let output = output.map_err(|error| format!("{program} does not start: {error}"))?;
            // rustc 1.95.0 (59807616e 2026-04-14), valgrind-3.19.0
            let text = String::from_utf8(output.stdout)?;
            let number = text.split([' ', '-', '\n']).nth(1);
            Ok(number.ok_or_else(|| format!("{program} has no version"))?.to_owned())
        };
        let (rust, valgrind) = (version(&rustc)?, version("valgrind")?);
        Ok(Self { rust, valgrind, processor: processor(), libraries: libraries()? })
    }
}

/// What the libraries choose their code by when they run. SHA instructions are not there: valgrind has none.
fn processor() -> String {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        return "x86_64 with AVX2".to_owned();
    }
    env::consts::ARCH.to_owned()
}

/// Instructions per request: of each profile, of each contender that is guarded.
pub(crate) type Counts = BTreeMap<String, BTreeMap<String, f64>>;

#[derive(Debug, Deserialize)]
struct Limits {
    made_with: Maker,
    counts: Counts,
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/limits.toml")
}

/// One count beside its limit.
struct Row<'a> {
    profile: &'a str,
    contender: &'a str,
    was: Option<f64>,
    is: f64,
}

impl Row<'_> {
    fn ratio(&self) -> Option<f64> {
        self.was.map(|was| self.is / was)
    }
}

/// Whether all counts stay within their limits.
pub(crate) fn check(maker: &Maker, counts: &Counts) -> Result<ExitCode> {
    let text = fs::read_to_string(path()).map_err(|error| format!("benches/limits.toml: {error}"))?;
    let limits: Limits = toml::from_str(&text).map_err(|error| format!("benches/limits.toml: {error}"))?;
    let is_alike = limits.made_with == *maker;
    let most = if is_alike { ALIKE } else { UNLIKE };
    let mut rows = Vec::new();
    for (profile, contenders) in counts {
        for (contender, &is) in contenders {
            let was = limits.counts.get(profile).and_then(|limits| limits.get(contender)).copied();
            rows.push(Row { profile, contender, was, is });
        }
    }
    println!("\nInstructions per request above the bare handler, and what they may be\n");
    println!("| {:<10} | {:<14} | {:>8} | {:>8} | {:>5} | {:<8} |", "profile", "contender", "was", "is", "ratio", "");
    println!("|{:-<12}|{:-<16}|{:->10}|{:->10}|{:->7}|{:-<10}|", "", "", ":", ":", ":", "");
    let (mut failed, mut better) = (0, 0);
    for row in &rows {
        let verdict = match row.ratio() {
            Some(ratio) if ratio <= BETTER => {
                better += 1;
                "better"
            }
            Some(ratio) if ratio <= most => "",
            Some(_) => {
                failed += 1;
                "TOO MANY"
            }
            None => {
                failed += 1;
                "NO LIMIT"
            }
        };
        let was = row.was.map_or_else(|| "-".to_owned(), |was| format!("{was:.0}"));
        let ratio = row.ratio().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}"));
        let (profile, contender) = (row.profile, row.contender);
        println!("| {profile:<10} | {contender:<14} | {was:>8} | {:>8.0} | {ratio:>5} | {verdict:<8} |", row.is);
    }
    if !is_alike {
        println!(
            "\nThe limits were counted with {:?}, this is {maker:?}: {UNLIKE} times as many are let pass.",
            limits.made_with
        );
    }
    if better > 0 {
        println!("\n{better} are better than their limits, which no longer guard them. Renew them:\n{RENEW}");
    }
    if failed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "\n{failed} of {} are over {most} times what they were. Where that is meant, or a newer compiler or dependency did \
         it, renew the limits, and say why in the commit:\n{RENEW}",
        rows.len()
    );
    Ok(ExitCode::FAILURE)
}

const RENEW: &str = "    cargo bench --bench instructions -- --renew";

/// Writes the counts down as the limits.
pub(crate) fn renew(maker: &Maker, counts: &Counts) -> Result<()> {
    let mut text = format!(
        "# Instructions per request above the bare handler, by profile and contender: what `cargo bench --bench instructions\n\
         # -- --gate` holds a change against, in CI. {ALIKE} times as many are let pass, and {UNLIKE} times where compiler,\n\
         # libraries, valgrind or processor are others than here. Written by `-- --renew`.\n\n\
         [made_with]\nrust = {:?}\nvalgrind = {:?}\nprocessor = {:?}\nlibraries = {:?}\n",
        maker.rust, maker.valgrind, maker.processor, maker.libraries
    );
    for (profile, contenders) in counts {
        write!(text, "\n[counts.{profile}]\n")?;
        for (contender, count) in contenders {
            writeln!(text, "{contender:?} = {count:.1}")?;
        }
    }
    fs::write(path(), text)?;
    println!("\nWritten to benches/limits.toml.");
    Ok(())
}
