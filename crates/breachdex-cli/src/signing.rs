//! Secret keys, and the statement and signature of an index that is written.
//!
//! The order in which files appear is that of the library's `trust::SignatureFiles`: first the pair with `next` in its
//! names, then the index, then the pair under its lasting names. Whatever ends a job, one of the pairs belongs to the index
//! that is there.

#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, Cursor, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use breachdex::files::{self, PrivateFault};
use breachdex::trust::{PublicKey, SignatureFiles, Statement, Trust};
use breachdex::{BeforePublish, Error, Index, OpenOptions};
use minisign::{KeyPair, SecretKey, SecretKeyBox};
use zeroize::{Zeroizing, zeroize_stack};

use crate::failure::Failure;
use crate::passwords::{Content, Event, Line, Lines, Listing, Stopped, Terminator, standard_input};
use crate::target::{self, Target};
use crate::{messages, terminal};

/// No secret key's file is longer.
const LONGEST_KEY: usize = 8 << 10;

/// How the second line of a secret key's file begins: "Ed", then "Sc" or zeros, then "B2".
const ENCRYPTED: &str = "RWRTY0Iy";
const PLAIN: &str = "RWQAAEIy";

/// Bytes of a secret key's second line, and of the checksum that they end with.
const KEY: usize = 158;
const CHECKSUM: usize = 32;

/// Stack that the library of signatures may have used, which leaves copies of keys there.
const STACK: usize = 256 << 10;

/// A secret key, ready to sign. Has no `Debug`: that of the key prints it.
pub(crate) struct SigningKey {
    /// On the heap, so that it leaves no copy where it is moved.
    secret: Box<SecretKey>,
    public: PublicKey,
}

/// Where the password of a secret key comes from.
#[derive(Clone, Copy)]
enum Password {
    /// From the terminal, or standard input.
    Ask,
    /// From nowhere, for standard input holds something else.
    Busy,
    /// From nowhere, for there is nobody to ask.
    Never,
}

/// A secret key without a password: for programs that write and sign indexes without the command.
pub struct Signer(Arc<SigningKey>);

impl Signer {
    /// Reads a key.
    ///
    /// # Errors
    /// What is wrong with it, as the command says it; also for a key that has a password.
    pub fn load(path: &Path) -> Result<Self, String> {
        let key = SigningKey::read(path, Password::Never);
        zeroize_stack::<STACK>();
        key.map(|key| Self(Arc::new(key))).map_err(|failure| failure.to_string())
    }

    /// Returns what a build does before an index gets its name: it writes the statement and its signature.
    /// [`SignatureFiles::settle`] gives them their lasting names afterwards.
    pub fn before_publish(&self, index: &Path) -> BeforePublish {
        self.0.before_publish(index)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(..)")
    }
}

/// The library of signatures does not overwrite its keys. Another one in the same place does.
impl Drop for SigningKey {
    fn drop(&mut self) {
        if let Ok(zeros) = SecretKey::from_bytes(&[0; KEY]) {
            *self.secret = zeros;
            std::hint::black_box(&self.secret);
        }
        zeroize_stack::<STACK>();
    }
}

impl SigningKey {
    /// Reads a key, and asks for its password where it has one. `takes_input` says that standard input holds something else.
    pub(crate) fn load(path: &Path, takes_input: bool) -> Result<Self, Failure> {
        let is_busy = takes_input && !io::stdin().is_terminal();
        let key = Self::read(path, if is_busy { Password::Busy } else { Password::Ask });
        // The copies are in the frames of what was called, and those are gone.
        zeroize_stack::<STACK>();
        key
    }

    #[inline(never)]
    fn read(path: &Path, password: Password) -> Result<Self, Failure> {
        let refused = |reason: &'static str| Failure::SecretKey { path: path.to_owned(), reason };
        let text = read_key(path)?;
        let line = text.lines().nth(1).unwrap_or_default().trim();
        let secret = if line.starts_with(PLAIN) {
            plain_key(line).ok_or_else(|| refused("it is damaged; restore it from a copy"))?
        } else if line.starts_with(ENCRYPTED) {
            match password {
                Password::Ask => {}
                Password::Busy => {
                    return Err(refused(
                        "it has a password, and standard input holds something else; sign the index afterwards with breachdex sign",
                    ));
                }
                Password::Never => {
                    return Err(refused(
                        "it has a password; sign the index afterwards with breachdex sign, or use a key without one",
                    ));
                }
            }
            let password = ask("password of the secret key: ")?;
            let boxed = SecretKeyBox::from(String::from(text.as_str()));
            let secret = boxed.into_secret_key(Some(String::from(password.as_str())));
            secret.map_err(|_| refused("the password is wrong, or the file is damaged"))?
        } else if line.len() == 56 {
            return Err(refused("it is a public key; name the secret key"));
        } else {
            return Err(refused("it is not a minisign secret key"));
        };
        Self::new(secret).ok_or_else(|| refused("it is damaged; restore it from a copy"))
    }

