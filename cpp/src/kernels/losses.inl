// The list of all losses of rows.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

template <class T, template <class> class Element, Reduction kReduction = MEAN, class... P>
constexpr Loss<T> elementwise_row(const char* name, const char* formula, P... parameters) {
  return {name, formula, {parameters...}, false, false, elementwise_loss<T, Element, kReduction, sizeof...(P)>};
}

enum Target { DENSE, SPARSE };
enum Prediction { PLAIN, LOGITS };

template <class T, class... P>
constexpr Loss<T> row_loss(const char* name, const char* formula, Target target, Prediction prediction,
                           void (*run)(const LossCall<T>&), P... parameters) {
  return {name, formula, {parameters...}, target == SPARSE, prediction == LOGITS, run};
}

constexpr ParameterInfo kSmoothing = parameter("label_smoothing", 0),
                        kBalancing = parameter("apply_class_balancing", 0), kAlpha = parameter("alpha", 0.25),
                        kGamma = parameter("gamma", 2);

template <class T>
constexpr Loss<T> kLosses[] = {
    elementwise_row<T, SquaredError>("mean_squared_error", "mean((p - y)^2)"),
    elementwise_row<T, AbsoluteError>("mean_absolute_error", "mean(|p - y|)"),
    elementwise_row<T, AbsolutePercentageError>("mean_absolute_percentage_error", "100 mean(|p - y| / |y|)"),
    elementwise_row<T, SquaredLogarithmicError>("mean_squared_logarithmic_error", "mean((log(1 + p) - log(1 + y))^2)"),
    elementwise_row<T, Hinge>("hinge", "mean(max(1 - y p, 0))", parameter("binary_labels", 0)),
    elementwise_row<T, SquaredHinge>("squared_hinge", "mean(max(1 - y p, 0)^2)", parameter("binary_labels", 0)),
    elementwise_row<T, LogCosh>("log_cosh", "mean(log(cosh(p - y)))"),
    elementwise_row<T, Huber>("huber", "mean(e^2 / 2 if |e| <= delta, else delta (|e| - delta / 2)), e = p - y",
                              parameter("delta", 1)),
    elementwise_row<T, Poisson>("poisson", "mean(p - y log(p))"),
    elementwise_row<T, KlDivergence, SUM>("kl_divergence", "sum(y log(y / p))"),
    elementwise_row<T, BinaryCrossentropy>("binary_crossentropy", "-mean(y log(p) + (1 - y) log(1 - p))", kSmoothing),
    row_loss<T>("binary_crossentropy_from_logits", "mean(log(1 + exp(x)) - y x)", DENSE, LOGITS,
                loss_of_sigmoid<T, BinaryCrossentropyFromLogits, 1>, kSmoothing),
    elementwise_row<T, BinaryFocalCrossentropy>(
        "binary_focal_crossentropy", "-mean(y (1 - p)^gamma log(p) + (1 - y) p^gamma log(1 - p)), 0 <= y <= 1",
        kSmoothing, kBalancing, kAlpha, kGamma),
    row_loss<T>("binary_focal_crossentropy_from_logits", "binary_focal_crossentropy of sigmoid(x)", DENSE, LOGITS,
                loss_of_sigmoid<T, BinaryFocalCrossentropyFromLogits, 4>, kSmoothing, kBalancing, kAlpha, kGamma),
    row_loss<T>("categorical_focal_crossentropy", "-sum(alpha y (1 - q)^gamma log(q)), q = p / sum(p)", DENSE, PLAIN,
                categorical_focal_crossentropy<T>, kSmoothing, kGamma, kAlpha),
    row_loss<T>("categorical_focal_crossentropy_from_logits", "categorical_focal_crossentropy of softmax(x)", DENSE,
                LOGITS, categorical_focal_crossentropy_from_logits<T>, kSmoothing, kGamma, kAlpha),
    row_loss<T>("categorical_generalized_cross_entropy", "(1 - p[y]^q) / q", SPARSE, PLAIN,
                categorical_generalized_cross_entropy<T>, parameter("q", 0.5)),
    row_loss<T>("categorical_hinge", "max(max((1 - y) p) - sum(y p) + 1, 0)", DENSE, PLAIN, categorical_hinge<T>),
    row_loss<T>("cosine_similarity", "-sum(y p) / (|y| |p|)", DENSE, PLAIN, cosine_similarity<T>),
    row_loss<T>("categorical_crossentropy", "-sum(y log(p / sum(p)))", DENSE, PLAIN, crossentropy<T, false>,
                kSmoothing),
    row_loss<T>("sparse_categorical_crossentropy", "-log(p[y] / sum(p))", SPARSE, PLAIN, crossentropy<T, true>),
    row_loss<T>("categorical_crossentropy_from_logits", "sum(y) log(sum(exp(x))) - sum(y x)", DENSE, LOGITS,
                crossentropy_from_logits<T, false>, kSmoothing),
    row_loss<T>("sparse_categorical_crossentropy_from_logits", "log(sum(exp(x))) - x[y]", SPARSE, LOGITS,
                crossentropy_from_logits<T, true>),
    row_loss<T>("negative_log_likelihood", "-x[y] of log-probabilities x", SPARSE, PLAIN, negative_log_likelihood<T>),
};

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
