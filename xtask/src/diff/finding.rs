//! One change, and what to do about it.

use std::fmt;

use heck::ToKebabCase;
use serde::{Serialize, Serializer};

/// Whom a change concerns, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Class {
    /// A consumer of responses loses something.
    ReaderBreak,
    /// A request that was valid is refused.
    WriterBreak,
    /// A value became, or stopped being, secret.
    Secrecy,
    /// Something is new, or allowed that was not.
    Compatible,
    /// Nothing on the wire changes.
    Metadata,
}

impl Class {
    pub(super) const ALL: [Self; 5] = [
        Self::ReaderBreak,
        Self::WriterBreak,
        Self::Secrecy,
        Self::Compatible,
        Self::Metadata,
    ];

    pub(crate) fn breaks(self) -> bool {
        matches!(self, Self::ReaderBreak | Self::WriterBreak)
    }
}

/// Which part of the contract a pointer of a finding points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    /// What holds for the whole document.
    Document,
    Operation,
    /// The pointer is `/parameters/<name>`.
    Parameter,
    /// The pointer points into the request's body.
    Request,
    /// The pointer points into the response's body.
    Response,
    /// The pointer is `/headers/<name>`, of a response.
    Header,
    /// The pointer points into the body of a response that is no success.
    Error,
}

impl Part {
    /// Whether the caller writes what is there, rather than reads it.
    pub(super) fn is_written(self) -> bool {
        matches!(self, Self::Parameter | Self::Request)
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    OperationAdded,
    OperationRemoved,
    OperationRenamed,
    PathChanged,
    PathRespelled,
    MethodChanged,
    BecameLongRunning,
    NoLongerLongRunning,
    BecameDeprecated,
    NoLongerDeprecated,
    SecurityTightened,
    SecurityLoosened,
    AuthorizationChanged,
    ServerChanged,
    TagsChanged,
    TitleChanged,
    WordsChanged,
    ExampleAdded,
    ExampleRemoved,
    ExampleRenamed,
    ResponseAdded,
    ResponseRemoved,
    StatusChanged,
    HeaderAdded,
    HeaderRemoved,
    BodyAdded,
    BodyRemoved,
    BodyBecameRequired,
    BodyBecameOptional,
    MediaTypeAdded,
    MediaTypeRemoved,
    ParameterAdded,
    ParameterRemoved,
    ParameterRenamed,
    ParameterMoved,
    ParameterRestyled,
    ParameterRetyped,
    ParameterWidened,
    ParameterBecameRequired,
    ParameterBecameOptional,
    PropertyAdded,
    PropertyRemoved,
    PropertyRenamed,
    PropertyRetyped,
    PropertyWidened,
    PropertyBecameRequired,
    PropertyBecameOptional,
    BecameNullable,
    NoLongerNullable,
    BecameReadOnly,
    NoLongerReadOnly,
    VariantAdded,
    VariantRemoved,
    VariantRenamed,
    DiscriminatorRenamed,
    EnumAdded,
    EnumRemoved,
    EnumOpened,
    EnumClosed,
    EnumValueAdded,
    EnumValueRemoved,
    EnumValueRenamed,
    PatternAdded,
    PatternChanged,
    PatternRemoved,
    LimitTightened,
    LimitLoosened,
    FormatChanged,
    DefaultChanged,
    FurtherPropertiesAllowed,
    FurtherPropertiesRefused,
    BecameSecret,
    StoppedBeingSecret,
}

/// One change between two documents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Finding {
    pub(crate) class: Class,
    pub(crate) kind: Kind,
    /// The operationId, several with commas between, or `*` for all of them.
    pub(crate) operation: String,
    #[serde(rename = "in")]
    pub(crate) part: Part,
    /// The place in the old document's words, where it is in the old document.
    pub(crate) pointer: String,
    /// The discriminator's value that the place belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variant: Option<String>,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
    /// The Rust item that shows the change to a consumer.
    pub(crate) rust: Option<String>,
    pub(crate) advice: String,
}

/// What a finding tells of both sides.
pub(super) type OldAndNew = [Option<String>; 2];

pub(super) const NO_VALUES: OldAndNew = [None, None];

pub(super) fn gone(old: impl Into<String>) -> OldAndNew {
    [Some(old.into()), None]
}

pub(super) fn come(new: impl Into<String>) -> OldAndNew {
    [None, Some(new.into())]
}

