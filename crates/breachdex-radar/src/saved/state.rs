//! Everything that a radar remembers, in order.

#![forbid(unsafe_code)]

use std::collections::VecDeque;

use super::bytes::{Reader, Writer, within};
use super::{CHECKSUM, MAGIC};
use crate::answer::Episode;
use crate::attempt::Time;
use crate::baseline::{Baseline, HOURS, Hour};
use crate::entry::{Entry, FLOOR};
use crate::error::{RadarError, Result};
use crate::keys::Keys;
use crate::learning::Block;
use crate::options::RadarOptions;
use crate::radar::{EPISODES, Radar, Running, Suspicion};
use crate::site::LANES;

/// No sum of the tests is larger: alarms are at logarithms of chances that options allow.
const HIGHEST_SUM: f32 = 64.0;
/// No evidence over the site is larger: what raises the alarm at the smallest rate of false ones, for a lane alone.
const MOST_EVIDENCE: f64 = 1e18;
/// Blocks that may wait.
const MOST_WAITING: u32 = 16;
/// Bytes of everything but the entries, rounded up.
const FIXED: usize = 16 * 1024;
/// Bytes of an entry with its place and tag.
const ENTRY: usize = 72;

/// The most bytes that a state with room for so many sources takes.
pub(super) fn longest(sources: usize) -> usize {
    MAGIC.len() + FIXED + sources * ENTRY + CHECKSUM
}

pub(super) fn write(radar: &Radar, writer: &mut Writer) {
    writer.u32(radar.table.places() as u32);
    writer.bytes(radar.keys.bytes());
    writer.u32(radar.now);
    writer.u32(radar.pause);
    let learning = &radar.learning;
    writer.u32(learning.waiting.len() as u32);
    for block in learning.waiting.iter().chain([&learning.block]) {
        for number in [block.number, block.rated, block.exposed, block.stated, block.unknown] {
            writer.u32(number);
        }
    }
    writer.f64(learning.attempts);
    writer.f64(learning.successes);
    for hour in learning.exposed.hours.iter().chain(&learning.unknown.hours) {
        writer.f32(hour.share);
        writer.f32(hour.weight);
        writer.u32(u32::from(hour.blocks));
    }
    for lane in 0..LANES {
        writer.f64(radar.site.evidence[lane]);
        writer.f32(radar.site.sums[lane]);
        writer.u32(radar.site.zero[lane]);
    }
    writer.u32(u32::from(radar.attack.is_some()));
    if let Some(running) = &radar.attack {
        writer.u32(running.evidence);
        writer.u32(running.lane.map_or(u32::MAX, |lane| lane as u32));
        episode(&running.episode, writer);
    }
    let Suspicion { since, last, count } = radar.suspicion.unwrap_or_default();
    for number in [u32::from(radar.suspicion.is_some()), since, last, count] {
        writer.u32(number);
    }
    writer.u32(radar.episodes.len() as u32);
    for finished in &radar.episodes {
        episode(finished, writer);
    }
    writer.u32(radar.table.taken(radar.now).count() as u32);
    for (place, tag, entry) in radar.table.taken(radar.now) {
        writer.u32(place as u32);
        writer.u32(tag);
        for word in entry.accounts {
            writer.u64(word);
        }
        for sum in entry.sums {
            writer.f32(sum);
        }
        let Entry { first, seen, rising, raised, evidence, attempts, successes, distinct, .. } = *entry;
        for number in [first, seen, rising, raised, evidence, attempts, successes, distinct] {
            writer.u32(number);
        }
    }
}

fn episode(episode: &Episode, writer: &mut Writer) {
    writer.u32(episode.since.0);
    writer.u32(episode.raised.0);
    writer.u32(episode.until.map_or(u32::MAX, |until| until.0));
    writer.u64(episode.failures);
    writer.u64(episode.successes);
    writer.u32(episode.sources);
    writer.u32(u32::from(episode.is_site_wide));
}

