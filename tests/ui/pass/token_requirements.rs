//! Bound tokens, logins and authorization details, in each kind of function.

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use requires_auth::{
    AuthInfo, AuthorizationDetail, AuthorizationDetails, Permit, Rejection, ResourceServer, Scope,
    requires_auth,
};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::{tool, tool_router};
use serde::Deserialize;

#[derive(Deserialize, AuthorizationDetail)]
#[authorization_detail("payment_initiation")]
struct Payment {
    amount: u64,
}

mod accounts {
    #[derive(serde::Deserialize, requires_auth::AuthorizationDetail)]
    #[serde(deny_unknown_fields, tag = "type")]
    #[authorization_detail("account_information")]
    pub enum Access {
        #[serde(rename = "account_information")]
        Account { iban: String },
    }
}

#[derive(Scope)]
#[scope(types = scopes)]
enum BankScope {
    #[scope("pay")]
    Pay,
}

const HOUR: u64 = 3600;

#[requires_auth(sender_constrained)]
async fn bound() {}

#[requires_auth(acr_values = "phr")]
async fn strong(_auth: AuthInfo) {}

#[requires_auth(acr_values = ["urn:example:loa:2", "urn:example:loa:3"], max_age = 300)]
async fn recent(auth: AuthInfo) -> String {
    format!("{:?} {:?}", auth.acr(), auth.auth_time())
}

#[requires_auth(max_age = self::HOUR, optional)]
async fn optional(_auth: Option<AuthInfo>) {}

#[requires_auth(authorization_details = Payment)]
async fn without_an_argument() {}

#[requires_auth(authorization_details = Payment)]
async fn details(granted: AuthorizationDetails<Payment>) -> u64 {
    granted.iter().map(|payment| payment.amount).sum()
}

#[requires_auth(authorization_details = [Payment, accounts::Access])]
async fn both(
    _: AuthorizationDetails<accounts::Access>,
    Path(amount): Path<u64>,
    mut granted: AuthorizationDetails<Payment>,
) -> bool {
    granted =
        granted.into_iter().filter(|payment| payment.amount == amount).collect::<Vec<_>>().into();
    !granted.is_empty()
}

#[requires_auth(
    scopes = BankScope::Pay,
    sender_constrained,
    acr_values = "phr phrh",
    max_age = 300,
    authorization_details = Payment,
    scopes_from = scopes_of,
    when = granted.iter().any(|payment| payment.amount >= amount),
)]
async fn everything(
    granted: AuthorizationDetails<Payment>,
    permit: &Permit<scopes::Pay>,
    Path(amount): Path<u64>,
    auth: AuthInfo,
) -> Result<String, Rejection> {
    Ok(format!("{:?} {permit:?} {}", auth.subject(), granted.len()))
}

fn scopes_of(amount: &u64) -> &'static str {
    if *amount > 9 { "pay:much" } else { "pay" }
}

#[requires_auth(from = request, server = server, authorization_details = Payment, max_age = 5)]
async fn plain(
    request: &http::Request<()>,
    server: &ResourceServer,
    granted: AuthorizationDetails<Payment>,
) -> Result<usize, Rejection> {
    Ok(granted.len())
}

#[derive(Deserialize, JsonSchema)]
struct Transfer {
    amount: u64,
}

struct Bank;

#[tool_router(vis = "pub")]
#[requires_auth(scopes = "pay", acr_values = "phr")]
impl Bank {
    /// With the login of the block
    #[tool]
    async fn limit(&self) -> String {
        String::new()
    }

    /// With a payment
    #[requires_auth(authorization_details = Payment, when = granted.iter().any(|it| it.amount >= transfer.amount))]
    #[tool]
    async fn pay(
        &self,
        Parameters(transfer): Parameters<Transfer>,
        granted: AuthorizationDetails<Payment>,
    ) -> Result<String, Rejection> {
        Ok(granted.len().to_string())
    }
}

/// Of the same `type`, with another member.
#[derive(Deserialize, AuthorizationDetail)]
#[authorization_detail("payment_initiation")]
struct Transfers {
    recipient: String,
}

#[requires_auth(authorization_details = crate::Payment)]
async fn two_types(
    granted: AuthorizationDetails<Payment>,
    transfers: AuthorizationDetails<Transfers>,
) -> String {
    format!("{} {}", granted.len(), transfers[0].recipient)
}

macro_rules! guarded {
    ($name:ident, $payment:ty, $granted:ty, $other:path, $age:expr, $acr:literal) => {
        #[requires_auth(authorization_details = [$payment, $other], max_age = $age, acr_values = $acr)]
        async fn $name(granted: $granted, _: AuthorizationDetails<$other>) -> String {
            granted.len().to_string()
        }
    };
}

guarded!(captured, Payment, AuthorizationDetails<Payment>, accounts::Access, HOUR, "phr");

#[requires_auth(max_age = 300)]
mod handlers {
    pub async fn inherits() {}
}

fn main() {
    let _: Router<ResourceServer> = Router::new()
        .route("/bound", get(bound))
        .route("/strong", get(strong))
        .route("/recent", get(recent))
        .route("/optional", get(optional))
        .route("/without", get(without_an_argument))
        .route(
            "/details",
            get(async |auth: AuthInfo| {
                Ok::<_, Rejection>(details(auth.try_into()?).await.to_string())
            }),
        )
        .route("/both", get(both_text))
        .route("/everything", get(everything))
        .route("/inherits", get(handlers::inherits));
    let _ = (plain, two_types, captured, Bank::tool_router());
}

#[requires_auth]
async fn both_text(auth: AuthInfo) -> Result<String, Rejection> {
    Ok(both(auth.try_into()?, Path(1)).await.to_string())
}
