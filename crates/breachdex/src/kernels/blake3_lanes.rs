//! BLAKE3 of many messages, sixteen chunks of any of them side by side with AVX-512, and the same in plain arithmetic.
//!
//! The crate hashes chunks of one message side by side. A group of a few kilobytes has few, and its last one, which is rarely
//! whole, is hashed a block at a time. Chunks and parents of many groups fill all lanes.

#![cfg_attr(target_arch = "x86_64", allow(unsafe_code))]

/// Chunks that are hashed side by side.
const LANES: usize = 16;
/// A number of each.
type Lanes = [u32; LANES];
/// A hash or a chaining value.
type Hash = [u8; 32];

const CHUNK: usize = 1024;
const BLOCK: usize = 64;

const CHUNK_START: u32 = 1;
const CHUNK_END: u32 = 2;
const PARENT: u32 = 4;
const ROOT: u32 = 8;

/// Where every chunk and parent begins.
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Which words of a block each of the seven rounds mixes in, in order.
const ORDER: [[usize; 16]; 7] = {
    const NEXT: [usize; 16] = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
    let mut order = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]; 7];
    let mut round = 1;
    while round < 7 {
        let mut at = 0;
        while at < 16 {
            order[round][at] = order[round - 1][NEXT[at]];
            at += 1;
        }
        round += 1;
    }
    order
};

/// How messages are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blake3Lanes {
    /// In plain arithmetic: one lane after another, for comparison.
    #[cfg(test)]
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// A chunk, or the two hashes of a parent.
struct Node<'a> {
    bytes: &'a [u8],
    /// Which chunk of its message it is.
    counter: u32,
    /// [`PARENT`] and [`ROOT`].
    flags: u32,
}

impl Node<'_> {
    /// Its blocks; one where it is empty.
    fn blocks(&self) -> usize {
        self.bytes.len().div_ceil(BLOCK).max(1)
    }
}

/// One block of each lane.
struct Blocks<'a> {
    bytes: [&'a [u8; BLOCK]; LANES],
    length: Lanes,
    counter: Lanes,
    flags: Lanes,
    /// Lanes that have one: the others keep their chaining value.
    active: u16,
}