pub(super) fn both(old: impl Into<String>, new: impl Into<String>) -> OldAndNew {
    [Some(old.into()), Some(new.into())]
}

/// What to do about a change, in one sentence.
pub(super) fn advice(kind: Kind, class: Class, part: Part) -> &'static str {
    let written = part.is_written();
    match kind {
        Kind::OperationAdded => "Nothing breaks; import it if it is to be offered.",
        Kind::OperationRemoved => "Stop calling it, or keep an older api-version for it.",
        Kind::OperationRenamed => {
            "Nothing changes on the wire; keep the public method's name and map the new one to it."
        }
        Kind::PathChanged | Kind::MethodChanged => {
            "Regenerate the client; whoever builds the request by hand must follow."
        }
        Kind::PathRespelled => {
            "Nothing to do: ARM ignores the case of a path, and the name of a path parameter is not sent."
        }
        Kind::BecameLongRunning => "Poll for the result: the first answer no longer holds it.",
        Kind::NoLongerLongRunning => "Read the result from the first answer; polling can go.",
        Kind::BecameDeprecated => "Plan to move away; it still works.",
        Kind::NoLongerDeprecated => "Nothing to do.",
        Kind::SecurityTightened => "Ask for a token that satisfies the new requirement.",
        Kind::SecurityLoosened => "Nothing to do: the tokens of before still work.",
        Kind::AuthorizationChanged => {
            "Nothing to do: amlkeys takes the authority from its Cloud, not from the document."
        }
        Kind::ServerChanged => {
            "Nothing to do: amlkeys takes the endpoint from its Cloud, not from the document."
        }
        Kind::TagsChanged | Kind::TitleChanged => "Nothing to do.",
        Kind::WordsChanged => {
            "Read the new words; if they tell of another meaning, correct spec/overlay.json."
        }
        Kind::ExampleAdded | Kind::ExampleRemoved | Kind::ExampleRenamed => {
            "Update spec/examples and run the conformance tests."
        }
        Kind::ResponseAdded if part == Part::Error => "Nothing to do: errors are read leniently.",
        Kind::ResponseAdded => "Check that callers accept the new status.",
        Kind::ResponseRemoved => "Stop expecting it.",
        Kind::StatusChanged => "Expect the new status where the old one was tested for.",
        Kind::HeaderAdded => "Nothing breaks; read it if it is of use.",
        Kind::HeaderRemoved => "Stop reading it.",
        Kind::BodyAdded if class == Class::WriterBreak => "Send the body that is now required.",
        Kind::BodyAdded => "Nothing breaks; use it if it is of use.",
        Kind::BodyRemoved if written => "Stop sending a body.",
        Kind::BodyRemoved => "Stop reading a body, or stay on the older api-version.",
        Kind::BodyBecameRequired => "Always send a body.",
        Kind::BodyBecameOptional => "Nothing to do.",
        Kind::MediaTypeAdded => "Nothing to do.",
        Kind::MediaTypeRemoved if written => "Send one of the media types that are left.",
        Kind::MediaTypeRemoved => "Accept one of the media types that are left.",
        Kind::ParameterAdded if class == Class::WriterBreak => {
            "Pass the new parameter: without it the request is refused."
        }
        Kind::ParameterAdded => "Nothing breaks; pass it if it is of use.",
        Kind::ParameterRemoved => "Stop passing it: it is refused or means nothing.",
        Kind::ParameterRenamed if class == Class::Metadata => {
            "Nothing to do: the name of a path parameter is not sent."
        }
        Kind::ParameterRenamed => "Pass it under the new name.",
        Kind::ParameterMoved => "Pass it at the new place.",
        Kind::ParameterRestyled => "Write several values the new way.",
        Kind::ParameterRetyped => "Pass a value of the new type.",
        Kind::ParameterBecameRequired => "Always pass it.",
        Kind::ParameterWidened | Kind::ParameterBecameOptional => "Nothing to do.",
        Kind::PropertyAdded if class == Class::WriterBreak => {
            "Send the new property: without it the request is refused."
        }
        Kind::PropertyAdded if written => "Nothing breaks; send it if it is of use.",
        Kind::PropertyAdded if part == Part::Error => {
            "Nothing to do: errors are read leniently, and what they hold is optional."
        }
        Kind::PropertyAdded => {
            "Nothing breaks; classify it in spec/overlay.json and give it an accessor if it is of use."
        }
        Kind::PropertyRemoved if written => "Stop sending it.",
        Kind::PropertyRemoved => "Stop reading it, or stay on the older api-version.",
        Kind::PropertyRenamed if written => "Send it under the new name.",
        Kind::PropertyRenamed => {
            "Read the new name, or have spec/overlay.json give every api-version both names."
        }
        Kind::PropertyRetyped if written => "Send a value of the new type.",
        Kind::PropertyRetyped => {
            "Read the new type, or stay on the older api-version; the Rust type changes."
        }
        Kind::PropertyBecameRequired if written => "Always send it.",
        Kind::PropertyBecameRequired => "Nothing to do: every property is read as an Option.",
        Kind::PropertyBecameOptional if written => "Nothing to do.",
        Kind::PropertyBecameOptional => {
            "Nothing to do for amlkeys, which reads every property as an Option; other readers must expect it missing."
        }
        Kind::PropertyWidened => "Nothing to do.",
        Kind::BecameNullable if written => "Nothing to do.",
        Kind::BecameNullable => {
            "Nothing to do for amlkeys, which reads null and absent as None; other readers must expect null."
        }
        Kind::NoLongerNullable if written => "Leave it out instead of sending null.",
        Kind::NoLongerNullable => "Nothing to do.",
        Kind::BecameReadOnly if written => "Stop sending it: the service sets it.",
        Kind::BecameReadOnly | Kind::NoLongerReadOnly => "Nothing to do for who reads responses.",
        Kind::VariantAdded => {
            "Nothing breaks: it is read as an unknown variant; classify its strings in spec/overlay.json and give it a type."
        }
        Kind::VariantRemoved => {
            "Stop expecting it, or stay on the older api-version; its type has nothing to read."
        }
        Kind::VariantRenamed => "Match on the new value; keep the old one for older api-versions.",
        Kind::DiscriminatorRenamed => {
            "Tell the variants apart by the new property; keep the old one for older api-versions."
        }
        Kind::EnumAdded | Kind::EnumRemoved | Kind::EnumOpened => {
            "Nothing to do: enums are read as strings."
        }
        Kind::EnumClosed if written => "Pass one of the values that are named.",
        Kind::EnumClosed => "Nothing to do: enums stay open in amlkeys.",
        Kind::EnumValueAdded if written => "Nothing breaks; pass it if it is of use.",
        Kind::EnumValueAdded => "Nothing breaks: enums are open; handle it if it is of use.",
        Kind::EnumValueRemoved if written => "Stop passing it.",
        Kind::EnumValueRemoved => {
            "Nothing breaks: a value that is no longer sent fails no reader; drop what handles it."
        }
        Kind::EnumValueRenamed if written => "Pass the new spelling.",
        Kind::EnumValueRenamed => "Compare with the new spelling.",
        Kind::PatternAdded
        | Kind::PatternChanged
        | Kind::PatternRemoved
        | Kind::LimitTightened
        | Kind::LimitLoosened
        | Kind::FormatChanged
            if !written =>
        {
            "Nothing to do: responses are not held against patterns, limits and formats."
        }
        Kind::PatternAdded | Kind::PatternChanged => {
            "Check the values in use against the new pattern, and the checks of our own types."
        }
        Kind::LimitTightened => {
            "Check the values in use against the new limit, and the checks of our own types."
        }
        Kind::FormatChanged if class == Class::WriterBreak => {
            "Check the values in use against the new format."
        }
        Kind::PatternRemoved | Kind::LimitLoosened | Kind::FormatChanged => {
            "Nothing breaks; checks of our own may be relaxed."
        }
        Kind::DefaultChanged => "Pass the value where the old default was relied on.",
        Kind::FurtherPropertiesAllowed => "Nothing to do.",
        Kind::FurtherPropertiesRefused => "Send only properties that are named.",
        Kind::BecameSecret => {
            "Classify it as secret in spec/overlay.json; its Rust type becomes Secret."
        }
        Kind::StoppedBeingSecret => {
            "Decide in spec/overlay.json whether it stays secret; when in doubt it does."
        }
    }
}

macro_rules! named_in_kebab_case {
    ($($type:ty),*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format!("{self:?}").to_kebab_case())
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
named_in_kebab_case!(Class, Part, Kind);
