//! Makes the table of the feature `catalogue` from the Open Cookie Database, after its CSV was replaced by a newer one:
//!
//! `cargo run --example catalogue`
//!
//! The same CSV gives the same table, byte for byte; a test holds that. What is changed on the way stands in the NOTICE
//! beside the CSV, and in [`table`].

use std::{error::Error, fs, path::Path};

mod table;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalogue/open-cookie-database");
    let csv = folder.join("open-cookie-database.csv");
    // It is not in the package, only in the repository.
    let csv = fs::read(&csv).map_err(|error| format!("{}: {error}", csv.display()))?;
    let table = table::make(&csv)?;
    let target = folder.join("table.in");
    fs::write(&target, &table).map_err(|error| format!("{}: {error}", target.display()))?;
    println!("{}: {} bytes of source", target.display(), table.len());
    Ok(())
}
