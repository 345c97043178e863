//! Counts of neighbours in a bucket from where the lengths of their remainders end.

#![allow(unsafe_code)]

/// The remainders of a bucket.
pub(crate) struct Remainders<'a> {
    pub(crate) bytes: &'a [u8],
    /// The bit behind the first of them; they lie backwards from there.
    pub(crate) end: usize,
}

impl Remainders<'_> {
    /// Reads the counts of the entries from number `first` on. `ends` says of each where its length ends, and `passed` where
    /// the one before the first did, all in bits from where the lengths start. `None` where one is wider than a word holds
    /// at any bit, or near the end of what can be read: then they are to be read one by one.
    #[inline(always)]
    pub(crate) fn read(&self, first: usize, mut passed: u32, ends: &[u32], counts: &mut [u64]) -> Option<()> {
        let (bytes, end) = (self.bytes, self.end);
        if end / 8 + 8 > bytes.len() {
            return None;
        }
        let last = (*ends.last()? as usize).checked_sub(first + ends.len() - 1)?;
        if last > end {
            return None;
        }
        let mut widest = 0;
        // All lengths up to an entry's, less a one for each, are what its remainder starts before the end.
        for (with_ones, (own, count)) in (end + first..).zip(ends.iter().zip(counts)) {
            let width = own.wrapping_sub(passed);
            passed = own.wrapping_add(1);
            widest |= width;
            let at = with_ones.wrapping_sub(*own as usize).min(end);
            // SAFETY: `at` is at most `end`, and eight bytes can be read from the byte in which that bit is.
            let word = unsafe { bytes.as_ptr().add(at / 8).cast::<[u8; 8]>().read() };
            let one = 1_u64 << (width % 64);
            *count = one | (u64::from_le_bytes(word) >> (at % 8)) & (one - 1);
        }
        (widest <= 56).then_some(())
    }
}