pub(super) fn read(options: RadarOptions, mut reader: Reader<'_>) -> Result<Radar> {
    let saved = reader.u32()? as usize;
    if saved != options.sources {
        return Err(RadarError::Sources { saved, asked: options.sources });
    }
    let mut radar = Radar::new(options)?;
    radar.keys = Keys::new(reader.array()?);
    radar.now = reader.u32()?;
    radar.pause = reader.u32()?;
    read_learning(&mut radar, &mut reader)?;
    // The tests' heights depend on what is usual.
    radar.rest();
    for lane in 0..LANES {
        radar.site.evidence[lane] = reader.f64(0.0, MOST_EVIDENCE)?;
        radar.site.sums[lane] = reader.f32(0.0, HIGHEST_SUM)?;
        radar.site.zero[lane] = reader.number(radar.now)?;
    }
    radar.site.add_up();
    radar.attack = read_attack(radar.now, &mut reader)?;
    let is_suspected = reader.number(1)? == 1;
    let suspicion =
        Suspicion { since: reader.number(radar.now)?, last: reader.number(radar.now)?, count: reader.u32()? };
    radar.suspicion = is_suspected.then_some(suspicion);
    let episodes = reader.number(EPISODES as u32)?;
    radar.episodes = (0..episodes).map(|_| read_episode(&mut reader)).collect::<Result<VecDeque<_>>>()?;
    let entries = reader.number(saved as u32)?;
    for _ in 0..entries {
        let (place, tag) = (reader.u32()? as usize, reader.u32()?);
        let entry = read_entry(&mut reader)?;
        within(radar.table.put(place, tag, entry))?;
    }
    reader.end()?;
    Ok(radar)
}

fn read_learning(radar: &mut Radar, reader: &mut Reader<'_>) -> Result<()> {
    let waiting = reader.number(MOST_WAITING)?;
    let learning = &mut radar.learning;
    learning.waiting = (0..waiting).map(|_| read_block(reader)).collect::<Result<_>>()?;
    learning.block = read_block(reader)?;
    learning.attempts = reader.f64(0.0, 1e9)?;
    learning.successes = reader.f64(0.0, learning.attempts)?;
    read_hours(&mut learning.exposed, reader)?;
    read_hours(&mut learning.unknown, reader)
}

fn read_block(reader: &mut Reader<'_>) -> Result<Block> {
    let (number, rated) = (reader.u32()?, reader.u32()?);
    let (exposed, stated) = (reader.number(rated)?, reader.u32()?);
    Ok(Block { number, rated, exposed, stated, unknown: reader.number(stated)? })
}

fn read_hours(baseline: &mut Baseline, reader: &mut Reader<'_>) -> Result<()> {
    for at in 0..HOURS {
        let (share, weight) = (reader.f32(0.0, 1.0)?, reader.f32(0.0, 1e6)?);
        let blocks = u16::try_from(reader.number(u32::from(u16::MAX))?).unwrap_or(u16::MAX);
        baseline.hours[at] = Hour { share, weight, blocks };
    }
    Ok(())
}

fn read_attack(now: u32, reader: &mut Reader<'_>) -> Result<Option<Running>> {
    if reader.number(1)? == 0 {
        return Ok(None);
    }
    let evidence = reader.number(now)?;
    let lane = reader.u32()?;
    within(lane == u32::MAX || (lane as usize) < LANES)?;
    let lane = (lane != u32::MAX).then_some(lane as usize);
    Ok(Some(Running { evidence, lane, episode: read_episode(reader)? }))
}

fn read_episode(reader: &mut Reader<'_>) -> Result<Episode> {
    Ok(Episode {
        since: Time(reader.u32()?),
        raised: Time(reader.u32()?),
        until: Some(reader.u32()?).filter(|until| *until != u32::MAX).map(Time),
        failures: reader.u64()?,
        successes: reader.u64()?,
        sources: reader.u32()?,
        is_site_wide: reader.number(1)? == 1,
    })
}

fn read_entry(reader: &mut Reader<'_>) -> Result<Entry> {
    Ok(Entry {
        accounts: [reader.u64()?, reader.u64()?, reader.u64()?],
        sums: [reader.f32(FLOOR, HIGHEST_SUM)?, reader.f32(FLOOR, HIGHEST_SUM)?],
        first: reader.u32()?,
        seen: reader.u32()?,
        rising: reader.u32()?,
        raised: reader.u32()?,
        evidence: reader.u32()?,
        attempts: reader.u32()?,
        successes: reader.u32()?,
        distinct: reader.u32()?,
    })
}
