"""The kernels in C. Sums are taken message by message in the order of their sources, whatever else runs beside them."""

from neurodeploy.floats.step_source import STEPS
from neurodeploy.floats.window_source import WINDOWS

HEAD = r"""
#include <math.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
/* Number k of x, which are bytes where they are narrow. */
#define NUMBER(k) (narrow ? (double)((const int8_t *)x)[k] : ((const double *)x)[k])

/* out[row][j] = bias[j] + sum over sources i of x[row][i] * weights[i][j] */
static void nd_dense(int narrow, const void *x, double *out, const double *weights, const double *bias,
                     int64_t rows, int64_t inputs, int64_t outputs) {
  for (int64_t row = 0; row < rows; row++) memset(out + row * outputs, 0, (size_t)outputs * sizeof(double));
  for (int64_t i = 0; i < inputs; i++) {
    const double *weight = weights + i * outputs;
    for (int64_t row = 0; row < rows; row++) {
      const double value = NUMBER(row * inputs + i);
      if (value == 0.0) continue;
      double *sum = out + row * outputs;
      for (int64_t j = 0; j < outputs; j++) sum[j] += value * weight[j];
    }
  }
  for (int64_t row = 0; row < rows; row++)
    for (int64_t j = 0; j < outputs; j++) out[row * outputs + j] += bias[j];
}
"""

