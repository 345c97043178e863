//! What is looked up: the kinds of digest, a digest, and the one door through which passwords enter.
//!
//! A [`Digest`] of a user's password is as good as the password to an attacker with a word list, so its
//! `Debug` says nothing and its memory is overwritten when it is dropped.

#![forbid(unsafe_code)]

use std::fmt;

use md4::Md4;
use sha1::digest::FixedOutputReset;
use sha1::{Digest as _, Sha1};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::{Error, Result};
use crate::hex;
use crate::memory::{OF_ONE, erasing_stack};

/// Which digest of the password an index holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// SHA-1 of the password's bytes: 160 bits.
    Sha1,
    /// NTLM: MD4 of the password in UTF-16LE, 128 bits.
    Ntlm,
}

impl Kind {
    /// Width of a digest in bits: 160 or 128.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Sha1 => 160,
            Self::Ntlm => 128,
        }
    }

    /// Width of a digest in bytes: 20 or 16.
    pub const fn bytes(self) -> usize {
        self.bits() as usize / 8
    }

    /// Width of a digest in hexadecimal digits: 40 or 32.
    pub const fn hex_digits(self) -> usize {
        self.bits() as usize / 4
    }

    /// The name used on the command line and in reports: `sha1` or `ntlm`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Ntlm => "ntlm",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1 => "SHA-1",
            Self::Ntlm => "NTLM",
        })
    }
}

/// A full digest to look up. Zeroized on drop; `Debug` shows the kind only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest {
    kind: Kind,
    key: Key,
}

impl Digest {
    /// A digest from its raw bytes: 20 for SHA-1, 16 for NTLM.
    ///
    /// # Errors
    /// [`Error::InvalidDigest`] when the width is not the kind's.
    pub fn from_bytes(kind: Kind, bytes: &[u8]) -> Result<Self> {
        if bytes.len() != kind.bytes() {
            return Err(Error::InvalidDigest { kind, found: bytes.len(), unit: "bytes" });
        }
        Ok(Self { key: Key::from_bytes(bytes), kind })
    }

    /// A digest from hexadecimal digits of either case: 40 for SHA-1, 32 for NTLM.
    ///
    /// # Errors
    /// [`Error::InvalidDigest`] when the width is not the kind's, [`Error::InvalidHex`] when a byte is not
    /// a hexadecimal digit. Neither repeats the input.
    pub fn from_hex(kind: Kind, digits: &[u8]) -> Result<Self> {
        if digits.len() != kind.hex_digits() {
            return Err(Error::InvalidDigest { kind, found: digits.len(), unit: "hex digits" });
        }
        let key = erasing_stack::<OF_ONE, _>(|| hex::decode_key(digits)).ok_or(Error::InvalidHex)?;
        Ok(Self { key, kind })
    }

    /// The SHA-1 digest of a password, its bytes taken as they are.
    pub fn sha1(password: &[u8]) -> Self {
        erasing_stack::<OF_ONE, _>(|| Self::of_whole(Kind::Sha1, password))
    }

    /// The NTLM digest of a password.
    pub fn ntlm(password: &str) -> Self {
        erasing_stack::<OF_ONE, _>(|| Self::of_whole(Kind::Ntlm, password.as_bytes()))
    }

    fn of_whole(kind: Kind, password: &[u8]) -> Self {
        let mut hasher = PasswordHasher::new(kind);
        hasher.update(password);
        hasher.take_digest()
    }

    /// 160 bits of a keyed digest, by which files of exposed pairs are asked. It has the kind [`Kind::Sha1`], which has that
    /// width, and means nothing to an index of passwords.
    pub fn keyed(bytes: &[u8; 20]) -> Self {
        Self { key: Key::from_bytes(bytes), kind: Kind::Sha1 }
    }

