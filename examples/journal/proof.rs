//! `journal proof`: makes DPoP proofs (RFC 9449 §4.2), so that a command line can use a token that is bound to a key.

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use requires_auth::testing::DpopKey;

/// Print a DPoP proof for one request, the value of its header `DPoP`
#[derive(Debug, Args)]
pub struct Proof {
    /// Make a key, write it to this new file as PEM, and print its thumbprint, the `jkt` of tokens that are bound to it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "url", "token", "nonce"])]
    new_key: Option<PathBuf>,

    /// File with the key
    #[arg(long, value_name = "FILE", required_unless_present = "new_key")]
    key: Option<PathBuf>,

    /// Method of the request
    #[arg(long, default_value = "GET")]
    method: String,

    /// URL of the request
    #[arg(long, required_unless_present = "new_key")]
    url: Option<String>,

    /// Access token of the request; leave it out for a request to the token endpoint
    #[arg(long, allow_hyphen_values = true)]
    token: Option<String>,

    /// Value of the last `DPoP-Nonce` header of the server
    #[arg(long, allow_hyphen_values = true)]
    nonce: Option<String>,
}

impl Proof {
    /// The line to print.
    pub fn run(&self) -> Result<String, Box<dyn Error>> {
        if let Some(path) = &self.new_key {
            let key = DpopKey::generate();
            write_key(&key, path)?;
            return Ok(key.thumbprint().to_owned());
        }
        let path = self.key.as_deref().ok_or("--key is missing")?;
        let url = self.url.as_deref().ok_or("--url is missing")?;
        let unusable = |error| format!("cannot use the key in {}: {error}", path.display());
        let key = fs::read(path).and_then(DpopKey::from_pem).map_err(unusable)?;
        // The query is no part of a proof (RFC 9449 §4.2).
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let mut proof = key.proof(&self.method, url);
        if let Some(token) = &self.token {
            proof = proof.access_token(token);
        }
        if let Some(nonce) = &self.nonce {
            proof = proof.nonce(nonce);
        }
        Ok(proof.sign())
    }
}

/// Writes a key to a new file that, on Unix, only the current user can read.
pub fn write_key(key: &DpopKey, path: &Path) -> Result<(), Box<dyn Error>> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(key.to_pem().as_bytes()));
    written.map_err(|error| format!("cannot write a key to {}: {error}", path.display()).into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]
mod tests {
    use clap::{CommandFactory as _, FromArgMatches as _};

    use super::*;
    use crate::settings::{Command, Settings};

    fn proof(arguments: &[&str]) -> Result<String, String> {
        let arguments = ["journal", "proof"].iter().chain(arguments);
        let matches = Settings::command().try_get_matches_from(arguments);
        let matches = matches.map_err(|error| error.kind().to_string())?;
        match Settings::from_arg_matches(&matches).unwrap().command.unwrap() {
            Command::Proof(proof) => proof.run().map_err(|error| error.to_string()),
        }
    }

    fn members(part: &str) -> serde_json::Value {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn a_key_is_made_and_makes_proofs() {
        // R-H8. A token in base64url can begin with a hyphen.
        let path = std::env::temp_dir().join(format!("journal-proof-{}.pem", std::process::id()));
        let file = path.to_str().unwrap();
        let thumbprint = proof(&["--new-key", file]).unwrap();
        let again = proof(&["--new-key", file]).unwrap_err();
        let jwt = proof(&[
            "--key",
            file,
            "--method",
            "POST",
            "--url",
            "http://a/b?c#d",
            "--token",
            "-t0k3n",
            "--nonce",
            "-n",
        ]);
        let without = proof(&["--key", file, "--url", "http://a/b"]);
        let key = DpopKey::from_pem(fs::read(&path).unwrap()).unwrap();
        fs::remove_file(&path).unwrap();

        assert_eq!(key.thumbprint(), thumbprint);
        assert!(again.starts_with("cannot write a key to "), "{again}");
        let jwt = jwt.unwrap();
        let [header, claims, _] = jwt.split('.').collect::<Vec<_>>().try_into().unwrap();
        let claims = members(claims);
        assert_eq!(members(header)["jwk"], *key.public_jwk());
        assert_eq!(claims["htm"], "POST");
        assert_eq!(claims["htu"], "http://a/b");
        assert_eq!(claims["ath"], "ANj_k4MMB8qpiGLZ8R7l0YS35z2cxU63ke5If18Il8w");
        assert_eq!(claims["nonce"], "-n");
        let without = members(without.unwrap().split('.').nth(1).unwrap());
        assert_eq!((&without["htm"], without.get("ath")), (&"GET".into(), None));
        assert!(
            proof(&["--key", "/nowhere", "--url", "http://a"]).unwrap_err().contains("/nowhere")
        );
        assert!(proof(&["--key", file]).is_err() && proof(&[]).is_err());
    }
}
