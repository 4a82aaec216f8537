/* Runs every job: reads its stimulus from the disk, runs its program, and writes what was recorded to the disk. */
#include "guest.h"

/* The records begin with a line: the word that tells that they are whole, and what stands behind the context. */
enum { BEHIND = LINE - 8 };

enum { DATA = 0x1f0, COUNT = 0x1f2, DRIVE = 0x1f6, COMMAND = 0x1f7, READ = 0x20, WRITE = 0x30, BUSY = 0x80, READY = 8 };

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  void *start = to;
  size_t words = size / 8, rest = size % 8;
  __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
  return start;
}

void *memset(void *to, int value, size_t size) {
  void *start = to;
  const uint64_t word = (uint8_t)value * UINT64_C(0x0101010101010101);
  size_t words = size / 8, rest = size % 8;
  __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(word) : "memory");
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(rest) : "a"(word) : "memory");
  return start;
}

void *memmove(void *to, const void *from, size_t size) {
  if ((uintptr_t)to - (uintptr_t)from >= size) return memcpy(to, from, size);
  for (uint8_t *end = (uint8_t *)to + size; size--;) *--end = ((const uint8_t *)from)[size];
  return to;
}

static void out(uint16_t port, uint32_t value) {
  __asm__ volatile("outb %b0, %1" : : "a"(value), "d"(port));
}

static void request(uint64_t sector, int command) {
  out(COUNT, 1);
  for (int k = 0; k < 3; k++) out((uint16_t)(COUNT + 1 + k), (uint32_t)(sector >> (8 * k)));
  out(DRIVE, 0xe0 | (uint32_t)(sector >> 24));
  out(COMMAND, (uint32_t)command);
  uint8_t status;
  do __asm__ volatile("inb %1, %0" : "=a"(status) : "d"((uint16_t)COMMAND));
  while ((status & (BUSY | READY)) != READY);
}

/* Where what follows the image starts on the disk: the address of this symbol, which the linker sets. */
extern const char image_sectors[];

static void load(const Extent *extent, void *to) {
  for (uint64_t k = 0; k < extent->sectors; k++) {
    uint64_t words = SECTOR / 4;
    request((uintptr_t)image_sectors + extent->first + k, READ);
    __asm__ volatile("rep insl" : "+D"(to), "+c"(words) : "d"((uint16_t)DATA) : "memory");
  }
}

static void store(const Extent *extent, const void *from) {
  for (uint64_t k = 0; k < extent->sectors; k++) {
    uint64_t words = SECTOR / 4;
    request((uintptr_t)image_sectors + extent->first + k, WRITE);
    __asm__ volatile("rep outsl" : "+S"(from), "+c"(words) : "d"((uint16_t)DATA) : "memory");
  }
}

void run_jobs(void) {
  for (const Job *job = jobs; job->run; job++) {
    const uint64_t bytes = job->bytes();
    uint8_t *context = (uint8_t *)CONTEXT;
    uint64_t *made = (uint64_t *)MADE;
    load(&job->given, (void *)GIVEN);
    memset(made, UNTOUCHED, job->made.sectors * SECTOR);
    memset(context, UNTOUCHED, bytes + BEHIND);
    job->reset(context);
    job->run(context, job->pointers, job->steps);
    made[0] = DONE;
    memcpy(made + 1, context + bytes, BEHIND);
    store(&job->made, made);
  }
}
