//! Runs every command of `tests/transcripts/` and compares stdout, stderr and
//! exit code. `TRYCMD=overwrite cargo test -p amlkeys-cli --test transcripts`
//! rewrites what they should be.

#[test]
fn every_transcript_is_what_the_command_prints() {
    let cases = trycmd::TestCases::new();
    for name in [
        "AZURE_SUBSCRIPTION_ID",
        "AZURE_DEFAULTS_GROUP",
        "AZURE_DEFAULTS_WORKSPACE",
    ] {
        cases.env(name, "");
    }
    cases.case("tests/transcripts/*.toml");
}
