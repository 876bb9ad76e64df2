use requires_auth::ResourceServer;

fn main() {
    let _ = ResourceServer::builder("https://api.example").resolver("https://auth.example");
}