impl Blake3Lanes {
    /// The lanes of this processor, where it has any that are worth it and `BREACHDEX_KERNEL` allows them.
    pub(crate) fn choose() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        {
            let named = std::env::var_os("BREACHDEX_KERNEL");
            let is_slower = |name| named.as_deref().is_some_and(|named| named == name);
            if is_x86_feature_detected!("avx512f") && !["portable", "bmi2", "avx2"].into_iter().any(is_slower)
            {
                return Some(Self::Avx512);
            }
        }
        None
    }

    /// The hash of each message; of less than 4 TiB each.
    pub(crate) fn hash_all(self, messages: &[&[u8]]) -> Vec<Hash> {
        let mut sizes: Vec<usize> =
            messages.iter().map(|message| message.len().div_ceil(CHUNK).max(1)).collect();
        let mut chunks = Vec::with_capacity(sizes.iter().sum());
        for (message, size) in messages.iter().zip(&sizes) {
            let flags = if *size == 1 { ROOT } else { 0 };
            let pieces = message.chunks(CHUNK).chain(message.is_empty().then_some(*message));
            chunks.extend((0..).zip(pieces).map(|(counter, bytes)| Node { bytes, counter, flags }));
        }
        let mut level = self.hash_nodes(&chunks);
        // Neighbours are joined level by level; one without a neighbour goes up as it is.
        while sizes.iter().any(|size| *size > 1) {
            let (mut next, mut pairs) =
                (Vec::with_capacity(level.len()), Vec::with_capacity(level.len() / 2));
            let mut rest = &level[..];
            for size in &mut sizes {
                let (own, others) = rest.split_at(*size);
                rest = others;
                let flags = if *size == 2 { PARENT | ROOT } else { PARENT };
                for pair in own.chunks(2) {
                    if pair.len() == 2 {
                        pairs.push(Node { bytes: pair.as_flattened(), counter: 0, flags });
                        next.push(None);
                    } else {
                        next.push(pair.first().copied());
                    }
                }
                *size = size.div_ceil(2);
            }
            let mut joined = self.hash_nodes(&pairs).into_iter();
            let next = next.into_iter().filter_map(|hash| hash.or_else(|| joined.next())).collect();
            level = next;
        }
        level
    }

    /// The chaining value of each node, those of as many blocks together.
    fn hash_nodes(self, nodes: &[Node<'_>]) -> Vec<Hash> {
        let mut hashes = vec![[0; 32]; nodes.len()];
        let mut order: Vec<usize> = (0..nodes.len()).collect();
        order.sort_by_key(|node| std::cmp::Reverse(nodes[*node].blocks()));
        for places in order.chunks(LANES) {
            let words = self.hash_set(places.iter().map(|place| &nodes[*place]));
            for (lane, place) in places.iter().enumerate() {
                for (bytes, word) in hashes[*place].as_chunks_mut::<4>().0.iter_mut().zip(&words) {
                    *bytes = word[lane].to_le_bytes();
                }
            }
        }
        hashes
    }

    /// The chaining values of up to sixteen nodes, word by word.
    fn hash_set<'a>(self, nodes: impl Iterator<Item = &'a Node<'a>> + Clone) -> [Lanes; 8] {
        const NOTHING: &[u8; BLOCK] = &[0; BLOCK];
        let mut words = START.map(|word| [word; LANES]);
        // Last blocks with zeros behind them.
        let mut tails = [[0; BLOCK]; LANES];
        for (tail, node) in tails.iter_mut().zip(nodes.clone()) {
            let last = &node.bytes[(node.blocks() - 1) * BLOCK..];
            tail[..last.len()].copy_from_slice(last);
        }
        for at in 0..nodes.clone().map(Node::blocks).max().unwrap_or(0) {
            let mut blocks = Blocks {
                bytes: [NOTHING; LANES],
                length: [0; LANES],
                counter: [0; LANES],
                flags: [0; LANES],
                active: 0,
            };
            for (lane, (node, tail)) in nodes.clone().zip(&tails).enumerate() {
                let left = node.blocks().saturating_sub(at);
                if left == 0 {
                    continue;
                }
                let (start, end) = if node.flags & PARENT == 0 { (CHUNK_START, CHUNK_END) } else { (0, 0) };
                let whole = node.bytes[at * BLOCK..].first_chunk().filter(|_| left > 1);
                blocks.bytes[lane] = whole.unwrap_or(tail);
                blocks.length[lane] = (node.bytes.len() - at * BLOCK).min(BLOCK) as u32;
                blocks.counter[lane] = node.counter;
                blocks.flags[lane] = node.flags & PARENT
                    | if at == 0 { start } else { 0 }
                    | if left == 1 { end | node.flags & ROOT } else { 0 };
                blocks.active |= 1 << lane;
            }
            self.compress(&mut words, &blocks);
        }
        words
    }

    fn compress(self, words: &mut [Lanes; 8], blocks: &Blocks<'_>) {
        match self {
            #[cfg(test)]
            Self::Portable => portable(words, blocks),
            // SAFETY: `choose`, and a test that looks for it itself, give this where the processor has the feature.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { x86::compress(words, blocks) },
        }
    }
}

