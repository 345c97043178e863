//! Tests that zlib, in Rust and in Python, decompresses the output of the encoder.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use flate2::read::GzDecoder;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use super::*;

/// Rows of the range protocol, or anything.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let count = prop_oneof![4 => 0_u64..12, 2 => 0_u64..1_200, 1 => any::<u64>()];
    let row = ("[0-9A-F]{35}|[0-9A-F]{27}|[0-9A-Fa-f]{30,40}", count)
        .prop_map(|(suffix, count)| format!("{suffix}:{count}"));
    prop_oneof![
        prop::collection::vec(row, 0..200).prop_map(|rows| rows.join("\r\n").into_bytes()),
        prop::collection::vec(any::<u8>(), 0..2_000),
        (prop::collection::vec(prop::sample::select(b"0123456789ABCDEF:\r\n".to_vec()), 0..3_000)),
    ]
}

fn compressed(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    compress(body, &mut out);
    out
}

fn inflated(member: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut decoder = GzDecoder::new(member);
    decoder.read_to_end(&mut body).expect("zlib reads it, checksum and length included");
    assert!(decoder.into_inner().is_empty(), "bytes are left over");
    body
}

/// A body of real density: 1,973 rows.
fn dense_body() -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut draw = move || {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        state >> 33
    };
    let mut row = || {
        let suffix: String = (0..35).map(|_| format!("{:X}", draw() & 15)).collect();
        let count = match draw() % 100 {
            0..44 => 1,
            44..58 => 2,
            58..71 => 3,
            71..91 => draw() % 6 + 4,
            _ => draw() % 90 + 10,
        };
        format!("{suffix}:{count}")
    };
    (0..1_973).map(|_| row()).collect::<Vec<_>>().join("\r\n").into_bytes()
}

proptest! {
    #[test]
    fn zlib_reads_every_body_back(body in bodies()) {
        prop_assert_eq!(inflated(&compressed(&body)), body);
    }

    #[test]
    fn what_is_there_already_stays(before in prop::collection::vec(any::<u8>(), 0..20)) {
        let mut out = before.clone();
        compress(b"00:1", &mut out);
        prop_assert_eq!(&out[..before.len()], &before[..]);
        prop_assert_eq!(inflated(&out[before.len()..]), b"00:1");
    }
}

#[test]
fn short_and_long_bodies_and_every_byte_come_back() {
    let every_byte: Vec<u8> = (0..=255).collect();
    let long = b"0123456789ABCDEF0123456789ABCDEF012:7\r\n".repeat(5_200);
    let odd_among_rows = [&long[..5_000], &b"\0\x1a\xff"[..], &long[..5_001]].concat();
    for body in [&b""[..], b"0", b"A", b"\n", &every_byte, &long, &odd_among_rows] {
        assert_eq!(inflated(&compressed(body)), body);
    }
}

#[test]
fn each_byte_alone_in_each_place_of_a_word_comes_back() {
    for byte in 0..=255 {
        for place in 0..8 {
            let mut body = *b"0123ABCD89ABCDEF";
            body[place] = byte;
            assert_eq!(inflated(&compressed(&body)), body);
        }
    }
}

#[test]
fn blocks_and_rows_become_the_same_bytes() {
    let tables = &*TABLES;
    let dense = dense_body();
    let odd = [&dense[..3_000], &b"0123456789abcdef:1\r\n\0"[..], &dense[3_000..9_000]].concat();
    for body in [&dense[..], &odd] {
        let mut by_rows = Vec::new();
        compress_with(tables, None, body, &mut by_rows);
        assert!(
            compressed(body) == by_rows,
            "which packer is used depends on the processor, what it writes must not"
        );
    }
}

#[test]
fn a_dense_body_shrinks_to_what_huffman_coding_can() {
    let body = dense_body();
    let ratio = compressed(&body).len() as f64 / body.len() as f64;
    assert!(ratio < 0.537, "{ratio}");
}

#[test]
fn digits_have_the_codes_that_rows_are_packed_by() {
    let lengths = lengths();
    let codes = huffman::canonical(&lengths);
    for (value, digit) in b"0123456789ABCDEF".iter().enumerate() {
        let code = codes[usize::from(*digit)];
        assert_eq!((u32::from(code.bits), u32::from(code.length)), digit_code(value), "{value:X}");
    }
    // Every decoder wants all codes to be used, and none twice.
    let used: u32 = lengths.iter().map(|length| 1 << (15 - length)).sum();
    assert_eq!(used, 1 << 15);
    assert!(lengths.iter().all(|length| (1..=15).contains(length)));
}

#[test]
fn rows_of_any_count_and_both_kinds_come_back() {
    for digits in [35, 27, 30] {
        let suffix = "0123456789ABCDEF0123456789ABCDEF012".get(..digits).expect("as long");
        let mut body = String::new();
        for count in (0..1200).chain([52_256_179, u64::MAX]) {
            let row = format!("{suffix}:{count}\r\n");
            assert_eq!(inflated(&compressed(row.repeat(2).as_bytes())), row.repeat(2).as_bytes(), "{count}");
            body.push_str(&row);
        }
        assert_eq!(inflated(&compressed(body.as_bytes())), body.as_bytes());
        for odd in ["01", "A:1", "0123456789ABCDEF0123456789ABCDEF012:07\r\n", ":\r\n", "a:1\r\n"] {
            let body = format!("{body}{odd}{body}");
            assert_eq!(inflated(&compressed(body.as_bytes())), body.as_bytes(), "{odd:?}");
        }
    }
}

#[test]
fn a_row_with_any_byte_in_any_place_comes_back() {
    let rows = b"0123456789ABCDEF0123456789ABCDEF012:17\r\n".repeat(3);
    for byte in 0..=255 {
        for place in 0..rows.len() {
            let mut body = rows.clone();
            body[place] = byte;
            assert_eq!(inflated(&compressed(&body)), body);
        }
    }
}

#[test]
fn pythons_zlib_reads_every_body_back() {
    const SCRIPT: &str = "
import gzip, struct, sys
data = sys.stdin.buffer.read()
at = 0
checked = 0
while at < len(data):
    plain, packed = struct.unpack_from('<II', data, at)
    at += 8
    body, member = data[at:at + plain], data[at + plain:at + plain + packed]
    at += plain + packed
    assert gzip.decompress(member) == body, checked
    checked += 1
print(checked)
";
    let mut samples = vec![Vec::new(), b"7".to_vec(), (0..=255).collect(), dense_body().repeat(3)];
    let mut runner = proptest::test_runner::TestRunner::default();
    for _ in 0..200 {
        samples.push(bodies().new_tree(&mut runner).expect("a body").current());
    }
    let mut batch = Vec::new();
    for body in &samples {
        let member = compressed(body);
        batch.extend((body.len() as u32).to_le_bytes());
        batch.extend((member.len() as u32).to_le_bytes());
        batch.extend_from_slice(body);
        batch.extend_from_slice(&member);
    }
    let mut python = Command::new("python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    python.stdin.take().expect("piped").write_all(&batch).expect("python3 reads");
    let output = python.wait_with_output().expect("python3 ends");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), samples.len().to_string());
}
