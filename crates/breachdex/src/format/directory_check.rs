//! Checks an FST's nodes before the `fst` crate walks them.
//!
//! `fst` trusts the bytes it is given: an address, a count or a size that cannot be makes it panic, a cycle
//! makes it loop. A checksum does not help against somebody who computes it. The directory is shallow, two
//! bytes to a key, so at most 1 + 256 nodes are reachable and every one can be looked at; whatever passes
//! here `fst` walks without leaving the slice, in at most two steps. It adds the outputs along a path with a plain
//! `+`; no sum that passes here is more than a locator can be, so none overflows. The encoding of nodes is that
//! of `fst` 0.4 (FST version 3).

#![forbid(unsafe_code)]

use super::{u32_at, u64_at};

/// An FST without any node: version, type, length, root address, checksum.
const SMALLEST: usize = 36;
/// From the root's address to the end of the FST.
const BEHIND_ROOT: usize = 21;
/// Where the first node may start.
const FIRST_NODE: usize = 16;
/// Nodes with more transitions carry a table of 256 bytes.
const TABLE_THRESHOLD: usize = 32;
/// Bytes of that table.
const TABLE: usize = 256;
/// From 4 GiB of groups on, an output takes all 8 bytes of a word.
const MOST_OUTPUT_BYTES: usize = 8;

