//! The functions that a config may name between two matrices outside of the layers.

use rten_simd::SimdUnaryOp;
use rten_vecmath::Gelu;

/// A function of one number, as transformers names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nonlinearity {
    /// x · Φ(x), exact (Hendrycks and Gimpel 2016, arXiv:1606.08415).
    Gelu,
    /// max(x, 0).
    Relu,
    /// The hyperbolic tangent.
    Tanh,
}

impl Nonlinearity {
    /// The function that a config calls `name`: `gelu`, `relu` or `tanh`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "gelu" => Some(Nonlinearity::Gelu),
            "relu" => Some(Nonlinearity::Relu),
            "tanh" => Some(Nonlinearity::Tanh),
            _ => None,
        }
    }

    /// Replace every number by its value.
    pub(crate) fn apply(self, values: &mut [f32]) {
        match self {
            Nonlinearity::Gelu => {
                Gelu {}.map_mut(values);
            }
            Nonlinearity::Relu => values.iter_mut().for_each(|v| *v = v.max(0.0)),
            Nonlinearity::Tanh => values.iter_mut().for_each(|v| *v = v.tanh()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Nonlinearity;

    #[test]
    fn each_name_is_the_function_it_says() {
        // GELU's values: x · Φ(x) with Φ(1) = 0.841345.
        for (name, expected) in [
            ("gelu", [-0.158_655, 0.0, 0.841_345]),
            ("relu", [0.0, 0.0, 1.0]),
            ("tanh", [-0.761_594, 0.0, 0.761_594]),
        ] {
            let mut values = [-1.0, 0.0, 1.0];
            Nonlinearity::named(name).expect("a known name").apply(&mut values);
            for (got, expected) in values.iter().zip(expected) {
                assert!((got - expected).abs() < 1e-5, "{name}: {got} for {expected}");
            }
        }
        assert_eq!(Nonlinearity::named("gelu_new"), None);
    }
}
