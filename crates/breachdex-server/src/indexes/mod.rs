//! The indexes that answer: what may be served (`served`, and of overlays `permission`), which serve now (`catalogue`),
//! and how a replaced file takes the place of the old one (`watcher`).

#![forbid(unsafe_code)]

pub(crate) mod catalogue;
pub(crate) mod permission;
pub(crate) mod served;
pub(crate) mod watcher;
