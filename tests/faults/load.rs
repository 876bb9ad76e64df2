//! Clients that send requests continuously, and check every response.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::report::check;
use crate::service::Service;

/// The kind of a caller, by the token and the scopes that it presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallerKind {
    /// With a token and the scope: 200, or during an outage 503.
    Reader,
    /// With the same token, for an operation that needs another scope: 403, or during an outage 503.
    Writer,
    /// With a token that was not issued: 401, or during an outage 503.
    UnknownToken,
    /// Without a token: 401, always.
    WithoutToken,
}

impl CallerKind {
    const ALL: [Self; 4] = [Self::Reader, Self::Writer, Self::UnknownToken, Self::WithoutToken];

    /// The status while the authorization server is available.
    pub fn normal(self) -> u16 {
        match self {
            Self::Reader => 200,
            Self::Writer => 403,
            Self::UnknownToken | Self::WithoutToken => 401,
        }
    }
}

/// One of the two clients of a kind.
type Client = (CallerKind, usize);

/// Two clients of each kind, with persistent connections.
pub struct Load {
    seen: Arc<Observations>,
    clients: JoinSet<()>,
}

#[derive(Default)]
struct Observations {
    counts: Mutex<BTreeMap<(Client, u16), usize>>,
    wrong: Mutex<Vec<String>>,
    changed: Notify,
}

impl Load {
    pub fn start(service: &Service) -> Self {
        let token = service.token("entries:read");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = service.url("/entries");
        let seen = Arc::new(Observations::default());
        let mut clients = JoinSet::new();
        for client in all_clients() {
            let (http, url, token) = (http.clone(), url.clone(), token.clone());
            let seen = Arc::clone(&seen);
            clients.spawn(async move {
                loop {
                    match send(&http, &url, client.0, &token).await {
                        Ok(status) => seen.count(client, status),
                        Err(problem) => {
                            seen.wrong.lock().unwrap().push(format!("{client:?}: {problem}"));
                        }
                    }
                    seen.changed.notify_one();
                }
            });
        }
        Self { seen, clients }
    }

    /// Resets the counts, and waits until every client has received this status the given number of times.
    pub async fn wait_for(
        &self,
        times: usize,
        status: impl Fn(CallerKind) -> u16,
    ) -> Result<Counts, String> {
        self.seen.counts.lock().unwrap().clear();
        let enough = async {
            loop {
                let changed = self.seen.changed.notified();
                {
                    let counts = self.seen.counts.lock().unwrap();
                    let had = |client: Client| {
                        counts.get(&(client, status(client.0))).is_some_and(|had| *had >= times)
                    };
                    if all_clients().all(had) {
                        return Counts(counts.clone());
                    }
                }
                changed.await;
            }
        };
        timeout(TIMEOUT, enough)
            .await
            .map_err(|_| format!("only {}", Counts(self.seen.counts.lock().unwrap().clone())))
    }

    pub async fn normal(&self, times: usize) -> Result<Counts, String> {
        self.wait_for(times, CallerKind::normal).await
    }

    /// Stops the clients. Fails if a response was wrong.
    pub fn finish(mut self) -> Result<(), String> {
        self.clients.abort_all();
        let wrong = self.seen.wrong.lock().unwrap();
        check(wrong.is_empty(), || format!("{} wrong responses, such as {}", wrong.len(), wrong[0]))
    }
}

fn all_clients() -> impl Iterator<Item = Client> {
    CallerKind::ALL.into_iter().flat_map(|caller| [(caller, 0), (caller, 1)])
}

/// Longer than any step of a test takes.
const TIMEOUT: Duration = Duration::from_secs(30);

impl Observations {
    fn count(&self, client: Client, status: u16) {
        *self.counts.lock().unwrap().entry((client, status)).or_default() += 1;
    }
}

/// The number of responses by client and status.
pub struct Counts(BTreeMap<(Client, u16), usize>);

impl Counts {
    /// Fails if a client has received another status.
    pub fn only(&self, allowed: impl Fn(CallerKind) -> u16) -> Result<(), String> {
        let other = self.0.keys().find(|((caller, _), status)| *status != allowed(*caller));
        check(other.is_none(), || format!("{self}"))
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut by_status: BTreeMap<u16, usize> = BTreeMap::new();
        for ((_, status), count) in &self.0 {
            *by_status.entry(*status).or_default() += count;
        }
        let parts: Vec<String> =
            by_status.iter().map(|(status, count)| format!("{count}×{status}")).collect();
        f.write_str(&parts.join(" "))
    }
}

/// Sends one request, and fails unless its response is correct in some state of the authorization server.
async fn send(
    http: &reqwest::Client,
    url: &str,
    caller: CallerKind,
    token: &str,
) -> Result<u16, String> {
    let (method, token) = match caller {
        CallerKind::Reader => (Method::GET, Some(token)),
        CallerKind::Writer => (Method::POST, Some(token)),
        CallerKind::UnknownToken => (Method::GET, Some("nobody-has-issued-this")),
        CallerKind::WithoutToken => (Method::GET, None),
    };
    let mut request = http.request(method, url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let header =
        |name: &str| response.headers().get(name).map(|it| it.to_str().unwrap().to_owned());
    let (challenge, retry) = (header("www-authenticate"), header("retry-after"));
    let cache = header("cache-control");
    let body = response.text().await.map_err(|error| error.to_string())?;
    let whole = || format!("{status} {challenge:?} {retry:?} {cache:?} {body}");
    // A 401 or 403 has a challenge; an outage, which no caller causes, has none.
    let may = status == caller.normal()
        || (matches!(status, 500 | 503) && caller != CallerKind::WithoutToken);
    let scope = if caller == CallerKind::Writer { "entries:write" } else { "entries:read" };
    let right = match status {
        200 => challenge.is_none() && body == "entries",
        401 | 403 => {
            challenge.as_ref().is_some_and(|it| it.contains(&format!("scope=\"{scope}\"")))
                && cache.as_deref() == Some("no-store")
                && body.starts_with(r#"{"error":""#)
        }
        503 => challenge.is_none() && retry.is_some() && cache.as_deref() == Some("no-store"),
        500 => challenge.is_none() && cache.as_deref() == Some("no-store"),
        _ => false,
    };
    check(may && right && !body.contains("nobody-has"), whole)?;
    Ok(status)
}

/// Sends one request, and returns the status and the body.
pub async fn get(service: &Service, path: &str, token: &str) -> (u16, String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    get_with(&http, service, path, token).await
}

/// The same with a client that keeps its connections.
pub async fn get_with(
    http: &reqwest::Client,
    service: &Service,
    path: &str,
    token: &str,
) -> (u16, String) {
    let url = service.url(path);
    let response = http.get(url).bearer_auth(token).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}