    /// Which digest this is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The raw bytes, zeroized when the returned buffer is dropped.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let all = Zeroizing::new(self.key.to_bytes());
        Zeroizing::new(all[..self.kind.bytes()].to_vec())
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    pub(crate) fn from_key(kind: Kind, key: Key) -> Self {
        Self { key, kind }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({}, ..)", self.kind)
    }
}

impl Drop for Digest {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl ZeroizeOnDrop for Digest {}

/// Hashes one password piece by piece in constant memory, whatever its length.
///
/// ```
/// use breachdex::{Digest, Kind, PasswordHasher};
/// let mut hasher = PasswordHasher::new(Kind::Sha1);
/// hasher.update(b"pass");
/// hasher.update(b"word");
/// assert_eq!(hasher.finish()?, Digest::sha1(b"password"));
/// # Ok::<(), breachdex::Error>(())
/// ```
pub struct PasswordHasher(State);

enum State {
    Sha1(Sha1),
    Ntlm { md4: Md4, pending: Utf8Tail, invalid: bool },
}

/// The bytes of a UTF-8 character whose end has not been seen yet.
#[derive(Default)]
struct Utf8Tail {
    bytes: [u8; 4],
    len: usize,
}

impl PasswordHasher {
    /// A hasher that has seen nothing, which is the empty password.
    pub fn new(kind: Kind) -> Self {
        Self(match kind {
            Kind::Sha1 => State::Sha1(Sha1::new()),
            Kind::Ntlm => State::Ntlm { md4: Md4::new(), pending: Utf8Tail::default(), invalid: false },
        })
    }

    /// Adds the next bytes of the password. For NTLM the whole must be UTF-8; pieces may cut a character.
    pub fn update(&mut self, mut bytes: &[u8]) {
        match &mut self.0 {
            State::Sha1(sha1) => sha1.update(bytes),
            State::Ntlm { md4, pending, invalid } => {
                while pending.len > 0 && !bytes.is_empty() && !*invalid {
                    pending.bytes[pending.len] = bytes[0];
                    pending.len += 1;
                    bytes = &bytes[1..];
                    match std::str::from_utf8(&pending.bytes[..pending.len]) {
                        Ok(character) => {
                            update_utf16(md4, character);
                            pending.len = 0;
                        }
                        Err(error) => *invalid = error.error_len().is_some(),
                    }
                }
                while !bytes.is_empty() && !*invalid {
                    match std::str::from_utf8(bytes) {
                        Ok(text) => {
                            update_utf16(md4, text);
                            bytes = &[];
                        }
                        Err(error) => {
                            let (valid, rest) = bytes.split_at(error.valid_up_to());
                            update_utf16(md4, std::str::from_utf8(valid).unwrap_or_default());
                            if error.error_len().is_some() {
                                *invalid = true;
                            } else {
                                pending.bytes[..rest.len()].copy_from_slice(rest);
                                pending.len = rest.len();
                            }
                            bytes = &[];
                        }
                    }
                }
            }
        }
    }

    /// The digest of everything added.
    ///
    /// # Errors
    /// [`Error::PasswordNotUtf8`] for NTLM when the bytes were not UTF-8.
    pub fn finish(mut self) -> Result<Digest> {
        self.finish_reset()
    }

    /// [`PasswordHasher::finish`], after which the hasher has seen nothing and can hash another password in the same
    /// place. A hasher that is moved leaves what it has seen where it was, and a result that is unwrapped the digest:
    /// [`erasing_stack`](crate::memory::erasing_stack) around the caller overwrites both.
    ///
    /// # Errors
    /// As [`PasswordHasher::finish`]. The hasher is as new then too.
    pub fn finish_reset(&mut self) -> Result<Digest> {
        erasing_stack::<OF_ONE, _>(|| self.finish_in_bulk())
    }

    /// [`PasswordHasher::finish_reset`], without overwriting the stack: for passwords of lists.
    pub(crate) fn finish_in_bulk(&mut self) -> Result<Digest> {
        if let State::Ntlm { pending, invalid, .. } = &self.0
            && (*invalid || pending.len > 0)
        {
            *self = Self::new(Kind::Ntlm);
            return Err(Error::PasswordNotUtf8);
        }
        Ok(self.take_digest())
    }

