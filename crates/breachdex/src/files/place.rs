//! Where a process's number means that process: a machine, since it was started, and a container. What a lock file says of its
//! process, and what that says of another one's.

#![forbid(unsafe_code)]

use std::time::SystemTime;

/// What is said of where a process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The machine's name in the network.
    node: String,
    /// A hash of the machine's own number; empty where it has none.
    machine: String,
    /// The number of its start.
    boot: String,
    /// The name space of its processes.
    container: String,
}

/// The name space of processes outside of all containers, which every Linux has under this number.
const NO_CONTAINER: &str = "pid:[4026531836]";

impl Place {
    /// Where this process is.
    #[cfg(unix)]
    pub(super) fn here() -> Self {
        let text = |path| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let word = |text: String| text.split_whitespace().collect::<Vec<_>>().join("_");
        let container = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        Self {
            node: word(rustix::system::uname().nodename().to_string_lossy().into_owned()),
            machine: hash_of(&text("/etc/machine-id")),
            boot: word(text("/proc/sys/kernel/random/boot_id")),
            container: word(container.display().to_string()),
        }
    }

    #[cfg(not(unix))]
    pub(super) fn here() -> Self {
        Self { node: String::new(), machine: String::new(), boot: String::new(), container: String::new() }
    }

    /// What a lock file says.
    pub(super) fn line(&self, process: u32) -> String {
        let Self { node, machine, boot, container } = self;
        format!("{process} {node} {machine} {boot} {container}\n")
    }

    /// Reads such a line.
    pub(super) fn parse(line: &str) -> Option<(u32, Self)> {
        let mut words = line.strip_suffix('\n')?.split(' ').map(str::to_owned);
        let process = words.next()?.parse().ok()?;
        let place = Self {
            node: words.next()?,
            machine: words.next()?,
            boot: words.next()?,
            container: words.next()?,
        };
        words.next().is_none().then_some((process, place))
    }

    /// Whether `before` is this machine before it was started anew, where no process lives any more. A lock file is older than
    /// the start then. Containers have numbers and names that others may have at the same time, so of them nobody can tell.
    pub(super) fn is_restart_of(
        &self,
        before: &Self,
        written: SystemTime,
        started: Option<SystemTime>,
    ) -> bool {
        let is_known = [&self.machine, &self.boot, &before.boot].iter().all(|word| !word.is_empty());
        is_known
            && (&self.node, &self.machine) == (&before.node, &before.machine)
            && self.boot != before.boot
            && [self, before].iter().all(|place| place.container == NO_CONTAINER)
            && started.is_some_and(|started| written < started)
    }
}

/// The machine's number is not to be shown, so what is shown is made of it for this purpose alone.
#[cfg(unix)]
fn hash_of(machine: &str) -> String {
    if machine.is_empty() || machine == "uninitialized" {
        return String::new();
    }
    let hash = blake3::derive_key("breachdex 2026-11 lock files: this machine", machine.as_bytes());
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// When the machine was started, by its own clock.
pub(super) fn started() -> Option<SystemTime> {
    let facts = std::fs::read_to_string("/proc/stat").ok()?;
    let seconds = facts.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    SystemTime::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn place(words: [&str; 4]) -> Place {
        let [node, machine, boot, container] = words.map(str::to_owned);
        Place { node, machine, boot, container }
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        for place in [Place::here(), place(["n", "", "", ""]), place(["", "m", "b", NO_CONTAINER])] {
            assert_eq!(Place::parse(&place.line(41)), Some((41, place.clone())));
        }
        for other in ["", "41", "41 n m b c", "41 n m b\n", "41 n m b c d\n", "x n m b c\n", "1 elsewhere\n"]
        {
            assert_eq!(Place::parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn only_the_same_machine_outside_of_containers_is_known_to_have_been_restarted() {
        let now = place(["n", "m", "b2", NO_CONTAINER]);
        let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let (before, after) = (started - Duration::from_secs(9), started + Duration::from_secs(9));
        let was = |words, written| now.is_restart_of(&place(words), written, Some(started));
        assert!(was(["n", "m", "b1", NO_CONTAINER], before));
        assert!(!was(["n", "m", "b1", NO_CONTAINER], after), "a machine with the same names holds it now");
        assert!(!was(["n", "m", "b2", NO_CONTAINER], before), "the same start");
        assert!(!was(["n", "other", "b1", NO_CONTAINER], before));
        assert!(!was(["other", "m", "b1", NO_CONTAINER], before));
        assert!(!was(["n", "m", "", NO_CONTAINER], before));
        assert!(!was(["n", "m", "b1", "pid:[4026532001]"], before), "a container");
        assert!(!now.is_restart_of(&place(["n", "m", "b1", NO_CONTAINER]), before, None));
        let nameless = place(["n", "", "b2", NO_CONTAINER]);
        assert!(!nameless.is_restart_of(&place(["n", "", "b1", NO_CONTAINER]), before, Some(started)));
    }
}
