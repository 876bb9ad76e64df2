//! The owners of tasks: a task belongs to the caller of the tool that began it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::principal::PrincipalHash;
use crate::Condition;

/// Which principal began which task, and with which tool.
///
/// The number of entries is bounded. A principal with [`MAX_TASKS_PER_OWNER`] tasks loses its oldest one
/// for a new one, and never one of another principal. At [`MAX_TASKS`] in all, a principal without a task
/// can begin none, except in the place of tasks that are older than [`MAX_AGE`].
#[derive(Debug, Default)]
pub(super) struct TaskOwners(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    owners: HashMap<PrincipalHash, OwnedTasks>,
    /// The tasks of all owners.
    count: usize,
    last_sweep: Option<Instant>,
}

/// The tasks of one principal.
#[derive(Debug, Default)]
struct OwnedTasks {
    tasks: HashMap<String, Task>,
    /// The ids, the oldest first.
    order: VecDeque<String>,
}

#[derive(Debug)]
struct Task {
    call: BeginningCall,
    begun: Instant,
}

/// The call that began a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BeginningCall {
    pub(super) tool: String,
    /// What its arguments required, beyond the declared policy of the tool.
    pub(super) further: Option<Condition>,
}

/// At some 200 bytes each, 20 MB.
const MAX_TASKS: usize = 100_000;
const MAX_TASKS_PER_OWNER: usize = 1_000;
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The least time between two sweeps: a sweep visits every entry.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// There is no room for the task of a principal that has none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("this server keeps too many tasks of other callers")]
pub(super) struct TooManyTasks;

impl TaskOwners {
    pub(super) fn insert(
        &self,
        id: &str,
        call: BeginningCall,
        owner: PrincipalHash,
        now: Instant,
    ) -> Result<(), TooManyTasks> {
        let mut entries = self.entries();
        let own = entries.owners.get(&owner);
        let is_new = own.is_none_or(|own| !own.tasks.contains_key(id));
        if is_new && own.is_some_and(|own| own.order.len() >= MAX_TASKS_PER_OWNER) {
            entries.remove_oldest(owner);
        } else if is_new && entries.count >= MAX_TASKS {
            entries.sweep(now);
            if entries.count >= MAX_TASKS && !entries.remove_oldest(owner) {
                return Err(TooManyTasks);
            }
        }
        let own = entries.owners.entry(owner).or_default();
        own.tasks.insert(id.to_owned(), Task { call, begun: now });
        if is_new {
            own.order.push_back(id.to_owned());
            entries.count += 1;
        }
        Ok(())
    }

    /// The call that began a task; `None` if there is no such task of this owner.
    pub(super) fn beginning_call(&self, id: &str, owner: PrincipalHash) -> Option<BeginningCall> {
        let entries = self.entries();
        let task = entries.owners.get(&owner)?.tasks.get(id)?;
        Some(task.call.clone())
    }

    /// The lock is never held across an `await`.
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Removes the oldest task of an owner; `false` if it has none.
    fn remove_oldest(&mut self, owner: PrincipalHash) -> bool {
        let Some(own) = self.owners.get_mut(&owner) else { return false };
        let Some(oldest) = own.order.pop_front() else { return false };
        own.tasks.remove(&oldest);
        self.count -= 1;
        true
    }

    /// Removes the tasks that are too old, at most once in [`SWEEP_INTERVAL`].
    fn sweep(&mut self, now: Instant) {
        let is_recent = |sweep: Instant| now.saturating_duration_since(sweep) < SWEEP_INTERVAL;
        if self.last_sweep.is_some_and(is_recent) {
            return;
        }
        self.last_sweep = Some(now);
        let is_old = |task: &Task| now.saturating_duration_since(task.begun) >= MAX_AGE;
        self.owners.retain(|_, own| {
            own.tasks.retain(|_, task| !is_old(task));
            own.order.retain(|id| own.tasks.contains_key(id));
            !own.order.is_empty()
        });
        self.count = self.owners.values().map(|own| own.order.len()).sum();
    }
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
