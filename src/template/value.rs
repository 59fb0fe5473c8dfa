//! The values that templates compute with: Go's, as far as templates can tell them apart. It knows
//! neither how they print (`format`) nor how they are compared (`compare`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::template::function::Function;
use crate::template::kind::{Kind, Type};
use crate::template::object::Object;

/// A Go string: bytes, usually UTF-8.
pub type Text = Arc<[u8]>;

/// A Go value. Cloning is cheap; clones of a list or map share their contents, as in Go.
#[derive(Clone, Debug)]
pub enum Value {
    /// `nil`
    Nil,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `int32`, which is also `rune`
    Int32(i32),
    /// `int64`
    Int64(i64),
    /// `uint`
    Uint(u64),
    /// `uint8`
    Uint8(u8),
    /// `uint64`
    Uint64(u64),
    /// `float64`
    Float(f64),
    /// `complex128`: real and imaginary part
    Complex(f64, f64),
    /// `string`
    Str(Text),
    /// `[]uint8`
    Bytes(Text),
    /// A slice of anything else.
    List(List),
    /// A map with text as keys.
    Map(Map),
    /// A value with methods.
    Native(Arc<dyn Object>),
    /// A function, for `call`.
    Func(Arc<Function>),
}

impl Value {
    /// A string.
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        Self::Str(Arc::from(text.as_ref()))
    }

    /// A `[]uint8`.
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self::Bytes(Arc::from(bytes.as_ref()))
    }

    /// A `[]interface {}`.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::new(Type::Any, items))
    }

    /// A `[]interface {}` that grew element by element.
    pub fn grown(items: Vec<Self>) -> Self {
        Self::List(List::grown(Type::Any, items))
    }

    /// A `[]string`.
    pub fn strings<T: AsRef<[u8]>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(List::new(
            Type::Str,
            items.into_iter().map(Self::text).collect(),
        ))
    }

    /// A `map[string]interface {}`.
    pub fn map(entries: BTreeMap<Text, Self>) -> Self {
        Self::Map(Map::new(Type::Any, entries))
    }

    /// The type as `%T` prints it; `<nil>` for nil.
    pub fn type_name(&self) -> String {
        match self {
            Self::Nil => "<nil>".to_owned(),
            Self::List(list) => format!("[]{}", list.element()),
            Self::Map(map) => format!("map[string]{}", map.element()),
            Self::Bytes(_) => "[]uint8".to_owned(),
            Self::Native(object) => object.type_name().to_owned(),
            Self::Func(function) => function.signature().to_string(),
            plain => plain.kind().name().to_owned(),
        }
    }

    /// The reflect kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Nil => Kind::Invalid,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Int32(_) => Kind::Int32,
            Self::Int64(_) => Kind::Int64,
            Self::Uint(_) => Kind::Uint,
            Self::Uint8(_) => Kind::Uint8,
            Self::Uint64(_) => Kind::Uint64,
            Self::Float(_) => Kind::Float64,
            Self::Complex(..) => Kind::Complex128,
            Self::Str(_) => Kind::Str,
            Self::Bytes(_) | Self::List(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Native(object) => object.kind(),
            Self::Func(_) => Kind::Func,
        }
    }

    /// Whether `if` takes the value for true.
    pub fn truth(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Int64(value) => *value != 0,
            Self::Int32(value) => *value != 0,
            Self::Uint(value) | Self::Uint64(value) => *value != 0,
            Self::Uint8(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Self::Str(text) | Self::Bytes(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Native(object) => object.truth(),
            Self::Func(_) => true,
        }
    }

    /// The bytes of a string.
    pub fn as_text(&self) -> Option<&[u8]> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Any signed or unsigned integer that fits, objects that are integers beneath included.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Int(value) | Self::Int64(value) => Some(*value),
            Self::Int32(value) => Some(i64::from(*value)),
            Self::Uint(value) | Self::Uint64(value) => i64::try_from(*value).ok(),
            Self::Uint8(value) => Some(i64::from(*value)),
            Self::Native(object) => object.underlying()?.as_integer(),
            _ => None,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::text(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::text(value)
    }
}

/// A Go slice: a shared, mutable row of values of one declared type.
#[derive(Clone)]
pub struct List(Arc<Slice>);

struct Slice {
    element: Type,
    origin: Origin,
    appended: AtomicBool,
    items: Mutex<Vec<Value>>,
}

/// Where the memory of a slice comes from, as far as Go lets templates see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The slice has memory of its own.
    Own,
    /// The same, and there is room behind the slice.
    Grown,
    /// There is none: a nil slice.
    Absent,
    /// It shares that of another slice.
    Window,
}