#[cfg(test)]
fn portable(words: &mut [Lanes; 8], blocks: &Blocks<'_>) {
    const MIXES: [[usize; 4]; 8] = [
        [0, 4, 8, 12],
        [1, 5, 9, 13],
        [2, 6, 10, 14],
        [3, 7, 11, 15],
        [0, 5, 10, 15],
        [1, 6, 11, 12],
        [2, 7, 8, 13],
        [3, 4, 9, 14],
    ];
    for lane in (0..LANES).filter(|lane| blocks.active >> lane & 1 == 1) {
        let message: Vec<u32> =
            blocks.bytes[lane].as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
        let mut state = [0; 16];
        for i in 0..8 {
            state[i] = words[i][lane];
        }
        state[8..12].copy_from_slice(&START[..4]);
        state[12..].copy_from_slice(&[blocks.counter[lane], 0, blocks.length[lane], blocks.flags[lane]]);
        for order in ORDER {
            for ([a, b, c, d], two) in MIXES.into_iter().zip(order.as_chunks::<2>().0) {
                for (word, (right, also_right)) in two.iter().zip([(16, 12), (8, 7)]) {
                    state[a] = state[a].wrapping_add(state[b]).wrapping_add(message[*word]);
                    state[d] = (state[d] ^ state[a]).rotate_right(right);
                    state[c] = state[c].wrapping_add(state[d]);
                    state[b] = (state[b] ^ state[c]).rotate_right(also_right);
                }
            }
        }
        for i in 0..8 {
            words[i][lane] = state[i] ^ state[8 + i];
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512i, _mm512_add_epi32, _mm512_loadu_si512, _mm512_mask_storeu_epi32, _mm512_ror_epi32,
        _mm512_set1_epi32, _mm512_setzero_si512, _mm512_shuffle_i32x4, _mm512_unpackhi_epi32,
        _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64, _mm512_xor_si512,
    };

    use super::{BLOCK, Blocks, LANES, Lanes, ORDER, START};

    /// The sixteen words of each lane's block, word by word.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn transposed(blocks: &[&[u8; BLOCK]; LANES]) -> [__m512i; 16] {
        // SAFETY: each load reads the 64 bytes of a block.
        let rows = blocks.map(|block| unsafe { _mm512_loadu_si512(block.as_ptr().cast()) });
        let mut fours = rows;
        for (four, rows) in fours.as_chunks_mut::<4>().0.iter_mut().zip(rows.as_chunks::<4>().0) {
            let [a, b, c, d] = *rows;
            let (low, high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
            let (other_low, other_high) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
            *four = [
                _mm512_unpacklo_epi64(low, other_low),
                _mm512_unpackhi_epi64(low, other_low),
                _mm512_unpacklo_epi64(high, other_high),
                _mm512_unpackhi_epi64(high, other_high),
            ];
        }
        // Quarter q of `fours[4i + j]` has word 4q + j of blocks 4i to 4i + 3.
        let mut words = rows;
        for j in 0..4 {
            let even = _mm512_shuffle_i32x4::<0x88>(fours[j], fours[4 + j]);
            let odd = _mm512_shuffle_i32x4::<0xdd>(fours[j], fours[4 + j]);
            let other_even = _mm512_shuffle_i32x4::<0x88>(fours[8 + j], fours[12 + j]);
            let other_odd = _mm512_shuffle_i32x4::<0xdd>(fours[8 + j], fours[12 + j]);
            words[j] = _mm512_shuffle_i32x4::<0x88>(even, other_even);
            words[4 + j] = _mm512_shuffle_i32x4::<0x88>(odd, other_odd);
            words[8 + j] = _mm512_shuffle_i32x4::<0xdd>(even, other_even);
            words[12 + j] = _mm512_shuffle_i32x4::<0xdd>(odd, other_odd);
        }
        words
    }

    /// Mixes two words of the message into four of the state.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn mix(state: &mut [__m512i; 16], [a, b, c, d]: [usize; 4], one: __m512i, other: __m512i) {
        state[a] = _mm512_add_epi32(_mm512_add_epi32(state[a], state[b]), one);
        state[d] = _mm512_ror_epi32::<16>(_mm512_xor_si512(state[d], state[a]));
        state[c] = _mm512_add_epi32(state[c], state[d]);
        state[b] = _mm512_ror_epi32::<12>(_mm512_xor_si512(state[b], state[c]));
        state[a] = _mm512_add_epi32(_mm512_add_epi32(state[a], state[b]), other);
        state[d] = _mm512_ror_epi32::<8>(_mm512_xor_si512(state[d], state[a]));
        state[c] = _mm512_add_epi32(state[c], state[d]);
        state[b] = _mm512_ror_epi32::<7>(_mm512_xor_si512(state[b], state[c]));
    }

    /// Rounds by their numbers. Each is written out, so that the compiler knows which words it mixes in.
    macro_rules! rounds {
        ($state:ident, $words:ident, $($round:literal)*) => {$({
            const AT: [usize; 16] = ORDER[$round];
            mix(&mut $state, [0, 4, 8, 12], $words[AT[0]], $words[AT[1]]);
            mix(&mut $state, [1, 5, 9, 13], $words[AT[2]], $words[AT[3]]);
            mix(&mut $state, [2, 6, 10, 14], $words[AT[4]], $words[AT[5]]);
            mix(&mut $state, [3, 7, 11, 15], $words[AT[6]], $words[AT[7]]);
            mix(&mut $state, [0, 5, 10, 15], $words[AT[8]], $words[AT[9]]);
            mix(&mut $state, [1, 6, 11, 12], $words[AT[10]], $words[AT[11]]);
            mix(&mut $state, [2, 7, 8, 13], $words[AT[12]], $words[AT[13]]);
            mix(&mut $state, [3, 4, 9, 14], $words[AT[14]], $words[AT[15]]);
        })*};
    }

    /// # Safety
    /// The processor must have AVX-512F.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn compress(words: &mut [Lanes; 8], blocks: &Blocks<'_>) {
        let message = transposed(&blocks.bytes);
        // SAFETY: each load reads the sixteen lanes of an array.
        let load = |lanes: &Lanes| unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) };
        let mut state = [_mm512_setzero_si512(); 16];
        for (state, lanes) in state.iter_mut().zip(words.iter()) {
            *state = load(lanes);
        }
        for (state, word) in state[8..12].iter_mut().zip(START) {
            *state = _mm512_set1_epi32(word.cast_signed());
        }
        // The upper half of the counter, word 13, is zero.
        state[12] = load(&blocks.counter);
        state[14] = load(&blocks.length);
        state[15] = load(&blocks.flags);
        rounds!(state, message, 0 1 2 3 4 5 6);
        for (at, lanes) in words.iter_mut().enumerate() {
            let word = _mm512_xor_si512(state[at], state[8 + at]);
            // SAFETY: the store writes those of the array's sixteen lanes that are active.
            unsafe { _mm512_mask_storeu_epi32(lanes.as_mut_ptr().cast(), blocks.active, word) };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every one that this processor can run.
    fn all() -> impl Iterator<Item = Blake3Lanes> {
        [Some(Blake3Lanes::Portable), Blake3Lanes::choose()].into_iter().flatten()
    }

    fn check(messages: &[&[u8]]) {
        let expected: Vec<Hash> = messages.iter().map(|message| blake3::hash(message).into()).collect();
        for lanes in all() {
            let lengths = messages.iter().map(|message| message.len());
            assert!(lanes.hash_all(messages) == expected, "{lanes:?} {:?}", lengths.collect::<Vec<_>>());
        }
    }

    fn bytes(length: usize) -> Vec<u8> {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let next = |_| {
            random = random.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
            (random >> 40) as u8
        };
        (0..length).map(next).collect()
    }

    #[test]
    fn messages_around_blocks_and_chunks_hash_as_the_crate_does() {
        let all = bytes(40_000);
        for around in [0_usize, 64, 128, 1024, 2048, 3072, 4096, 5120, 8192, 16_384, 17_408, 31_744, 32_768] {
            for length in [around, around + 1, around.saturating_sub(1)] {
                check(&[&all[7..7 + length]]);
                // All lanes and one more, of this and of other lengths.
                let many: Vec<&[u8]> = (0..17).map(|at| &all[at..at + length + at * 61]).collect();
                check(&many);
            }
        }
        check(&[]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_messages_hash_as_the_crate_does(lengths in prop::collection::vec(0_usize..6_000, 0..40)) {
            let all = bytes(6_000);
            check(&lengths.iter().map(|length| &all[6_000 - length..]).collect::<Vec<_>>());
        }
    }
}
