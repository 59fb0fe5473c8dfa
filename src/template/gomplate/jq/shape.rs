//! How many results a part of a jq program may have. Knows no programs.

/// What a part of a program gives, as far as its text tells.
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are questions of their own"
)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// There may be several results.
    pub(super) many: bool,
    /// There may be none.
    pub(super) none: bool,
    /// It is a path into its input.
    pub(super) is_path: bool,
    /// It never fails.
    pub(super) sure: bool,
}

/// One result.
pub(super) const ONE: Shape = Shape {
    many: false,
    none: false,
    is_path: false,
    sure: false,
};

/// One result, whatever the input.
pub(super) const SURE: Shape = Shape { sure: true, ..ONE };

/// The input itself.
pub(super) const PLACE: Shape = Shape {
    is_path: true,
    ..SURE
};

/// Nothing is known.
pub(super) const ANY: Shape = Shape {
    many: true,
    none: true,
    ..ONE
};

/// Parts that follow each other, of which at most one may have several results.
pub(super) fn ordered(parts: &[Shape]) -> Option<Shape> {
    let several = parts.iter().filter(|part| part.many).count();
    (several < 2).then(|| Shape {
        many: several > 0,
        none: parts.iter().any(|part| part.none),
        is_path: false,
        sure: parts.iter().all(|part| part.sure),
    })
}

/// Parts whose results are combined with each other. gojq begins with another one: if one may have no result, the others must not fail.
pub(super) fn combined(parts: &[Shape]) -> Option<Shape> {
    let is_safe = |at: usize| {
        let mut others = parts.iter().enumerate().filter(|(other, _)| *other != at);
        others.all(|(_, part)| part.sure)
    };
    let mut parts_at = parts.iter().enumerate();
    if !parts_at.all(|(at, part)| !part.none || is_safe(at)) {
        return None;
    }
    ordered(parts)
}
