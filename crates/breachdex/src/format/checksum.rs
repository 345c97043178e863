//! CRC-32C over a part and over its place, so that a sound part in the wrong place fails.

#![forbid(unsafe_code)]

use super::Layout;
use crate::kernels::crc32c_fold;

/// CRC-32C of a whole section.
pub(crate) fn section(bytes: &[u8]) -> u32 {
    crc32c_fold::append(0, bytes)
}

/// The checksum of a group: its place, then its bytes from the shape to the last record.
pub(crate) fn group(layout: Layout, prefix: u32, bytes: &[u8]) -> u32 {
    let mut place =
        [layout.kind_byte(), layout.bits as u8, layout.directory_bits as u8, layout.flags(), 0, 0, 0, 0];
    place[4..].copy_from_slice(&prefix.to_le_bytes());
    crc32c_fold::append(crc32c::crc32c(&place), bytes)
}

/// Where a bucket belongs.
#[derive(Clone, Copy)]
pub(crate) struct BucketPlace {
    /// Bits of the bucket's prefix.
    pub(crate) prefix_bits: u32,
    pub(crate) prefix: u64,
    pub(crate) entries: u32,
}

/// The checksum of a bucket's bytes in that place.
pub(crate) fn bucket(layout: Layout, place: BucketPlace, bytes: &[u8]) -> u32 {
    crc32c_fold::append(bucket_start(layout, place, bytes.len()), bytes)
}

/// The checksum of a bucket of so many bytes before its first one, for those who append its bytes in pieces.
pub(crate) fn bucket_start(layout: Layout, place: BucketPlace, length: usize) -> u32 {
    let mut head = [0; 20];
    head[..4].copy_from_slice(&[
        layout.kind_byte(),
        layout.bits as u8,
        layout.flags(),
        place.prefix_bits as u8,
    ]);
    head[4..12].copy_from_slice(&place.prefix.to_le_bytes());
    head[12..16].copy_from_slice(&place.entries.to_le_bytes());
    head[16..].copy_from_slice(&(length as u32).to_le_bytes());
    crc32c::crc32c(&head)
}

/// A checksum with more bytes behind those before.
pub(crate) fn append(checksum: u32, bytes: &[u8]) -> u32 {
    crc32c_fold::append(checksum, bytes)
}
