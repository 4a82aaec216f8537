"""The counting kernels in C: one pass over a block of cells, as they lie in memory."""

SMALL = 1 << 29
"""The magnitude below which three numbers add up without leaving 32 bits."""

HEAD = r"""
#include <stdint.h>
#include <string.h>

typedef struct {
  const uint8_t *sent;                 /* (samples, steps, neurons): 0 where nothing was sent */
  const void *u, *v, *before, *first;  /* the same; first: (samples, neurons), membranes before the first step */
  const void *threshold;               /* (span): constants of the neurons, which repeat every span of them */
  const void *saturates, *clamps;      /* 1 where a neuron without membrane and current does */
  const void *added;                   /* the biases, where none decays and all are small; else null */
  const int64_t *saturating, *clamping; /* (span + 1): how many neurons before one do */
  const int32_t *kind;                 /* which neurons share all that drives a membrane */
  int64_t span, samples, steps, neurons, every_step, unit, bits;
  int64_t low, high;                   /* a membrane between them was not limited */
  const int64_t *keep, *bias;          /* by kind: what decay keeps of a membrane, times 1 << decay_bits; the bias */
  int64_t decay_bits, plain, floor, ceiling; /* plain: magnitude below which a sum is cut by nothing else; 0: none */
  int64_t *counts;                     /* fired, quiet, just below, at threshold, reset, saturated, clamped */
  int64_t *last, *drive, *times;       /* cells that may have been limited: membrane before, current, how many */
  int64_t *kinds;
  void *table;                         /* room for 1 << bits groups of such cells */
} nd_block;

enum { FIRED, QUIET, JUST_BELOW, AT_THRESHOLD, RESET, SATURATED, CLAMPED };
enum { PIECE = 512 };

/* Cells that began alike, and how many; kind -1 where there are none. */
typedef struct {
  int64_t last, drive, times, kind;
} nd_alike;

static inline int is_of(const nd_alike *slot, int64_t last, int64_t drive, int64_t kind) {
  return !((slot->last ^ last) | (slot->drive ^ drive) | (slot->kind ^ kind));
}

static inline int64_t write_alike(const nd_block *block, int64_t written, const nd_alike *slot) {
  block->last[written] = slot->last, block->drive[written] = slot->drive;
  block->times[written] = slot->times, block->kinds[written] = slot->kind;
  return written + 1;
}

/* Counts a cell in one of two slots. Where both hold others, those of the first are written and give it their place. */
static inline int64_t add_alike(const nd_block *block, int64_t written, int64_t last, int64_t drive, int64_t kind) {
  const uint64_t mixed = (uint64_t)last * 0x9e3779b97f4a7c15u + (uint64_t)drive * 0xc2b2ae3d27d4eb4fu +
                         (uint64_t)kind * 0x165667b19e3779f9u;
  const uint64_t place = mixed >> (64 - block->bits);
  nd_alike *table = block->table, *slot = table + place;
  if (!is_of(slot, last, drive, kind)) {
    if (slot->kind >= 0) {
      slot = table + (place ^ 1);
      if (slot->kind >= 0 && !is_of(slot, last, drive, kind)) {
        slot = table + place;
        written = write_alike(block, written, slot);
        slot->kind = -1;
      }
    }
    if (slot->kind < 0) slot->last = last, slot->drive = drive, slot->kind = kind, slot->times = 0;
  }
  slot->times++;
  return written;
}

/* Whether a membrane that began so was clamped; -1 where floor and ceiling do not decide alone. */
static inline int was_clamped(const nd_block *block, int64_t last, int64_t drive, int64_t kind) {
  const int64_t magnitude = last < 0 ? -last : last;
  if (magnitude >= block->plain) return -1;
  const int64_t kept = magnitude * block->keep[kind] >> block->decay_bits;
  const int64_t total = (last < 0 ? -kept : kept) + drive + block->bias[kind];
  if (total <= -block->plain || total >= block->plain) return -1;
  return total < block->floor || total > block->ceiling;
}

static int any_byte(const uint8_t *bytes, int64_t length) {
  uint64_t any = 0, word;
  int64_t k = 0;
  for (; k + 8 <= length; k += 8) {
    memcpy(&word, bytes + k, 8);
    any |= word;
  }
  for (; k < length; k++) any |= bytes[k];
  return any != 0;
}

int64_t nd_same(const void *first, const void *second, int64_t bytes) {
  return memcmp(first, second, (size_t)bytes) == 0;
}
"""

