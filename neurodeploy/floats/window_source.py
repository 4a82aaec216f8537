"""The kernels of sums over windows in C. Every sum is taken in the order of the messages' sources, channel by channel.

Where a kernel adds a product with a message that was not sent, that is a zero, and adding zeros changes no sum: it
begins at zero and so is never a negative one. Weights that are not finite are never multiplied with such a message.
"""

WINDOWS = r"""
typedef double nd_four __attribute__((vector_size(32), aligned(8), may_alias));

/* What an operator over windows adds up: samples, channels in and out, groups, height, width, height out, width out,
   kernel height and width, stride, padding and dilation of both axes; lines and length of a padded plane; above how
   many messages of a sample every product is added, not only those with them: never where weights are not finite. */
#define NEVER ((int64_t)1 << 62)
typedef struct {
  int64_t samples, in, outs, groups, height, width, high, wide, kh, kw, sh, sw, ph, pw, dh, dw, lines, pitch, many;
} nd_size;

typedef int64_t nd_lanes __attribute__((vector_size(32)));

#ifdef __clang__
#define MIX(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
#define MIX(a, b, i, j, k, l) __builtin_shuffle(a, b, (nd_lanes){i, j, k, l})
#endif

INLINE int64_t messages_of(const int narrow, const void *x, int64_t count) {
  int64_t messages = 0;
  if (narrow)
    for (int64_t k = 0; k < count; k++) messages += ((const int8_t *)x)[k] != 0;
  else
    for (int64_t k = 0; k < count; k++) messages += ((const double *)x)[k] != 0.0;
  return messages;
}

/* Every output of a channel sums its own window of that channel: a pooling. */
INLINE void sum_each(const int narrow, const nd_size *s, const void *x, double *restrict sums, const double *weights) {
  for (int64_t y = 0; y < s->high; y++)
    for (int64_t r = 0; r < s->kh; r++) {
      const int64_t i = y * s->sh - s->ph + r * s->dh;
      if (i < 0 || i >= s->height) continue;
      for (int64_t q = 0; q < s->kw; q++) {
        const double weight = weights[r * s->kw + q];
        const int64_t from = q * s->dw - s->pw, at = i * s->width + from;
        int64_t first = from < 0 ? (-from + s->sw - 1) / s->sw : 0, last = (s->width - 1 - from) / s->sw;
        if (s->width - 1 - from < 0) last = -1;
        if (last >= s->wide) last = s->wide - 1;
        double *into = sums + y * s->wide;
        if (s->sw == 2) /* which a compiler that knows it does in vectors */
          for (int64_t z = first; z <= last; z++) into[z] += NUMBER(at + z * 2) * weight;
        else
          for (int64_t z = first; z <= last; z++) into[z] += NUMBER(at + z * s->sw) * weight;
      }
    }
}

/* Every channel with its padding, one plane for each phase of the strides, so that a tap of the kernel finds its
   messages side by side: (in, stride, stride, lines, pitch). */
INLINE void pad(const int narrow, const nd_size *s, const void *restrict x, double *restrict planes) {
  for (int64_t c = 0; c < s->in; c++)
    for (int64_t a = 0; a < s->sh; a++)
      for (int64_t b = 0; b < s->sw; b++)
        for (int64_t l = 0; l < s->lines; l++, planes += s->pitch) {
          const int64_t i = l * s->sh + a - s->ph, from = b - s->pw, at = (c * s->height + i) * s->width + from;
          int64_t first = from < 0 ? (-from + s->sw - 1) / s->sw : 0, end = (s->width - from + s->sw - 1) / s->sw;
          if (end > s->pitch) end = s->pitch;
          if (i < 0 || i >= s->height || end < first) first = end = 0;
          for (int64_t k = 0; k < first; k++) planes[k] = 0.0;
          if (s->sw == 1)
            for (int64_t k = first; k < end; k++) planes[k] = NUMBER(at + k);
          else
            for (int64_t k = first; k < end; k++) planes[k] = NUMBER(at + k * s->sw);
          for (int64_t k = end; k < s->pitch; k++) planes[k] = 0.0;
        }
}

/* Two sums of eight cells side by side, as far as they lie in the map. */
static inline void put(const nd_size *s, double *out, int64_t y, int64_t z, nd_four left, nd_four right, double bias) {
  if (y >= s->high) return;
  const nd_four sums[2] = {left + bias, right + bias};
  const int64_t some = s->wide - z;
  out += y * s->wide + z;
  if (some >= 8)
    memcpy(out, sums, sizeof sums);
  else
    memcpy(out, sums, (size_t)some * sizeof(double));
}

#define ADD(k, message, weight) a##k += (message) * (weight)
#define AT(k) (*(const nd_four *)(x + (k)))

/* All products of four channels out, eight cells at a time; places: of every tap, in a channel's planes. */
static void add_four(const nd_size *s, const double *planes, const int64_t *places, const double *weights,
                     const double *bias, double *out) {
  const int64_t each = s->in / s->groups, taps = s->kh * s->kw, cells = s->high * s->wide;
  const int64_t plane = s->sh * s->sw * s->lines * s->pitch;
  for (int64_t y = 0; y < s->high; y++)
    for (int64_t z = 0; z < s->wide; z += 8) {
      const double *at = planes + y * s->pitch + z, *weight = weights;
      const double *second = weights + each * taps, *third = second + each * taps, *fourth = third + each * taps;
      nd_four a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0}, a4 = {0}, a5 = {0}, a6 = {0}, a7 = {0};
      for (int64_t c = 0; c < each; c++, at += plane)
        for (int64_t t = 0; t < taps; t++) {
          const double *x = at + places[t];
          const nd_four left = AT(0), right = AT(4);
          ADD(0, left, *weight), ADD(1, right, *weight), weight++;
          ADD(2, left, *second), ADD(3, right, *second), second++;
          ADD(4, left, *third), ADD(5, right, *third), third++;
          ADD(6, left, *fourth), ADD(7, right, *fourth), fourth++;
        }
      put(s, out, y, z, a0, a1, bias[0]);
      put(s, out + cells, y, z, a2, a3, bias[1]);
      put(s, out + 2 * cells, y, z, a4, a5, bias[2]);
      put(s, out + 3 * cells, y, z, a6, a7, bias[3]);
    }
}

/* All products of one channel out, four rows of eight cells at a time. */
static void add_one(const nd_size *s, const double *planes, const int64_t *places, const double *weights,
                    const double *bias, double *out) {
  const int64_t each = s->in / s->groups, taps = s->kh * s->kw, pitch = s->pitch;
  for (int64_t y = 0; y < s->high; y += 4)
    for (int64_t z = 0; z < s->wide; z += 8) {
      const double *at = planes + y * pitch + z, *weight = weights;
      nd_four a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0}, a4 = {0}, a5 = {0}, a6 = {0}, a7 = {0};
      for (int64_t c = 0; c < each; c++, at += s->sh * s->sw * s->lines * pitch)
        for (int64_t t = 0; t < taps; t++, weight++) {
          const double *x = at + places[t];
          ADD(0, AT(0), *weight), ADD(1, AT(4), *weight);
          ADD(2, AT(pitch), *weight), ADD(3, AT(pitch + 4), *weight);
          ADD(4, AT(2 * pitch), *weight), ADD(5, AT(2 * pitch + 4), *weight);
          ADD(6, AT(3 * pitch), *weight), ADD(7, AT(3 * pitch + 4), *weight);
        }
      put(s, out, y, z, a0, a1, *bias);
      put(s, out, y + 1, z, a2, a3, *bias);
      put(s, out, y + 2, z, a4, a5, *bias);
      put(s, out, y + 3, z, a6, a7, *bias);
    }
}

/* All products of a sample, of which the planes hold what arrives; sums are written once. */
static void add_all(const nd_size *s, double *out, const double *weights, const double *bias, double *planes,
                    int64_t *places) {
  const int64_t each = s->in / s->groups, share = s->outs / s->groups, cells = s->high * s->wide;
  const int64_t taps = s->kh * s->kw, plane = s->lines * s->pitch;
  for (int64_t r = 0; r < s->kh; r++)
    for (int64_t q = 0; q < s->kw; q++) {
      const int64_t i = r * s->dh, j = q * s->dw;
      places[r * s->kw + q] = (i % s->sh * s->sw + j % s->sw) * plane + i / s->sh * s->pitch + j / s->sw;
    }
  for (int64_t o = 0; o < s->outs;) {
    const double *arriving = planes + o / share * each * s->sh * s->sw * plane;
    const double *weight = weights + o * each * taps;
    const int64_t four = o % share + 4 <= share;
    (four ? add_four : add_one)(s, arriving, places, weight, bias + o, out + o * cells);
    o += four ? 4 : 1;
  }
}

/* The messages of a sample: of every row of every channel where its own begin, the columns and the values. */
typedef struct {
  int64_t *begins, *columns;
  double *values;
} nd_messages;

INLINE void list(const int narrow, const nd_size *s, const void *x, nd_messages found) {
  int64_t count = 0;
  for (int64_t row = 0; row < s->in * s->height; row++) {
    found.begins[row] = count;
    for (int64_t j = 0; j < s->width; j++) {
      const double value = NUMBER(row * s->width + j);
      found.columns[count] = j;
      found.values[count] = value;
      count += value != 0.0;
    }
  }
  found.begins[s->in * s->height] = count;
}

/* One message into a row of sums in which channels out lie side by side, over one row of the kernel. */
static inline void add_message(const nd_size *s, int64_t share, double value, int64_t column, double *restrict line,
                               const double *restrict weight) {
  const int64_t at = column + s->pw, end = s->kw - 1;
  if (s->sw == 1 && s->dw == 1) {
    const int64_t last = at < end ? at : end, first = at - s->wide + 1 > 0 ? at - s->wide + 1 : 0;
    line += (at - last) * share, weight += (end - last) * share;
    for (int64_t k = 0; k < (last - first + 1) * share; k++) line[k] += value * weight[k];
    return;
  }
  for (int64_t q = 0; q <= end; q++) {
    const int64_t z = at - q * s->dw;
    if (z < 0 || z % s->sw || z / s->sw >= s->wide) continue;
    for (int64_t o = 0; o < share; o++) line[z / s->sw * share + o] += value * weight[(end - q) * share + o];
  }
}

/* Four cells of four channels that lie side by side, as four channels. */
static inline void turn(const double *restrict line, int64_t share, const double *bias, double *restrict out,
                        int64_t cells) {
  const nd_four added = *(const nd_four *)bias;
  const nd_four a = *(const nd_four *)line + added, b = *(const nd_four *)(line + share) + added;
  const nd_four c = *(const nd_four *)(line + 2 * share) + added, d = *(const nd_four *)(line + 3 * share) + added;
  const nd_four e = MIX(a, b, 0, 4, 2, 6), f = MIX(a, b, 1, 5, 3, 7);
  const nd_four g = MIX(c, d, 0, 4, 2, 6), h = MIX(c, d, 1, 5, 3, 7);
  *(nd_four *)out = MIX(e, g, 0, 1, 4, 5);
  *(nd_four *)(out + cells) = MIX(f, h, 0, 1, 4, 5);
  *(nd_four *)(out + 2 * cells) = MIX(e, g, 2, 3, 6, 7);
  *(nd_four *)(out + 3 * cells) = MIX(f, h, 2, 3, 6, 7);
}

/* A row of sums, of which channels out lie side by side, as rows of the channels, cells apart: whole lines of the cache
   at a time, as the channels' rows often lie where they drive each other out of it. */
static void set_apart(const double *restrict line, int64_t wide, int64_t share, int64_t cells, const double *bias,
                      double *restrict out) {
  int64_t z = 0;
  for (; z + 8 <= wide; z += 8) {
    int64_t o = 0;
    for (; o + 4 <= share; o += 4)
      for (int64_t n = z; n < z + 8; n += 4) turn(line + n * share + o, share, bias + o, out + o * cells + n, cells);
    for (; o < share; o++)
      for (int64_t n = z; n < z + 8; n++) out[o * cells + n] = line[n * share + o] + bias[o];
  }
  for (; z < wide; z++)
    for (int64_t o = 0; o < share; o++) out[o * cells + z] = line[z * share + o] + bias[o];
}

/* The products with the messages of a sample, row by row of the sums, so that what is added to stays in the nearest
   cache; turned: (in, kernel height, kernel width from its end, out / groups). */
static void add_some(const nd_size *s, double *out, const double *turned, const double *bias, double *line,
                     nd_messages found) {
  const int64_t each = s->in / s->groups, share = s->outs / s->groups, cells = s->high * s->wide;
  for (int64_t g = 0; g < s->groups; g++, out += share * cells, bias += share)
    for (int64_t y = 0; y < s->high; y++) {
      int64_t reached = 0;
      for (int64_t c = g * each; c < (g + 1) * each; c++)
        for (int64_t r = 0; r < s->kh; r++) {
          const int64_t i = y * s->sh - s->ph + r * s->dh, row = c * s->height + i;
          if (i < 0 || i >= s->height || found.begins[row] == found.begins[row + 1]) continue;
          if (!reached) memset(line, 0, (size_t)(s->wide * share) * sizeof(double));
          reached = 1;
          const double *weight = turned + (c * s->kh + r) * s->kw * share;
          for (int64_t k = found.begins[row]; k < found.begins[row + 1]; k++)
            add_message(s, share, found.values[k], found.columns[k], line, weight);
        }
      if (reached) {
        set_apart(line, s->wide, share, cells, bias, out + y * s->wide);
        continue;
      }
      for (int64_t o = 0; o < share; o++)
        for (int64_t z = 0; z < s->wide; z++) out[o * cells + y * s->wide + z] = 0.0 + bias[o];
    }
}

INLINE void window(const int narrow, const void *x, double *out, const double *weights, const double *turned,
                   const double *bias, double *spare, const nd_size *s) {
  const int64_t cells = s->high * s->wide, size = s->in * s->height * s->width, share = s->outs / s->groups;
  double *planes = spare + s->kh * s->kw, *values = spare + s->wide * share;
  int64_t *columns = (int64_t *)(values + size + 1);
  const nd_messages found = {columns + size + 1, columns, values};
  const int64_t each = s->height * s->width, part = narrow ? 1 : sizeof(double);
  const char *at = x;
  for (int64_t b = 0; b < s->samples; b++, at += size * part, out += s->outs * cells) {
    if (s->in == s->groups && share == 1 && s->many < NEVER) {
      memset(out, 0, (size_t)(s->outs * cells) * sizeof(double));
      for (int64_t c = 0; c < s->in; c++)
        sum_each(narrow, s, at + c * each * part, out + c * cells, weights + c * s->kh * s->kw);
      for (int64_t o = 0; o < s->outs; o++)
        if (bias[o] != 0.0)
          for (int64_t k = 0; k < cells; k++) out[o * cells + k] += bias[o];
    } else if (messages_of(narrow, at, size) > s->many) {
      pad(narrow, s, at, planes);
      add_all(s, out, weights, bias, planes, (int64_t *)spare);
    } else {
      list(narrow, s, at, found);
      add_some(s, out, turned, bias, spare, found);
    }
  }
}

/* x: bytes where it is narrow; spare: room for padded planes and places of taps, or for a row of sums and messages. */
static void nd_window(int narrow, const void *x, double *out, const double *weights, const double *turned,
                      const double *bias, double *spare, const nd_size *s) {
  if (narrow)
    window(1, x, out, weights, turned, bias, spare, s);
  else
    window(0, x, out, weights, turned, bias, spare, s);
}
"""
