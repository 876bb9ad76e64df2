//! What is read, and when.

use std::pin::pin;
use std::task::{Context, Waker};

use super::*;
use crate::clock::ManualClock;
use crate::telemetry::Chain;

const INTERVAL: Duration = Duration::from_secs(10);

const SETTING: SettingName = SettingName::of_configuration("some_file");

/// A directory of this test, which is removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("requires-auth-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("file")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Accepts texts without a question mark.
fn parse(content: &[u8]) -> Result<String, ContentError> {
    let text = String::from_utf8(content.to_vec()).map_err(|_| "expected UTF-8")?;
    if text.contains('?') { Err("expected no question mark".into()) } else { Ok(text) }
}

fn open(path: &Path, clock: &ManualClock) -> Result<Arc<ReloadedFile<String>>, SetupError> {
    let (path, clock) = (path.to_owned(), Arc::new(clock.clone()));
    ReloadedFile::open(SETTING, path, INTERVAL, Arc::new(parse), clock)
        .map(Arc::new)
        .map_err(|error| error.of_setting(SETTING))
}

#[tokio::test]
async fn a_file_is_read_again_after_the_interval() {
    // R-C11
    let directory = Directory::new("again");
    let path = directory.file();
    std::fs::write(&path, "one").unwrap();
    let clock = ManualClock::new();
    let file = open(&path, &clock).unwrap();
    let first = file.get().await;
    assert_eq!(*first, "one");

    std::fs::write(&path, "two").unwrap();
    clock.advance(Duration::from_millis(9_999));
    assert!(Arc::ptr_eq(&file.current_unless_due().unwrap(), &first));
    assert!(Arc::ptr_eq(&file.get().await, &first));
    clock.advance(Duration::from_millis(1));
    assert!(file.current_unless_due().is_none());
    assert_eq!(file.revision().get(), 0);
    assert_eq!(*file.get().await, "two");

    assert_eq!(file.revision().get(), 1);

    // The same content is the same value.
    let second = file.current_unless_due().unwrap();
    std::fs::write(&path, "two").unwrap();
    clock.advance(INTERVAL);
    assert!(Arc::ptr_eq(&file.get().await, &second));
    assert_eq!(file.revision().get(), 1);
}

#[tokio::test]
async fn a_cancelled_request_does_not_discard_what_it_has_read() {
    // R-C11, R-F13
    let directory = Directory::new("cancelled");
    let path = directory.file();
    std::fs::write(&path, "one").unwrap();
    let clock = ManualClock::new();
    let file = open(&path, &clock).unwrap();
    std::fs::write(&path, "two").unwrap();
    clock.advance(INTERVAL);
    {
        let mut request = pin!(file.get());
        let mut context = Context::from_waker(Waker::noop());
        assert!(request.as_mut().poll(&mut context).is_pending(), "the file is being read");
    }
    // Waits until the file is not locked.
    let reads = file.reads.lock().await;
    assert_eq!(*file.current(), "two");
    assert!(!file.is_due(&reads, INTERVAL));
}

#[tokio::test]
async fn the_last_usable_value_stays_in_use() {
    // R-C11
    let directory = Directory::new("last");
    let path = directory.file();
    std::fs::write(&path, "one").unwrap();
    let clock = ManualClock::new();
    let file = open(&path, &clock).unwrap();

    std::fs::write(&path, "two?").unwrap();
    clock.advance(INTERVAL);
    assert_eq!(*file.get().await, "one");
    std::fs::remove_file(&path).unwrap();
    clock.advance(INTERVAL);
    assert_eq!(*file.get().await, "one");
    std::fs::write(&path, "three").unwrap();
    clock.advance(INTERVAL);
    assert_eq!(*file.get().await, "three");
}

#[tokio::test]
async fn a_rejected_value_is_replaced_at_once_and_looked_for_once_a_second() {
    // R-C11
    let directory = Directory::new("rejected");
    let path = directory.file();
    std::fs::write(&path, "one").unwrap();
    let clock = ManualClock::new();
    let file = open(&path, &clock).unwrap();
    let rejected = file.get().await;
    clock.advance(INTERVAL_AFTER_REJECTION);
    assert!(!file.reload_after_rejection(&rejected).await, "the same content");

    std::fs::write(&path, "two").unwrap();
    assert!(!file.reload_after_rejection(&rejected).await, "read less than a second ago");
    clock.advance(INTERVAL_AFTER_REJECTION);
    assert!(file.reload_after_rejection(&rejected).await);
    assert_eq!(*file.current(), "two");
    assert!(file.reload_after_rejection(&rejected).await, "another caller has replaced it");
}

#[test]
fn an_unusable_file_is_an_error_at_start_that_does_not_show_its_content() {
    // R-C11, R-C3
    let directory = Directory::new("start");
    let path = directory.file();
    let message = |path: &Path| {
        let error = open(path, &ManualClock::new()).map(drop).unwrap_err();
        Chain(&error).to_string()
    };
    let missing = message(&path);
    let name = "`some_file` (REQUIRES_AUTH_SOME_FILE)";
    let expected = format!("the file of the setting {name} cannot be read: ");
    assert!(missing.starts_with(&expected), "{missing}");
    assert!(message(&directory.0).starts_with(&expected), "a directory");

    std::fs::write(&path, "s3cret?").unwrap();
    let expected =
        format!("the content of the setting {name} cannot be used: expected no question mark");
    assert_eq!(message(&path), expected);

    File::create(&path).unwrap().set_len(MAX_LENGTH + 1).unwrap();
    let long = message(&path);
    assert!(long.ends_with("cannot be read: the file is longer than 1 MiB"), "{long}");
}
