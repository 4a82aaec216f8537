"""The kernels in C. Sums are taken message by message in the order of their sources, whatever else runs beside them."""

SOURCE = r"""
#include <math.h>
#include <stdint.h>
#include <string.h>

/* out[row][j] = bias[j] + sum over sources i of x[row][i] * weights[i][j] */
void nd_dense(const double *x, double *out, const double *weights, const double *bias,
              int64_t rows, int64_t inputs, int64_t outputs) {
  for (int64_t row = 0; row < rows; row++) memset(out + row * outputs, 0, (size_t)outputs * sizeof(double));
  for (int64_t i = 0; i < inputs; i++) {
    const double *weight = weights + i * outputs;
    for (int64_t row = 0; row < rows; row++) {
      const double value = x[row * inputs + i];
      if (value == 0.0) continue;
      double *sum = out + row * outputs;
      for (int64_t j = 0; j < outputs; j++) sum[j] += value * weight[j];
    }
  }
  for (int64_t row = 0; row < rows; row++)
    for (int64_t j = 0; j < outputs; j++) out[row * outputs + j] += bias[j];
}

/* size: samples, channels in and out, groups, height, width, height out, width out, kernel height and width,
   stride, padding and dilation of both axes; weights: (out, in / groups, kernel) as torch has them */
void nd_window(const double *x, double *out, const double *weights, const double *bias, const int64_t *size) {
  const int64_t samples = size[0], in = size[1], outs = size[2], groups = size[3];
  const int64_t height = size[4], width = size[5], high = size[6], wide = size[7], kh = size[8], kw = size[9];
  const int64_t sh = size[10], sw = size[11], ph = size[12], pw = size[13], dh = size[14], dw = size[15];
  const int64_t each = in / groups, share = outs / groups;
  for (int64_t b = 0; b < samples; b++) {
    double *sums = out + b * outs * high * wide;
    memset(sums, 0, (size_t)(outs * high * wide) * sizeof(double));
    for (int64_t c = 0; c < in; c++) {
      const int64_t group = c / each;
      for (int64_t i = 0; i < height; i++)
        for (int64_t j = 0; j < width; j++) {
          const double value = x[((b * in + c) * height + i) * width + j];
          if (value == 0.0) continue;
          for (int64_t o = group * share; o < (group + 1) * share; o++)
            for (int64_t r = 0; r < kh; r++) {
              const int64_t y = i + ph - r * dh;
              if (y < 0 || y % sh || y / sh >= high) continue;
              double *line = sums + (o * high + y / sh) * wide;
              const double *weight = weights + ((o * each + c - group * each) * kh + r) * kw;
              if (sw == 1 && dw == 1) {
                const int64_t last = j + pw < kw - 1 ? j + pw : kw - 1;
                const int64_t first = j + pw - wide + 1 > 0 ? j + pw - wide + 1 : 0;
                for (int64_t q = first; q <= last; q++) line[j + pw - q] += value * weight[q];
              } else {
                for (int64_t q = 0; q < kw; q++) {
                  const int64_t z = j + pw - q * dw;
                  if (z >= 0 && z % sw == 0 && z / sw < wide) line[z / sw] += value * weight[q];
                }
              }
            }
        }
    }
    for (int64_t o = 0; o < outs; o++)
      if (bias[o] != 0.0)
        for (int64_t k = 0; k < high * wide; k++) sums[o * high * wide + k] += bias[o];
  }
}

typedef struct {
  const double *decay, *gain, *rest, *constant, *decay_current, *gain_current, *threshold, *reset_value;
  double grid, least, start;
  int64_t steps[8]; /* 1 where the constant has a value per neuron, 0 where one value holds for all */
  int64_t most, has_current, new_current, every_step, late, held, silent, strict, fire_once, reset, clamped, gridded;
} nd_terms;

enum { NONE, SUBTRACT, VALUE };

/* Spikes of a membrane, by the thresholds that fit into it. */
static double spikes_of(const nd_terms *t, double membrane, double threshold) {
  if (!(t->strict ? membrane > threshold : membrane >= threshold)) return 0.0;
  if (t->most == 1) return 1.0;
  const double many = t->strict ? ceil(membrane / threshold) - 1 : floor(membrane / threshold);
  return many < 1 ? 1.0 : many > (double)t->most ? (double)t->most : many;
}

static double on_grid(double value, double grid, int64_t gridded) {
  return gridded ? trunc(value / grid) * grid : value;
}

/* One step of a neuron's equations for some samples; the same operations in the same order as the reference.
   plain: known where this is called, so that what it rules out is left out and many neurons are computed at once. It
   says: one value of every constant, one spike at most, no current, no grid, nothing held, late, forced or fired once,
   and both membranes are recorded. */
static inline __attribute__((always_inline)) void take_step(
    const int plain, const nd_terms *t, const double *restrict x, const double *restrict forced, double *restrict v,
    double *restrict current, double *restrict last, uint8_t *restrict fired, double *restrict out,
    double *restrict before, double *restrict after, int64_t samples, int64_t neurons) {
  const int64_t gridded = !plain && t->gridded, late = !plain && t->late, every = t->every_step, kind = t->reset;
  const int64_t clamped = t->clamped, strict = t->strict;
  const double start = t->start, least = t->least;
  for (int64_t b = 0; b < samples; b++)
    for (int64_t n = 0; n < neurons; n++) {
      const int64_t k = b * neurons + n;
      const double threshold = t->threshold[plain ? 0 : n * t->steps[6]];
      const double target = t->reset_value[plain ? 0 : n * t->steps[7]];
      const double old_membrane = v[k];
      double membrane = every ? start : old_membrane, drive = x[k];
      const double held = !plain && t->held ? spikes_of(t, membrane, threshold) * threshold : 0.0;
      if (late && kind == VALUE && last[k] > 0) membrane = target;
      if (!plain && t->has_current) {
        const double old = every ? 0.0 : current[k];
        const double fresh = on_grid(old * t->decay_current[n * t->steps[4]], t->grid, gridded) +
                             on_grid(t->gain_current[n * t->steps[5]] * drive, t->grid, gridded);
        current[k] = fresh;
        drive = t->new_current ? fresh : old;
      }
      const double rest = t->rest[plain ? 0 : n * t->steps[2]], decay = t->decay[plain ? 0 : n * t->steps[0]];
      const double gain = t->gain[plain ? 0 : n * t->steps[1]];
      if (gridded)
        membrane = on_grid(membrane * decay, t->grid, 1) + t->constant[n * t->steps[3]] +
                   on_grid(gain * drive, t->grid, 1);
      else
        membrane = rest + (membrane - rest) * decay + gain * drive;
      if (late && kind == SUBTRACT) membrane = membrane - last[k] * threshold;
      membrane = clamped && membrane < least ? least : membrane;
      double spikes = membrane;
      if (plain) {
        const int above = membrane > threshold, reaches = membrane >= threshold;
        const double to = kind == VALUE ? target : kind == SUBTRACT ? membrane - threshold : membrane;
        before[k] = membrane;
        spikes = (strict ? above : reaches) ? 1.0 : 0.0;
        membrane = (strict ? above : reaches) ? to : membrane;
      } else {
        if (before) before[k] = membrane - held;
        if (!t->silent) {
          spikes = spikes_of(t, membrane - held, threshold);
          if (t->fire_once && fired[k]) spikes = 0.0;
          const double decided = forced ? forced[k] : spikes;
          if (decided > 0) fired[k] = 1;
          last[k] = decided;
          if (!late && kind == SUBTRACT) membrane = membrane - decided * threshold;
          if (!late && kind == VALUE && decided > 0) membrane = target;
        }
      }
      out[k] = spikes;
      v[k] = membrane;
      if (plain || after) after[k] = membrane;
    }
}

static int is_plain(const nd_terms *t) {
  int64_t several = 0;
  for (int i = 0; i < 8; i++) several |= t->steps[i];
  return !several && t->most == 1 && !t->has_current && !t->gridded && !t->held && !t->late && !t->fire_once &&
         !t->silent;
}

void nd_neurons(const nd_terms *terms, const double *x, const double *forced, double *v, double *current, double *last,
                uint8_t *fired, double *out, double *before, double *after, int64_t samples, int64_t neurons) {
  const nd_terms copy = *terms; /* nothing that is stored changes it */
  if (is_plain(&copy) && !forced && before && after)
    take_step(1, &copy, x, 0, v, current, last, fired, out, before, after, samples, neurons);
  else
    take_step(0, &copy, x, forced, v, current, last, fired, out, before, after, samples, neurons);
}
"""
