//! R-C10, R-C9, R-C7: an attacker sends 50 requests a second with tokens for which the authorization server
//! fails, or appears to. The responses to all other callers stay the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use requires_auth::testing::{Endpoint, Fault};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, sleep_until};

use crate::load::get_with;
use crate::report::{Outcome, Report, check};
use crate::service::{RESOURCE, Service};

/// The response of the server to a token of the attacker.
#[derive(Debug, Clone, Copy)]
enum Attack {
    ServerError,
    BadRequest,
    Nonsense,
    BrokenObject,
    Closes,
    Late,
    TooMany,
    /// The same, and a timeout for tokens that it has not issued, such as that of a control request.
    TooManyAndLate,
}

const ATTACKS: [(Attack, &str); 7] = [
    (Attack::ServerError, "500"),
    (Attack::BadRequest, "400"),
    (Attack::Nonsense, "a page of HTML"),
    (Attack::BrokenObject, "a lone surrogate"),
    (Attack::Closes, "a closed connection"),
    (Attack::Late, "nothing in time"),
    (Attack::TooMany, "429 with Retry-After: 60"),
];

impl Attack {
    fn fault(self) -> Fault {
        match self {
            Self::ServerError => Fault::status(500),
            Self::BadRequest => Fault::status(400),
            Self::Nonsense => Fault::html(),
            Self::BrokenObject => {
                Fault::body("application/json", r#"{"active":true,"sub":"\ud800"}"#)
            }
            Self::Closes => Fault::close(),
            Self::Late => Fault::hang(),
            Self::TooMany | Self::TooManyAndLate => Fault::status(429).header("retry-after", "60"),
        }
    }

    /// Whether the content of the token can cause this response. It then counts as no failure of the server,
    /// and no control request is sent.
    fn is_about_the_token(self) -> bool {
        matches!(self, Self::BadRequest | Self::BrokenObject)
    }
}

/// The tokens for which the server fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tokens {
    /// Tokens of the attacker, which the server has issued.
    Valid,
    /// Tokens in the form of a JWT, none of which the server has issued.
    Garbage,
    /// All tokens that the server has not issued, such as that of a control request.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timing {
    Steady,
    /// All at the moments at which an open circuit breaker forwards a probe.
    WithProbe,
}

pub async fn run(report: &mut Report) {
    for (attack, what) in ATTACKS {
        let mut kinds = vec![(Tokens::Valid, "valid tokens"), (Tokens::Garbage, "garbage")];
        if matches!(attack, Attack::ServerError | Attack::Late) {
            kinds.push((Tokens::Unknown, "all unknown tokens"));
        }
        for (tokens, whose) in kinds {
            for (timing, how) in [(Timing::Steady, ""), (Timing::WithProbe, ", in step")] {
                let fault = format!("50/s: {what} for {whose}{how}");
                let experiment = attack_on_others(attack, tokens, timing, 128);
                report.row("R-C10 R-C9 R-C7", &fault, "99 of 100 others served", experiment).await;
            }
        }
    }
    for (attack, what) in [(Attack::ServerError, "500"), (Attack::Late, "nothing in time")] {
        for (timing, how) in [(Timing::Steady, ""), (Timing::WithProbe, ", in step")] {
            let fault = format!("50/s: {what} for all unknown tokens{how}, from the start");
            let experiment = attack_from_the_start(attack, timing);
            report.row("R-C10 R-C9", &fault, "99 of 100 others served", experiment).await;
        }
    }
    for max_in_flight in [8, 16, 64] {
        for (attack, what) in
            [(Attack::Late, "late"), (Attack::TooManyAndLate, "429, unknown late")]
        {
            let fault = format!("50/s: {what} for garbage, {max_in_flight} in flight");
            let experiment =
                attack_on_others(attack, Tokens::Garbage, Timing::Steady, max_in_flight);
            report.row("R-C10 R-C9 R-C7", &fault, "99 of 100 others served", experiment).await;
        }
    }
    let fault = "500 for every token, and only one in use";
    let expected = "open after 5 requests; then 1 probe per period";
    report.row("R-C10", fault, expected, single_token()).await;
    report
        .row(
            "R-C10 R-L2",
            "recovers, in an attack in step with the probe",
            "closed within two periods",
            recovery_during_attack(),
        )
        .await;
    report
        .row(
            "R-C10 R-L2",
            "recovers, 500 for all unknown tokens, in an attack",
            "stays closed once it has closed",
            breaker_stays_closed(),
        )
        .await;
    report
        .row(
            "R-C10 R-L2",
            "recovers, slow, with 200 callers waiting",
            "twice as many requests each time",
            gradual_recovery(),
        )
        .await;
}

