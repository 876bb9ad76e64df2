//! A token of the usual length, and its introspection response.

pub const RESOURCE: &str = "https://journal.example/mcp";
pub const ISSUER: &str = "https://auth.example";

/// An opaque token of the length that a widespread authorization server issues.
pub const TOKEN: &str = "kJ3vXq0dRr5mZtY8wLbN2cHf7sGa1uPe4iKoVx9yBnMjQz6DTgWhScUlFpEaRiOk_A-3xQ7";

/// The introspection response of the token, 400 bytes.
pub const CLAIMS: &str = concat!(
    r#"{"active":true,"iss":"https://auth.example","aud":["https://journal.example/mcp"],"#,
    r#""sub":"248289761001","client_id":"journal-web-app@journal","username":"alice@example.com","#,
    r#""token_type":"Bearer","scope":"entries:read entries:write","exp":4102444800,"#,
    r#""iat":1767225600,"nbf":1767225600,"jti":"0e3f1b52-6a52-4b1e-9f0a-6f5a5a2f8c11","#,
    r#""name":"Alice Example","email":"alice@example.com","email_verified":true}"#
);

const _: () = assert!(TOKEN.len() == 71 && CLAIMS.len() == 400);
