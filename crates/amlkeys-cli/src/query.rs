//! `--query`: JMESPath, with az's answers.

use std::sync::LazyLock;

use jpx_core::ast::Ast;
use jpx_core::functions::Function;
use jpx_core::{Context, ErrorReason, Expression, JmespathError, Runtime, SearchResult};
use serde_json::Value;

use crate::failure::Failure;

pub(crate) struct Query(Expression<'static>);

impl Query {
    /// Reads the query, before anything is sent.
    pub(crate) fn compile(text: &str) -> Result<Self, Failure> {
        RUNTIME
            .compile(text)
            .map(Self)
            .map_err(|error| refused(&error))
    }

    pub(crate) fn search(&self, document: &Value) -> Result<Value, Failure> {
        self.0.search(document).map_err(|error| refused(&error))
    }

    /// Whether the objects in the result are made by the query, as in
    /// `{name: a}`, and not found in the document. az keeps their order only
    /// then (jmespath.py makes the ones an `OrderedDict`, the others a `dict`).
    pub(crate) fn makes_objects(&self) -> bool {
        makes_objects(self.0.as_ast())
    }
}

/// JMESPath's functions, with Python's integers.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = Runtime::new();
    runtime.register_builtin_functions();
    for name in ["abs", "ceil", "floor", "sum"] {
        let function = runtime.deregister_function(name);
        let function = function.expect("JMESPath has these functions");
        runtime.register_function(name, Box::new(OfIntegers(function)));
    }
    runtime
});

/// A function that gives an integer for integers, where jpx-core gives a float.
struct OfIntegers(Box<dyn Function>);

impl Function for OfIntegers {
    fn evaluate(&self, args: &[Value], ctx: &mut Context<'_>) -> SearchResult {
        let result = self.0.evaluate(args, ctx)?;
        let is_whole = |it: &f64| it.fract() == 0.0 && it.abs() < EXACT;
        let is_rounded = !args.iter().any(Value::is_array);
        match result.as_f64().filter(is_whole) {
            Some(whole) if is_rounded || args.iter().all(has_integers) => {
                Ok(Value::from(whole as i64))
            }
            _ => Ok(result),
        }
    }
}

/// Up to here a float holds every integer.
const EXACT: f64 = (1_u64 << 53) as f64;

fn has_integers(argument: &Value) -> bool {
    let elements = argument.as_array();
    elements.is_some_and(|elements| elements.iter().all(|it| it.is_i64() || it.is_u64()))
}

fn makes_objects(ast: &Ast) -> bool {
    match ast {
        Ast::MultiHash { .. } => true,
        Ast::MultiList { elements, .. } => elements.iter().any(makes_objects),
        Ast::Projection { lhs, rhs, .. } | Ast::Subexpr { lhs, rhs, .. } => match **rhs {
            Ast::Identity { .. } | Ast::Index { .. } | Ast::Slice { .. } => makes_objects(lhs),
            Ast::Condition { ref then, .. } if matches!(**then, Ast::Identity { .. }) => {
                makes_objects(lhs)
            }
            _ => makes_objects(rhs),
        },
        Ast::Condition { then, .. } => makes_objects(then),
        Ast::Flatten { node, .. } | Ast::ObjectValues { node, .. } => makes_objects(node),
        Ast::Expref { ast, .. } => makes_objects(ast),
        Ast::And { lhs, rhs, .. } | Ast::Or { lhs, rhs, .. } => {
            makes_objects(lhs) || makes_objects(rhs)
        }
        Ast::Function { name, args, .. } => match (name.as_str(), args.as_slice()) {
            ("map", [each, _]) => makes_objects(each),
            ("merge", _) => false,
            (_, args) => args.first().is_some_and(makes_objects),
        },
        _ => false,
    }
}

/// A usage error that points at the place.
fn refused(error: &JmespathError) -> Failure {
    let column = error.column();
    let line = error.expression.lines().nth(error.line() - 1);
    let line = line.unwrap_or_default();
    let message = format!(
        "the query cannot be used, at column {}: {}",
        column + 1,
        reason(error, line.chars().nth(column))
    );
    Failure::usage(
        &message,
        "see https://jmespath.org, or try the query on less",
    )
    .with_excerpt(line, column)
}

/// jpx-core names its parser's tokens in some messages; nobody else knows them.
fn reason(error: &JmespathError, found: Option<char>) -> String {
    match (&error.reason, found) {
        (ErrorReason::Parse(why), None) if why.contains(" -- found ") => "it ends too early".into(),
        (ErrorReason::Parse(why), Some(found)) if why.contains(" -- found ") => {
            format!("unexpected `{found}`")
        }
        (ErrorReason::Parse(why), _) => why.clone(),
        (ErrorReason::Runtime(why), _) => why.to_string(),
        (reason, _) => reason.to_string(),
    }
}