const ATTACKERS_PER_SECOND: u32 = 50;
const OTHER_CALLERS: usize = 100;
const PERIOD: Duration = Duration::from_millis(500);

struct Attackers(JoinHandle<()>);

impl Attackers {
    /// Sends requests until it is dropped, and waits for no response.
    fn start(
        service: &Arc<Service>,
        attacker_tokens: &IssuedTokens,
        tokens: Tokens,
        timing: Timing,
    ) -> Self {
        let (service, attacker_tokens) = (Arc::clone(service), attacker_tokens.clone());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let at_once = match timing {
            Timing::Steady => 1,
            Timing::WithProbe => ATTACKERS_PER_SECOND * 500 / 1000,
        };
        let mut ticks = interval(Duration::from_secs(1) * at_once / ATTACKERS_PER_SECOND);
        // Ticks that a busy machine misses are not made up for.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let own = attacker_tokens.token(&service, "mallory");
        Self(tokio::spawn(async move {
            let mut requests = JoinSet::new();
            for number in 0_u32.. {
                ticks.tick().await;
                for request in 0..at_once {
                    let token = match tokens {
                        // The same token repeatedly, or a new one each time.
                        Tokens::Valid if (number + request) % 2 == 0 => own.clone(),
                        Tokens::Valid => attacker_tokens.token(&service, "mallory"),
                        Tokens::Garbage | Tokens::Unknown => format!("eyJ.{number}.{request}"),
                    };
                    let (service, http) = (Arc::clone(&service), http.clone());
                    requests.spawn(async move {
                        let _ = get_with(&http, &service, "/entries", &token).await;
                    });
                }
                while requests.try_join_next().is_some() {}
            }
        }))
    }
}

