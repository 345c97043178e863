//! All integration tests of the workspace in one program, so that what they share is linked once.
//!
//! `cargo test -p breachdex-tests --test all splice` runs those of a module. A test that limits its own process
//! (`../forged.rs` limits the memory of all that allocates) is a program of its own beside this folder.

#![forbid(unsafe_code)]

mod command;
mod crash;
mod damage;
mod dependencies;
mod faults;
mod floods;
mod fuzz;
mod gallery;
mod limits;
mod metamorphic;
mod past_4_gib;
mod policy_vectors;
mod proxy;
mod recorded;
mod remote;
mod second_reader;
mod serve;
#[cfg(unix)]
mod signatures;
mod splice;
mod starter;
#[cfg(unix)]
mod surfaces;
mod vectors;
