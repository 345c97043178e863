//! Digests of many passwords, or many given ones: short passwords are hashed side by side where the processor can.

#![forbid(unsafe_code)]

use std::fmt;

use zeroize::Zeroize as _;

use crate::digest::{Digest, Key, Kind, PasswordHasher};
use crate::error::{Error, Result};
use crate::hex;
use crate::kernels::md4_lanes::Md4Lanes;
use crate::kernels::sha1_lanes::{LANES, Lanes, Sha1Lanes};
use crate::memory;

/// The most bytes that are one block of SHA-1 or MD4.
const ONE_BLOCK: usize = 55;

/// How passwords are hashed side by side.
#[derive(Clone, Copy)]
enum PasswordLanes {
    Sha1(Sha1Lanes),
    Ntlm(Md4Lanes),
}

impl PasswordLanes {
    fn choose(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Sha1 => Sha1Lanes::choose().map(Self::Sha1),
            Kind::Ntlm => Md4Lanes::choose().map(Self::Ntlm),
        }
    }
}

/// Digests in the order in which they, or their passwords, were added.
///
/// It is for many: unlike [`Digest::sha1`] it overwrites no stack for each of them. Put
/// [`erasing_stack`](crate::memory::erasing_stack) with 8 KiB around the adding of many. What it holds itself is overwritten
/// by [`DigestList::clear`] and when it is dropped.
///
/// ```
/// use breachdex::{Digest, DigestList, Kind};
/// let mut list = DigestList::new(Kind::Sha1);
/// list.add_password(b"password")?;
/// list.add_hex(b"AF8978B1797B72ACFFF9595A5A2A373EC3D9106D")?;
/// assert_eq!(list.finish(), [Digest::sha1(b"password"), Digest::sha1(b"dragon")]);
/// # Ok::<(), breachdex::Error>(())
/// ```
pub struct DigestList {
    kind: Kind,
    digests: Vec<Digest>,
    hasher: PasswordHasher,
    lanes: Option<PasswordLanes>,
    waiting: Box<Waiting>,
}

/// Short passwords that wait until there is one for every lane.
struct Waiting {
    /// The words of the blocks, lane by lane.
    block: [Lanes; 16],
    /// Where the digest of each lane goes.
    places: [usize; LANES],
    length: usize,
    /// The bytes of the block that is made at the moment.
    bytes: [u8; 64],
}

impl DigestList {
    /// A list without digests.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            digests: Vec::new(),
            hasher: PasswordHasher::new(kind),
            lanes: PasswordLanes::choose(kind),
            waiting: Box::new(Waiting {
                block: [[0; LANES]; 16],
                places: [0; LANES],
                length: 0,
                bytes: [0; 64],
            }),
        }
    }

    /// Adds the digest of a password.
    ///
    /// # Errors
    /// [`Error::PasswordNotUtf8`] for NTLM when the bytes are not UTF-8. Nothing is added then.
    #[inline]
    pub fn add_password(&mut self, password: &[u8]) -> Result<()> {
        if let Some(lanes) = self.lanes
            && self.waiting.take(lanes, password, self.digests.len())
        {
            self.add(Key::default());
            if self.waiting.length == LANES {
                self.waiting.settle(lanes, &mut self.digests);
            }
            return Ok(());
        }
        self.hasher.update(password);
        let digest = self.hasher.finish_in_bulk()?;
        memory::push(&mut self.digests, digest);
        Ok(())
    }

    /// Adds a digest that is given by its raw bytes.
    ///
    /// # Errors
    /// As [`Digest::from_bytes`]. Nothing is added then.
    #[inline]
    pub fn add_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let digest = Digest::from_bytes(self.kind, bytes)?;
        memory::push(&mut self.digests, digest);
        Ok(())
    }

    /// Adds a digest that is given in hexadecimal digits of either case.
    ///
    /// # Errors
    /// As [`Digest::from_hex`]. Nothing is added then.
    #[inline]
    pub fn add_hex(&mut self, digits: &[u8]) -> Result<()> {
        if digits.len() != self.kind.hex_digits() {
            return Err(Error::InvalidDigest { kind: self.kind, found: digits.len(), unit: "hex digits" });
        }
        let key = hex::decode_key(digits).ok_or(Error::InvalidHex)?;
        self.add(key);
        Ok(())
    }

    /// Adds a digest that was made elsewhere.
    ///
    /// # Panics
    /// When it is of another kind.
    pub fn add_digest(&mut self, digest: Digest) {
        assert_eq!(digest.kind(), self.kind, "a digest of the list's kind");
        memory::push(&mut self.digests, digest);
    }

    #[inline]
    fn add(&mut self, key: Key) {
        memory::push(&mut self.digests, Digest::from_key(self.kind, key));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.digests.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// Hashes what waits for others, and gives all digests.
    pub fn finish(&mut self) -> &[Digest] {
        if let Some(lanes) = self.lanes
            && self.waiting.length > 0
        {
            self.waiting.settle(lanes, &mut self.digests);
        }
        &self.digests
    }

    /// Forgets all digests, and overwrites them and what was left of their passwords. The memory is kept.
    pub fn clear(&mut self) {
        self.digests.clear();
        self.waiting.erase();
    }
}

