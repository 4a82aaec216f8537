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

/* What an operator over windows adds up: samples, channels in and out, groups, height, width, height out, width out,
   kernel height and width, stride, padding and dilation of both axes. */
typedef struct {
  int64_t samples, in, outs, groups, height, width, high, wide, kh, kw, sh, sw, ph, pw, dh, dw;
} nd_size;

/* The row of the output that a message of row i reaches over row r of the kernel; below 0 where it reaches none. */
static inline int64_t row_reached(const nd_size *s, int64_t i, int64_t r) {
  const int64_t y = i + s->ph - r * s->dh;
  if (s->sh == 1) return y < s->high ? y : -1; /* a division takes as long as a row of messages */
  return y < 0 || y % s->sh || y / s->sh >= s->high ? -1 : y / s->sh;
}

static int64_t messages_of(const double *x, int64_t count) {
  int64_t messages = 0;
  for (int64_t k = 0; k < count; k++) messages += x[k] != 0.0;
  return messages;
}

/* Every output of a channel sums its own window of that channel: a pooling. Nothing that was not sent changes a sum. */
static void sum_each(const nd_size *s, const double *x, double *restrict sums, const double *weights) {
  for (int64_t y = 0; y < s->high; y++)
    for (int64_t r = 0; r < s->kh; r++) {
      const int64_t i = y * s->sh - s->ph + r * s->dh;
      if (i < 0 || i >= s->height) continue;
      for (int64_t q = 0; q < s->kw; q++) {
        const double *line = x + i * s->width, weight = weights[r * s->kw + q];
        const int64_t from = q * s->dw - s->pw;
        int64_t first = from < 0 ? (-from + s->sw - 1) / s->sw : 0, last = (s->width - 1 - from) / s->sw;
        if (s->width - 1 - from < 0) last = -1;
        if (last >= s->wide) last = s->wide - 1;
        for (int64_t z = first; z <= last; z++) sums[y * s->wide + z] += line[z * s->sw + from] * weight;
      }
    }
}

/* Messages one by one into sums that lie channel by channel; weights: (out, in / groups, kernel) as torch has them. */
static void add_few(const nd_size *s, const double *x, double *sums, const double *weights) {
  const int64_t each = s->in / s->groups, share = s->outs / s->groups;
  for (int64_t c = 0; c < s->in; c++)
    for (int64_t i = 0; i < s->height; i++)
      for (int64_t j = 0; j < s->width; j++) {
        const double value = x[(c * s->height + i) * s->width + j];
        if (value == 0.0) continue;
        const int64_t at = j + s->pw, end = s->kw - 1;
        const int64_t last = at < end ? at : end, first = at - s->wide + 1 > 0 ? at - s->wide + 1 : 0;
        for (int64_t o = c / each * share; o < (c / each + 1) * share; o++)
          for (int64_t r = 0; r < s->kh; r++) {
            const int64_t y = row_reached(s, i, r);
            if (y < 0) continue;
            double *line = sums + (o * s->high + y) * s->wide;
            const double *weight = weights + ((o * each + c % each) * s->kh + r) * s->kw;
            if (s->sw == 1 && s->dw == 1) {
              for (int64_t q = first; q <= last; q++) line[at - q] += value * weight[q];
              continue;
            }
            for (int64_t q = 0; q < s->kw; q++) {
              const int64_t z = at - q * s->dw;
              if (z >= 0 && z % s->sw == 0 && z / s->sw < s->wide) line[z / s->sw] += value * weight[q];
            }
          }
      }
}

/* The same into sums of which a group's channels lie side by side, (groups, height, width, out / groups), so that all
   of them are added to at once, and those of neighboring columns too; turned: (in, kernel height, kernel width from
   its end, out / groups). */
static void add_many(const nd_size *s, const double *x, double *restrict sums, const double *restrict turned) {
  const int64_t each = s->in / s->groups, share = s->outs / s->groups;
  for (int64_t c = 0; c < s->in; c++)
    for (int64_t i = 0; i < s->height; i++)
      for (int64_t j = 0; j < s->width; j++) {
        const double value = x[(c * s->height + i) * s->width + j];
        if (value == 0.0) continue;
        const int64_t at = j + s->pw, end = s->kw - 1;
        const int64_t last = at < end ? at : end, first = at - s->wide + 1 > 0 ? at - s->wide + 1 : 0;
        for (int64_t r = 0; r < s->kh; r++) {
          const int64_t y = row_reached(s, i, r);
          if (y < 0) continue;
          double *line = sums + (c / each * s->high + y) * s->wide * share;
          const double *weight = turned + (c * s->kh + r) * s->kw * share;
          if (s->sw == 1 && s->dw == 1) {
            line += (at - last) * share, weight += (end - last) * share;
            for (int64_t k = 0; k < (last - first + 1) * share; k++) line[k] += value * weight[k];
          } else {
            for (int64_t q = 0; q <= end; q++) {
              const int64_t z = at - q * s->dw;
              if (z < 0 || z % s->sw || z / s->sw >= s->wide) continue;
              for (int64_t o = 0; o < share; o++)
                line[z / s->sw * share + o] += value * weight[(end - q) * share + o];
            }
          }
        }
      }
}

