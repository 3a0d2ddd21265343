//! Values that no flag gives come from the environment and from az's files, in
//! az's order.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use tempfile::TempDir;

use support::{amlkeys, end, write};

const SUBSCRIPTION: &str = "34adfa4f-cedf-4dc0-ba29-b6d1a69ab345";

/// A home with az's files in `.azure`, and a folder below it to work in.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    write(home.path().join("work/deep/file"), "");
    home
}

/// Value and origin of a setting.
fn setting(home: &TempDir, name: &str, args: &[&str], env: &[(&str, &str)]) -> (Value, String) {
    let args = [&["config", "show", "-o", "json"], args].concat();
    let output = amlkeys(&args)
        .env_remove("AZURE_CONFIG_DIR")
        .env("HOME", home.path())
        .envs(env.iter().copied())
        .current_dir(home.path().join("work/deep"))
        .output()
        .unwrap();
    let (code, stdout, stderr) = end(&output);
    assert_eq!((code, stderr), (Some(0), ""), "{stdout}");
    let settings: Vec<Value> = serde_json::from_str(stdout).unwrap();
    let found = settings.iter().find(|it| it["name"] == name).unwrap();
    let origin = found["origin"].as_str().unwrap_or_default();
    let folder = home.path().canonicalize().unwrap();
    let origin = origin.replace(folder.to_str().unwrap(), "~");
    (
        found["value"].clone(),
        origin.replace(home.path().to_str().unwrap(), "~"),
    )
}

#[test]
fn the_nearest_origin_wins() {
    let home = home();
    let group = |env: &[(&str, &str)]| setting(&home, "group", &[], env);
    assert_eq!(group(&[]), (Value::Null, String::new()));
    write(
        home.path().join(".azure/config"),
        "[defaults]\ngroup = global\n",
    );
    assert_eq!(group(&[]), ("global".into(), "~/.azure/config".into()));
    write(
        home.path().join("work/.azure/config"),
        "[defaults]\ngroup = local\n",
    );
    assert_eq!(group(&[]), ("local".into(), "~/work/.azure/config".into()));
    let variable = ("AZURE_DEFAULTS_GROUP", "variable");
    assert_eq!(
        group(&[variable]),
        ("variable".into(), "AZURE_DEFAULTS_GROUP".into())
    );
    assert_eq!(group(&[("AZURE_DEFAULTS_GROUP", "")]).0, "local");
}

#[test]
fn az_config_dir_names_both_folders() {
    let home = home();
    write(
        home.path().join("elsewhere/config"),
        "[defaults]\nworkspace=global\n",
    );
    write(
        home.path().join("work/elsewhere/config"),
        "[defaults]\ngroup=local\n",
    );
    let folder = home.path().join("elsewhere");
    let env = [("AZURE_CONFIG_DIR", folder.to_str().unwrap())];
    assert_eq!(
        setting(&home, "workspace", &[], &env).1,
        "~/elsewhere/config"
    );
    assert_eq!(
        setting(&home, "group", &[], &env).1,
        "~/work/elsewhere/config"
    );
}

#[test]
fn only_defaults_are_read_from_local_files_as_in_az() {
    let home = home();
    let text = "[core]\noutput = tsv\n[cloud]\nname = AzureChinaCloud\n";
    write(home.path().join("work/.azure/config"), text);
    assert_eq!(
        setting(&home, "cloud", &[], &[]),
        ("AzureCloud".into(), "default".into())
    );
    write(home.path().join(".azure/config"), text);
    assert_eq!(
        setting(&home, "cloud", &[], &[]),
        ("AzureChinaCloud".into(), "~/.azure/config".into())
    );
    let args = ["--cloud", "azureusgovernment"];
    assert_eq!(
        setting(&home, "cloud", &args, &[]),
        ("AzureUSGovernment".into(), "--cloud".into())
    );
}

