//! Runs every command of `tests/transcripts/` and compares stdout, stderr and
//! exit code. `TRYCMD=overwrite cargo test -p amlkeys-cli --test transcripts`
//! rewrites what they should be.

#[test]
fn every_transcript_is_what_the_command_prints() {
    let cases = trycmd::TestCases::new();
    // Nothing of who runs the tests: an empty variable is none.
    for name in [
        "AZURE_CLOUD_NAME",
        "AZURE_CORE_OUTPUT",
        "AZURE_DEFAULTS_GROUP",
        "AZURE_DEFAULTS_WORKSPACE",
        "AZURE_SUBSCRIPTION_ID",
        "GITHUB_ACTIONS",
    ] {
        cases.env(name, "");
    }
    cases.env("AZURE_CONFIG_DIR", "no-such-folder");
    cases.case("tests/transcripts/*.toml");
}
