use crate::case::{Body, Call, Case, ClientScript, GivenResponse, Match, Names, Operation, Script};
use crate::example::Example;

use super::protocol::{CallToMake, Hello};

/// One case for one api-version, or for one documented example.
pub(super) struct Run {
    case: &'static Case,
    script: &'static ClientScript,
    api_version: String,
    example: Option<&'static Example>,
}

impl Run {
    /// Each run of a case with a client that knows these api-versions.
    ///
    /// What is not about keys is run for the newest api-version alone.
    pub(super) fn all_of(case: &'static Case, known: &[&str]) -> Vec<Self> {
        let Script::Client(script) = &case.script else {
            return Vec::new();
        };
        let run = |api_version: &str, example| Self {
            case,
            script,
            api_version: api_version.to_owned(),
            example,
        };
        let is_known =
            |version: &str| known.contains(&version) && case.api_versions.contains(version);
        if let Some(operation) = script.each_example {
            let examples = Example::all().iter();
            return examples
                .filter(|it| it.operation == operation && is_known(it.api_version))
                .map(|it| run(it.api_version, Some(it)))
                .collect();
        }
        let mut versions = known.iter().filter(|version| is_known(version));
        match script.is_about_keys() {
            true => versions.map(|version| run(version, None)).collect(),
            false => versions
                .next_back()
                .map(|version| run(version, None))
                .into_iter()
                .collect(),
        }
    }

    pub(super) fn case(&self) -> &'static Case {
        self.case
    }

    pub(super) fn script(&self) -> &'static ClientScript {
        self.script
    }

    pub(super) fn id(&self) -> String {
        let id = &self.case.id;
        let version = &self.api_version;
        match self.example {
            None => format!("{id}[{version}]"),
            Some(example) => {
                let file = example.place.rsplit('/').next().unwrap_or_default();
                format!("{id}[{version} {file}]")
            }
        }
    }

    /// Why a client cannot be put through the case.
    pub(super) fn skip_reason(&self, hello: &Hello) -> Option<String> {
        let script = self.script;
        if script.needs_clock() && !hello.virtual_clock {
            return Some("the adapter has no virtual clock".into());
        }
        if script.calls.iter().any(|call| call.resource_id.is_some()) && !hello.resource_ids {
            return Some("the client takes no resource IDs".into());
        }
        let limits = serde_json::to_value(&script.limits).unwrap_or_default();
        let limits = limits.as_object().into_iter().flatten();
        limits
            .map(|(limit, _)| limit)
            .find(|limit| !hello.limits.contains(limit))
            .map(|limit| format!("the client has no limit `{limit}`"))
    }

    /// The calls, those that are made at the same time together, and how far the clock is moved on
    /// before them.
    pub(super) fn rounds(&self) -> Vec<(u64, Vec<CallToMake<'_>>)> {
        let at_once = match self.script.together {
            true => self.script.calls.len(),
            false => 1,
        };
        let rounds = self.script.calls.chunks(at_once.max(1));
        rounds
            .map(|calls| {
                let after = calls.iter().map(|call| call.after_seconds).max();
                let calls = calls.iter().map(|call| self.to_make(call)).collect();
                (after.unwrap_or_default(), calls)
            })
            .collect()
    }

    fn to_make<'r>(&'r self, call: &'r Call) -> CallToMake<'r> {
        let [subscription_id, resource_group, workspace, compute] = self.names(call);
        CallToMake {
            operation: call.operation,
            api_version: self.api_version(call),
            resource_id: call.resource_id.as_deref(),
            subscription_id,
            resource_group,
            workspace,
            compute: (call.operation == Operation::ComputeListKeys).then_some(compute),
        }
    }

    /// The api-version that a call asks for.
    pub(super) fn api_version<'r>(&'r self, call: &'r Call) -> &'r str {
        call.api_version.as_deref().unwrap_or(&self.api_version)
    }

    /// The names that a call is made with: its own, the example's, or the documented ones.
    pub(super) fn names<'r>(&'r self, call: &'r Call) -> [&'r str; 4] {
        type Name = fn(&Names) -> &Option<String>;
        let documented: [(Name, &str); 4] = [
            (
                |it| &it.subscription_id,
                "34adfa4f-cedf-4dc0-ba29-b6d1a69ab345",
            ),
            (|it| &it.resource_group, "testrg123"),
            (|it| &it.workspace, "workspaces123"),
            (|it| &it.compute, "compute123"),
        ];
        documented.map(|(name, documented)| {
            let of_example = self.example.and_then(|it| name(&it.names).as_deref());
            let own = name(&call.names).as_deref();
            own.or(of_example).unwrap_or(documented)
        })
    }

    /// The path that a call's request must have, its segments not encoded.
    pub(super) fn path(&self, call: &Call) -> Vec<String> {
        let [subscription_id, resource_group, workspace, compute] = self.names(call);
        let workspace = [
            "",
            "subscriptions",
            subscription_id,
            "resourceGroups",
            resource_group,
            "providers",
            "Microsoft.MachineLearningServices",
            "workspaces",
            workspace,
        ];
        let rest: &[&str] = match call.operation {
            Operation::ComputeListKeys => &["computes", compute, "listKeys"],
            Operation::WorkspacesListKeys => &["listKeys"],
        };
        let segments = workspace.iter().chain(rest);
        segments.map(|segment| (*segment).to_owned()).collect()
    }

    /// An expectation with a call's names in place of its placeholders.
    pub(super) fn filled(&self, expected: &Match, call: &Call) -> Match {
        let [subscription_id, resource_group, workspace, compute] = self.names(call);
        let tokens = &self.script.credential.tokens;
        let path = self.path(call).join("/");
        let values = [
            ("{subscription_id}", subscription_id),
            ("{resource_group}", resource_group),
            ("{workspace}", workspace),
            ("{compute}", compute),
            ("{api_version}", self.api_version(call)),
            ("{path}", &path),
            ("{token}", tokens.first().map_or("", |token| &token.value)),
        ];
        expected.filled(|text| {
            let fill = |text: String, (name, value): &(&str, &str)| text.replace(name, value);
            values.iter().fold(text.to_owned(), fill)
        })
    }

    /// The documented body that `{"example": …}` stands for.
    pub(super) fn example_body(&self, operation: Operation) -> Option<&'static serde_json::Value> {
        let mut examples = Example::all().iter().rev();
        let any = examples.find(|it| it.operation == operation);
        let own = self.example.filter(|it| it.operation == operation);
        own.or(any).map(|example| &example.body)
    }
}

impl ClientScript {
    /// Whether it is about keys, which a client may read with code of its own for each api-version.
    fn is_about_keys(&self) -> bool {
        let is_keys = |response: &GivenResponse| {
            response.breaks.is_none()
                && response.status.is_none_or(|status| status == 200)
                && matches!(response.body, Some(Body::Json(_) | Body::Example(_)))
        };
        let is_documented =
            |call: &Call| call.names == Names::default() && call.resource_id.is_none();
        self.exchanges.len() == 1
            && self.exchanges.iter().all(|it| is_keys(&it.response))
            && self.calls.iter().all(is_documented)
    }

    /// Whether it cannot be played in real time.
    fn needs_clock(&self) -> bool {
        let mut calls = self.calls.iter();
        self.starts_at.is_some() || calls.any(|call| call.after_seconds > 0 || call.waits.is_some())
    }
}
