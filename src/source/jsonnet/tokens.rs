//! The tokens of jsonnet, as error messages name them.

use rsjsonnet_lang::parser::{ActualToken, ExpectedToken};
use rsjsonnet_lang::token::STokenKind;

/// A token that could stand there.
pub(super) fn expected(token: ExpectedToken) -> String {
    match token {
        ExpectedToken::EndOfFile => "end of file".to_owned(),
        ExpectedToken::Simple(token) => simple(token),
        ExpectedToken::Ident => "an identifier".to_owned(),
        ExpectedToken::Number => "a number".to_owned(),
        ExpectedToken::String | ExpectedToken::TextBlock => "a string".to_owned(),
        ExpectedToken::Expr => "an expression".to_owned(),
        ExpectedToken::BinaryOp => "an operator".to_owned(),
    }
}

/// The token that does.
pub(super) fn actual(token: &ActualToken) -> String {
    match token {
        ActualToken::EndOfFile => "end of file".to_owned(),
        ActualToken::Simple(token) => simple(*token),
        ActualToken::OtherOp(text) | ActualToken::Ident(text) => format!("{text:?}"),
        ActualToken::Number => "number".to_owned(),
        ActualToken::String | ActualToken::TextBlock => "string".to_owned(),
    }
}

/// A token as it is written.
fn simple(token: STokenKind) -> String {
    use STokenKind as Token;
    let text = match token {
        Token::Assert => "assert",
        Token::Else => "else",
        Token::Error => "error",
        Token::False => "false",
        Token::For => "for",
        Token::Function => "function",
        Token::If => "if",
        Token::Import => "import",
        Token::Importstr => "importstr",
        Token::Importbin => "importbin",
        Token::In => "in",
        Token::Local => "local",
        Token::Null => "null",
        Token::Tailstrict => "tailstrict",
        Token::Then => "then",
        Token::Self_ => "self",
        Token::Super => "super",
        Token::True => "true",
        Token::Exclam => "!",
        Token::ExclamEq => "!=",
        Token::Dollar => "$",
        Token::Percent => "%",
        Token::Amp => "&",
        Token::AmpAmp => "&&",
        Token::LeftParen => "(",
        Token::RightParen => ")",
        Token::Asterisk => "*",
        Token::Plus => "+",
        Token::PlusColon => "+:",
        Token::PlusColonColon => "+::",
        Token::PlusColonColonColon => "+:::",
        Token::Comma => ",",
        Token::Minus => "-",
        Token::Dot => ".",
        Token::Slash => "/",
        Token::Colon => ":",
        Token::ColonColon => "::",
        Token::ColonColonColon => ":::",
        Token::Semicolon => ";",
        Token::Lt => "<",
        Token::LtLt => "<<",
        Token::LtEq => "<=",
        Token::Eq => "=",
        Token::EqEq => "==",
        Token::Gt => ">",
        Token::GtEq => ">=",
        Token::GtGt => ">>",
        Token::LeftBracket => "[",
        Token::RightBracket => "]",
        Token::Hat => "^",
        Token::LeftBrace => "{",
        Token::Pipe => "|",
        Token::PipePipe => "||",
        Token::RightBrace => "}",
        Token::Tilde => "~",
    };
    format!("\"{text}\"")
}
