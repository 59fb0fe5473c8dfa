//! What each error of the embedded evaluator means, in words.

use rsjsonnet_lang::ast::{BinaryOp, UnaryOp};
use rsjsonnet_lang::lexer::LexError;
use rsjsonnet_lang::parser::ParseError;
use rsjsonnet_lang::program::{AnalyzeError, EvalErrorKind, EvalErrorValueType, LoadError};
use rsjsonnet_lang::span::SpanId;

use crate::source::jsonnet::tokens::{actual, expected};

/// The place and the reason of an error in the text of a program.
pub(super) fn loading(error: &LoadError) -> (SpanId, String) {
    match error {
        LoadError::Lex(error) => lexing(error),
        LoadError::Parse(ParseError::Expected {
            span,
            expected,
            instead,
        }) => {
            let expected: Vec<String> = expected.iter().map(|it| self::expected(*it)).collect();
            let expected = expected.join(", ");
            (
                *span,
                format!("Unexpected {}: expected {expected}", actual(instead)),
            )
        }
        LoadError::Analyze(error) => analysis(error),
    }
}

fn lexing(error: &LexError) -> (SpanId, String) {
    let (span, reason) = match error {
        LexError::InvalidChar { span, chr } => {
            return (*span, format!("Could not lex the character {chr:?}"));
        }
        LexError::InvalidUtf8 { span, .. } => (span, "Bytes that are not UTF-8"),
        LexError::UnfinishedMultilineComment { span } => {
            (span, "Multi-line comment has no terminator */")
        }
        LexError::LeadingZeroInNumber { span } => (span, "Number with a leading zero"),
        LexError::MissingFracDigits { span } => (span, "Number without digits after its point"),
        LexError::MissingExpDigits { span } => (span, "Number without digits in its exponent"),
        LexError::MissingDigitAfterUnderscore { span } => (span, "Number that ends in _"),
        LexError::ExpOverflow { span } => (span, "Number with too large an exponent"),
        LexError::InvalidEscapeInString { span, chr } => {
            return (
                *span,
                format!("Unknown escape sequence in string literal: \\{chr}"),
            );
        }
        LexError::IncompleteUnicodeEscape { span } => {
            (span, "Truncated unicode escape sequence in string literal")
        }
        LexError::InvalidUtf16EscapeSequence { span, .. } => {
            (span, "Invalid unicode escape sequence in string literal")
        }
        LexError::UnfinishedString { span } => (span, "Unterminated String"),
        LexError::MissingLineBreakAfterTextBlockStart { span } => {
            (span, "Text block syntax requires new line after |||")
        }
        LexError::MissingWhitespaceTextBlockStart { span } => {
            (span, "Text block's first line must start with whitespace")
        }
        LexError::InvalidTextBlockTermination { span } => {
            (span, "Text block not terminated with |||")
        }
    };
    (*span, reason.to_owned())
}

fn analysis(error: &AnalyzeError) -> (SpanId, String) {
    let (span, reason) = match error {
        AnalyzeError::UnknownVariable { span, name } => (span, format!("Unknown variable: {name}")),
        AnalyzeError::SelfOutsideObject { self_span } => {
            (self_span, "Can't use self outside of an object".to_owned())
        }
        AnalyzeError::SuperOutsideObject { super_span } => (
            super_span,
            "Can't use super outside of an object".to_owned(),
        ),
        AnalyzeError::DollarOutsideObject { dollar_span } => {
            (dollar_span, "Can't use $ outside of an object".to_owned())
        }
        AnalyzeError::RepeatedLocalName {
            repeated_span,
            name,
            ..
        } => (repeated_span, format!("Duplicate local var: {name}")),
        AnalyzeError::RepeatedFieldName {
            repeated_span,
            name,
            ..
        } => (repeated_span, format!("Duplicate field: {name}")),
        AnalyzeError::RepeatedParamName {
            repeated_span,
            name,
            ..
        } => (
            repeated_span,
            format!("Duplicate function parameter: {name}"),
        ),
        AnalyzeError::PositionalArgAfterNamed { arg_span } => (
            arg_span,
            "Positional argument after a named argument is not allowed".to_owned(),
        ),
        AnalyzeError::TextBlockAsImportPath { span } => (
            span,
            "Block string literals not allowed in imports".to_owned(),
        ),
        AnalyzeError::ComputedImportPath { span } => {
            (span, "Computed imports are not allowed".to_owned())
        }
    };
    (*span, reason)
}

