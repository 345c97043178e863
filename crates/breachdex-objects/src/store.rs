//! A store: objects are put, got and deleted, each with retries and a deadline for all of them together.

#![forbid(unsafe_code)]

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use breachdex_hibp::NetworkOptions;
use bytes::Bytes;
use futures_util::StreamExt as _;
use md5::{Digest as _, Md5};
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, BackoffConfig, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutMode,
    PutOptions, PutPayload, RetryConfig, UpdateVersion,
};
use tokio::runtime::{Builder, Runtime};

use crate::refusal::{classify, innermost, is_transient};
use crate::settings::refuse_plain_http;
use crate::transport::Transport;
use crate::{ObjectAddress, ObjectError};

/// First and longest wait before another try.
const BACKOFF: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(15)];

/// How often an object is sent again that does not lie there as it was sent.
const SENDINGS: u32 = 3;

/// How a store is used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreOptions {
    /// Requests at a time.
    pub concurrency: usize,
    /// Longest wait for a connection, and for each piece of an answer.
    pub timeout: Duration,
    /// Longest time for one object, all tries together.
    pub deadline: Duration,
    /// How the store is reached and whom to trust.
    pub network: NetworkOptions,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            concurrency: 64,
            timeout: Duration::from_secs(30),
            deadline: Duration::from_secs(300),
            network: NetworkOptions::default(),
        }
    }
}

/// A bucket and a prefix that can be reached.
pub struct Store {
    address: ObjectAddress,
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
    options: StoreOptions,
    /// Whether entity tags are MD5 hashes of what lies there: not where objects are encrypted with keys of a service.
    has_md5_tags: AtomicBool,
}

/// What was found under a name.
pub(crate) struct Object {
    pub(crate) body: Bytes,
    pub(crate) tag: Option<String>,
    pub(crate) modified: SystemTime,
    pub(crate) length: u64,
    pub(crate) blake3: Option<String>,
}

/// When an object is written.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Always,
    /// Only where there is none.
    Missing,
    /// Only in place of this state.
    State(String),
}

impl Store {
    /// A store with the settings of the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`,
    /// `AWS_ENDPOINT_URL` and what the `object_store` crate knows besides. Nothing is connected.
    ///
    /// # Errors
    /// [`ObjectError::Settings`].
    pub fn open(address: &ObjectAddress, options: &StoreOptions) -> Result<Self, ObjectError> {
        let refused = |reason| ObjectError::Settings { bucket: address.bucket().to_owned(), reason };
        refuse_plain_http(&|name| std::env::var(name).ok()).map_err(refused)?;
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(address.bucket())
            .with_http_connector(Transport {
                timeout: options.timeout,
                connections: options.concurrency,
                network: options.network.clone(),
            })
            // Retries are ours: they end by a deadline, and each is counted.
            .with_retry(RetryConfig {
                max_retries: 0,
                retry_timeout: options.deadline,
                backoff: BackoffConfig::default(),
            })
            .build()
            .map_err(|error| refused(innermost(&error)))?;
        Self::with(address, Arc::new(store), options)
    }

