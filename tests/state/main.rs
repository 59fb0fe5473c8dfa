//! The state: real SQLite files, real processes that are killed, and a model to check them against.

mod concurrency;
mod damage;
mod kill;
mod measure;
mod model;
mod place;
mod records;
mod support;