    fn new(secret: SecretKey) -> Option<Self> {
        let public = minisign::PublicKey::from_secret_key(&secret).ok()?;
        Some(Self { public: public.to_base64().parse().ok()?, secret: Box::new(secret) })
    }

    /// The public key that belongs to it.
    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Writes the statement of an index and its signature, under the names that they have until the index is there.
    pub(crate) fn write_next(&self, index: &Path, statement: &Statement) -> Result<(), Failure> {
        let text = statement.encode().map_err(|fault| Failure::Usage(fault.to_string()))?;
        let signature = self.sign(text.as_bytes(), &SignatureFiles::beside(index).statement)?;
        Ok(SignatureFiles::write_next(index, &text, &signature)?)
    }

    /// The signature of a file of these bytes, as a file of minisign's.
    pub(crate) fn sign(&self, bytes: &[u8], file: &Path) -> Result<String, Failure> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().replace(char::is_control, "?");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let comment = format!("timestamp:{now}\tfile:{name}\thashed");
        let public = minisign::PublicKey::from_secret_key(&self.secret).map_err(|error| failed(&error))?;
        let signature = minisign::sign(
            Some(&public),
            &self.secret,
            Cursor::new(bytes),
            Some(&comment),
            Some("signature from breachdex secret key"),
        );
        zeroize_stack::<STACK>();
        Ok(signature.map_err(|error| failed(&error))?.to_string())
    }

    /// What a job does before an index gets its name.
    pub(crate) fn before_publish(self: &Arc<Self>, index: &Path) -> BeforePublish {
        let (key, index) = (Arc::clone(self), index.to_owned());
        BeforePublish::new(move |metadata, content_id| {
            key.write_next(&index, &Statement::of(metadata, content_id)).map_err(|failure| match failure {
                Failure::Index(error) => error,
                other => Error::Unbuildable(other.to_string()),
            })
        })
    }
}

/// A key that is not encrypted. Those of `minisign -G -W` have zeros for a checksum; signing finds out whether its halves
/// belong together.
fn plain_key(line: &str) -> Option<SecretKey> {
    // Not decoded by the library, which does not overwrite what it read. The decoder asks for more than it fills.
    let mut decoded = Zeroizing::new([0; KEY + 8]);
    BASE64_STANDARD.decode_slice(line, &mut *decoded).ok().filter(|length| *length == KEY)?;
    let bytes = &mut decoded[..KEY];
    if bytes[KEY - CHECKSUM..].iter().any(|byte| *byte != 0) {
        // Only of a key that may be encrypted the library compares the checksum.
        bytes[2..4].copy_from_slice(b"Sc");
        let is_damaged = SecretKey::from_bytes(bytes).ok()?.is_encrypted();
        bytes[2..4].fill(0);
        if is_damaged {
            return None;
        }
    }
    SecretKey::from_bytes(bytes).ok()
}

/// Gives the pair of an index that is there now its lasting names.
pub(crate) fn settle(index: &Path) -> Result<(), Failure> {
    messages::durability(&SignatureFiles::beside(index).statement, SignatureFiles::settle(index)?);
    Ok(())
}

/// Refuses an index that a job finds finished, and that this key has not signed.
pub(crate) fn require(index: &Path, key: &SigningKey) -> Result<(), Failure> {
    let trust = Trust::keys([key.public().clone()])?;
    Index::open_with(index, OpenOptions::new().trust(trust))?;
    Ok(())
}

/// The key that a job signs with, where it is to.
pub(crate) fn load(path: Option<&PathBuf>, takes_input: bool) -> Result<Option<Arc<SigningKey>>, Failure> {
    path.map(|path| SigningKey::load(path, takes_input).map(Arc::new)).transpose()
}

