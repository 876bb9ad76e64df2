//! Public keys (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaPublicKeyComponents, VerificationAlgorithm,
};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::SigningAlgorithm::{
    self, EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512,
};
use super::base64url;
use super::header::MAX_KEY_ID_LENGTH;
use crate::json_object::Object;
#[cfg(feature = "dpop")]
use crate::thumbprint::Thumbprint;

/// A public key that verifies signatures, for each algorithm that it may be used with.
#[derive(Debug)]
pub(crate) struct VerificationKey {
    pub(super) id: Option<String>,
    pub(super) parsed: Vec<(SigningAlgorithm, ParsedPublicKey)>,
}

/// The members of a JWK that are used. Of a repeated one, the last is used (RFC 7517 §4).
#[derive(Deserialize)]
pub(crate) struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// The private parts of an RSA, EC or OKP key, and a symmetric key.
    d: Option<IgnoredAny>,
    p: Option<IgnoredAny>,
    q: Option<IgnoredAny>,
    dp: Option<IgnoredAny>,
    dq: Option<IgnoredAny>,
    qi: Option<IgnoredAny>,
    oth: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

impl Jwk {
    fn is_public(&self) -> bool {
        let Self { d, p, q, dp, dq, qi, oth, k, .. } = self;
        [d, p, q, dp, dq, qi, oth, k].into_iter().all(Option::is_none)
    }

    /// The SHA-256 thumbprint (RFC 7638 §3); `None` for a key type that cannot verify signatures. The values are base64url
    /// where the key was read, so they need no escapes.
    #[cfg(feature = "dpop")]
    pub(crate) fn thumbprint(&self) -> Option<Thumbprint> {
        let Self { kty, crv, n, e, x, y, .. } = self;
        let canonical = match (&**kty, crv, n, e, x, y) {
            ("EC", Some(crv), _, _, Some(x), Some(y)) => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            ("OKP", Some(crv), _, _, Some(x), _) => {
                format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#)
            }
            ("RSA", _, Some(n), Some(e), ..) => {
                format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
            }
            _ => return None,
        };
        Some(Thumbprint::sha256(canonical.as_bytes()))
    }

    /// The length of the modulus of an RSA key, in bytes; `None` for other keys.
    #[cfg(feature = "dpop")]
    pub(crate) fn modulus_length(&self) -> Option<usize> {
        let n = base64url::decode(self.n.as_ref()?.as_bytes())?;
        Some(without_leading_zeros(&n).len())
    }
}

impl VerificationKey {
    /// Reads a JWK. `None` for one that cannot or must not verify a signature with one of the algorithms: a
    /// symmetric key, one for encryption, an RSA key of less than 2048 or more than 8192 bits, one on another
    /// curve, one that the issuer has published with its private part, and one that is malformed.
    pub(super) fn read(jwk: &serde_json::Value, algorithms: &[SigningAlgorithm]) -> Option<Self> {
        let Object(jwk) = Object::<Jwk>::deserialize(jwk).ok()?;
        Self::of(&jwk, algorithms)
    }

    /// The same for a JWK that is read already.
    pub(crate) fn of(jwk: &Jwk, algorithms: &[SigningAlgorithm]) -> Option<Self> {
        let signs = jwk.usage.as_deref().is_none_or(|usage| usage == "sig");
        let verifies = jwk.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        let bounded = jwk.kid.as_ref().is_none_or(|id| id.len() <= MAX_KEY_ID_LENGTH);
        if !signs || !verifies || !bounded || !jwk.is_public() {
            return None;
        }
        let material = material(jwk)?;
        let named = jwk.alg.as_deref();
        let of_key = candidates(jwk).iter().copied();
        let usable = of_key
            .filter(|algorithm| named.is_none_or(|named| algorithm.has_name(named)))
            .filter(|algorithm| algorithms.contains(algorithm));
        let parsed: Vec<_> = usable
            .filter_map(|it| Some((it, ParsedPublicKey::new(verification(it), &material).ok()?)))
            .collect();
        (!parsed.is_empty()).then(|| Self { id: jwk.kid.clone(), parsed })
    }

    pub(crate) fn for_algorithm(&self, algorithm: SigningAlgorithm) -> Option<&ParsedPublicKey> {
        self.parsed.iter().find(|(it, _)| *it == algorithm).map(|(_, key)| key)
    }