impl Drop for Attackers {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn attack_on_others(
    attack: Attack,
    tokens: Tokens,
    timing: Timing,
    max_in_flight: usize,
) -> Outcome {
    attack_with(attack, tokens, timing, max_in_flight, true).await
}

/// No token was active before the attack.
async fn attack_from_the_start(attack: Attack, timing: Timing) -> Outcome {
    attack_with(attack, Tokens::Unknown, timing, 128, false).await
}

async fn attack_with(
    attack: Attack,
    tokens: Tokens,
    timing: Timing,
    max_in_flight: usize,
    caller_before: bool,
) -> Outcome {
    // Half of the default, so that requests without a response reach the limit in half of the time.
    let deadline = Duration::from_millis(2500);
    let service = Arc::new(
        Service::without_cache(|client| {
            client.request_timeout(deadline).max_in_flight(max_in_flight)
        })
        .await,
    );
    let (issued_tokens, attacker_tokens) = (IssuedTokens::default(), IssuedTokens::default());
    let fault = attack.fault();
    let fault = match tokens {
        Tokens::Valid => {
            let attacker_tokens = attacker_tokens.clone();
            fault.for_tokens(move |token| attacker_tokens.contains(token))
        }
        Tokens::Garbage => fault.for_tokens(|token| token.starts_with("eyJ.")),
        Tokens::Unknown => {
            let issued_tokens = issued_tokens.clone();
            fault.for_tokens(move |token| !issued_tokens.contains(token))
        }
    };
    service.authorization_server.fault(fault);
    if matches!(attack, Attack::TooManyAndLate) {
        let issued_tokens = issued_tokens.clone();
        let late = Fault::hang().for_tokens(move |token| !issued_tokens.contains(token));
        service.authorization_server.fault(late);
    }
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    if caller_before {
        let first = issued_tokens.token(&service, "carol");
        let (status, body) = get_with(&http, &service, "/entries", &first).await;
        check(status == 200, || format!("{status} {body}"))?;
    }

    let attackers = Attackers::start(&service, &attacker_tokens, tokens, timing);
    let late = matches!(attack, Attack::Late | Attack::TooManyAndLate);
    sleep(if late { deadline } else { Duration::from_millis(700) }).await;
    let started = tokio::time::Instant::now();
    let mut callers = JoinSet::new();
    for number in 0..OTHER_CALLERS {
        let token = issued_tokens.token(&service, &format!("user{}", number % 7));
        let (service, http) = (Arc::clone(&service), http.clone());
        callers.spawn(async move {
            sleep_until(started + Duration::from_millis(10) * u32::try_from(number).unwrap()).await;
            let (url, sent) = (service.url("/entries"), Instant::now());
            let response = http.get(url).bearer_auth(token).send().await.unwrap();
            let retry_after = response.headers().get("retry-after").cloned();
            (response.status().as_u16(), retry_after, sent.elapsed())
        });
    }
    let mut answered = 0;
    let mut others = Vec::new();
    while let Some(response) = callers.join_next().await {
        match response.map_err(|error| error.to_string())? {
            (200, ..) => answered += 1,
            other => others.push(other),
        }
    }
    drop(attackers);
    check(answered * 100 >= OTHER_CALLERS * 99, || format!("{answered}, and {others:?}"))?;
    if attack.is_about_the_token() {
        let by_callers = |it: &str| {
            it.starts_with("eyJ.") || issued_tokens.contains(it) || attacker_tokens.contains(it)
        };
        let introspections = service.authorization_server.requests(Endpoint::Introspection);
        let tokens = introspections.iter().filter_map(|request| request.param("token"));
        let control_requests = tokens.filter(|token| !by_callers(token)).count();
        check(control_requests == 0, || format!("{control_requests} control requests"))?;
    }
    Ok(format!(
        "{answered} of {OTHER_CALLERS}, {} introspection requests",
        service.introspection_requests()
    ))
}

/// The tokens that the server has issued to a group of callers.
#[derive(Clone, Default)]
struct IssuedTokens(Arc<std::sync::Mutex<std::collections::HashSet<String>>>);

impl IssuedTokens {
    fn token(&self, service: &Service, subject: &str) -> String {
        let mint = service.authorization_server.mint();
        let token = mint.subject(subject).audience(RESOURCE).scopes("entries:read").issue();
        self.0.lock().unwrap().insert(token.clone());
        token
    }