NEURONS = r"""
typedef struct {
  const double *decay, *gain, *rest, *constant, *decay_current, *gain_current, *threshold, *reset_value;
  double grid, least, start;
  int64_t steps[8]; /* 1 where the constant has a value per neuron, 0 where one value holds for all */
  int64_t most, has_current, new_current, every_step, late, held, silent, strict, fire_once, reset, clamped, gridded;
} nd_terms;

enum { NONE, SUBTRACT, VALUE };

enum { SOME = 512 };

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

/* One step of a neuron's equations for some neurons of a sample, from the one that the constants lie at; the same
   operations in the same order as the reference. */
static void take_step(const nd_terms *t, const double *x, const double *forced, double *v, double *current,
                      double *last, uint8_t *fired, double *out, double *before, double *after, int64_t neurons) {
  const int64_t gridded = t->gridded, late = t->late, every = t->every_step, kind = t->reset;
  for (int64_t n = 0; n < neurons; n++) {
    const double threshold = t->threshold[n * t->steps[6]], target = t->reset_value[n * t->steps[7]];
    double membrane = every ? t->start : v[n], drive = x[n];
    const double held = t->held ? spikes_of(t, membrane, threshold) * threshold : 0.0;
    if (late && kind == VALUE && last[n] > 0) membrane = target;
    if (t->has_current) {
      const double old = every ? 0.0 : current[n];
      const double fresh = on_grid(old * t->decay_current[n * t->steps[4]], t->grid, gridded) +
                           on_grid(t->gain_current[n * t->steps[5]] * drive, t->grid, gridded);
      current[n] = fresh;
      drive = t->new_current ? fresh : old;
    }
    const double rest = t->rest[n * t->steps[2]], decay = t->decay[n * t->steps[0]], gain = t->gain[n * t->steps[1]];
    if (gridded)
      membrane = on_grid(membrane * decay, t->grid, 1) + t->constant[n * t->steps[3]] +
                 on_grid(gain * drive, t->grid, 1);
    else
      membrane = rest + (membrane - rest) * decay + gain * drive;
    if (late && kind == SUBTRACT) membrane = membrane - last[n] * threshold;
    membrane = t->clamped && membrane < t->least ? t->least : membrane;
    double spikes = membrane;
    if (before) before[n] = membrane - held;
    if (!t->silent) {
      spikes = spikes_of(t, membrane - held, threshold);
      if (t->fire_once && fired[n]) spikes = 0.0;
      const double decided = forced ? forced[n] : spikes;
      if (decided > 0) fired[n] = 1;
      last[n] = decided;
      if (!late && kind == SUBTRACT) membrane = membrane - decided * threshold;
      if (!late && kind == VALUE && decided > 0) membrane = target;
    }
    out[n] = spikes;
    v[n] = membrane;
    if (after) after[n] = membrane;
  }
}

/* Whether the step is a plain one: one value of every constant, one spike at most, no current, no grid, nothing held,
   late or fired once. */
static int is_plain(const nd_terms *t) {
  int64_t several = 0;
  for (int i = 0; i < 8; i++) several |= t->steps[i];
  return !several && t->most == 1 && !t->has_current && !t->gridded && !t->held && !t->late && !t->fire_once &&
         !t->silent;
}

/* The second where the mask says so, else the first. */
INLINE nd_four chosen(nd_lanes mask, nd_four second, nd_four first) {
  return (nd_four)((mask & (nd_lanes)second) | (~mask & (nd_lanes)first));
}

typedef int8_t nd_bytes __attribute__((vector_size(32), aligned(1), may_alias));

/* Of four numbers side by side, byte k of each, for every k. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BYTES(k) k, 8 + k, 16 + k, 24 + k
#else
#define BYTES(k) 7 - k, 15 - k, 23 - k, 31 - k
#endif
#define ALL_BYTES BYTES(0), BYTES(1), BYTES(2), BYTES(3), BYTES(4), BYTES(5), BYTES(6), BYTES(7)
#ifdef __clang__
#define IN_TURN(a) __builtin_shufflevector(a, a, ALL_BYTES)
#else
#define IN_TURN(a) __builtin_shuffle(a, (nd_bytes){ALL_BYTES})
#endif

enum { TOGETHER = 32 };

/* The same for as many plain neurons; old: the membrane after the step before, which may lie where the one after this
   step goes. The rules are known where this is called, so that nothing branches. */
INLINE void plain_step(const int every, const int strict, const int kind, const nd_terms *t, const double *x,
                       const double *old, uint8_t *sent, double *before, double *after) {
  const nd_four none = {0}, rest = none + *t->rest, threshold = none + *t->threshold, target = none + *t->reset_value;
  const nd_four start = none + t->start, least = none + (t->clamped ? t->least : -INFINITY);
  nd_lanes fired = {0}, bit = {1, 1, 1, 1};
  for (int64_t n = 0; n < TOGETHER; n += 4, bit <<= 8) {
    const nd_four from = every ? start : *(const nd_four *)(old + n);
    const nd_four whole = rest + (from - rest) * *t->decay + *t->gain * *(const nd_four *)(x + n);
    const nd_four membrane = chosen(whole < least, least, whole);
    nd_four to = kind == VALUE ? target : membrane;
    if (kind == SUBTRACT) to = membrane - threshold;
    const nd_lanes fires = strict ? membrane > threshold : membrane >= threshold;
    fired |= fires & bit;
    *(nd_four *)(before + n) = membrane;
    *(nd_four *)(after + n) = chosen(fires, to, membrane);
  }
  *(nd_bytes *)sent = IN_TURN((nd_bytes)fired);
}

/* Any number of them; some that are too few are computed with others, which are dropped. */
INLINE void plain_steps(const int every, const int strict, const int kind, const nd_terms *t, const double *x,
                        const double *old, uint8_t *sent, double *before, double *after, int64_t neurons) {
  int64_t n = 0;
  for (; n + TOGETHER <= neurons; n += TOGETHER)
    plain_step(every, strict, kind, t, x + n, old + n, sent + n, before + n, after + n);
  if (n == neurons) return;
  double in[2][TOGETHER] = {{0}}, out[2][TOGETHER];
  uint8_t bytes[TOGETHER];
  const size_t left = (size_t)(neurons - n);
  memcpy(in[0], x + n, left * sizeof(double)), memcpy(in[1], old + n, left * sizeof(double));
  plain_step(every, strict, kind, t, in[0], in[1], bytes, out[0], out[1]);
  memcpy(sent + n, bytes, left);
  memcpy(before + n, out[0], left * sizeof(double)), memcpy(after + n, out[1], left * sizeof(double));
}

#define PLAIN(every, strict, kind)                                             \
  case ((every) * 2 + (strict)) * 3 + (kind):                                  \
    plain_steps(every, strict, kind, t, x, old, sent, before, after, neurons); \
    break
#define PLAINS(every, strict) PLAIN(every, strict, NONE); PLAIN(every, strict, SUBTRACT); PLAIN(every, strict, VALUE)

static void take_plain(const nd_terms *t, const double *x, const double *old, uint8_t *sent, double *before,
                       double *after, int64_t neurons) {
  switch ((t->every_step * 2 + t->strict) * 3 + t->reset) {
    PLAINS(0, 0);
    PLAINS(0, 1);
    PLAINS(1, 0);
    PLAINS(1, 1);
  }
}

/* What a chunk's step is for neurons. where: after how many steps of the chunk; last: whether it ends with it; alone:
   whether nobody reads what is sent but in the bytes; bytes, before, after: where not null, records of this step, those
   of the steps before right in front of them. */
typedef struct {
  int8_t *bytes;
  double *before, *after;
  int64_t where, last, alone;
} nd_records;

/* One step of plain neurons. Where membranes are recorded, they are kept at the end of a chunk: until then its records
   hold them. */
static int64_t step_plain(const nd_terms *terms, const double *x, double *v, double *out, nd_records at, int64_t clean,
                          int64_t neurons) {
  const double *old = at.after && at.where ? at.after - neurons : v;
  int64_t sent = 0;
  clean |= at.alone;
  for (int64_t k = 0; k < neurons; k += SOME) {
    const int64_t some = neurons - k < SOME ? neurons - k : SOME;
    uint8_t sends[SOME], any = 0;
    double unseen[SOME];
    take_plain(terms, x + k, old + k, sends, at.before ? at.before + k : unseen, (at.after ? at.after : v) + k, some);
    for (int64_t i = 0; i < some; i++) any |= sends[i];
    sent |= any;
    if (any && !at.alone)
      for (int64_t i = 0; i < some; i++) out[k + i] = sends[i];
    else if (!clean)
      memset(out + k, 0, (size_t)some * sizeof(double));
    if (at.bytes) memcpy(at.bytes + k, sends, (size_t)some);
    if (at.after && at.last) memcpy(v + k, at.after + k, (size_t)some * sizeof(double));
  }
  return sent;
}

/* One step of all samples; gives whether any neuron sent something. As many at a time as stay in the nearest cache.
   out: holds zeros only where it is clean, and is not written again before something is sent. */
static int64_t nd_neurons(const nd_terms *terms, const double *x, const double *forced, double *v, double *current,
                          double *last, uint8_t *fired, double *out, nd_records at, int64_t clean, int64_t samples,
                          int64_t neurons) {
  if (is_plain(terms) && !forced)
    return step_plain(terms, x, v, out, at, clean, samples * neurons);
  int64_t sent = 0;
  for (int64_t b = 0; b < samples * neurons; b += neurons)
    for (int64_t n = 0; n < neurons; n += SOME) {
      const int64_t k = b + n, some = neurons - n < SOME ? neurons - n : SOME;
      double sends[SOME];
      nd_terms held = *terms; /* a copy, which nothing that is stored changes */
      const double **constants[8] = {&held.decay,         &held.gain,         &held.rest,      &held.constant,
                                     &held.decay_current, &held.gain_current, &held.threshold, &held.reset_value};
      for (int i = 0; i < 8; i++) *constants[i] += n * held.steps[i];
      take_step(&held, x + k, forced ? forced + k : 0, v + k, current + k, last + k, fired + k, sends,
                at.before ? at.before + k : 0, at.after ? at.after + k : 0, some);
      for (int64_t i = 0; i < some; i++) sent |= sends[i] != 0.0;
      memcpy(out + k, sends, (size_t)some * sizeof(double));
      if (at.bytes)
        for (int64_t i = 0; i < some; i++) at.bytes[k + i] = (int8_t)sends[i];
    }
  return sent;
}
"""

SOURCE = HEAD + WINDOWS + NEURONS + STEPS
