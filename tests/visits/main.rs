//! The visit log from outside: requests over real connections, and the lines that come of them.

mod lines;
mod site;
