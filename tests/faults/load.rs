//! Clients that never stop asking, and an eye on every answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::report::check;
use crate::service::Lab;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// With a token and the scope: 200, or during an outage 503.
    Reader,
    /// With the same token, for what it has no scope for: 403, or during an outage 503.
    Writer,
    /// With a token that nobody has issued: 401, or during an outage 503.
    Stranger,
    /// Without a token: 401, always.
    Nobody,
}

impl Who {
    const ALL: [Self; 4] = [Self::Reader, Self::Writer, Self::Stranger, Self::Nobody];

    /// The answer where the authorization server can be asked.
    pub fn normal(self) -> u16 {
        match self {
            Self::Reader => 200,
            Self::Writer => 403,
            Self::Stranger | Self::Nobody => 401,
        }
    }
}

/// One of the two of a kind.
type Client = (Who, usize);

/// Two clients of each kind, with connections that are kept.
pub struct Load {
    seen: Arc<Seen>,
    clients: JoinSet<()>,
}

#[derive(Default)]
struct Seen {
    counts: Mutex<BTreeMap<(Client, u16), usize>>,
    wrong: Mutex<Vec<String>>,
    changed: Notify,
}

impl Load {
    pub fn begin(lab: &Lab) -> Self {
        let token = lab.token("entries:read");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = lab.url("/entries");
        let seen = Arc::new(Seen::default());
        let mut clients = JoinSet::new();
        for client in clients_of_all_kinds() {
            let (http, url, token) = (http.clone(), url.clone(), token.clone());
            let seen = Arc::clone(&seen);
            clients.spawn(async move {
                loop {
                    match ask(&http, &url, client.0, &token).await {
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
    pub async fn all_see(
        &self,
        times: usize,
        status: impl Fn(Who) -> u16,
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
                    if clients_of_all_kinds().all(had) {
                        return Counts(counts.clone());
                    }
                }
                changed.await;
            }
        };
        timeout(PATIENCE, enough)
            .await
            .map_err(|_| format!("only {}", Counts(self.seen.counts.lock().unwrap().clone())))
    }

    pub async fn normal(&self, times: usize) -> Result<Counts, String> {
        self.all_see(times, Who::normal).await
    }

    /// Ends, if every answer was whole and right.
    pub fn end(mut self) -> Result<(), String> {
        self.clients.abort_all();
        let wrong = self.seen.wrong.lock().unwrap();
        check(wrong.is_empty(), || format!("{} wrong answers, such as {}", wrong.len(), wrong[0]))
    }
}

fn clients_of_all_kinds() -> impl Iterator<Item = Client> {
    Who::ALL.into_iter().flat_map(|who| [(who, 0), (who, 1)])
}

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

impl Seen {
    fn count(&self, client: Client, status: u16) {
        *self.counts.lock().unwrap().entry((client, status)).or_default() += 1;
    }
}

/// How often who saw what.
pub struct Counts(BTreeMap<(Client, u16), usize>);

impl Counts {
    /// That nobody saw anything else.
    pub fn only(&self, allowed: impl Fn(Who) -> u16) -> Result<(), String> {
        let other = self.0.keys().find(|((who, _), status)| *status != allowed(*who));
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
async fn ask(http: &reqwest::Client, url: &str, who: Who, token: &str) -> Result<u16, String> {
    let (method, token) = match who {
        Who::Reader => (Method::GET, Some(token)),
        Who::Writer => (Method::POST, Some(token)),
        Who::Stranger => (Method::GET, Some("nobody-has-issued-this")),
        Who::Nobody => (Method::GET, None),
    };
    let mut request = http.request(method, url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let header = |name: &str| answer.headers().get(name).map(|it| it.to_str().unwrap().to_owned());
    let (challenge, retry) = (header("www-authenticate"), header("retry-after"));
    let cache = header("cache-control");
    let body = answer.text().await.map_err(|error| error.to_string())?;
    let whole = || format!("{status} {challenge:?} {retry:?} {cache:?} {body}");
    // The caller's fault is challenged; an outage is not the caller's fault, whoever calls.
    let may = status == who.normal() || (matches!(status, 500 | 503) && who != Who::Nobody);
    let scope = if who == Who::Writer { "entries:write" } else { "entries:read" };
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
pub async fn once(lab: &Lab, path: &str, token: &str) -> (u16, String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    once_with(&http, lab, path, token).await
}

/// The same on connections that are kept.
pub async fn once_with(
    http: &reqwest::Client,
    lab: &Lab,
    path: &str,
    token: &str,
) -> (u16, String) {
    let url = lab.url(path);
    let answer = http.get(url).bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}