/// The place, if it is known, and the reason of an error of evaluation. `refusal` is why an import failed.
pub(super) fn evaluation(
    kind: &EvalErrorKind,
    refusal: Option<String>,
) -> (Option<SpanId>, String) {
    use EvalErrorKind as Kind;
    match kind {
        Kind::ImportFailed { span, path } => {
            let reason = refusal.unwrap_or_else(|| format!("couldn't open import {path:?}"));
            (Some(*span), reason)
        }
        Kind::RepeatedFieldName { span, name } => {
            (Some(*span), format!("Duplicate field name: {name:?}"))
        }
        Kind::UnknownObjectField { span, field_name } => {
            (Some(*span), format!("Field does not exist: {field_name}"))
        }
        Kind::SuperWithoutSuperObject { span } => (
            Some(*span),
            "Attempt to use super when there is no super class".to_owned(),
        ),
        Kind::AssertFailed { span, message } => (
            Some(*span),
            message
                .clone()
                .unwrap_or_else(|| "Assertion failed".to_owned()),
        ),
        Kind::ExplicitError { span, message } => (Some(*span), message.clone()),
        Kind::Other { span, message } => (*span, message.clone()),
        _ => using(kind),
    }
}

/// Errors of values that are used as something that they are not.
fn using(kind: &EvalErrorKind) -> (Option<SpanId>, String) {
    use EvalErrorKind as Kind;
    match kind {
        Kind::InvalidIndexedType { span, got_type } => (
            Some(*span),
            format!("Cannot index a value of type {}", type_name(*got_type)),
        ),
        Kind::InvalidSlicedType { span, got_type } => (
            Some(*span),
            format!("Cannot slice a value of type {}", type_name(*got_type)),
        ),
        Kind::SliceIndexOrStepIsNotNumber { span, got_type }
        | Kind::StringIndexIsNotNumber { span, got_type }
        | Kind::ArrayIndexIsNotNumber { span, got_type } => {
            (Some(*span), unexpected("number", *got_type))
        }
        Kind::ObjectIndexIsNotString { span, got_type }
        | Kind::FieldNameIsNotString { span, got_type } => {
            (Some(*span), unexpected("string", *got_type))
        }
        Kind::NumericIndexIsNotValid { span, index } => (
            Some(*span),
            format!("Index {index} is not a whole number from 0"),
        ),
        Kind::NumericIndexOutOfRange {
            span,
            index,
            length,
        } => (
            Some(*span),
            format!("Index {index} out of bounds, not within [0, {length})"),
        ),
        Kind::FieldOfNonObject { span } => {
            (Some(*span), "Unexpected type, expected object".to_owned())
        }
        Kind::ForSpecValueIsNotArray { span, got_type } => {
            (Some(*span), unexpected("array", *got_type))
        }
        Kind::CondIsNotBool { span, got_type } => (Some(*span), unexpected("boolean", *got_type)),
        Kind::InvalidUnaryOpType { span, op, rhs_type } => {
            let message = format!(
                "Unary operator {} does not take a {}",
                unary(*op),
                type_name(*rhs_type)
            );
            (Some(*span), message)
        }
        _ => calling(kind),
    }
}