/* Channel by channel, what lies side by side. */
static void set_apart(const nd_size *s, const double *restrict sums, double *restrict out) {
  const int64_t share = s->outs / s->groups, cells = s->high * s->wide;
  for (int64_t g = 0; g < s->groups; g++, sums += share * cells, out += share * cells) {
    int64_t k = 0;
    for (; k + 8 <= cells; k += 8)
      for (int64_t o = 0; o < share; o++)
        for (int64_t n = 0; n < 8; n++) out[o * cells + k + n] = sums[(k + n) * share + o];
    for (; k < cells; k++)
      for (int64_t o = 0; o < share; o++) out[o * cells + k] = sums[k * share + o];
  }
}

/* spare: as large as the output of a sample */
void nd_window(const double *x, double *out, const double *weights, const double *turned, const double *bias,
               double *spare, const nd_size *s) {
  const int64_t share = s->outs / s->groups, cells = s->high * s->wide, size = s->in * s->height * s->width;
  for (int64_t b = 0; b < s->samples; b++, x += size, out += s->outs * cells) {
    const int many = share > 1 && messages_of(x, size) * s->kh * s->kw > cells;
    double *sums = many ? spare : out;
    memset(sums, 0, (size_t)(s->outs * cells) * sizeof(double));
    if (s->in == s->groups && share == 1)
      for (int64_t c = 0; c < s->in; c++)
        sum_each(s, x + c * s->height * s->width, sums + c * cells, weights + c * s->kh * s->kw);
    else if (many || share == 1)
      add_many(s, x, sums, turned);
    else
      add_few(s, x, sums, weights);
    if (many) set_apart(s, sums, out);
    for (int64_t o = 0; o < s->outs; o++)
      if (bias[o] != 0.0)
        for (int64_t k = 0; k < cells; k++) out[o * cells + k] += bias[o];
  }
}

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

/* The same for plain neurons, both of whose membranes are recorded. The rules are known where this is called, so that
   nothing branches and many neurons are computed at once. */
static inline __attribute__((always_inline)) void plain_step(
    const int every, const int strict, const int kind, const nd_terms *t, const double *restrict x, double *restrict v,
    double *restrict out, double *restrict before, double *restrict after, int64_t neurons) {
  const double rest = *t->rest, decay = *t->decay, gain = *t->gain, threshold = *t->threshold;
  const double target = *t->reset_value, start = t->start, least = t->clamped ? t->least : -INFINITY;
  for (int64_t n = 0; n < neurons; n++) {
    const double old = every ? start : v[n];
    const double whole = rest + (old - rest) * decay + gain * x[n];
    const double membrane = whole < least ? least : whole;
    const double to = kind == VALUE ? target : kind == SUBTRACT ? membrane - threshold : membrane;
    const int fires = strict ? membrane > threshold : membrane >= threshold;
    out[n] = fires ? 1.0 : 0.0;
    before[n] = membrane;
    v[n] = after[n] = fires ? to : membrane;
  }
}

#define PLAIN(every, strict, kind)                                             \
  case ((every) * 2 + (strict)) * 3 + (kind):                                  \
    plain_step(every, strict, kind, t, x, v, out, before, after, neurons);     \
    break
#define PLAINS(every, strict) PLAIN(every, strict, NONE); PLAIN(every, strict, SUBTRACT); PLAIN(every, strict, VALUE)

static void take_plain(const nd_terms *t, const double *x, double *v, double *out, double *before, double *after,
                       int64_t neurons) {
  switch ((t->every_step * 2 + t->strict) * 3 + t->reset) {
    PLAINS(0, 0);
    PLAINS(0, 1);
    PLAINS(1, 0);
    PLAINS(1, 1);
  }
}

/* One step of all samples; gives whether any neuron sent something. As many at a time as stay in the nearest cache.
   out: holds zeros only where it is clean, and is not written again before something is sent; bytes: where not null,
   what is sent as bytes too. */
int64_t nd_neurons(const nd_terms *terms, const double *x, const double *forced, double *v, double *current,
                   double *last, uint8_t *fired, double *out, int8_t *bytes, double *before, double *after,
                   int64_t clean, int64_t samples, int64_t neurons) {
  const int plain = is_plain(terms) && !forced && before && after;
  const int64_t per_sample = plain ? samples * neurons : neurons; /* plain neurons are all alike */
  int64_t sent = 0;
  for (int64_t b = 0; b < samples * neurons; b += per_sample)
    for (int64_t n = 0; n < per_sample; n += SOME) {
      const int64_t k = b + n, some = per_sample - n < SOME ? per_sample - n : SOME;
      double sends[SOME];
      if (plain) {
        take_plain(terms, x + k, v + k, sends, before + k, after + k, some);
      } else {
        nd_terms at = *terms; /* a copy, which nothing that is stored changes */
        const double **constants[8] = {&at.decay,         &at.gain,         &at.rest,      &at.constant,
                                       &at.decay_current, &at.gain_current, &at.threshold, &at.reset_value};
        for (int i = 0; i < 8; i++) *constants[i] += n * at.steps[i];
        take_step(&at, x + k, forced ? forced + k : 0, v + k, current + k, last + k, fired + k, sends,
                  before ? before + k : 0, after ? after + k : 0, some);
      }
      int64_t any = 0;
      for (int64_t i = 0; i < some; i++) any |= sends[i] != 0.0;
      sent |= any;
      if (!plain || any || !clean) memcpy(out + k, sends, (size_t)some * sizeof(double));
      if (bytes && !any) memset(bytes + k, 0, (size_t)some);
      if (bytes && any)
        for (int64_t i = 0; i < some; i++) bytes[k + i] = (int8_t)sends[i];
    }
  return sent;
}
"""
