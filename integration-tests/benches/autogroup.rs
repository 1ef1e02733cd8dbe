//! Scheduling without groups of sessions, as a server that only runs this system should have it.

/// Whether Linux groups processes by session (autogroup) when it shares out the cores.
const AUTOGROUP: &str = "/proc/sys/kernel/sched_autogroup_enabled";

pub fn is_off() -> bool {
    std::fs::read_to_string(AUTOGROUP).is_ok_and(|set| set.trim() == "0")
}

/// No autogroups, where this process may change that, until dropped. Each connection of Postgres is a session of its
/// own: between its group and that of the hashing threads, the priority of threads has no effect.
pub struct GroupsOff(Option<String>);

impl GroupsOff {
    pub fn new() -> Self {
        let before = std::fs::read_to_string(AUTOGROUP).ok();
        let _ = std::fs::write(AUTOGROUP, "0");
        Self(before)
    }
}

impl Drop for GroupsOff {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = std::fs::write(AUTOGROUP, before.trim());
        }
    }
}