/// Errors of calls and operators, whose place may not be known.
fn calling(kind: &EvalErrorKind) -> (Option<SpanId>, String) {
    use EvalErrorKind as Kind;
    match kind {
        Kind::CalleeIsNotFunction { span, got_type } => (*span, unexpected("function", *got_type)),
        Kind::TooManyCallArgs { span, num_params } => (
            *span,
            format!("function expected {num_params} positional argument(s), but got more"),
        ),
        Kind::UnknownCallParam { span, param_name } => {
            (*span, format!("function has no parameter {param_name}"))
        }
        Kind::RepeatedCallParam { span, param_name } => {
            (*span, format!("Argument {param_name} already provided"))
        }
        Kind::CallParamNotBound { span, param_name } => {
            (*span, format!("Missing argument: {param_name}"))
        }
        Kind::InvalidBinaryOpTypes {
            span,
            op,
            lhs_type,
            rhs_type,
        } => {
            let (left, right) = (type_name(*lhs_type), type_name(*rhs_type));
            (
                *span,
                format!(
                    "Binary operator {} does not take a {left} and a {right}",
                    binary(*op)
                ),
            )
        }
        Kind::NumberNotBitwiseSafe { span } => (
            *span,
            "Number is too large for a bitwise operation".to_owned(),
        ),
        Kind::NumberOverflow { span } => (*span, "Overflow".to_owned()),
        Kind::NumberNan { span } => (*span, "Not a number".to_owned()),
        Kind::DivByZero { span } => (*span, "Division by zero.".to_owned()),
        Kind::ShiftByNegative { span } => (*span, "Shift by negative exponent.".to_owned()),
        _ => (None, placeless(kind)),
    }
}

/// Errors that come without a place of their own: the trace tells it.
fn placeless(kind: &EvalErrorKind) -> String {
    use EvalErrorKind as Kind;
    match kind {
        Kind::StackOverflow => "max stack frames exceeded.".to_owned(),
        Kind::InfiniteRecursion => "infinite recursion: a value depends on itself".to_owned(),
        Kind::InvalidStdFuncArgType {
            func_name,
            arg_index,
            expected_types,
            got_type,
        } => {
            let expected: Vec<&str> = expected_types.iter().map(|it| type_name(*it)).collect();
            let expected = expected.join(" or ");
            let number = arg_index + 1;
            format!(
                "std.{func_name}: argument {number}: {}",
                unexpected(&expected, *got_type)
            )
        }
        Kind::AssertEqualFailed { lhs, rhs } => format!("Assertion failed. {lhs} != {rhs}"),
        Kind::UnknownExtVar { name } => format!("Undefined external variable: {name}"),
        Kind::ManifestFunction => "couldn't manifest function as JSON".to_owned(),
        Kind::CompareNullInequality => "Values of type null cannot be ordered".to_owned(),
        Kind::CompareBooleanInequality => "Values of type boolean cannot be ordered".to_owned(),
        Kind::CompareObjectInequality => "Values of type object cannot be ordered".to_owned(),
        Kind::CompareFunctions => "Cannot test equality of functions".to_owned(),
        Kind::CompareDifferentTypesInequality { lhs_type, rhs_type } => {
            let (left, right) = (type_name(*lhs_type), type_name(*rhs_type));
            format!("Unexpected types: cannot order a {left} and a {right}")
        }
        Kind::PrimitiveEqualsNonPrimitive { got_type } => {
            format!(
                "std.primitiveEquals does not take a {}",
                type_name(*got_type)
            )
        }
        Kind::NativeCallFailed => "a native function failed".to_owned(),
        other => format!("{other:?}"),
    }
}

fn unexpected(expected: &str, got: EvalErrorValueType) -> String {
    format!("Unexpected type {}, expected {expected}", type_name(got))
}

fn type_name(kind: EvalErrorValueType) -> &'static str {
    match kind {
        EvalErrorValueType::Null => "null",
        EvalErrorValueType::Bool => "boolean",
        EvalErrorValueType::Number => "number",
        EvalErrorValueType::String => "string",
        EvalErrorValueType::Array => "array",
        EvalErrorValueType::Object => "object",
        EvalErrorValueType::Function => "function",
    }
}

fn unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Minus => "-",
        UnaryOp::Plus => "+",
        UnaryOp::BitwiseNot => "~",
        UnaryOp::LogicNot => "!",
    }
}

fn binary(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::In => "in",
        BinaryOp::BitwiseAnd => "&",
        BinaryOp::BitwiseOr => "|",
        BinaryOp::BitwiseXor => "^",
        BinaryOp::LogicAnd => "&&",
        BinaryOp::LogicOr => "||",
    }
}