    /// Whether both are the same key, for the same algorithms and under the same id.
    pub(super) fn is(&self, other: &Self) -> bool {
        let same = |((one, key), (other, other_key)): (
            &(SigningAlgorithm, ParsedPublicKey),
            &(SigningAlgorithm, ParsedPublicKey),
        )| { one == other && key.as_ref() == other_key.as_ref() };
        self.id == other.id
            && self.parsed.len() == other.parsed.len()
            && self.parsed.iter().zip(&other.parsed).all(same)
    }
}

/// The algorithms that a key of this type and curve can be used with.
fn candidates(jwk: &Jwk) -> &'static [SigningAlgorithm] {
    match (&*jwk.kty, jwk.crv.as_deref()) {
        ("RSA", _) => &[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512],
        ("EC", Some("P-256")) => &[Es256],
        ("EC", Some("P-384")) => &[Es384],
        ("OKP", Some("Ed25519")) => &[EdDsa],
        _ => &[],
    }
}

/// The key as `aws-lc-rs` parses it: an RSA key as `SubjectPublicKeyInfo`, an EC key as uncompressed point.
///
/// Coordinates have the length of the curve (RFC 7518 §6.2.1.2, RFC 8037 §2). Of another division of a point, and of a
/// key in DER, which `aws-lc-rs` reads as well, a key would have several thumbprints.
fn material(jwk: &Jwk) -> Option<Vec<u8>> {
    let bytes = |member: &Option<String>| base64url::decode(member.as_ref()?.as_bytes());
    let coordinate = |member, length| bytes(member).filter(|it| it.len() == length);
    let point = |length| {
        Some([&[4], &*coordinate(&jwk.x, length)?, &*coordinate(&jwk.y, length)?].concat())
    };
    match (&*jwk.kty, jwk.crv.as_deref()) {
        ("RSA", _) => {
            let (n, e) = (bytes(&jwk.n)?, bytes(&jwk.e)?);
            // Some servers encode a leading zero, which RFC 7518 §6.3.1.1 forbids.
            let n = without_leading_zeros(&n);
            let bits = n.len() * 8 - usize::try_from(n.first()?.leading_zeros()).ok()?;
            if !(2048..=8192).contains(&bits) {
                return None;
            }
            let components = RsaPublicKeyComponents { n, e: without_leading_zeros(&e) };
            Some(components.as_der().ok()?.as_ref().to_vec())
        }
        ("EC", Some("P-256")) => point(32),
        ("EC", Some("P-384")) => point(48),
        ("OKP", Some("Ed25519")) => coordinate(&jwk.x, 32),
        _ => None,
    }
}

pub(super) fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

fn verification(algorithm: SigningAlgorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Ps256 => &RSA_PSS_2048_8192_SHA256,
        Ps384 => &RSA_PSS_2048_8192_SHA384,
        Ps512 => &RSA_PSS_2048_8192_SHA512,
        Es256 => &ECDSA_P256_SHA256_FIXED,
        Es384 => &ECDSA_P384_SHA384_FIXED,
        EdDsa => &ED25519,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_used(crv: &str, x: &[u8], y: &[u8]) -> bool {
        let kty = if crv == "Ed25519" { "OKP" } else { "EC" };
        let [x, y] = [x, y].map(base64url::encode);
        let jwk = json!({ "kty": kty, "crv": crv, "x": x, "y": y });
        VerificationKey::read(&jwk, &[Es256, Es384, EdDsa]).is_some()
    }

    #[test]
    fn a_key_has_one_form() {
        // R-F2, R-H1: else it has several thumbprints.
        let decode = |text: &str| base64url::decode(text.as_bytes()).unwrap();
        // RFC 7517 §A.1
        let [x, y] = [
            "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        ];
        let point = [decode(x), decode(y)].concat();
        for at in [0, 1, 31, 33, 64] {
            assert!(!is_used("P-256", &point[..at], &point[at..]), "{at}");
        }
        assert!(is_used("P-256", &point[..32], &point[32..]));
        let with_zero = [&[0], &point[..32]].concat();
        assert!(!is_used("P-256", &with_zero, &point[32..]));
        assert!(!is_used("P-384", &point[..32], &point[32..]));

        let key = decode("iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w");
        assert!(is_used("Ed25519", &key, &[]));
        // `SubjectPublicKeyInfo` (RFC 8410 §4).
        let prefix = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
        assert!(!is_used("Ed25519", &[&prefix[..], &key].concat(), &[]));
    }
}
