//! Two APIs: the shop calls the API of the orders for its caller, with a token that it exchanges (RFC 8693). It has an
//! authorization server of its own.
//!
//! ```sh
//! cargo run --example token-exchange
//! ```
//!
//! It prints commands to paste. The page `requires_auth::token_exchange` describes what to take care of.
//!
//! With an authorization server and an API of the orders that run elsewhere:
//!
//! ```sh
//! export REQUIRES_AUTH_RESOURCE=https://shop.example REQUIRES_AUTH_ISSUER=https://auth.example
//! export REQUIRES_AUTH_CLIENT_ID=shop REQUIRES_AUTH_CLIENT_SECRET=…
//! # The client that exchanges the tokens.
//! export EXCHANGE_CLIENT_ID=shop EXCHANGE_CLIENT_SECRET=…
//! # How the authorization server names the API of the orders: as an audience, or by ORDERS_RESOURCE.
//! export ORDERS_URL=https://orders.example/orders ORDERS_AUDIENCE=orders ORDERS_SCOPES=orders:read
//! cargo run --example token-exchange
//! ```

use std::error::Error;

use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use requires_auth::testing::AuthorizationServer;
use requires_auth::token_exchange::TokenExchange;
use requires_auth::{
    AuthInfo, Cached, ClientAuthentication, Introspection, ResourceServer, SetupError,
    requires_auth,
};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

#[derive(Clone, FromRef)]
struct Shop {
    server: ResourceServer,
    orders_api: TokenExchange,
    orders_url: String,
    http: reqwest::Client,
}

/// Lists the orders of the caller, which another API has.
#[requires_auth(scopes = "shop:read")]
async fn orders_of_the_caller(auth: AuthInfo, State(shop): State<Shop>) -> Response {
    let token = match shop.orders_api.exchange(&auth).await {
        Ok(token) => token,
        // 401, 403, 500 or 503: see `TokenExchangeError`.
        Err(error) => return error.reject(&auth).into_response(),
    };
    let request = shop.http.get(&shop.orders_url).header("authorization", token.authorization());
    match request.send().await.and_then(reqwest::Response::error_for_status) {
        Ok(response) => response.text().await.unwrap_or_default().into_response(),
        // A 401 of the other API is about the exchanged token, not about that of the caller.
        Err(_) => (StatusCode::BAD_GATEWAY, "the orders are not available\n").into_response(),
    }
}

/// The other API.
#[requires_auth(scopes = "orders:read")]
async fn orders(auth: AuthInfo) -> String {
    let client = auth.client_id().unwrap_or("nobody");
    format!("the orders of {}, requested by {client}\n", auth.subject().unwrap_or("nobody"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_env_filter(filter.from_env_lossy());
    subscriber.with_writer(std::io::stderr).init();

    let address = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (shop, authorization_server) = match std::env::var("ORDERS_URL") {
        Ok(orders_url) => (shop_from_env(orders_url).await?, None),
        Err(_) => {
            let (shop, authorization_server) = shop_and_orders(&url).await?;
            (shop, Some(authorization_server))
        }
    };
    println!("listening on {url}");
    if let Some(authorization_server) = &authorization_server {
        let token = authorization_server.mint().subject("alice").audience(&url);
        let token = token.scopes("shop:read").issue();
        println!("# 200: the shop exchanges the token, and calls the other API with the new one");
        println!("curl -i {url}/orders -H 'Authorization: Bearer {token}'");
        println!("# 401: the other API does not accept the token of the caller");
        println!("curl -i {} -H 'Authorization: Bearer {token}'", shop.orders_url);
    }
    let metadata = shop.server.metadata_routes();
    let app = Router::new().route("/orders", get(orders_of_the_caller)).merge(metadata);
    Ok(axum::serve(listener, app.with_state(shop)).await?)
}

/// The shop, for an authorization server and an API of the orders that run elsewhere.
async fn shop_from_env(orders_url: String) -> Result<Shop, Box<dyn Error>> {
    let variable = |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let client = ClientAuthentication::Basic {
        id: variable("EXCHANGE_CLIENT_ID")?,
        secret: variable("EXCHANGE_CLIENT_SECRET")?.into(),
    };
    let orders_api = TokenExchange::from_issuer(variable("REQUIRES_AUTH_ISSUER")?, client)
        .scopes(variable("ORDERS_SCOPES")?);
    let orders_api = match variable("ORDERS_RESOURCE") {
        Ok(resource) => orders_api.resource(resource),
        Err(_) => orders_api.audience(variable("ORDERS_AUDIENCE")?),
    };
    let orders_api = orders_api.build()?;
    orders_api.discover_at_start().await?;
    let server = ResourceServer::from_env().await?;
    Ok(Shop { server, orders_api, orders_url, http: reqwest::Client::new() })
}

/// The shop, and an API of the orders and an authorization server that run in this process.
async fn shop_and_orders(shop_url: &str) -> Result<(Shop, AuthorizationServer), Box<dyn Error>> {
    let orders_listener = TcpListener::bind("127.0.0.1:0").await?;
    let orders_url = format!("http://{}", orders_listener.local_addr()?);
    let authorization_server = AuthorizationServer::builder()
        .client("shop", "s3cret")
        .client("orders", "another s3cret")
        .resource(shop_url)
        .resource(&orders_url)
        .start()
        .await?;
    let server = resource_server(&authorization_server, &orders_url, "orders", "another s3cret")?;
    let orders = Router::new().route("/", get(orders)).with_state(server);
    tokio::spawn(async move { axum::serve(orders_listener, orders).await });

    let client = ClientAuthentication::Basic { id: "shop".to_owned(), secret: "s3cret".into() };
    let orders_api = TokenExchange::from_issuer(authorization_server.issuer(), client)
        .resource(&orders_url)
        .scopes("orders:read")
        .build()?;
    orders_api.discover_at_start().await?;
    let server = resource_server(&authorization_server, shop_url, "shop", "s3cret")?;
    let shop = Shop { server, orders_api, orders_url, http: reqwest::Client::new() };
    Ok((shop, authorization_server))
}

fn resource_server(
    authorization_server: &AuthorizationServer,
    resource: &str,
    client_id: &str,
    secret: &str,
) -> Result<ResourceServer, SetupError> {
    let introspection = Introspection::from_issuer(authorization_server.issuer())
        .client_secret_basic(client_id, secret)
        .build()?;
    ResourceServer::builder(resource)
        .issuer(authorization_server.issuer())
        .resolver(Cached::new(introspection))
        .build()
}
