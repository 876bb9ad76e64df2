//! R-H2: the certificate in the header of a proxy.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fixtures::log_capture::LogCapture;
use fixtures::rejection_body as body;
use requires_auth::{ClientCertificateSource, ProxyHeader};
use sha2::Digest as _;

use super::{Bound, DER, OTHER_DER};
use crate::service::RESOURCE;
use crate::{assert_challenged, assert_ran};

fn client_cert(der: &[u8]) -> String {
    format!(":{}:", STANDARD.encode(der))
}

/// As nginx escapes it.
fn escaped_pem(der: &[u8]) -> String {
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        STANDARD.encode(der)
    );
    let mut escaped = String::new();
    for byte in pem.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' => escaped.push(char::from(byte)),
            _ => write!(escaped, "%{byte:02X}").unwrap(),
        }
    }
    escaped
}

fn hash(der: &[u8]) -> String {
    sha2::Sha256::digest(der).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn element(der: &[u8]) -> String {
    let (hash, cert) = (hash(der), escaped_pem(der));
    format!("By=spiffe://proxy;Hash={hash};Cert=\"{cert}\";Subject=\"CN=alice,O=\\\"a\\\"\";URI=")
}

#[tokio::test]
async fn each_form_of_the_header_is_read() {
    // R-H2
    let base64 = STANDARD.encode(DER);
    let chain = format!("{base64},{}", STANDARD.encode(OTHER_DER));
    for (header, name, values) in [
        (ProxyHeader::ClientCert, "Client-Cert", vec![client_cert(DER)]),
        (ProxyHeader::Nginx, "X-SSL-Client-Cert", vec![escaped_pem(DER)]),
        (
            ProxyHeader::Envoy,
            "X-Forwarded-Client-Cert",
            vec![element(DER), format!("Hash={}", hash(DER))],
        ),
        (ProxyHeader::Traefik, "X-Forwarded-Tls-Client-Cert", vec![base64, chain]),
    ] {
        let bound = Bound::behind(header).await;
        for value in &values {
            for name in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
                assert_ran(&bound.call(&[(&name, value)]).await, "alice may");
            }
        }
        let other_name = [("X-Client-Cert", values[0].as_str())];
        let response = bound.call(&other_name).await;
        assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    }
}

#[tokio::test]
async fn another_header_than_the_configured_one_is_not_read() {
    // R-H2
    let source = ClientCertificateSource::proxy(ProxyHeader::Nginx, ["127.0.0.0/8"]);
    let bound = Bound::with(source.header_name("X-Amzn-Mtls-Clientcert-Leaf")).await;
    let pem = escaped_pem(DER);
    assert_ran(&bound.call(&[("x-amzn-mtls-clientcert-leaf", &pem)]).await, "alice may");
    for (name, value) in [
        ("x-ssl-client-cert", &pem),
        ("client-cert", &client_cert(DER)),
        ("x-forwarded-client-cert", &element(DER)),
        ("x-forwarded-tls-client-cert", &STANDARD.encode(DER)),
    ] {
        let response = bound.call(&[(name, value)]).await;
        assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    }
    assert_eq!(bound.service.runs(), 1);
}

#[tokio::test]
async fn a_header_of_another_certificate_or_form_is_refused() {
    // R-H2
    let (base64, other) = (STANDARD.encode(DER), STANDARD.encode(OTHER_DER));
    let pem = escaped_pem(DER);
    let trailing = [DER, b"\0"].concat();
    let chain_in_pem = format!("{pem}{}", escaped_pem(OTHER_DER));
    let long = "A".repeat(32 * 1024);
    let (ours, theirs) = (element(DER), element(OTHER_DER));
    for (header, name, values) in [
        (
            ProxyHeader::ClientCert,
            "client-cert",
            vec![
                client_cert(OTHER_DER),
                client_cert(&trailing),
                base64.clone(),
                format!("{}, {}", client_cert(DER), client_cert(OTHER_DER)),
                format!("{};a", client_cert(DER)),
                format!(":{long}:"),
                String::new(),
                "::".to_owned(),
            ],
        ),
        (
            ProxyHeader::Nginx,
            "x-ssl-client-cert",
            vec![
                escaped_pem(OTHER_DER),
                escaped_pem(&trailing),
                chain_in_pem,
                format!("{pem}%00"),
                format!("{pem}%"),
                format!("{pem}%zz"),
                pem.replace("%0A", "%20"),
                pem.replace("CERTIFICATE", "PUBLIC%20KEY"),
                base64.clone(),
                "(null)".to_owned(),
            ],
        ),
        (
            ProxyHeader::Envoy,
            "x-forwarded-client-cert",
            vec![
                theirs.clone(),
                format!("{ours},{theirs}"),
                format!("{theirs},{ours}"),
                format!("{theirs}x,Hash={}", hash(DER)),
                format!("{theirs}x;Hash={}", hash(DER)),
                format!("Hash={};Subject=\"", hash(DER)),
                format!("Hash={}", base64),
                ours.replace(&hash(DER), &hash(OTHER_DER)),
            ],
        ),
        (
            ProxyHeader::Traefik,
            "x-forwarded-tls-client-cert",
            vec![
                other.clone(),
                format!("{other},{base64}"),
                format!("{base64},"),
                format!(",{base64}"),
                pem.clone(),
            ],
        ),
    ] {
        let bound = Bound::behind(header).await;
        for value in values {
            let response = bound.call(&[(name, &value)]).await;
            assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
        }
        let response = bound.call(&[]).await;
        assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
        assert_eq!(bound.service.runs(), 0, "{header:?}");
    }
}

