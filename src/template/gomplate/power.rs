//! Powers as Go computes them: by repeated squaring, so that the last digit is the same. It knows no values.

use crate::template::gomplate::handover;

/// Go's `math.Pow` for whole exponents and square roots; other exponents go by logarithms, which are gomplate's.
pub(super) fn power(base: f64, exponent: f64) -> Result<f64, String> {
    match (base, exponent) {
        (_, 0.0) | (1.0, _) => return Ok(1.0),
        (_, 1.0) => return Ok(base),
        _ if !base.is_finite() || !exponent.is_finite() || base == 0.0 => {
            return handover("a power of zero or what is not finite");
        }
        (_, 0.5) => return Ok(base.sqrt()),
        (_, -0.5) => return Ok(1.0 / base.sqrt()),
        _ if exponent.fract() != 0.0 || exponent.abs() > 4096.0 => {
            return handover("a power that is a root, or very large");
        }
        _ => {}
    }
    let (mut square, mut scale) = split(base)?;
    let (mut product, mut shift) = (1.0_f64, 0_i64);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most 4096"
    )]
    let mut bits = exponent.abs() as u32;
    while bits != 0 {
        if scale.abs() > 1 << 12 {
            return handover("a power out of range");
        }
        if bits & 1 == 1 {
            product *= square;
            shift += scale;
        }
        square *= square;
        scale <<= 1;
        if square < 0.5 {
            square += square;
            scale -= 1;
        }
        bits >>= 1;
    }
    if exponent < 0.0 {
        (product, shift) = (1.0 / product, -shift);
    }
    match i32::try_from(shift) {
        Ok(shift) if shift.abs() < 900 => Ok(product * 2_f64.powi(shift)),
        _ => handover("a power out of range"),
    }
}

/// A number as a fraction in `[0.5, 1)` and a power of two.
fn split(number: f64) -> Result<(f64, i64), String> {
    let bits = number.to_bits();
    let exponent = i64::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    if exponent == 0 {
        return handover("a power of a very small number");
    }
    let fraction = f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52);
    Ok((fraction, exponent - 1022))
}
