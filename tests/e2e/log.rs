//! What a test's thread logs.

use std::cell::RefCell;
use std::io::Write;
use std::sync::{Arc, Mutex, Once};

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

thread_local! {
    static OF_THIS_THREAD: RefCell<Option<Log>> = const { RefCell::new(None) };
}

impl Log {
    /// Writes down what happens on this thread, which is the only one of a test's runtime.
    ///
    /// There is one subscriber for all tests: while some come and go, others miss what happens.
    #[must_use]
    pub fn begin(&self) -> Ended {
        static SUBSCRIBER: Once = Once::new();
        SUBSCRIBER.call_once(|| {
            let lines = fmt::layer().with_ansi(false).with_writer(OfThisThread);
            let library = Targets::new().with_target("requires_auth", Level::TRACE);
            registry().with(lines.with_filter(library)).init();
        });
        OF_THIS_THREAD.set(Some(self.clone()));
        Ended
    }

    /// The lines of the library.
    pub fn lines(&self) -> Vec<String> {
        let text = self.0.lock().unwrap();
        let text = String::from_utf8_lossy(&text);
        text.lines().filter(|line| line.contains(" requires_auth: ")).map(str::to_owned).collect()
    }
}

/// Ends the log of this thread.
pub struct Ended;

impl Drop for Ended {
    fn drop(&mut self) {
        OF_THIS_THREAD.set(None);
    }
}

struct OfThisThread;

impl<'a> MakeWriter<'a> for OfThisThread {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl Write for OfThisThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        OF_THIS_THREAD.with_borrow(|log| match log {
            Some(log) => log.0.lock().unwrap().write(bytes),
            None => Ok(bytes.len()),
        })
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
