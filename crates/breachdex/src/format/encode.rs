//! Writing a group: choosing how many buckets it has, and each bucket's bits.

#![forbid(unsafe_code)]

use super::Layout;
use super::bits::BitBuffer;
use super::bucket::high_width;
use super::checksum::{self, BucketPlace};
use super::content::{self, Hash};
use super::group::{self, FIXED, WIDE};
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::kernels::{ActiveKernel, BitOperations, Kernel, Task};

/// Encodes groups one after another, keeping its working memory.
pub(crate) struct GroupEncoder {
    layout: Layout,
    bits: BitBuffer,
    /// The prefix of the group at hand.
    prefix: u32,
    /// The bits that it resolves.
    extra_bits: u32,
    /// One for each of its buckets so far.
    records: Vec<Record>,
    buckets: Vec<u8>,
    kernel: ActiveKernel,
}

struct Record {
    start: usize,
    entries: u32,
    checksum: u32,
}

/// An encoded group: what the directory and the hashes say of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seal {
    pub(crate) checksum: u32,
    /// Bytes of its head.
    pub(crate) head: u64,
    pub(crate) hash: Hash,
}

impl GroupEncoder {
    pub(crate) fn new(layout: Layout) -> Self {
        Self {
            layout,
            bits: BitBuffer::default(),
            prefix: 0,
            extra_bits: 0,
            records: Vec::new(),
            buckets: Vec::new(),
            kernel: ActiveKernel::choose(Kernel::Auto),
        }
    }

    /// Appends the group of `entries` to `out` and seals it. The entries' keys must be
    /// truncated to the layout's bits, ascending, distinct and under the group's prefix, counts 1 or more.
    ///
    /// # Errors
    /// [`Error::Unbuildable`] when the group would pass 2 GiB.
    pub(crate) fn encode(&mut self, prefix: u32, entries: &[Entry], out: &mut Vec<u8>) -> Result<Seal> {
        self.push_all(prefix, entries);
        self.finish(out)
    }

    /// The same without the hash, which many groups get together.
    ///
    /// # Errors
    /// As [`GroupEncoder::encode`].
    pub(crate) fn encode_unhashed(
        &mut self,
        prefix: u32,
        entries: &[Entry],
        out: &mut Vec<u8>,
    ) -> Result<Seal> {
        self.push_all(prefix, entries);
        self.finish_unhashed(out)
    }

    fn push_all(&mut self, prefix: u32, entries: &[Entry]) {
        self.begin(prefix, self.extra_bits(entries.len()));
        let mut rest = entries;
        for _ in 0..1_u64 << self.extra_bits {
            rest = self.push_leading(rest);
        }
    }

    /// The bits by which a group of so many entries is split.
    pub(crate) fn extra_bits(&self, entries: usize) -> u32 {
        group::extra_bits(self.layout.bits, entries as u64)
    }

    /// Begins a group of 2^`extra_bits` buckets, each of which must then be pushed, in order.
    pub(crate) fn begin(&mut self, prefix: u32, extra_bits: u32) {
        self.prefix = prefix;
        self.extra_bits = extra_bits;
        self.records.clear();
        self.buckets.clear();
    }