impl List {
    /// A list whose elements have the declared type `element`.
    pub fn new(element: Type, items: Vec<Value>) -> Self {
        Self::of(element, items, Origin::Own)
    }

    /// A list that grew element by element: what is appended to it may be put into the room that is left.
    pub fn grown(element: Type, items: Vec<Value>) -> Self {
        Self::of(element, items, Origin::Grown)
    }

    /// A nil slice: it is empty, but JSON has `null` for it.
    pub fn absent(element: Type) -> Self {
        Self::of(element, Vec::new(), Origin::Absent)
    }

    /// A part of another list. In Go both share their memory; here it is a copy.
    pub fn window(element: Type, items: Vec<Value>) -> Self {
        Self::of(element, items, Origin::Window)
    }

    fn of(element: Type, items: Vec<Value>, origin: Origin) -> Self {
        Self(Arc::new(Slice {
            element,
            origin,
            appended: AtomicBool::new(false),
            items: Mutex::new(items),
        }))
    }

    /// Whether this is a nil slice.
    pub fn is_absent(&self) -> bool {
        self.0.origin == Origin::Absent
    }

    /// Whether this is part of another list.
    pub fn is_window(&self) -> bool {
        self.0.origin == Origin::Window
    }

    /// Notes that something is appended. False if Go may overwrite in place what was appended to the same list before, or what
    /// another list has.
    pub fn may_append(&self) -> bool {
        match self.0.origin {
            Origin::Own | Origin::Absent => true,
            Origin::Grown => !self.0.appended.swap(true, Ordering::Relaxed),
            Origin::Window => false,
        }
    }

    /// The declared type of the elements.
    pub fn element(&self) -> Type {
        self.0.element
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// One element.
    pub fn get(&self, index: usize) -> Option<Value> {
        self.lock().get(index).cloned()
    }

    /// A copy of the row; its elements are still shared.
    pub fn items(&self) -> Vec<Value> {
        self.lock().clone()
    }

    /// Changes the row in place, for every holder of this list. `change` must not use this list.
    pub fn update<R>(&self, change: impl FnOnce(&mut Vec<Value>) -> R) -> R {
        change(&mut self.lock())
    }

    /// Whether both are the same list, not only equal ones.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Value>> {
        self.0.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A Go map from text: shared, mutable, and sorted, as templates always see maps.
#[derive(Clone)]
pub struct Map(Arc<Table>);

struct Table {
    element: Type,
    entries: Mutex<BTreeMap<Text, Value>>,
}

impl Map {
    /// A map whose values have the declared type `element`.
    pub fn new(element: Type, entries: BTreeMap<Text, Value>) -> Self {
        Self(Arc::new(Table {
            element,
            entries: Mutex::new(entries),
        }))
    }

    /// The declared type of the values.
    pub fn element(&self) -> Type {
        self.0.element
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        self.lock().get(key).cloned()
    }

    /// A copy of the table; its values are still shared.
    pub fn entries(&self) -> BTreeMap<Text, Value> {
        self.lock().clone()
    }

    /// Changes the table in place, for every holder of this map. `change` must not use this map.
    pub fn update<R>(&self, change: impl FnOnce(&mut BTreeMap<Text, Value>) -> R) -> R {
        change(&mut self.lock())
    }

    /// Whether both are the same map, not only equal ones.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Text, Value>> {
        self.0
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

// A template can nest containers as deep as it has steps; freeing them must not recurse.
impl Drop for Slice {
    fn drop(&mut self) {
        let items = self.items.get_mut().unwrap_or_else(PoisonError::into_inner);
        release(std::mem::take(items));
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        let entries = self
            .entries
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        release(std::mem::take(entries).into_values().collect());
    }
}

fn release(mut waiting: Vec<Value>) {
    while let Some(value) = waiting.pop() {
        match value {
            Value::List(List(slice)) => {
                if let Some(mut slice) = Arc::into_inner(slice) {
                    let items = slice
                        .items
                        .get_mut()
                        .unwrap_or_else(PoisonError::into_inner);
                    waiting.append(items);
                }
            }
            Value::Map(Map(table)) => {
                if let Some(mut table) = Arc::into_inner(table) {
                    let entries = table
                        .entries
                        .get_mut()
                        .unwrap_or_else(PoisonError::into_inner);
                    waiting.extend(std::mem::take(entries).into_values());
                }
            }
            _ => {}
        }
    }
}

// Contents are left out: containers may contain themselves.
impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[]{} of {}", self.element(), self.len())
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "map[string]{} of {}", self.element(), self.len())
    }
}