    fn take_digest(&mut self) -> Digest {
        match &mut self.0 {
            State::Sha1(sha1) => {
                let mut bytes = Zeroizing::new([0; 20]);
                FixedOutputReset::finalize_into_reset(sha1, (&mut *bytes).into());
                // Resetting forgets how much of its block is in use, not the block.
                *sha1 = Sha1::new();
                Digest { key: Key::from_bytes(&*bytes), kind: Kind::Sha1 }
            }
            State::Ntlm { md4, pending, .. } => {
                let mut bytes = Zeroizing::new([0; 16]);
                FixedOutputReset::finalize_into_reset(md4, (&mut *bytes).into());
                *md4 = Md4::new();
                *pending = Utf8Tail::default();
                Digest { key: Key::from_bytes(&*bytes), kind: Kind::Ntlm }
            }
        }
    }
}

impl Drop for Utf8Tail {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHasher(..)")
    }
}

fn update_utf16(md4: &mut Md4, text: &str) {
    let mut buffer = Zeroizing::new([0_u8; 128]);
    let mut used = 0;
    for unit in text.encode_utf16() {
        buffer[used..used + 2].copy_from_slice(&unit.to_le_bytes());
        used += 2;
        if used == buffer.len() {
            md4.update(&buffer[..]);
            used = 0;
        }
    }
    md4.update(&buffer[..used]);
}

/// A digest, or its leading bits, as a 192-bit register: bit 0 is the digest's first (most significant)
/// bit; what lies beyond the digest's width is zero. The order of keys is the order of digests.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Zeroize)]
pub(crate) struct Key {
    pub(crate) words: [u64; 3],
}

impl Key {
    /// The key whose leading bytes are given; at most 24.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let (whole, rest) = bytes.as_chunks::<8>();
        let mut words = [0; 3];
        for (word, bytes) in words.iter_mut().zip(whole) {
            *word = u64::from_be_bytes(*bytes);
        }
        if !rest.is_empty() {
            let last = rest.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
            words[whole.len()] = last << (64 - 8 * rest.len());
        }
        Self { words }
    }

    /// All 24 bytes, the digest's first.
    pub(crate) fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0_u8; 24];
        for (part, word) in bytes.chunks_exact_mut(8).zip(self.words) {
            part.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    /// The first `bits` (at most 64) as a number.
    #[inline(always)]
    pub(crate) fn leading(&self, bits: u32) -> u64 {
        if bits == 0 { 0 } else { self.words[0] >> (64 - bits) }
    }

    /// The key without its first `bits` (at most 63), moved up.
    #[inline(always)]
    pub(crate) fn skip(&self, bits: u32) -> Self {
        if bits == 0 {
            return *self;
        }
        let [a, b, c] = self.words;
        Self { words: [a << bits | b >> (64 - bits), b << bits | c >> (64 - bits), c << bits] }
    }

    /// The key with everything after its first `bits` set to zero.
    #[inline]
    pub(crate) fn truncated(&self, bits: u32) -> Self {
        let mut words = self.words;
        for (i, word) in words.iter_mut().enumerate() {
            let kept = bits.saturating_sub(i as u32 * 64).min(64);
            *word &= if kept == 0 { 0 } else { u64::MAX << (64 - kept) };
        }
        Self { words }
    }

    /// Sets the `width` (at most 64) bits that start at bit `at` to `value`; they must be zero before.
    #[inline(always)]
    pub(crate) fn place(&mut self, at: u32, width: u32, value: u64) {
        if width == 0 {
            return;
        }
        let (word, shift) = ((at / 64) as usize, at % 64);
        let aligned = value << (64 - width);
        self.words[word] |= aligned >> shift;
        if shift + width > 64 {
            self.words[word + 1] |= aligned << (64 - shift);
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}
