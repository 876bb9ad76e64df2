//! A secret that is configured as a text, or as the file that contains it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

#[cfg(feature = "jwt")]
use secrecy::zeroize::Zeroizing;

use crate::loaded::Loaded;
#[cfg(feature = "jwt")]
use crate::loaded::Source;
use crate::reloaded_file::ContentError;
#[cfg(feature = "jwt")]
use crate::reloaded_file::Parse;
use crate::{Clock, Secret, SettingName, SetupError};

/// A secret of this server, or the file that contains it.
///
/// A file is read when the client is built, and again by requests, at most every 10 s, so that a secret is
/// replaced without a restart. A request whose secret the authorization server rejects reads the file at once,
/// and is sent again if the secret has changed. While the file cannot be read, the last secret stays in use, and
/// a line is logged. One line break at the end of the file is not part of the secret.
///
/// ```
/// use requires_auth::{Introspection, SecretSource};
///
/// let fixed = Introspection::builder("https://auth.example/introspect")
///     .client_secret_basic("journal", "the client's secret");
/// let from_file = Introspection::builder("https://auth.example/introspect")
///     .client_secret_basic("journal", SecretSource::file("/run/secrets/journal"));
/// ```
#[derive(Clone)]
pub struct SecretSource(Content);

#[derive(Clone)]
enum Content {
    Text(Secret),
    File(PathBuf),
}

impl SecretSource {
    /// The file that contains the secret.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Content::File(path.into()))
    }

    /// The secret itself, unless it is in a file.
    pub(crate) fn text(&self) -> Option<&Secret> {
        match &self.0 {
            Content::Text(secret) => Some(secret),
            Content::File(_) => None,
        }
    }

    /// Makes a value of the secret. The setting is for messages.
    #[cfg(feature = "jwt")]
    pub(crate) fn load<T>(
        self,
        setting: SettingName,
        parse: Parse<T>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Loaded<T>, SetupError> {
        let source = match self.0 {
            Content::Text(secret) => Source::Text(Zeroizing::new(secret.expose().to_owned())),
            Content::File(path) => Source::File(path),
        };
        Loaded::load(setting, source, parse, clock)
    }

    /// The secret as it is. That of a file is not empty.
    pub(crate) fn load_text(
        self,
        setting: SettingName,
        clock: &Arc<dyn Clock>,
    ) -> Result<Loaded<Secret>, SetupError> {
        match self.0 {
            Content::Text(secret) => Ok(Loaded::Fixed(Arc::new(secret))),
            Content::File(path) => Loaded::open(setting, path, Arc::new(read_text), clock),
        }
    }
}

/// The secret in a text, or in the content of a file.
pub(crate) fn read_text(content: &[u8]) -> Result<Secret, ContentError> {
    let text = std::str::from_utf8(content).map_err(|_| "expected a text in UTF-8")?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.trim().is_empty() {
        return Err("expected a text that is not empty".into());
    }
    Ok(Secret::from(text))
}

impl<S: Into<Secret>> From<S> for SecretSource {
    fn from(secret: S) -> Self {
        Self(Content::Text(secret.into()))
    }
}

/// Without the secret.
impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Content::Text(_) => f.write_str("SecretSource(..)"),
            Content::File(path) => f.debug_tuple("SecretSource::file").field(path).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_file_has_one_line_break_less() {
        // R-C11
        let read = |content: &str| read_text(content.as_bytes()).unwrap().expose().to_owned();
        assert_eq!(read(" s3cret \n"), " s3cret ");
        assert_eq!(read("s3cret\r\n"), "s3cret");
        assert_eq!(read("s3cret"), "s3cret");
        assert_eq!(read("one\ntwo\n\n"), "one\ntwo\n");
        for empty in ["", "\n", " \r\n", "\n\n"] {
            let error = read_text(empty.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), "expected a text that is not empty");
        }
        assert_eq!(read_text(b"s3cret\xff").unwrap_err().to_string(), "expected a text in UTF-8");
    }

    #[test]
    fn the_secret_is_not_shown() {
        // R-C3
        let sources = [SecretSource::from("s3cret"), SecretSource::file("a/b")];
        let shown = format!("{sources:?}");
        assert_eq!(shown, r#"[SecretSource(..), SecretSource::file("a/b")]"#);
    }
}
