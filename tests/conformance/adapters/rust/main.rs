//! The adapter of `amlkeys` as a program.

mod adapter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    adapter::serve(tokio::io::stdin(), tokio::io::stdout()).await
}
