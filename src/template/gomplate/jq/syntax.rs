//! What the text of a part of a jq program alone tells. Knows neither what is in scope nor how many results there are.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::Part;

/// Whether a number is one that both read the same.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_plain = digits > 0 && (digits == 1 || !text.starts_with('0'));
    is_plain && text.len() < 40 && serde_json::from_str::<f64>(text).is_ok()
}

/// Whether a function never fails, as long as its arguments do not.
pub(super) fn is_sure(name: &str) -> bool {
    let names = "null true false not type empty values nulls strings numbers arrays objects scalars iterables booleans select tostring \
                 tojson paths recurse isempty";
    names.split_whitespace().any(|sure| sure == name)
}

/// Whether a part looks at nothing, fails never, and has one result or none.
pub(super) fn is_constant(term: &Term<&str>) -> bool {
    match term {
        Term::Num(_) | Term::Var(_) | Term::Arr(None) => true,
        Term::Obj(entries) => entries.is_empty(),
        Term::Neg(term) => matches!(**term, Term::Num(_)),
        Term::Str(None, parts) => !parts.iter().any(|part| matches!(part, StrPart::Term(_))),
        Term::Call(name, arguments) => {
            arguments.is_empty() && matches!(*name, "null" | "true" | "false" | "empty")
        }
        _ => false,
    }
}

/// Whether a part is one whose places are apart from each other, so that changing one does not change which the others are.
pub(super) fn is_place(term: &Term<&str>) -> bool {
    match term {
        Term::Id | Term::Call("select", _) => true,
        Term::Path(term, path) => {
            let parts = path.0.iter();
            let mut parts = parts.map(|(part, _)| match part {
                Part::Index(index) => is_constant(index),
                Part::Range(start, end) => start.is_none() && end.is_none(),
            });
            is_place(term) && parts.all(|is_plain| is_plain)
        }
        Term::BinOp(left, BinaryOp::Pipe(None), right) => is_place(left) && is_place(right),
        _ => false,
    }
}

/// Whether what a part gives comes out of branches that meet. If a constant follows, gojq v0.12.19 forgets to drop what came before
/// it: `if (. or 1 | true) then . else 0 end` gives `true`.
pub(super) fn ends_in_branches(term: &Term<&str>) -> bool {
    match term {
        Term::IfThenElse(..) | Term::TryCatch(..) | Term::Label(..) => true,
        Term::BinOp(_, BinaryOp::Pipe(_), last) | Term::Def(_, last) => ends_in_branches(last),
        Term::BinOp(_, op, _) => matches!(
            op,
            BinaryOp::And | BinaryOp::Or | BinaryOp::Alt | BinaryOp::Comma
        ),
        _ => false,
    }
}

pub(super) fn begins_constant(term: &Term<&str>) -> bool {
    match term {
        Term::BinOp(left, _, right) => begins_constant(left) || begins_constant(right),
        Term::Path(term, _) | Term::Def(_, term) => begins_constant(term),
        Term::Fold(_, _, _, arguments) => arguments.iter().any(begins_constant),
        Term::Arr(_) | Term::Obj(_) | Term::Str(..) | Term::Neg(_) => true,
        other => is_constant(other),
    }
}

pub(super) fn is_comparison(term: &Term<&str>) -> bool {
    matches!(term, Term::BinOp(_, BinaryOp::Cmp(_), _))
}

pub(super) fn is_change(term: &Term<&str>) -> bool {
    matches!(
        term,
        Term::BinOp(
            _,
            BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt,
            _
        )
    )
}

/// Whether gojq may not allow a part as the value of a key: there it has operators between terms and no more.
pub(super) fn is_loose(term: &Term<&str>) -> bool {
    match term {
        Term::BinOp(_, BinaryOp::Pipe(Some(_)), _) | Term::Def(..) | Term::Label(..) => true,
        Term::BinOp(left, _, right) => is_change(term) || is_loose(left) || is_loose(right),
        _ => false,
    }
}