    /// Pushes the next bucket, made of those of `entries` that are its own, and returns the rest. The entries
    /// are as for [`GroupEncoder::encode`], none below the bucket.
    pub(crate) fn push_leading<'e>(&mut self, entries: &'e [Entry]) -> &'e [Entry] {
        let prefix_bits = self.layout.directory_bits + self.extra_bits;
        let prefix = u64::from(self.prefix) << self.extra_bits | self.records.len() as u64;
        let len = entries.partition_point(|entry| entry.key.leading(prefix_bits) <= prefix);
        let (inside, rest) = entries.split_at(len);
        let start = self.buckets.len();
        let mut checksum = 0;
        // No bucket has that many: see `finish`.
        let entries = u32::try_from(len).unwrap_or(u32::MAX);
        if !inside.is_empty() {
            let (bits, out) = (&mut self.bits, &mut self.buckets);
            self.kernel.run(EncodeBucket { layout: self.layout, prefix_bits, entries: inside, bits, out });
            let place = BucketPlace { prefix_bits, prefix, entries };
            checksum = checksum::bucket(self.layout, place, &self.buckets[start..]);
        }
        self.records.push(Record { start, entries, checksum });
        rest
    }

    /// Pushes the next bucket as it was encoded before: in the same layout, at the same place.
    pub(crate) fn push_encoded(&mut self, bytes: &[u8], entries: u32, checksum: u32) {
        self.records.push(Record { start: self.buckets.len(), entries, checksum });
        self.buckets.extend_from_slice(bytes);
    }

    /// Appends the group to `out` and seals it.
    ///
    /// # Errors
    /// [`Error::Unbuildable`] when the group would pass 2 GiB.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> Result<Seal> {
        let start = out.len();
        let seal = self.finish_unhashed(out)?;
        Ok(Seal { hash: content::group(&out[start..]), ..seal })
    }

    fn finish_unhashed(&mut self, out: &mut Vec<u8>) -> Result<Seal> {
        let most = self.records.iter().map(|record| record.entries).max().unwrap_or(0);
        let length = group_length(self.buckets.len(), most).ok_or_else(|| {
            Error::Unbuildable(format!(
                "{} entries under one {}-bit prefix are more than an index can hold",
                self.records.iter().map(|record| u64::from(record.entries)).sum::<u64>(),
                self.layout.directory_bits
            ))
        })?;
        let start = out.len();
        out.extend_from_slice(&[0; FIXED]);
        let wide = self.append_records(length, out);
        out[start + 4] = self.extra_bits as u8 | if wide { WIDE } else { 0 };
        out[start + 5..start + 9].copy_from_slice(&length.to_le_bytes());
        let checksum = checksum::group(self.layout, self.prefix, &out[start + 4..]);
        out[start..start + 4].copy_from_slice(&checksum.to_le_bytes());
        let head = (out.len() - start) as u64;
        out.extend_from_slice(&self.buckets);
        Ok(Seal { checksum, head, hash: Hash::default() })
    }

    /// Appends the records, wide where one does not fit the narrow form, and says whether they are wide.
    fn append_records(&self, length: u32, out: &mut Vec<u8>) -> bool {
        let drift = |bucket: usize, record: &Record| {
            record.start as i64 - ((bucket as u64 * u64::from(length)) >> self.extra_bits) as i64
        };
        let numbered = || self.records.iter().enumerate();
        let wide = numbered().any(|(bucket, record)| {
            i16::try_from(drift(bucket, record)).is_err() || u16::try_from(record.entries).is_err()
        });
        for (bucket, record) in numbered() {
            let drift = drift(bucket, record);
            if wide {
                out.extend_from_slice(&(drift as i32).to_le_bytes());
                out.extend_from_slice(&record.entries.to_le_bytes());
            } else {
                out.extend_from_slice(&(drift as i16).to_le_bytes());
                out.extend_from_slice(&(record.entries as u16).to_le_bytes());
            }
            out.extend_from_slice(&record.checksum.to_le_bytes());
        }
        wide
    }
}

/// The length of a group's buckets as a group says it, of which the fullest has `entries`; `None` where it is more
/// than drifts, 32 bits with a sign, reach, or a bucket's number of entries was cut to what 32 bits hold.
fn group_length(bytes: usize, entries: u32) -> Option<u32> {
    i32::try_from(bytes).ok().filter(|_| entries < u32::MAX).map(i32::cast_unsigned)
}

/// `floor(log2 count)`; counts are 1 or more.
#[inline(always)]
fn length_of(count: u64) -> u32 {
    63 - count.leading_zeros()
}

/// Appends one bucket: high parts, low parts, count lengths from the front, remainders from the back.
struct EncodeBucket<'a> {
    layout: Layout,
    prefix_bits: u32,
    entries: &'a [Entry],
    bits: &'a mut BitBuffer,
    out: &'a mut Vec<u8>,
}

impl Task for EncodeBucket<'_> {
    type Output = ();

    #[inline(always)]
    fn run<O: BitOperations>(self) {
        let Self { layout, prefix_bits, entries, bits, out } = self;
        let n = entries.len();
        let high_width = high_width(n);
        let low_width = layout.bits - prefix_bits - high_width;
        let low_start = n + (1 << high_width);
        let counts_start = low_start + n * low_width as usize;
        let mut end = counts_start;
        if layout.counts {
            end += n + 2 * entries.iter().map(|entry| length_of(entry.count) as usize).sum::<usize>();
        }
        let length = end.div_ceil(8);
        bits.reset(length * 8);

        for (i, entry) in entries.iter().enumerate() {
            bits.set(entry.key.skip(prefix_bits).leading(high_width) as usize + i);
        }
        if low_width > 128 {
            put_wide(bits, low_start, layout.bits, low_width, entries);
        } else {
            let mut low_at = low_start;
            for entry in entries {
                put_low(bits, low_at, low_width, &entry.key.skip(prefix_bits).skip(high_width).words);
                low_at += low_width as usize;
            }
        }
        if layout.counts {
            let (mut front, mut back) = (counts_start, length * 8);
            for entry in entries {
                let width = length_of(entry.count);
                front += width as usize;
                bits.set(front);
                front += 1;
                back -= width as usize;
                bits.put(back, width, entry.count ^ 1 << width);
            }
        }
        bits.append_to(length, out);
    }
}

