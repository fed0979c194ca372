//! `DistilBERT` (Sanh et al. 2019, arXiv:1910.01108): BERT's layers under other names, without token
//! types; positions learned or sinusoidal.

use super::{HeadNames, LayerNames};
use crate::nonlinearity::Nonlinearity;

pub(super) fn layer_names(base: &str) -> LayerNames {
    let name = |part: &str| format!("{base}.{part}");
    LayerNames {
        query: name("attention.q_lin"),
        key: name("attention.k_lin"),
        value: name("attention.v_lin"),
        attention_output: name("attention.out_lin"),
        attention_norm: name("sa_layer_norm"),
        intermediate: name("ffn.lin1"),
        output: name("ffn.lin2"),
        output_norm: name("output_layer_norm"),
    }
}

pub(super) fn head_names() -> HeadNames {
    HeadNames {
        dense: "pre_classifier".to_owned(),
        nonlinearity: Nonlinearity::Relu,
        classifier: "classifier",
    }
}

/// The position table of Vaswani et al. 2017 (arXiv:1706.03762, section 3.5): pairs of columns hold
/// the sine and the cosine of `place / 10000^(2i / width)`.
pub(super) fn sinusoid(places: usize, width: usize) -> Vec<f32> {
    let value = |place: usize, column: usize| {
        let exponent = (column / 2 * 2) as f64 / width as f64;
        let angle = place as f64 / 10_000_f64.powf(exponent);
        (if column.is_multiple_of(2) { angle.sin() } else { angle.cos() }) as f32
    };
    (0..places).flat_map(|place| (0..width).map(move |column| value(place, column))).collect()
}
