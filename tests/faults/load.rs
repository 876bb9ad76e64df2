//! Clients that never stop asking, and an eye on every answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::report::check;
use crate::service::Service;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallerKind {
    /// With a token and the scope: 200, or during an outage 503.
    Reader,
    /// With the same token, for what it has no scope for: 403, or during an outage 503.
    Writer,
    /// With a token that nobody has issued: 401, or during an outage 503.
    UnknownToken,
    /// Without a token: 401, always.
    WithoutToken,
}

impl CallerKind {
    const ALL: [Self; 4] = [Self::Reader, Self::Writer, Self::UnknownToken, Self::WithoutToken];

    /// The answer where the authorization server can be asked.
    pub fn normal(self) -> u16 {
        match self {
            Self::Reader => 200,
            Self::Writer => 403,
            Self::UnknownToken | Self::WithoutToken => 401,
        }
    }
}

/// One of the two of a kind.
type Client = (CallerKind, usize);

/// Two clients of each kind, with connections that are kept.
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

    /// Forgets what was seen, and waits until every client had this answer so many times more.
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

    /// Ends, if every answer was whole and right.
    pub fn finish(mut self) -> Result<(), String> {
        self.clients.abort_all();
        let wrong = self.seen.wrong.lock().unwrap();
        check(wrong.is_empty(), || format!("{} wrong answers, such as {}", wrong.len(), wrong[0]))
    }
}

fn all_clients() -> impl Iterator<Item = Client> {
    CallerKind::ALL.into_iter().flat_map(|caller| [(caller, 0), (caller, 1)])
}

/// Far more than anything here takes.
const TIMEOUT: Duration = Duration::from_secs(30);

impl Observations {
    fn count(&self, client: Client, status: u16) {
        *self.counts.lock().unwrap().entry((client, status)).or_default() += 1;
    }
}

/// How often who saw what.
pub struct Counts(BTreeMap<(Client, u16), usize>);

impl Counts {
    /// That nobody saw anything else.
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

/// One request, and whether its answer is one that may ever be given.
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
    // The caller's fault is challenged; an outage is not the caller's fault, whoever calls.
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

/// One answer to one request.
pub async fn get(service: &Service, path: &str, token: &str) -> (u16, String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    get_with(&http, service, path, token).await
}

/// The same on connections that are kept.
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
