//! Each rule, where it holds and where it does not.

use ash_runtime::PlaceLevel;

use super::super::tree::Done;
use super::*;

const LIMITS: Limits = Limits { threads: 2, int8_gops: 1000.0, f32_gops: 250.0, memory_gb_s: 40.0 };

fn node(name: &str, kind: Kind, ms: f64, children: Vec<Node>) -> Node {
    Node { calls: 1.0, ms, children, ..Node::new(name, kind) }
}

fn stage(name: &str, ms: f64, children: Vec<Node>) -> Node {
    node(name, Kind::Around(PlaceLevel::Stage), ms, children)
}

/// Both threads busy, products at three quarters of the limit: nothing to say of it.
fn product(ms: f64, rows: f64) -> Node {
    let least = ms * REACHED;
    let done = Done {
        int8_operations: least * 1e9,
        rows,
        weight_bytes: 7e6,
        least_arithmetic_ms: least,
        least_ms: least,
        ..Done::default()
    };
    Node { done, busy_ms: 2.0 * ms, ..node("query", Kind::Operation(Op::Query), ms, Vec::new()) }
}

/// A batch that takes 10 ms, 8 of them in `models`.
fn batch(models: Node, patterns_ms: f64) -> Node {
    let models = Node { busy_ms: models.busy_ms, ..stage("models", 8.0, vec![models]) };
    node("batch", Kind::Whole, 10.0, vec![models, stage("patterns", patterns_ms, Vec::new())])
}

fn facts(batch: &Node) -> Facts<'_> {
    let (messages, tokens) = (1.0, 20.0);
    Facts {
        batch,
        limits: LIMITS,
        cores: 2,
        processor: 1.0,
        messages,
        tokens,
        hypotheses: Vec::new(),
        smallest_set: None,
    }
}

fn told(facts: &Facts) -> Vec<String> {
    steps(facts).into_iter().map(|step| step.text).collect()
}

#[test]
fn where_nothing_stands_out_nothing_is_said() {
    assert_eq!(steps(&facts(&batch(product(8.0, 600.0), 0.1))), []);
    let nothing = Node::new("batch", Kind::Whole);
    assert_eq!(steps(&facts(&nothing)), []);
    // Threads that wait for a processor are not idle.
    let waiting = batch(Node { busy_ms: 8.0, ..product(8.0, 600.0) }, 0.1);
    assert_eq!(steps(&Facts { processor: 0.5, ..facts(&waiting) }), []);
}

#[test]
fn each_rule_speaks_with_its_figures_when_it_holds() {
    let usual = || batch(product(8.0, 600.0), 0.1);
    let few = {
        let mut product = product(8.0, 9.0);
        product.done.least_arithmetic_ms = 0.8;
        batch(product, 0.1)
    };
    let idle = batch(Node { busy_ms: 8.0, ..product(8.0, 600.0) }, 0.1);
    let floats = {
        let mut product = product(8.0, 600.0);
        std::mem::swap(&mut product.done.int8_operations, &mut product.done.f32_operations);
        batch(product, 0.1)
    };
    let attention = batch(
        Node { busy_ms: 16.0, ..node("attention", Kind::Operation(Op::Attention), 4.0, Vec::new()) },
        0.1,
    );
    let quantise = batch(
        Node { busy_ms: 16.0, ..node("quantise", Kind::Operation(Op::Quantise), 1.0, Vec::new()) },
        0.1,
    );
    let alone = Node { own_ms: 1.0, ..usual() };
    let patterns = batch(Node { busy_ms: 15.0, ..product(8.0, 600.0) }, 1.2);
    let usual = usual();
    let zero_shot =
        |tokens| Facts { tokens, hypotheses: vec![vec![5; 6], vec![5, 5, 15, 15]], ..facts(&usual) };
    let cases: [(Facts, f64, &[&str]); 10] = [
        (
            facts(&few),
            8.0 - 0.8 / REACHED,
            &["8.00 ms (80 %)", "10 % of this machine's limit of arithmetic", "9 rows", "7 MB"],
        ),
        (Facts { processor: 0.95, ..facts(&idle) }, 4.0, &["busy 50 %", "4.00 ms"]),
        (Facts { cores: 4, ..facts(&usual) }, 4.0, &["2 of 4 cores", "--threads 4"]),
        (facts(&floats), 6.0, &["4.0 times", "--precision int8", "2.00 ms"]),
        (facts(&patterns), 1.0, &["1.20 ms (12 %)", "1.00 ms of thread time are idle"]),
        (Facts { messages: 12.0, ..facts(&patterns) }, 0.6, &["0.10 ms a message", "it would be 0.60 ms"]),
        (Facts { tokens: 200.0, ..facts(&attention) }, 2.0, &["200 tokens", "Halves of 100 tokens"]),
        // 20 of 150 tokens are what two of ten hypotheses have above the median; 8 stand beside each.
        (
            zero_shot(150.0),
            8.0 * 20.0 / 150.0,
            &["2 of 10 hypotheses take 31 %", "median of 5 tokens", "13 % less"],
        ),
        (facts(&quantise), 0.5, &["1.00 ms (10 %)", "1 passes"]),
        (facts(&alone), 0.5, &["1.00 ms (10 %) pass outside"]),
    ];
    for (facts, saves, says) in cases {
        let steps = steps(&facts);
        let step = steps.iter().find(|step| says.iter().all(|says| step.text.contains(says)));
        let step = step.unwrap_or_else(|| panic!("{says:?} is not said by {steps:#?}"));
        assert!((step.saves_ms - saves).abs() < 1e-6, "{step:?} instead of {saves}");
    }
    let set = Some(("small".to_owned(), 4));
    let fewer = told(&Facts { smallest_set: set, ..zero_shot(150.0) });
    assert!(fewer[0].contains("`--labels small` asks 4, 40 % of them"), "{fewer:?}");
}

#[test]
fn the_three_that_save_most_are_told_the_most_useful_first() {
    let batch = Node { own_ms: 1.0, ..batch(Node { busy_ms: 8.0, ..product(8.0, 600.0) }, 1.2) };
    let facts = Facts { cores: 4, ..facts(&batch) };
    let steps = steps(&facts);
    assert_eq!(steps.len(), TOLD);
    assert!(steps.windows(2).all(|w| w[0].saves_ms >= w[1].saves_ms), "{steps:#?}");
    assert!(steps.iter().all(|step| !step.text.contains("pass outside")), "{steps:#?}");
}