BRANCHES = r"""
/* Counts the cells of a stretch that were saturated or clamped, where no membrane decays. Gives 0, and counts nothing,
   where floor and ceiling do not decide alone about those that moved. */
static int limits_STATE(const nd_block *block, const STATE *u, const STATE *before, const STATE *previous, int64_t at,
                        int64_t length) {
  const STATE *saturates = (const STATE *)block->saturates + at, *clamps = (const STATE *)block->clamps + at;
  const STATE *bias = (const STATE *)block->added + at;
  const STATE low = (STATE)block->low, high = (STATE)block->high, plain = (STATE)block->plain;
  const STATE floor = block->floor < low ? low : (STATE)block->floor;
  const STATE ceiling = block->ceiling > high ? high : (STATE)block->ceiling;
  STATE saturated = 0, clamped = 0, open = 0;
  for (int64_t k = 0; k < length; k++) {
    const STATE rests = (u[k] | previous[k]) == 0, asked = ((before[k] <= low) | (before[k] >= high)) & ~rests;
    const STATE small = (u[k] > -SMALL) & (u[k] < SMALL) & (previous[k] > -plain) & (previous[k] < plain);
    const STATE total = (small ? previous[k] + u[k] : 0) + bias[k];
    saturated += saturates[k] & -rests;
    clamped += (clamps[k] & -rests) + (asked & ((total < floor) | (total > ceiling)));
    open |= asked & ~(small & (total > -plain) & (total < plain));
  }
  if (open) return 0;
  block->counts[SATURATED] += saturated;
  block->counts[CLAMPED] += clamped;
  return 1;
}

/* One stretch of neurons in one step: what it costs depends on whether any cell lies at a limit, and any moved. */
static int64_t piece_STATE(const nd_block *block, int64_t written, const uint8_t *sent, const STATE *u, const STATE *v,
                           const STATE *before, const STATE *previous, int64_t at, int64_t length) {
  const STATE *threshold = (const STATE *)block->threshold + at;
  const STATE unit = (STATE)block->unit, low = (STATE)block->low, high = (STATE)block->high;
  STATE charged = 0, near = 0, equal = 0, limited = 0, moved = 0;
  if (any_byte(sent, length)) {
    STATE fired = 0, reset = 0;
    for (int64_t k = 0; k < length; k++) {
      const STATE membrane = before[k], fires = sent[k] != 0;
      charged += (membrane != 0) & ~fires;
      equal += membrane == threshold[k];
      near += (membrane < threshold[k]) & (membrane >= threshold[k] - unit);
      limited |= (membrane <= low) | (membrane >= high);
      fired += fires;
      reset += fires & (v[k] != membrane);
    }
    block->counts[FIRED] += fired;
    block->counts[RESET] += reset;
  } else
    for (int64_t k = 0; k < length; k++) {
      const STATE membrane = before[k];
      charged += membrane != 0;
      equal += membrane == threshold[k];
      near += (membrane < threshold[k]) & (membrane >= threshold[k] - unit);
      limited |= (membrane <= low) | (membrane >= high);
    }
  block->counts[QUIET] += charged;
  block->counts[JUST_BELOW] += near;
  block->counts[AT_THRESHOLD] += equal;
  if (!limited) return written;
  for (int64_t k = 0; k < length; k++) moved |= u[k] | previous[k];
  if (!moved) {
    block->counts[SATURATED] += block->saturating[at + length] - block->saturating[at];
    block->counts[CLAMPED] += block->clamping[at + length] - block->clamping[at];
    return written;
  }
  if (block->added && limits_STATE(block, u, before, previous, at, length)) return written;
  const STATE *saturates = (const STATE *)block->saturates + at, *clamps = (const STATE *)block->clamps + at;
  STATE saturated = 0, clamped = 0;
  uint8_t chosen[PIECE + 8];
  for (int64_t k = 0; k < length; k++) {
    const STATE rests = (u[k] | previous[k]) == 0, limit = (before[k] <= low) | (before[k] >= high);
    saturated += saturates[k] & -rests;
    clamped += clamps[k] & -rests;
    chosen[k] = (uint8_t)(limit & ~rests);
  }
  memset(chosen + length, 0, 8);
  block->counts[SATURATED] += saturated;
  block->counts[CLAMPED] += clamped;
  int64_t cells[PIECE + 8], count = 0;
  for (int64_t k = 0; k < length; k += 8)
    if (any_byte(chosen + k, 8))
      for (int64_t i = k; i < k + 8; i++) {
        cells[count] = i;
        count += chosen[i];
      }
  for (int64_t i = 0; i < count; i++) {
    const int64_t last = previous[cells[i]], drive = u[cells[i]], kind = block->kind[at + cells[i]];
    const int decided = was_clamped(block, last, drive, kind);
    if (decided < 0) written = add_alike(block, written, last, drive, kind);
    else block->counts[CLAMPED] += decided;
  }
  return written;
}

/* Returns how many groups of cells that began alike were written. */
int64_t nd_branches_STATE(const nd_block *block) {
  nd_alike *table = block->table;
  const int64_t neurons = block->neurons, steps = block->steps, span = block->span;
  const STATE *u = block->u, *v = block->v, *before = block->before, *first = block->first;
  int64_t written = 0;
  for (int64_t slot = 0; slot < (int64_t)1 << block->bits; slot++) table[slot].kind = -1;
  for (int64_t b = 0; b < block->samples; b++)
    for (int64_t t = 0; t < steps; t++) {
      const int64_t row = (b * steps + t) * neurons;
      const STATE *previous = t && !block->every_step ? v + row - neurons : first + b * neurons;
      for (int64_t n = 0, length; n < neurons; n += length) {
        const int64_t at = n % span;
        length = neurons - n < span - at ? neurons - n : span - at;
        if (length > PIECE) length = PIECE;
        written = piece_STATE(block, written, block->sent + row + n, u + row + n, v + row + n, before + row + n,
                              previous + n, at, length);
      }
    }
  for (int64_t slot = 0; slot < (int64_t)1 << block->bits; slot++)
    if (table[slot].kind >= 0) written = write_alike(block, written, table + slot);
  return written;
}
"""

SOURCE = (
    HEAD
    + f"enum {{ SMALL = {SMALL} }};\n"
    + "".join(BRANCHES.replace("STATE", name) for name in ("int32_t", "int64_t"))
)
