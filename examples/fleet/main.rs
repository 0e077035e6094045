//! One of many servers of a site: start it as often as you like, on one store, behind a load balancer that need not be sticky.
//!
//! ```console
//! $ export FLEET_KEYS=$(openssl rand -hex 64)
//! $ cargo run --example fleet -- postgres://user:password@localhost/database 127.0.0.1:3005
//! $ cargo run --example fleet -- postgres://user:password@localhost/database 127.0.0.1:3006
//! ```
//!
//! The store is the address of a PostgreSQL or a Redis; `memory` and `redb:FILE` are for one server alone. `FLEET_KEYS` is the
//! same on every server: 128 hexadecimal digits, the key of the consent cookie and that of the records' chain.
//!
//! ```console
//! $ curl -i -c jar -b jar -d name=ada http://localhost:3005/sign-in
//! $ curl -i -c jar -b jar -X POST     http://localhost:3006/sign-out
//! $ curl -i -c jar -b jar             http://localhost:3005/account
//! ```
//!
//! Who signs in as `officer` sees at `/office/verify` whether the records of all servers are intact.

mod site;
mod stores;

use std::{env, error::Error, process::ExitCode};

use tokio::net::TcpListener;

use self::{
    site::{Keys, site},
    stores::Stores,
};

const USAGE: &str = "usage: fleet memory|redb:FILE|redis://...|postgres://... [ADDRESS], with FLEET_KEYS";

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut arguments = env::args().skip(1);
    let store = arguments.next().ok_or(USAGE)?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:3005".to_owned());
    let keys = Keys::read(&env::var("FLEET_KEYS").map_err(|_missing| USAGE)?).ok_or(USAGE)?;
    let app = site(&Stores::open(&store, None).await?, &keys)?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
