//! The indexes that answer: what may be served (`served`, and of overlays `permission`), which serve now (`catalogue`),
//! how a replaced file takes the place of the old one (`watcher`), and how several make one range (`rows`).

#![forbid(unsafe_code)]

pub(crate) mod catalogue;
pub(crate) mod permission;
mod rows;
pub(crate) mod served;
pub(crate) mod watcher;
