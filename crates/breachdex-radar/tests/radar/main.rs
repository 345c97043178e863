//! The radar as its users see it: simulated sites and attacks, advice, clocks, memory and saved states.

#![forbid(unsafe_code)]
// The figures are for the documentation: run with --nocapture.
#![allow(clippy::print_stdout)]

mod attacks;
mod honest;
mod options;
mod poison;
mod saved;
mod surroundings;
mod world;
