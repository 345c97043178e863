//! `load`: asks a range server for random ranges over kept connections and prints one JSON object: requests a second,
//! how long an answer took, and errors. An answer counts when it is a whole 200 with rows of the range protocol.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::thread;
use std::time::{Duration, Instant};

use breachdex::PREFIX_COUNT;
use clap::Parser;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Load a range server over plain http
#[derive(Clone, Parser)]
struct Arguments {
    /// `http://ADDRESS:PORT`
    url: String,
    /// Connections, each with a thread of its own
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// Stop after so many seconds
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Stop a connection after so many requests
    #[arg(long, default_value_t = usize::MAX)]
    requests: usize,
    /// Other ranges with another number
    #[arg(long, default_value_t = 1)]
    set: u64,
    /// Ask for gzip
    #[arg(long)]
    gzip: bool,
}

#[derive(Default)]
struct Tally {
    nanoseconds: Vec<u64>,
    bytes: u64,
    errors: u64,
    first_error: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let address = arguments.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let started = Instant::now();
    let end = started + Duration::from_secs_f64(arguments.seconds.clamp(0.0, 1e6));
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let threads: Vec<_> = (0..arguments.connections.max(1) as u64)
            .map(|number| {
                let (arguments, address) = (&arguments, &address);
                scope.spawn(move || run(arguments, address, number, end))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
    });
    let seconds = started.elapsed().as_secs_f64();
    let mut times: Vec<u64> = tallies.iter().flat_map(|tally| &tally.nanoseconds).copied().collect();
    times.sort_unstable();
    let quantile = |share: f64| {
        let place = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
        times.get(place).copied().unwrap_or(0)
    };
    let first_error = tallies.iter().find_map(|tally| tally.first_error.as_deref()).unwrap_or("");
    println!(
        "{{\"asked\":{},\"seconds\":{seconds:.6},\"requests_per_second\":{:.1},\"p50_ns\":{},\"p99_ns\":{},\
         \"max_ns\":{},\"bytes\":{},\"errors\":{},\"first_error\":{first_error:?}}}",
        times.len(),
        times.len() as f64 / seconds,
        quantile(0.5),
        quantile(0.99),
        quantile(1.0),
        tallies.iter().map(|tally| tally.bytes).sum::<u64>(),
        tallies.iter().map(|tally| tally.errors).sum::<u64>(),
    );
    Ok(())
}

/// One connection; after an error another one, at most a thousand.
fn run(arguments: &Arguments, address: &str, number: u64, end: Instant) -> Tally {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(0x004c_4f41 ^ arguments.set << 32 ^ number << 16);
    let (mut tally, mut connection) = (Tally::default(), None);
    while Instant::now() < end && tally.nanoseconds.len() < arguments.requests && tally.errors < 1_000 {
        let prefix = random.next_u32() % PREFIX_COUNT;
        let started = Instant::now();
        match ask(&mut connection, arguments, address, prefix) {
            Ok(bytes) => {
                tally.nanoseconds.push(started.elapsed().as_nanos() as u64);
                tally.bytes += bytes as u64;
            }
            Err(error) => {
                connection = None;
                tally.errors += 1;
                tally.first_error.get_or_insert_with(|| error.to_string());
            }
        }
    }
    tally
}

/// The length of the body.
fn ask(
    connection: &mut Option<BufReader<TcpStream>>,
    arguments: &Arguments,
    address: &str,
    prefix: u32,
) -> io::Result<usize> {
    let mut stream = match connection.take() {
        Some(stream) => stream,
        None => connect(address)?,
    };
    let encoding = if arguments.gzip { "Accept-Encoding: gzip\r\n" } else { "" };
    let request = format!("GET /range/{prefix:05X} HTTP/1.1\r\nHost: {address}\r\n{encoding}\r\n");
    stream.get_mut().write_all(request.as_bytes())?;
    let body = read_answer(&mut stream)?;
    let is_whole = if arguments.gzip {
        body.starts_with(&[0x1f, 0x8b])
    } else {
        body.get(35) == Some(&b':') && body.last().is_some_and(u8::is_ascii_digit)
    };
    *connection = Some(stream);
    if is_whole {
        Ok(body.len())
    } else {
        Err(io::Error::other(format!("the body of {prefix:05X} is not whole")))
    }
}

fn connect(address: &str) -> io::Result<BufReader<TcpStream>> {
    let address = address.to_socket_addrs()?.next().ok_or_else(|| io::Error::other("no address"))?;
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(10))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(BufReader::with_capacity(1 << 17, stream))
}

fn read_answer(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let (mut line, mut length, mut status) = (String::new(), None, None);
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        if status.is_none() {
            status = Some(text.to_owned());
        } else if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let status = status.unwrap_or_default();
    let length = length.ok_or_else(|| io::Error::other(format!("{status}: no content-length")))?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    if status.split(' ').nth(1) == Some("200") { Ok(body) } else { Err(io::Error::other(status)) }
}
