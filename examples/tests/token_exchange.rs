//! The example for token exchange: starts it, and sends the requests that it prints.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]

use std::env::consts::EXE_SUFFIX;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A running example. Dropping it stops it.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_example_calls_the_other_api_with_another_token() {
    // R-M1
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let process = Command::new(path.join("examples").join(format!("token-exchange{EXE_SUFFIX}")))
        .env("LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the example is built with the tests of this package");
    let mut program = Program(process);
    let output = BufReader::new(program.0.stdout.take().unwrap());
    let lines: Vec<String> = output.lines().map(Result::unwrap).take(5).collect();
    let commands = lines.iter().filter_map(|line| line.strip_prefix("curl -i "));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut responses = Vec::new();
    for command in commands {
        let (url, header) = command.split_once(" -H 'Authorization: ").unwrap();
        let header = header.strip_suffix('\'').unwrap();
        let response = client.get(url).header("authorization", header).send().await.unwrap();
        responses.push((response.status().as_u16(), response.text().await.unwrap()));
    }
    let invalid_token = r#"{"error":"invalid_token","error_description":"The access token is malformed, expired, revoked or not meant for this resource"}"#;
    let expected = [
        (200, "the orders of alice, requested by shop\n".to_owned()),
        (401, invalid_token.to_owned()),
    ];
    assert_eq!(responses, expected);
}