type Fault = (u64, &'static str);

/// Checks every node that a two-byte key can reach, and that no output is more than `most`.
pub(super) fn check(bytes: &[u8], most: u64) -> Result<(), Fault> {
    let version = u64_at(bytes, 0).ok_or((0, "the FST is cut short"))?;
    if bytes.len() < SMALLEST || version != 3 {
        return Err((0, "the FST is not one of this version"));
    }
    if u64_at(bytes, 8) != Some(0) {
        return Err((8, "the FST is not of type 0"));
    }
    let root_at = bytes.len() - 12;
    let root = u64_at(bytes, root_at).and_then(|root| usize::try_from(root).ok());
    let root = root.filter(|root| root.checked_add(BEHIND_ROOT) == Some(bytes.len()));
    let root = Node::read(bytes, root.ok_or((root_at as u64, "the FST's root is not at its end"))?)?;
    debug_assert!(u32_at(bytes, bytes.len() - 4).is_some());
    root.check_table(bytes)?;
    for transition in 0..root.transitions {
        let child =
            root.target(bytes, transition)?.ok_or((root.end as u64, "a key of the FST is one byte"))?;
        let child = Node::read(bytes, child)?;
        child.check_table(bytes)?;
        child.leads_to_ends_only(bytes)?;
        let sum = root.output(bytes, transition).checked_add(child.largest_output(bytes));
        if sum.is_none_or(|sum| sum > most) {
            return Err((child.end as u64, "the directory points beyond what an index can hold"));
        }
    }
    if root.largest_output(bytes) > most {
        return Err((root.end as u64, "the directory points beyond what an index can hold"));
    }
    Ok(())
}

/// One node: where its parts are. All of it lies in the slice.
struct Node {
    /// The lowest byte of the node.
    end: usize,
    transitions: usize,
    address_size: usize,
    /// Where the address of the first transition is; the others lie below it. `None` where the only
    /// transition goes to the node right below.
    addresses: Option<usize>,
    /// Bytes of each output.
    output_size: usize,
    /// Outputs written: one per transition and, where a key ends at the node, one for that, the lowest.
    outputs: usize,
}

impl Node {
    fn read(bytes: &[u8], address: usize) -> Result<Self, Fault> {
        let fault = (address as u64, "a node of the FST reaches beyond it");
        let state = *bytes.get(address).filter(|_| address >= FIRST_NODE).ok_or(fault)?;
        Self::parse(bytes, address, state).filter(|node| node.end >= FIRST_NODE).ok_or(fault)
    }

    fn parse(bytes: &[u8], address: usize, state: u8) -> Option<Self> {
        let low_bits = usize::from(state & 0x3f);
        // One transition: the byte may be in the state or in the byte below it.
        let input = usize::from(low_bits == 0);
        match state >> 6 {
            0b11 => {
                let end = address.checked_sub(input)?;
                Some(Self {
                    end,
                    transitions: 1,
                    address_size: 0,
                    addresses: None,
                    output_size: 0,
                    outputs: 0,
                })
            }
            0b10 => {
                let sizes_at = address.checked_sub(input + 1)?;
                let (address_size, output_size) = sizes(*bytes.get(sizes_at)?, 1)?;
                let addresses = sizes_at.checked_sub(address_size)?;
                let end = addresses.checked_sub(output_size)?;
                Some(Self {
                    end,
                    transitions: 1,
                    address_size,
                    addresses: Some(addresses),
                    output_size,
                    outputs: 1,
                })
            }
            _ => {
                let (transitions, sizes_at) = if low_bits == 0 {
                    let written = usize::from(*bytes.get(address.checked_sub(1)?)?);
                    // 256 does not fit; 1 is free, as it would be in the state.
                    (if written == 1 { 256 } else { written }, address.checked_sub(2)?)
                } else {
                    (low_bits, address.checked_sub(1)?)
                };
                let (address_size, output_size) = sizes(*bytes.get(sizes_at)?, transitions)?;
                let table = if transitions > TABLE_THRESHOLD { TABLE } else { 0 };
                let addresses = sizes_at.checked_sub(table + transitions + address_size)?;
                let outputs = transitions + usize::from(state >> 6 == 0b01);
                let end = (addresses + address_size)
                    .checked_sub(transitions * address_size + outputs * output_size)?;
                let addresses = Some(addresses);
                Some(Self { end, transitions, address_size, addresses, output_size, outputs })
            }
        }
    }

    /// Where a transition leads; `None` for the end of a key.
    fn target(&self, bytes: &[u8], transition: usize) -> Result<Option<usize>, Fault> {
        let fault = (self.end as u64, "a transition of the FST leads outside it");
        let Some(addresses) = self.addresses else {
            return self.end.checked_sub(1).map(Some).ok_or(fault);
        };
        let at = addresses.checked_sub(transition * self.address_size).ok_or(fault)?;
        let packed = bytes.get(at..at + self.address_size).ok_or(fault)?;
        let delta = packed.iter().rev().fold(0_u64, |delta, byte| delta << 8 | u64::from(*byte));
        if delta == 0 {
            return Ok(None);
        }
        let delta = usize::try_from(delta).map_err(|_| fault)?;
        self.end.checked_sub(delta).map(Some).ok_or(fault)
    }

    /// What a transition adds.
    fn output(&self, bytes: &[u8], transition: usize) -> u64 {
        if self.output_size == 0 {
            return 0;
        }
        // The lowest of them starts where the node does.
        let at = self.end + (self.outputs - 1 - transition) * self.output_size;
        self.unpack(&bytes[at..])
    }

    /// The largest that a transition, or the key that ends here, adds.
    fn largest_output(&self, bytes: &[u8]) -> u64 {
        if self.output_size == 0 {
            return 0;
        }
        let outputs = &bytes[self.end..self.end + self.outputs * self.output_size];
        outputs.chunks_exact(self.output_size).map(|output| self.unpack(output)).max().unwrap_or(0)
    }

    fn unpack(&self, packed: &[u8]) -> u64 {
        packed[..self.output_size].iter().rev().fold(0, |output, byte| output << 8 | u64::from(*byte))
    }

    /// Checks that the table, where there is one, leads from each byte to its transition and from others nowhere.
    fn check_table(&self, bytes: &[u8]) -> Result<(), Fault> {
        let Some(addresses) = self.addresses.filter(|_| self.transitions > TABLE_THRESHOLD) else {
            return Ok(());
        };
        // Above the addresses, the last transition's byte lowest, then the table.
        let inputs = addresses + self.address_size;
        let table = inputs + self.transitions;
        let mut expected = [0xff; TABLE];
        for (transition, input) in bytes[inputs..table].iter().rev().enumerate() {
            expected[usize::from(*input)] = transition as u8;
        }
        if bytes[table..table + TABLE] == expected {
            Ok(())
        } else {
            Err((self.end as u64, "a table of the FST does not agree with its transitions"))
        }
    }

    /// Checks that every transition ends a key.
    fn leads_to_ends_only(&self, bytes: &[u8]) -> Result<(), Fault> {
        for transition in 0..self.transitions {
            if self.target(bytes, transition)?.is_some() {
                return Err((self.end as u64, "a key of the FST has more than two bytes"));
            }
        }
        Ok(())
    }
}

/// Bytes per address and per output. `fst` panics at an address of no bytes.
fn sizes(packed: u8, transitions: usize) -> Option<(usize, usize)> {
    let (address, output) = (usize::from(packed >> 4), usize::from(packed & 0x0f));
    let least = usize::from(transitions > 0);
    ((least..=8).contains(&address) && output <= MOST_OUTPUT_BYTES).then_some((address, output))
}
