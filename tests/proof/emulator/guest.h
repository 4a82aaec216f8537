/* What the jobs' table, made for one image, and the code that works through it agree on. */
#include <stddef.h>
#include <stdint.h>

/* Sectors of the disk, counted from the end of the image. */
typedef struct {
  uint64_t first, sectors;
} Extent;

/* A program's run; given and made are where its stimulus and its records stand on the disk. */
typedef struct {
  void (*reset)(void *);
  void (*run)(void *, void *const *, int64_t);
  uint64_t (*bytes)(void);
  void *const *pointers;
  int64_t steps;
  Extent given, made;
} Job;

/* Ended by one that runs nothing. */
extern const Job jobs[];