/// Generates a pair of keys and writes it. Returns the public key.
pub(crate) fn generate(secret: &Path, public: &Path, encrypted: bool) -> Result<PublicKey, Failure> {
    for path in [secret, public] {
        if path.symlink_metadata().is_ok() {
            return Err(Failure::Usage(format!(
                "{} exists; keys are never replaced, choose another name",
                path.display()
            )));
        }
    }
    let pair = match encrypted {
        true => KeyPair::generate_encrypted_keypair(Some(String::from(new_password()?.as_str()))),
        false => KeyPair::generate_unencrypted_keypair(),
    };
    let pair = pair.map_err(|error| failed(&error))?;
    let comment = if encrypted { "breachdex encrypted secret key" } else { "breachdex secret key" };
    let text = pair.sk.to_box(Some(comment)).map_err(|error| failed(&error))?;
    let text = Zeroizing::new(String::from(text));
    let public_text = pair.pk.to_box().map_err(|error| failed(&error))?.into_string();
    let key = public_text.parse::<PublicKey>()?;
    let mut target = Target::create(secret, false, true)?;
    put(&mut target, secret, text.as_bytes())?;
    target.publish(false)?;
    let mut target = Target::create(public, false, false)?;
    put(&mut target, public, public_text.as_bytes())?;
    target.publish(false)?;
    Ok(key)
}

fn put(target: &mut Target, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    target.file().write_all(bytes).map_err(|source| target::failed("write", path, source))
}

fn read_key(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let shown = path.display();
    // A pipe is opened once: its writer would be lost with the first descriptor.
    let (file, fault) = files::open_secret(path).map_err(|source| target::failed("open", path, source))?;
    let said = match fault {
        None => None,
        Some(PrivateFault::Public { mode }) => {
            Some((format!("has mode {mode:04o}"), format!("run chmod 600 {shown}")))
        }
        Some(PrivateFault::Foreign) => {
            Some((String::from("belongs to another user"), String::from("make a key of your own")))
        }
        Some(fault) => return Err(target::failed("open", path, fault.into())),
    };
    // A signature by such a key is as good as any, so it is no fault of this job.
    if let Some((said, mend)) = said {
        messages::note(&format!("{shown} {said}, so other users can sign with it; {mend}"));
    }
    let bytes = files::read_secret(file, LONGEST_KEY);
    let bytes = bytes.map_err(|source| target::failed("read", path, source))?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => {
            Err(Failure::SecretKey { path: path.to_owned(), reason: "it is not a minisign secret key" })
        }
    }
}

/// A password from the terminal, or the first line of standard input.
fn ask(question: &str) -> Result<Zeroizing<String>, Failure> {
    let line = match io::stdin().is_terminal() {
        true => terminal::prompt(question)?.unwrap_or_default(),
        false => first_line()?,
    };
    match line.bytes().map(std::str::from_utf8) {
        Some(Ok(text)) => Ok(Zeroizing::new(text.to_owned())),
        _ => Err(Failure::Usage(String::from("the password of the secret key is not UTF-8"))),
    }
}

fn first_line() -> Result<Line, Failure> {
    let listing = Listing {
        name: "standard input",
        terminator: Terminator::Newline,
        content: Content::Passwords,
        takes_hash: false,
        hashes_bytes: false,
        are_passwords: false,
    };
    let mut line = Line::default();
    let mut lines = Lines::new(standard_input()?, listing);
    let read = lines.next_line(|event| {
        if let Event::Piece(piece) = event {
            line.push(piece);
        }
        Ok::<(), Stopped>(())
    });
    match read {
        Ok(_) => Ok(line),
        Err(Stopped::Failure(failure)) => Err(failure),
        Err(Stopped::Input(source)) => Err(Failure::system("read standard input")(source)),
        Err(Stopped::NotText(_)) => {
            Err(Failure::Usage(String::from("the password of the secret key is not UTF-8")))
        }
    }
}

fn new_password() -> Result<Zeroizing<String>, Failure> {
    let password = ask("new password for the secret key: ")?;
    if password.is_empty() {
        return Err(Failure::Usage(String::from(
            "the password is empty; give one, or say --no-password for a key that is not encrypted",
        )));
    }
    if io::stdin().is_terminal() && *ask("the same password again: ")? != *password {
        return Err(Failure::Usage(String::from("the two passwords differ; try again")));
    }
    Ok(password)
}

/// What the library of signatures refused, which names no secret.
fn failed(error: &minisign::PError) -> Failure {
    Failure::Usage(format!("cannot sign: {error}"))
}