impl Waiting {
    /// Takes a password, if it is one block.
    #[inline]
    fn take(&mut self, lanes: PasswordLanes, password: &[u8], place: usize) -> bool {
        let bytes = &mut self.bytes;
        *bytes = [0; 64];
        let length = match lanes {
            PasswordLanes::Sha1(_) if password.len() <= ONE_BLOCK => {
                bytes[..password.len()].copy_from_slice(password);
                password.len()
            }
            PasswordLanes::Ntlm(_) if password.len() <= ONE_BLOCK / 2 && password.is_ascii() => {
                for (unit, byte) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(password) {
                    unit[0] = *byte;
                }
                2 * password.len()
            }
            _ => return false,
        };
        bytes[length] = 0x80;
        let bits = length as u64 * 8;
        let words = self.block.iter_mut();
        if let PasswordLanes::Sha1(_) = lanes {
            bytes[56..].copy_from_slice(&bits.to_be_bytes());
            let numbers = bytes.as_chunks::<4>().0.iter().map(|four| u32::from_be_bytes(*four));
            words.zip(numbers).for_each(|(word, number)| word[self.length] = number);
        } else {
            bytes[56..].copy_from_slice(&bits.to_le_bytes());
            let numbers = bytes.as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four));
            words.zip(numbers).for_each(|(word, number)| word[self.length] = number);
        }
        self.places[self.length] = place;
        self.length += 1;
        true
    }

    fn settle(&mut self, lanes: PasswordLanes, digests: &mut [Digest]) {
        let places = self.places[..self.length].iter().enumerate();
        match lanes {
            PasswordLanes::Sha1(lanes) => {
                let mut words = lanes.hash(&self.block);
                for (lane, place) in places {
                    let [a, b, c, d, e] = words.each_ref().map(|word| u64::from(word[lane]));
                    let key = Key { words: [a << 32 | b, c << 32 | d, e << 32] };
                    digests[*place] = Digest::from_key(Kind::Sha1, key);
                }
                words.zeroize();
            }
            PasswordLanes::Ntlm(lanes) => {
                let mut words = lanes.hash(&self.block);
                for (lane, place) in places {
                    let [a, b, c, d] = words.each_ref().map(|word| u64::from(word[lane].swap_bytes()));
                    let key = Key { words: [a << 32 | b, c << 32 | d, 0] };
                    digests[*place] = Digest::from_key(Kind::Ntlm, key);
                }
                words.zeroize();
            }
        }
        self.length = 0;
    }

    fn erase(&mut self) {
        self.block.zeroize();
        self.bytes.zeroize();
        self.length = 0;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.erase();
    }
}

impl zeroize::ZeroizeOnDrop for DigestList {}

impl fmt::Debug for DigestList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DigestList({}, {} digests)", self.kind, self.len())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Lengths from 0 to 200, in an order in which short and long ones follow one another.
    fn passwords() -> Vec<Vec<u8>> {
        let length = |i: usize| i * 83 % 201;
        (0..603).map(|i| (0..length(i)).map(|at| b'a' + ((at * 7 + i) % 26) as u8).collect()).collect()
    }

    #[test]
    fn every_length_has_the_digest_that_one_alone_has() {
        for kind in [Kind::Sha1, Kind::Ntlm] {
            for lanes in [true, false] {
                let mut list = DigestList::new(kind);
                list.lanes = list.lanes.filter(|_| lanes);
                for taken in [1, 15, 16, 17, 603] {
                    for password in &passwords()[..taken] {
                        list.add_password(password).unwrap();
                    }
                    let alone = |password: &Vec<u8>| match kind {
                        Kind::Sha1 => Digest::sha1(password),
                        Kind::Ntlm => Digest::ntlm(std::str::from_utf8(password).unwrap()),
                    };
                    assert_eq!(list.len(), taken);
                    assert!(list.finish().iter().cloned().eq(passwords()[..taken].iter().map(alone)));
                    list.clear();
                    assert!(list.is_empty() && list.finish().is_empty());
                }
            }
        }
    }

    #[test]
    fn nothing_is_left_of_what_was_cleared() {
        let mut list = DigestList::new(Kind::Sha1);
        for password in passwords() {
            list.add_password(&password).unwrap();
        }
        list.finish();
        list.clear();
        assert!(list.waiting.block.iter().flatten().all(|word| *word == 0));
        assert_eq!(list.waiting.bytes, [0; 64]);
        assert_eq!(format!("{list:?}"), "DigestList(SHA-1, 0 digests)");
    }

    #[test]
    fn what_is_no_digest_is_refused_and_not_added() {
        let mut list = DigestList::new(Kind::Ntlm);
        let said = |result: Result<()>| result.unwrap_err().to_string();
        assert_eq!(said(list.add_password(b"\xff")), Error::PasswordNotUtf8.to_string());
        assert_eq!(said(list.add_hex(b"0g23456789abcdef0123456789abcdef")), Error::InvalidHex.to_string());
        let short = Digest::from_hex(Kind::Ntlm, b"00").unwrap_err().to_string();
        assert_eq!(said(list.add_hex(b"00")), short);
        let short = Digest::from_bytes(Kind::Ntlm, b"00").unwrap_err().to_string();
        assert_eq!(said(list.add_bytes(b"00")), short);
        list.add_hex(b"0123456789abcdefFEDCBA9876543210").unwrap();
        list.add_bytes(&[7; 16]).unwrap();
        list.add_digest(Digest::ntlm("a"));
        let given = Digest::from_hex(Kind::Ntlm, b"0123456789abcdefFEDCBA9876543210").unwrap();
        let bytes = Digest::from_bytes(Kind::Ntlm, &[7; 16]).unwrap();
        assert_eq!(list.finish(), [given, bytes, Digest::ntlm("a")]);
    }
}