    /// Another store under an address: for tests, and for stores that need more than the environment says.
    ///
    /// # Errors
    /// [`ObjectError::Settings`] where the system has no threads.
    pub fn with(
        address: &ObjectAddress,
        store: Arc<dyn ObjectStore>,
        options: &StoreOptions,
    ) -> Result<Self, ObjectError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .thread_name("breachdex-objects")
            .build()
            .map_err(|error| ObjectError::Settings {
                bucket: address.bucket().to_owned(),
                reason: error.to_string(),
            })?;
        let (address, options) = (address.clone(), options.clone());
        Ok(Self { address, store, runtime, options, has_md5_tags: AtomicBool::new(true) })
    }

    /// Its address.
    pub fn address(&self) -> &ObjectAddress {
        &self.address
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(crate) fn options(&self) -> &StoreOptions {
        &self.options
    }

    /// Writes an object, and returns its entity tag. What lies there afterwards is what was sent: the store's tag says so, or else it
    /// is read back.
    pub(crate) async fn put(
        &self,
        object: &Path,
        body: Bytes,
        attributes: &Attributes,
        condition: &Condition,
    ) -> Result<Option<String>, ObjectError> {
        let mut sendings = 0;
        loop {
            sendings += 1;
            let tag = match self.put_once(object, &body, attributes, condition).await {
                // An answer may have been lost: then the state that is there is the one that was sent.
                Err(ObjectError::Changed { .. }) if !matches!(condition, Condition::Always) => {
                    match self.get(object).await? {
                        Some(found) if found.body == body => return Ok(found.tag),
                        _ => return Err(ObjectError::Changed { object: self.address.shown(object) }),
                    }
                }
                tag => tag?,
            };
            if self.lies_there(object, &body, tag.as_deref()).await? {
                return Ok(tag);
            }
            // A condition names a state that this one has replaced.
            if sendings == SENDINGS || !matches!(condition, Condition::Always) {
                return Err(self.damaged(object, "what the store has is not what was sent"));
            }
        }
    }

    async fn put_once(
        &self,
        object: &Path,
        body: &Bytes,
        attributes: &Attributes,
        condition: &Condition,
    ) -> Result<Option<String>, ObjectError> {
        let put = || {
            let mode = match condition {
                Condition::Always => PutMode::Overwrite,
                Condition::Missing => PutMode::Create,
                Condition::State(tag) => {
                    PutMode::Update(UpdateVersion { e_tag: Some(tag.clone()), version: None })
                }
            };
            let options = PutOptions { mode, attributes: attributes.clone(), ..PutOptions::default() };
            self.store.put_opts(object, PutPayload::from(body.clone()), options)
        };
        Ok(self.repeat("write", object, put).await?.e_tag)
    }

    /// Whether an object is what was sent.
    async fn lies_there(&self, object: &Path, body: &Bytes, tag: Option<&str>) -> Result<bool, ObjectError> {
        if !self.has_md5_tags.load(Ordering::Relaxed) || tag.is_some_and(|tag| is_md5_of(tag, body)) {
            return Ok(true);
        }
        let found = self.get(object).await?;
        let is_same = found.is_some_and(|found| found.body == *body);
        // Its tags are something else: what was sent is what lies there, and was signed with its SHA-256.
        if is_same {
            self.has_md5_tags.store(false, Ordering::Relaxed);
        }
        Ok(is_same)
    }

    /// Reads a whole object, if there is one.
    pub(crate) async fn get(&self, object: &Path) -> Result<Option<Object>, ObjectError> {
        self.get_with(object, GetOptions::default).await
    }

    /// What is known of an object without its bytes.
    pub(crate) async fn head(&self, object: &Path) -> Result<Option<Object>, ObjectError> {
        self.get_with(object, || GetOptions { head: true, ..GetOptions::default() }).await
    }

    async fn get_with(
        &self,
        object: &Path,
        options: impl Fn() -> GetOptions,
    ) -> Result<Option<Object>, ObjectError> {
        let get = || async {
            let is_head = options().head;
            let found = self.store.get_opts(object, options()).await?;
            let (meta, attributes) = (found.meta.clone(), found.attributes.clone());
            let body = if is_head { Bytes::new() } else { found.bytes().await? };
            let key = Attribute::Metadata(BLAKE3.into());
            Ok(Object {
                body,
                tag: meta.e_tag,
                modified: meta.last_modified.into(),
                length: meta.size,
                blake3: attributes.get(&key).map(|value| value.to_string()),
            })
        };
        match self.repeat("read", object, get).await {
            Ok(found) if !options().head && found.body.len() as u64 != found.length => {
                Err(self.damaged(object, "it is shorter than the store says"))
            }
            Ok(found) => Ok(Some(found)),
            Err(ObjectError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads a part of an object in one state, once: `Changed` where it is in another.
    pub(crate) async fn read_part(
        &self,
        object: &Path,
        part: Range<u64>,
        tag: Option<&str>,
    ) -> Result<(Bytes, Object), ObjectError> {
        let options = GetOptions {
            if_match: tag.map(ToOwned::to_owned),
            range: Some(GetRange::Bounded(part)),
            ..GetOptions::default()
        };
        let read = async {
            let found = self.store.get_opts(object, options).await?;
            let meta = found.meta.clone();
            let body = found.bytes().await?;
            let facts = Object {
                body: Bytes::new(),
                tag: meta.e_tag,
                modified: meta.last_modified.into(),
                length: meta.size,
                blake3: None,
            };
            Ok((body, facts))
        };
        read.await.map_err(|error| classify(&self.address, "read", object, &error, 1))
    }

    /// Removes an object that may be missing.
    pub(crate) async fn delete(&self, object: &Path) -> Result<(), ObjectError> {
        match self.repeat("delete", object, || self.store.delete(object)).await {
            Err(ObjectError::Refused { status: 404, .. }) => Ok(()),
            deleted => deleted,
        }
    }

    /// Whether a listing has any object below the prefix. It may be late; nothing but a refusal may rely on it.
    pub(crate) async fn lists_any(&self) -> Result<bool, ObjectError> {
        let prefix = self.address.prefix();
        let list = || async {
            let mut listing = self.store.list(Some(prefix).filter(|prefix| !prefix.is_root()));
            listing.next().await.transpose().map(|first| first.is_some())
        };
        self.repeat("list", prefix, list).await
    }

    /// Tries until it succeeds, is refused for good, or the time is over.
    async fn repeat<T, F>(
        &self,
        action: &'static str,
        object: &Path,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, ObjectError>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        let (start, deadline) = (Instant::now(), self.options.deadline);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let left = deadline.saturating_sub(start.elapsed());
            let error = match tokio::time::timeout(left, attempt()).await {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(error)) => classify(&self.address, action, object, &error, attempts),
                Err(_) => return Err(self.too_late(action, object)),
            };
            let pause =
                BACKOFF[1].min(BACKOFF[0] * 2_u32.saturating_pow(attempts.min(16) - 1)).mul_f64(jitter());
            if !is_transient(&error) {
                return Err(error);
            }
            if start.elapsed() + pause >= deadline {
                return Err(if attempts > 1 { error } else { self.too_late(action, object) });
            }
            tokio::time::sleep(pause).await;
        }
    }

    fn too_late(&self, action: &'static str, object: &Path) -> ObjectError {
        ObjectError::Deadline { action, object: self.address.shown(object), deadline: self.options.deadline }
    }

    pub(crate) fn damaged(&self, object: &Path, reason: &'static str) -> ObjectError {
        ObjectError::Damaged { object: self.address.shown(object), reason }
    }
}

/// The key of metadata that has a plain body's hash.
pub(crate) const BLAKE3: &str = "breachdex-blake3";

/// Whether an entity tag is the MD5 hash of a body.
fn is_md5_of(tag: &str, body: &[u8]) -> bool {
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    tag.trim_matches('"').eq_ignore_ascii_case(&hex(&Md5::digest(body)))
}

/// A number from a half to 1 by chance, by which waits differ.
fn jitter() -> f64 {
    0.5 + f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_with_the_body() {
        assert!(is_md5_of("\"900150983cd24fb0d6963f7d28e17f72\"", b"abc"));
        assert!(!is_md5_of("\"900150983cd24fb0d6963f7d28e17f72-2\"", b"abc"));
        assert!(!is_md5_of("\"900150983cd24fb0d6963f7d28e17f72\"", b"ab"));
    }
}
