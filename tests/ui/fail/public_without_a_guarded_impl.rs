use rmcp::{tool, tool_router};

struct Journal;

#[tool_router]
impl Journal {
    #[public]
    #[tool]
    async fn list(&self) -> String {
        String::new()
    }
}

fn main() {}