#[tokio::test]
async fn after_a_client_has_replaced_its_certificate_it_needs_a_new_token() {
    // R-H2 (RFC 8705 §6.3): the old token is invalid, and the challenge is that of an expired one.
    let bound = Bound::behind(ProxyHeader::ClientCert).await;
    let (old, new) = (client_cert(DER), client_cert(OTHER_DER));
    let (old, new) = ([("client-cert", &*old)], [("client-cert", &*new)]);
    assert_ran(&bound.call(&old).await, "alice may");
    let rejected = bound.call(&new).await;
    assert_challenged(&rejected, 401, body::INVALID_TOKEN, "read");
    let mint = bound.service.authorization_server.mint().subject("alice").audience(RESOURCE);
    let renewed = mint.scopes("read").bound_to_certificate(OTHER_DER).issue();
    assert_ran(&bound.call_with(&renewed, &new).await, "alice may");
    let rejected = bound.call_with(&renewed, &old).await;
    assert_challenged(&rejected, 401, body::INVALID_TOKEN, "read");
}

#[tokio::test]
async fn two_headers_are_refused_also_if_both_have_the_certificate() {
    // R-H2
    let bound = Bound::behind(ProxyHeader::ClientCert).await;
    let (ours, theirs) = (client_cert(DER), client_cert(OTHER_DER));
    for (first, second) in [(&ours, &ours), (&ours, &theirs), (&theirs, &ours)] {
        let headers = [("Client-Cert", first.as_str()), ("client-cert", second.as_str())];
        let response = bound.call(&headers).await;
        assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    }
    assert_eq!(bound.service.runs(), 0);
}

#[tokio::test]
async fn a_header_in_two_lines_or_with_a_space_behind_its_name_is_no_request() {
    // R-H2 (RFC 9112 §5.1, §5.2): a proxy may not recognize it as the header that it has to remove.
    let bound = Bound::behind(ProxyHeader::ClientCert).await;
    let ours = client_cert(DER);
    let (first, rest) = ours.split_at(10);
    for (name, value) in [
        ("client-cert", format!("{first}\r\n {rest}")),
        ("client-cert", format!("\r\n\t{ours}")),
        ("client-cert ", ours.clone()),
        ("client-cert\t", ours.clone()),
        (" client-cert", ours.clone()),
        ("x", format!("y\r\n client-cert: {ours}")),
    ] {
        let response = bound.call(&[(name, &value)]).await;
        assert!(matches!(response.status, 400 | 401), "{name:?} {value:?}: {response:?}");
    }
    // Other names, which some servers take for the same.
    for name in ["client_cert", "Client.Cert", "clientcert"] {
        let response = bound.call(&[(name, &ours)]).await;
        assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    }
    assert_eq!(bound.service.runs(), 0);
}

#[tokio::test]
async fn a_header_of_another_peer_is_refused_and_never_believed() {
    // R-H2
    let log = LogCapture::default();
    let _guard = log.start();
    let peers = ["10.0.0.0/8", "127.0.0.2", "::1"];
    let bound = Bound::with(ClientCertificateSource::proxy(ProxyHeader::ClientCert, peers)).await;
    let header = [("client-cert", client_cert(DER))];
    let header = header.each_ref().map(|(name, value)| (*name, value.as_str()));
    let response = bound.call(&header).await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    assert_eq!(bound.service.runs(), 0);
    // R-B9
    let line = log.lines().into_iter().find(|line| line.contains("request rejected")).unwrap();
    for part in [
        "WARN",
        "the header with the certificate of the client came from 127.0.0.1, which is no configured proxy",
        "expected=the header from a trusted proxy",
        "found=the header from 127.0.0.1",
        "REQUIRES_AUTH_CLIENT_CERTIFICATE_PROXIES",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    // A token that is not bound is accepted; the header is ignored.
    let unbound = bound.service.token("read");
    assert_ran(&bound.call_with(&unbound, &header).await, "alice may");
}

#[tokio::test]
async fn a_token_that_is_not_bound_is_accepted_with_any_certificate_or_none() {
    // R-H2: the certificate is not looked at.
    let bound = Bound::behind(ProxyHeader::ClientCert).await;
    let unbound = bound.service.token("read");
    for value in [client_cert(DER), client_cert(OTHER_DER), "garbage".to_owned()] {
        let response = bound.call_with(&unbound, &[("client-cert", &value)]).await;
        assert_ran(&response, "alice may");
    }
    assert_ran(&bound.call_with(&unbound, &[]).await, "alice may");
}
