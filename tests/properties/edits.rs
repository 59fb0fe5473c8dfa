//! What happens to a library and its deployment between two runs.

use proptest::prelude::*;

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Edit {
    Value(usize, u8),
    Comment(usize, u8),
    Executable(usize),
    Config(usize, u8),
    UnusedConfig(u8),
    Variable(usize, Option<u8>),
    Shared(usize, u8),
    File(usize, Option<u8>),
    Touch,
    DeleteOutput(usize),
    EditOutput(usize),
    Fail(usize),
    Heal,
    RemoveStage(usize),
    RestoreStage(usize),
    AddEdge(usize, usize),
    RemoveEdges(usize),
    Down,
    DownOne(usize),
    MarkDown(usize),
    DeleteGenfiles,
    Move,
}

/// A few of them.
pub fn edits() -> impl Strategy<Value = Vec<Edit>> {
    prop::collection::vec(edit(), 1..6)
}

fn edit() -> impl Strategy<Value = Edit> {
    let stage = || 0..6_usize;
    let kind = || 0..crate::world::KINDS;
    let value = || 0..3_u8;
    prop_oneof![
        4 => (stage(), value()).prop_map(|(s, v)| Edit::Value(s, v)),
        2 => (stage(), value()).prop_map(|(s, v)| Edit::Comment(s, v)),
        1 => stage().prop_map(Edit::Executable),
        2 => (kind(), value()).prop_map(|(k, v)| Edit::Config(k, v)),
        1 => value().prop_map(Edit::UnusedConfig),
        2 => (kind(), prop::option::of(value())).prop_map(|(k, v)| Edit::Variable(k, v)),
        2 => (kind(), value()).prop_map(|(k, v)| Edit::Shared(k, v)),
        2 => (kind(), prop::option::of(value())).prop_map(|(k, v)| Edit::File(k, v)),
        1 => Just(Edit::Touch),
        1 => stage().prop_map(Edit::DeleteOutput),
        1 => stage().prop_map(Edit::EditOutput),
        2 => stage().prop_map(Edit::Fail),
        2 => Just(Edit::Heal),
        1 => stage().prop_map(Edit::RemoveStage),
        1 => stage().prop_map(Edit::RestoreStage),
        1 => (stage(), stage()).prop_map(|(s, d)| Edit::AddEdge(s, d)),
        1 => stage().prop_map(Edit::RemoveEdges),
        1 => Just(Edit::Down),
        1 => stage().prop_map(Edit::DownOne),
        1 => stage().prop_map(Edit::MarkDown),
        1 => Just(Edit::DeleteGenfiles),
        1 => Just(Edit::Move),
    ]
}