#[test]
fn the_output_of_az_config_is_ours() {
    let home = home();
    write(home.path().join(".azure/config"), "[core]\noutput = TSV\n");
    let show = |env: &[(&str, &str)]| {
        let query = ["config", "show", "--query", "[?name=='output'].origin"];
        let output = amlkeys(&query)
            .env("AZURE_CONFIG_DIR", home.path().join(".azure"))
            .envs(env.iter().copied())
            .output()
            .unwrap();
        end(&output).1.to_owned()
    };
    assert!(show(&[]).ends_with("config\n") && !show(&[]).contains('['));
    assert_eq!(
        show(&[("AZURE_CORE_OUTPUT", "yaml")]),
        "- AZURE_CORE_OUTPUT\n"
    );
}

const PROFILE: &str = r#"{"installationId": "i", "subscriptions": [
    {"id": "1", "name": "first", "isDefault": false, "environmentName": "AzureCloud"},
    {"id": "2", "name": "Second one", "isDefault": true, "environmentName": "AzureCloud"},
    {"id": "3", "name": "third", "isDefault": true, "environmentName": "AzureChinaCloud"}]}"#;

#[test]
fn the_active_subscription_of_az_is_the_last_resort() {
    let home = home();
    let profile = format!("\u{feff}{PROFILE}");
    write(home.path().join(".azure/azureProfile.json"), &profile);
    let subscription =
        |args: &[&str], env: &[(&str, &str)]| setting(&home, "subscription", args, env);
    assert_eq!(
        subscription(&[], &[]),
        ("2".into(), "~/.azure/azureProfile.json".into())
    );
    assert_eq!(subscription(&["--cloud", "AzureChinaCloud"], &[]).0, "3");
    let env = [("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION)];
    assert_eq!(
        subscription(&[], &env),
        (SUBSCRIPTION.into(), env[0].0.into())
    );
    let args = ["--subscription", "second ONE"];
    assert_eq!(
        subscription(&args, &env),
        ("2".into(), "--subscription".into())
    );
}

#[test]
fn az_configure_defaults_name_the_workspace() {
    let home = home();
    let text = "[defaults]\ngroup = testrg123\nworkspace = workspaces123\n";
    write(home.path().join(".azure/config"), text);
    for args in [
        &["workspace", "list-keys", "--emulator"][..],
        &["compute", "list-keys", "--emulator", "-n", "aks"],
    ] {
        let output = amlkeys(args)
            .env("AZURE_CONFIG_DIR", home.path().join(".azure"))
            .output()
            .unwrap();
        let (code, stdout, stderr) = end(&output);
        assert_eq!((code, stderr), (Some(0), ""));
        assert!(stdout.contains("********"), "{stdout}");
    }
}

#[test]
fn a_broken_file_is_named_with_its_line() {
    for (file, text, place) in [
        ("config", "[defaults]\ngroup\n", "line 2"),
        ("config", "[defaults\n", "line 1"),
        ("azureProfile.json", "{\n\"subscriptions\": 1}", "line 2"),
    ] {
        let home = home();
        write(home.path().join(".azure").join(file), text);
        let output = amlkeys(&["config", "show"])
            .env("AZURE_CONFIG_DIR", home.path().join(".azure"))
            .output()
            .unwrap();
        let (code, stdout, stderr) = end(&output);
        assert_eq!((code, stdout), (Some(2), ""));
        assert!(stderr.contains(file) && stderr.contains(place), "{stderr}");
    }
}

#[test]
fn a_value_that_is_not_known_is_refused_with_its_origin() {
    for (name, args) in [
        ("AZURE_CORE_OUTPUT", &["config", "show"][..]),
        (
            "AZURE_CLOUD_NAME",
            &["workspace", "list-keys", "-n", "abc", "-g", "g"],
        ),
    ] {
        let output = amlkeys(args).env(name, "nonsense").output().unwrap();
        let (code, _, stderr) = end(&output);
        assert_eq!(code, Some(2));
        assert!(
            stderr.contains(name) && stderr.contains("nonsense"),
            "{stderr}"
        );
    }
}
