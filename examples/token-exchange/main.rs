//! Two APIs: the shop calls the API of the orders for its caller, with a token that it exchanges (RFC 8693). It has an
//! authorization server of its own.
//!
//! ```sh
//! cargo run --example token-exchange
//! ```
//!
//! It prints commands to paste. The page `requires_auth::token_exchange` describes what to take care of.

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
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let shop_listener = TcpListener::bind(address).await?;
    let orders_listener = TcpListener::bind("127.0.0.1:0").await?;
    let shop_url = format!("http://{}", shop_listener.local_addr()?);
    let orders_url = format!("http://{}", orders_listener.local_addr()?);
    let authorization_server = AuthorizationServer::builder()
        .client("shop", "s3cret")
        .client("orders", "another s3cret")
        .resource(&shop_url)
        .resource(&orders_url)
        .start()
        .await?;

    let client = ClientAuthentication::Basic { id: "shop".to_owned(), secret: "s3cret".into() };
    let orders_api = TokenExchange::from_issuer(authorization_server.issuer(), client)
        .resource(&orders_url)
        .scopes("orders:read")
        .build()?;
    orders_api.discover_at_start().await?;
    let shop = Shop {
        server: resource_server(&authorization_server, &shop_url, "shop", "s3cret")?,
        orders_api,
        orders_url: orders_url.clone(),
        http: reqwest::Client::new(),
    };
    let shop = Router::new().route("/orders", get(orders_of_the_caller)).with_state(shop);
    let server = resource_server(&authorization_server, &orders_url, "orders", "another s3cret")?;
    let orders = Router::new().route("/", get(orders)).with_state(server);
    tokio::spawn(async move { axum::serve(orders_listener, orders).await });

    let token = authorization_server.mint().subject("alice").audience(&shop_url);
    let token = token.scopes("shop:read").issue();
    println!("listening on {shop_url}");
    println!("# 200: the shop exchanges the token, and calls the other API with the new one");
    println!("curl -i {shop_url}/orders -H 'Authorization: Bearer {token}'");
    println!("# 401: the other API does not accept the token of the caller");
    println!("curl -i {orders_url} -H 'Authorization: Bearer {token}'");
    Ok(axum::serve(shop_listener, shop).await?)
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
