//! Tasks, which belong to the caller of the tool that began them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::session::SessionSeal;
use crate::AuthInfo;

/// Who began which task, and with which tool.
///
/// It is bounded: beyond [`MOST_TASKS`], the oldest task is forgotten, and then it is nobody's.
#[derive(Debug, Default)]
pub(super) struct Tasks(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    begun: HashMap<String, Begun>,
    order: VecDeque<String>,
}

#[derive(Debug)]
struct Begun {
    tool: String,
    /// The task's id, sealed for its owner.
    sealed: String,
}

/// At some 200 bytes each, a few megabytes.
const MOST_TASKS: usize = 10_000;

impl Tasks {
    pub(super) fn begin(
        &self,
        task: &str,
        tool: String,
        seal: &SessionSeal,
        caller: Option<&AuthInfo>,
    ) {
        let sealed = seal.seal(task, caller);
        let mut known = self.known();
        if known.begun.insert(task.to_owned(), Begun { tool, sealed }).is_none() {
            known.order.push_back(task.to_owned());
        }
        if known.order.len() > MOST_TASKS
            && let Some(oldest) = known.order.pop_front()
        {
            known.begun.remove(&oldest);
        }
    }

    /// The tool that began a task of this caller; `None` if it is somebody else's, or unknown.
    pub(super) fn tool(
        &self,
        task: &str,
        seal: &SessionSeal,
        caller: Option<&AuthInfo>,
    ) -> Option<String> {
        let known = self.known();
        let begun = known.begun.get(task)?;
        let own = seal.open(&begun.sealed, caller) == Some(task);
        own.then(|| begun.tool.clone())
    }

    /// Never held across an `await`.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_about_tasks_is_bounded() {
        let (tasks, seal) = (Tasks::default(), SessionSeal::new(&[1; 32]).unwrap());
        for number in 0..=MOST_TASKS {
            tasks.begin(&number.to_string(), "tool".to_owned(), &seal, None);
        }
        assert_eq!(tasks.known().begun.len(), MOST_TASKS);
        assert_eq!(tasks.tool("0", &seal, None), None, "the oldest");
        assert_eq!(tasks.tool("1", &seal, None).as_deref(), Some("tool"));
        tasks.begin("1", "other".to_owned(), &seal, None);
        assert_eq!(tasks.known().order.len(), MOST_TASKS, "an id counts once");
    }
}
