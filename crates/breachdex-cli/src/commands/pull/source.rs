//! Where `pull` finds a published index: at a web server, or in an object store in a build with the feature `s3`.

#![forbid(unsafe_code)]

use std::path::Path;
use std::str::FromStr;

use breachdex::Monitor;
use breachdex_hibp::pull::{FileUrl, PullOptions, PullPreview, PullReport, preview_pull, pull};
#[cfg(feature = "s3")]
use breachdex_hibp::pull::{preview_pull_from, pull_from};
#[cfg(feature = "s3")]
use breachdex_objects::{ObjectAddress, PublishedObject, Store, StoreOptions};

use crate::failure::Failure;
use crate::flags::values::refuse_object_store;

/// A published index.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Url(FileUrl),
    #[cfg(feature = "s3")]
    Object(ObjectAddress),
}

impl FromStr for Source {
    type Err = Box<dyn std::error::Error + Send + Sync>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        refuse_object_store(text)?;
        #[cfg(feature = "s3")]
        if text.starts_with("s3://") {
            return Ok(Self::Object(text.parse()?));
        }
        Ok(Self::Url(text.parse()?))
    }
}

impl Source {
    pub(super) fn pull(
        &self,
        target: &Path,
        options: &PullOptions,
        monitor: &dyn Monitor,
    ) -> Result<PullReport, Failure> {
        match self {
            Self::Url(url) => Ok(pull(url, target, options, monitor)?),
            #[cfg(feature = "s3")]
            Self::Object(address) => Ok(pull_from(&published(address, options)?, target, options, monitor)?),
        }
    }

    pub(super) fn preview(
        &self,
        target: &Path,
        options: &PullOptions,
        monitor: &dyn Monitor,
    ) -> Result<PullPreview, Failure> {
        match self {
            Self::Url(url) => Ok(preview_pull(url, target, options, monitor)?),
            #[cfg(feature = "s3")]
            Self::Object(address) => {
                Ok(preview_pull_from(&published(address, options)?, target, options, monitor)?)
            }
        }
    }
}

#[cfg(feature = "s3")]
fn published(address: &ObjectAddress, options: &PullOptions) -> Result<PublishedObject, Failure> {
    let mut store = StoreOptions::default();
    store.concurrency = options.concurrency;
    store.timeout = options.timeout;
    store.deadline = options.request_timeout;
    store.network.clone_from(&options.network);
    let store = Store::open(address, &store).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(PublishedObject::new(store))
}
