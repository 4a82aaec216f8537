"""The kernel in C that takes the steps of all nodes, one after the other in the network's order."""

STEPS = r"""
enum { GIVEN, COPIED, DENSE, WINDOW, NEURONS };

/* What is known of a slot: nothing, that it holds zeros only, or what the node sends where zeros arrive. */
enum { ANYTHING, ZEROS, REST };

/* What a node sent in its last steps: that of step t lies in slot t % slots, rooms of as many numbers apart; known: of
   every slot, what it is. */
typedef struct {
  double *values;
  uint8_t *known;
  int64_t slots, room;
} nd_ring;

/* A node under way.
   kind: what makes what it sends of what it gets; still: where zeros arrive, it sends zeros; size: numbers that it
   sends in a step. fixed, sizes: what its kernel takes in every step. The others are of a chunk of steps, each step's
   after the one before. given: what it sends for those that get it, whatever it did; forced: and how it resets.
   narrow: where not null, what it gets, as bytes, size_narrow a step; alone: nobody gets what it sends but as bytes.
   What is recorded: what it sends, as bytes, numbers or counts, and membranes before and after. */
typedef struct {
  nd_ring sends, gets;
  int64_t kind, still, size;
  const void *fixed[6];
  int64_t sizes[3];
  const double *given;
  int64_t forced;
  const int8_t *narrow;
  int64_t size_narrow, alone;
  int8_t *bytes;
  double *values;
  int64_t *counts;
  double *before, *after;
} nd_part;

/* Gives what is known of what is sent; silent: zeros arrive; before: what is known of the slot that it goes to. */
static int operate(const nd_part *p, const void *x, double *out, int silent, int before) {
  const void *const *f = p->fixed;
  const int64_t *n = p->sizes;
  const int narrow = p->narrow != 0, after = !silent ? ANYTHING : p->still ? ZEROS : REST;
  if (silent && before == after) return after;
  if (after == ZEROS) memset(out, 0, (size_t)p->size * sizeof(double));
  else if (p->kind == DENSE) nd_dense(narrow, x, out, f[0], f[1], n[0], n[1], n[2]);
  else if (p->kind == WINDOW) nd_window(narrow, x, out, f[0], f[1], f[2], (double *)f[3], f[4]);
  else
    for (int64_t k = 0; k < p->size; k++) out[k] = NUMBER(k);
  return after;
}

/* Step t of those from the first to the end; now: the same, counted from the beginning of the run. */
static void take(const nd_part *p, int64_t now, int64_t first, int64_t t, int64_t end) {
  const size_t bytes = (size_t)p->size * sizeof(double);
  const int64_t at = t * p->size, slot = now % p->sends.slots, from = p->kind == GIVEN ? 0 : now % p->gets.slots;
  double *out = p->sends.values + slot * p->sends.room;
  const double *x = p->kind == GIVEN ? 0 : p->gets.values + from * p->gets.room, *given = p->given ? p->given + at : 0;
  int known = p->sends.known[slot];
  if (p->kind == NEURONS) {
    const nd_records records = {p->bytes ? p->bytes + at : 0, p->before ? p->before + at : 0,
                                p->after ? p->after + at : 0, t - first, t + 1 == end, p->alone};
    const int64_t sent = nd_neurons(p->fixed[0], x, p->forced ? given : 0, (double *)p->fixed[1],
                                    (double *)p->fixed[2], (double *)p->fixed[3], (uint8_t *)p->fixed[4], out, records,
                                    known == ZEROS, p->sizes[0], p->sizes[1]);
    if (!sent && p->alone && known != ZEROS) memset(out, 0, bytes);
    known = sent ? ANYTHING : ZEROS;
  } else if (p->kind != GIVEN) {
    const void *arrives = p->narrow ? (const void *)(p->narrow + t * p->size_narrow) : x;
    known = operate(p, arrives, out, p->gets.known[from] == ZEROS, known);
  }
  if (p->values) memcpy(p->values + at, out, bytes);
  if (p->counts)
    for (int64_t k = 0; k < p->size; k++) p->counts[at + k] = (int64_t)out[k];
  if (given) memcpy(out, given, bytes), known = ANYTHING;
  p->sends.known[slot] = (uint8_t)known;
}

/* Some nodes in their order, in some steps from step t on; now: that step, counted from the beginning of the run. */
void nd_advance(const nd_part *parts, int64_t count, int64_t now, int64_t t, int64_t steps) {
  for (int64_t k = 0; k < steps; k++)
    for (int64_t n = 0; n < count; n++) take(parts + n, now + k, t, t + k, t + steps);
}
"""