    fn contains(&self, token: &str) -> bool {
        self.0.lock().unwrap().contains(token)
    }
}

async fn single_token() -> Outcome {
    // The longest interval, which does not end while the machine is busy.
    let period = Duration::from_secs(60);
    let service = Service::without_cache(|client| {
        client.without_retry().circuit_breaker_probe_interval(period)
    })
    .await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = service.token("entries:read");
    service.authorization_server.fault(Fault::status(500));
    let mut sent = Vec::new();
    for number in 0..20 {
        if number >= 8 && number % 4 == 0 {
            service.clock.advance(period);
        }
        let (status, body) = get_with(&http, &service, "/entries", &token).await;
        check(status == 503, || format!("{status} {body}"))?;
        sent.push(service.introspection_requests());
    }
    check(sent[..8] == [1, 2, 3, 4, 5, 5, 5, 5], || format!("{sent:?}"))?;
    check(sent[8..] == [6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8], || format!("{sent:?}"))?;
    Ok("5 introspection requests, and 1 in each period of 3".to_owned())
}

async fn recovery_during_attack() -> Outcome {
    let service = Arc::new(Service::without_cache(|client| client).await);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = service.token("entries:read");
    service.authorization_server.fault(Fault::status(500));
    for _ in 0..6 {
        get_with(&http, &service, "/entries", &token).await;
    }
    let attacker_tokens = IssuedTokens::default();
    let attackers = Attackers::start(&service, &attacker_tokens, Tokens::Valid, Timing::Steady);
    sleep(2 * PERIOD).await;
    service.authorization_server.clear_faults();
    let fault = Fault::status(500).for_tokens(move |token| attacker_tokens.contains(token));
    service.authorization_server.fault(fault);
    let back = Instant::now();
    while get_with(&http, &service, "/entries", &token).await.0 != 200 {
        check(back.elapsed() < 10 * PERIOD, || "the breaker stays open".to_owned())?;
    }
    let took = back.elapsed();
    drop(attackers);
    check(took < 3 * PERIOD, || format!("{took:?}"))?;
    Ok(format!("after {took:.1?}"))
}

/// When the server recovers, only the attacker sends requests, so a control request detects it.
async fn breaker_stays_closed() -> Outcome {
    let service = Arc::new(Service::without_cache(|client| client).await);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let (issued_tokens, attacker_tokens) = (IssuedTokens::default(), IssuedTokens::default());
    let first = issued_tokens.token(&service, "carol");
    let (status, body) = get_with(&http, &service, "/entries", &first).await;
    check(status == 200, || format!("{status} {body}"))?;
    service.authorization_server.fault(Fault::status(500));
    let attackers = Attackers::start(&service, &attacker_tokens, Tokens::Garbage, Timing::Steady);
    sleep(2 * PERIOD).await;
    service.authorization_server.clear_faults();
    let issued = issued_tokens.clone();
    service
        .authorization_server
        .fault(Fault::status(500).for_tokens(move |it| !issued.contains(it)));
    sleep(7 * PERIOD).await;
    let mut answered = 0;
    for _ in 0..20 {
        let token = issued_tokens.token(&service, "alice");
        answered += usize::from(get_with(&http, &service, "/entries", &token).await.0 == 200);
        sleep(Duration::from_millis(20)).await;
    }
    drop(attackers);
    check(answered == 20, || format!("{answered} of 20 answered"))?;
    Ok(format!("{answered} of 20 answered"))
}

async fn gradual_recovery() -> Outcome {
    let service = Arc::new(Service::without_cache(|client| client).await);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = service.token("entries:read");
    service.authorization_server.fault(Fault::status(500));
    for _ in 0..6 {
        get_with(&http, &service, "/entries", &token).await;
    }
    // The responses are delayed, so that the number of requests in flight can be observed.
    service.authorization_server.clear_faults();
    service.authorization_server.fault(Fault::delay(Duration::from_millis(200)));
    sleep(PERIOD).await;
    let (status, body) = get_with(&http, &service, "/entries", &token).await;
    check(status == 200, || format!("{status} {body}"))?;

    let before = service.introspection_requests();
    let answered = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..200 {
        let (service, http) = (Arc::clone(&service), http.clone());
        let (token, answered) = (service.token("entries:read"), Arc::clone(&answered));
        callers.spawn(async move {
            while get_with(&http, &service, "/entries", &token).await.0 != 200 {
                sleep(Duration::from_millis(20)).await;
            }
            answered.fetch_add(1, Ordering::Relaxed);
        });
    }
    while service.introspection_requests() == before {
        sleep(Duration::from_millis(1)).await;
    }
    sleep(Duration::from_millis(60)).await;
    let at_once = service.introspection_requests() - before;
    callers.join_all().await;
    check(at_once <= 8, || format!("{at_once} introspection requests in the first 60 ms"))?;
    let answered = answered.load(Ordering::Relaxed);
    check(answered == 200, || format!("{answered} answered"))?;
    Ok(format!("{at_once} introspection requests in the first 60 ms, and all answered in the end"))
}
