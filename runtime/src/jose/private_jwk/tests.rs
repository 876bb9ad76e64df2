use serde_json::{Value, json};

use super::*;
use crate::jose::{CompactJws, JwkSet};

const RFC_7515_PAYLOAD: &[u8] =
    b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

/// RFC 7515 §A.2.1.
fn rsa() -> Value {
    json!({
        "kty": "RSA",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        "e": "AQAB",
        "d": "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
        "p": "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
        "q": "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
        "dp": "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0",
        "dq": "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU",
        "qi": "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U",
    })
}

/// RFC 7515 §A.3.1.
fn ec() -> Value {
    json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    })
}

/// RFC 8037 §A.1.
fn ed25519() -> Value {
    json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    })
}

fn with(mut jwk: Value, member: &str, value: impl Into<Value>) -> Value {
    jwk[member] = value.into();
    jwk
}

fn key(jwk: &Value, algorithm: SigningAlgorithm) -> Result<SigningKey, SigningKeyError> {
    PrivateJwk::read(jwk.to_string().as_bytes())?.signing_key(algorithm)
}

#[test]
fn the_signatures_are_those_of_the_standards() {
    use SigningAlgorithm::{EdDsa, Rs256};
    let jws = key(&rsa(), Rs256).unwrap().sign(&json!({"alg": "RS256"}), RFC_7515_PAYLOAD);
    let expected = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    assert_eq!(jws.as_deref(), Ok(expected), "RFC 7515 §A.2");

    let signing = key(&ed25519(), EdDsa).unwrap();
    let jws = signing.sign(&json!({"alg": "EdDSA"}), b"Example of Ed25519 signing");
    let expected = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(jws.as_deref(), Ok(expected), "RFC 8037 §A.4");
}

#[test]
fn the_public_key_is_that_of_the_jwk_and_verifies() {
    use SigningAlgorithm::{EdDsa, Es256, Ps256, Rs512};
    for (jwk, algorithm) in [(rsa(), Rs512), (rsa(), Ps256), (ec(), Es256), (ed25519(), EdDsa)] {
        let jwk = with(with(jwk, "kid", "one"), "alg", algorithm.as_str());
        let private = PrivateJwk::read(jwk.to_string().as_bytes()).unwrap();
        let names = (private.key_id(), private.default_algorithm());
        assert_eq!(names, (Some("one"), Ok(algorithm)));
        let signing = private.signing_key(algorithm).unwrap();
        let public = signing.public_jwk("one");
        for member in ["kty", "crv", "n", "e", "x", "y"] {
            assert_eq!(public.get(member), jwk.get(member), "{algorithm} {member}");
        }
        let jws = signing.sign(&json!({"alg": algorithm.as_str()}), b"payload").unwrap();
        let jws = CompactJws::split(jws.as_bytes()).unwrap();
        let keys = json!({ "keys": [public] }).to_string();
        let keys = JwkSet::read(keys.as_bytes(), &[algorithm]).unwrap();
        let signature = base64url::decode(jws.signature).unwrap();
        let verification = keys.select(Some("one"), algorithm).unwrap();
        assert!(verification.verify_sig(jws.signing_input, &signature).is_ok(), "{algorithm}");
    }
}

#[test]
fn a_jwk_that_is_malformed_or_not_for_signatures_is_an_error() {
    let read = |json: &str| PrivateJwk::read(json.as_bytes()).map(drop);
    for json in ["", "[]", "{}", r#"{"kty":1}"#, r#"{"kty":"EC","d":"x","d":"x"}"#] {
        assert_eq!(read(json), Err(SigningKeyError::Jwk), "{json}");
    }
    for (member, value) in
        [("use", json!("enc")), ("key_ops", json!(["verify"])), ("key_ops", json!([]))]
    {
        let jwk = with(ec(), member, value);
        assert_eq!(read(&jwk.to_string()), Err(SigningKeyError::JwkUse), "{jwk}");
    }
    let jwk = with(with(ec(), "use", "sig"), "key_ops", json!(["sign", "verify"]));
    assert_eq!(key(&jwk, SigningAlgorithm::Es256).map(drop), Ok(()));
}

