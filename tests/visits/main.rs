//! The visit log from outside: requests over real connections, and the lines that come of them.

mod answers;
mod files;
mod lines;
mod proxies;
mod queue;
mod scan;
mod site;