/// Puts the last `width` of the `kept` bits of each key, 129 or more of them, as numbers one behind the other from `at` on.
#[inline(always)]
fn put_wide(bits: &mut BitBuffer, at: usize, kept: u32, width: u32, entries: &[Entry]) {
    let (unused, highest) = (192 - kept, u64::MAX >> (192 - width));
    let mut run = bits.run_from(at);
    for entry in entries {
        let [a, b, c] = entry.key.words;
        let below = |word: u64| word << 1 << (63 - unused);
        let number = [c >> unused | below(b), b >> unused | below(a), a >> unused & highest];
        run.push(number, width);
    }
}

/// Puts the leading `width` bits of `words` as one number, its lowest bit at `at`.
#[inline(always)]
fn put_low(bits: &mut BitBuffer, at: usize, mut width: u32, words: &[u64; 3]) {
    for word in words {
        if width <= 64 {
            if width > 0 {
                bits.put(at, width, word >> (64 - width));
            }
            return;
        }
        width -= 64;
        bits.put(at + width as usize, 64, *word);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::digest::{Key, Kind};
    use crate::format::group::{Group, NARROW_RECORD, WIDE_RECORD};
    use crate::testing::layout;

    #[test]
    fn a_group_has_at_most_2_gib_and_a_bucket_less_than_2_to_the_32_entries() {
        assert_eq!(group_length(i32::MAX as usize, u32::MAX - 1), Some(0x7fff_ffff));
        assert_eq!(group_length(i32::MAX as usize + 1, 1), None);
        assert_eq!(group_length(u32::MAX as usize, 1), None);
        assert_eq!(group_length(9, u32::MAX), None);
    }

    /// The records of a group of two buckets, the second of which starts where it does, and whether they are wide.
    fn records(second: usize, length: u32, entries: u32) -> (bool, Vec<u8>) {
        let mut encoder = GroupEncoder::new(layout(Kind::Sha1, 160, 16));
        encoder.begin(0, 1);
        encoder.records = vec![
            Record { start: 0, entries, checksum: 1 },
            Record { start: second, entries: 2, checksum: 3 },
        ];
        let mut out = Vec::new();
        let wide = encoder.append_records(length, &mut out);
        (wide, out)
    }

    #[test]
    fn records_are_wide_from_the_first_drift_and_number_on_that_need_it() {
        let half = 1_usize << 20;
        for (second, entries, expected) in [
            (half + 32_767, 65_535, false),
            (half + 32_768, 65_535, true),
            (half - 32_768, 65_535, false),
            (half - 32_769, 65_535, true),
            (half, 65_536, true),
        ] {
            let (wide, bytes) = records(second, 2 << 20, entries);
            assert_eq!(wide, expected, "{second} {entries}");
            assert_eq!(bytes.len(), 2 * if wide { WIDE_RECORD } else { NARROW_RECORD });
            let mut head = vec![0; FIXED];
            head[4] = 1 | if wide { WIDE } else { 0 };
            head[5..9].copy_from_slice(&(2_u32 << 20).to_le_bytes());
            head.extend_from_slice(&bytes);
            let group = Group::from_head(&head, FIXED + (4 << 20)).unwrap();
            let first = group.bucket(0).unwrap();
            assert_eq!((first.length, first.entries), (second, entries));
            assert_eq!(group.bucket(1).unwrap().start, group.data_start + second);
        }
        // The furthest drifts of the largest group.
        let longest = i32::MAX as u32;
        for second in [0, 1, longest as usize] {
            let (wide, bytes) = records(second, longest, 2);
            assert!(wide);
            let drift = i32::from_le_bytes(bytes[WIDE_RECORD..WIDE_RECORD + 4].try_into().unwrap());
            assert_eq!(i64::from(drift), second as i64 - i64::from(longest / 2));
        }
    }

    #[test]
    fn the_largest_counts_come_back() {
        let entry = |i: u64, count| Entry { key: Key { words: [i << 8, 0, 0] }, count };
        let counts = [1, u64::from(u32::MAX), 1 << 32, 1 << 63, u64::MAX];
        let entries: Vec<Entry> = counts.iter().zip(0..).map(|(count, i)| entry(i, *count)).collect();
        let layout = layout(Kind::Sha1, 160, 16);
        let mut bytes = Vec::new();
        GroupEncoder::new(layout).encode(0, &entries, &mut bytes).unwrap();
        let group = Group::new(&bytes, bytes.len()).unwrap();
        let record = group.bucket(0).unwrap();
        let bucket = group.open(layout, &record, group.held(&record, 0).unwrap()).unwrap();
        let mut cursor = crate::format::cursor::Cursor::new(bucket, Key::default(), 16, true);
        let mut found = Vec::new();
        while !cursor.is_at_end() {
            let task = crate::format::cursor::DecodeRun { cursor: &mut cursor, out: &mut found };
            ActiveKernel::choose(Kernel::Auto).run(task).unwrap();
        }
        assert!(found == entries);
    }
}