#[test]
fn a_key_for_another_algorithm_is_an_error() {
    use SigningAlgorithm::{EdDsa, Es256, Es384, Ps256, Rs256};
    for (jwk, suitable) in [(rsa(), &[Rs256, Ps256][..]), (ec(), &[Es256]), (ed25519(), &[EdDsa])] {
        for algorithm in [Rs256, Ps256, Es256, Es384, EdDsa] {
            let expected = if suitable.contains(&algorithm) {
                Ok(())
            } else {
                Err(SigningKeyError::JwkFor(algorithm))
            };
            assert_eq!(key(&jwk, algorithm).map(drop), expected, "{algorithm}");
        }
    }
    let error = key(&with(rsa(), "alg", "PS256"), Rs256).unwrap_err();
    assert_eq!(error, SigningKeyError::JwkFor(Rs256));
    let error = key(&with(rsa(), "alg", "RSA-OAEP"), Ps256).unwrap_err();
    assert_eq!(error, SigningKeyError::JwkFor(Ps256));
    assert!(key(&with(ed25519(), "alg", "Ed25519"), EdDsa).is_ok(), "RFC 9864 §2.2");
}

#[test]
fn a_member_that_is_absent_malformed_or_of_another_key_is_an_error() {
    use SigningAlgorithm::{EdDsa, Es256, Rs256};
    for (jwk, algorithm, members) in [
        (rsa(), Rs256, &["n", "e", "d", "p", "q", "dp", "dq", "qi"][..]),
        (ec(), Es256, &["x", "y", "d"]),
        (ed25519(), EdDsa, &["x", "d"]),
    ] {
        for member in members {
            for value in [Value::Null, "".into(), "AQ".into(), "AR".into(), "A+".into()] {
                let missing = value.is_null() || value == "AR" || value == "A+";
                let expected = if missing {
                    SigningKeyError::JwkMember(member)
                } else {
                    SigningKeyError::JwkFor(algorithm)
                };
                let found = key(&with(jwk.clone(), member, value.clone()), algorithm);
                assert_eq!(found.map(drop), Err(expected), "{algorithm} {member} {value}");
            }
        }
    }
    let more_primes = with(rsa(), "oth", json!([]));
    assert_eq!(key(&more_primes, Rs256).map(drop), Err(SigningKeyError::JwkFor(Rs256)));
    // The private key of another public key, and a number of a larger one.
    let other = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LM";
    assert_eq!(key(&with(ec(), "d", other), Es256).map(drop), Err(SigningKeyError::JwkFor(Es256)));
    let found = key(&with(ed25519(), "d", other), EdDsa).map(drop);
    assert_eq!(found, Err(SigningKeyError::JwkFor(EdDsa)));
    let swapped = with(with(rsa(), "p", rsa()["q"].clone()), "q", rsa()["p"].clone());
    assert_eq!(key(&swapped, Rs256).map(drop), Err(SigningKeyError::JwkFor(Rs256)));
}

#[test]
fn a_leading_zero_of_a_public_number_is_ignored() {
    let mut n = vec![0];
    n.extend(base64url::decode(rsa()["n"].as_str().unwrap().as_bytes()).unwrap());
    let padded = with(rsa(), "n", base64url::encode(n));
    let key = key(&padded, SigningAlgorithm::Rs256).unwrap();
    assert_eq!(key.public_jwk("one")["n"], rsa()["n"]);
}

#[test]
fn neither_debug_nor_an_error_shows_the_key() {
    let private = PrivateJwk::read(with(ec(), "kid", "one").to_string().as_bytes()).unwrap();
    assert_eq!(format!("{private:?}"), r#"PrivateJwk { key_id: Some("one"), .. }"#);
    let number = r#"{"kty":"EC","d":53027}"#;
    let error = PrivateJwk::read(number.as_bytes()).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("53027"));
}
