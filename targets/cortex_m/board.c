/* Start-up of an emulated MPS2 board, and a probe's hooks: files by semihosting, instructions by a timer, stack by paint. */
#include <stdint.h>

#define PAINTED 8192u /* bytes of stack below a step that are watched */
#define PAINT 0xa5c35a3cu

int main(void);
int nd_take(void *to, uint32_t bytes);
int nd_give(const void *from, uint32_t bytes);
void nd_start(void);
void nd_stop(uint32_t *measured);
void board_reset(void);
void *memcpy(void *restrict to, const void *restrict from, __SIZE_TYPE__ bytes);
void *memset(void *to, int value, __SIZE_TYPE__ bytes);

/* Places that the linker script names. */
extern uint32_t board_stack_top[], board_data_load[], board_data_start[], board_data_end[];
extern uint32_t board_bss_start[], board_bss_end[], board_probe_start[], board_probe_end[];

void *memcpy(void *restrict to, const void *restrict from, __SIZE_TYPE__ bytes) {
  char *t = to;
  const char *f = from;
  while (bytes-- > 0) *t++ = *f++;
  return to;
}

void *memset(void *to, int value, __SIZE_TYPE__ bytes) {
  char *t = to;
  while (bytes-- > 0) *t++ = (char)value;
  return to;
}

/* Arm's semihosting: what the debugger, here QEMU, does for the program. */
enum { OPEN = 0x01, WRITE_TEXT = 0x04, WRITE = 0x05, READ = 0x06, EXIT = 0x18 };
enum { READ_BINARY = 1, WRITE_BINARY = 5 };
#define ENDED_WELL 0x20026u
#define ENDED_BADLY 0x20023u

static uint32_t semihost(uint32_t operation, uintptr_t argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register uintptr_t r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static void leave(int well) {
  for (;;) semihost(EXIT, well ? ENDED_WELL : ENDED_BADLY);
}

static void fault(void) {
  static const char text[] = "the processor met a fault\n";
  semihost(WRITE_TEXT, (uintptr_t)text);
  leave(0);
}

static uint32_t open_file(const char *name, uint32_t length, uint32_t how) {
  const uintptr_t arguments[3] = {(uintptr_t)name, how, length};
  return semihost(OPEN, (uintptr_t)arguments);
}

static uint32_t job, record;

int nd_take(void *to, uint32_t bytes) {
  const uintptr_t arguments[3] = {job, (uintptr_t)to, bytes};
  return semihost(READ, (uintptr_t)arguments) == 0; /* the answer is how many bytes are missing */
}

int nd_give(const void *from, uint32_t bytes) {
  const uintptr_t arguments[3] = {record, (uintptr_t)from, bytes};
  return semihost(WRITE, (uintptr_t)arguments) == 0;
}

/* Timer 0 counts down at 25 MHz; under -icount shift=7 an instruction takes 128 ns, that is 3.2 of its ticks. */
#define TIMER_CONTROL (*(volatile uint32_t *)0x40000000u)
#define TIMER_VALUE (*(volatile uint32_t *)0x40000004u)
#define TIMER_RELOAD (*(volatile uint32_t *)0x40000008u)

static uint32_t started, overhead;
static uintptr_t stack_before;

void nd_start(void) {
  uint32_t *here;
  uint32_t *low = (uint32_t *)board_bss_end;
  stack_before = (uintptr_t)__builtin_dwarf_cfa();
  __asm__ volatile("mov %0, sp" : "=r"(here));
  if ((uintptr_t)low + PAINTED < stack_before) low = (uint32_t *)((stack_before - PAINTED) & ~(uintptr_t)3);
  while (here > low) *--here = PAINT;
  started = TIMER_VALUE;
}

void nd_stop(uint32_t *measured) {
  const uint32_t ticks = started - TIMER_VALUE;
  const uint32_t *low = (const uint32_t *)board_bss_end;
  if ((uintptr_t)low + PAINTED < stack_before) low = (const uint32_t *)((stack_before - PAINTED) & ~(uintptr_t)3);
  while ((uintptr_t)low < stack_before && *low == PAINT) low++;
  measured[0] = (uint32_t)(((uint64_t)ticks * 10 + 16) / 32) - overhead; /* rounded: two readings are off by less than a tick */
  measured[1] = (uint32_t)(stack_before - (uintptr_t)low);
}

void board_reset(void) {
  uint32_t nothing[2];
  for (uint32_t *t = board_data_start, *f = board_data_load; t < board_data_end;) *t++ = *f++;
  for (uint32_t *t = board_bss_start; t < board_bss_end;) *t++ = 0;
  for (uint32_t *t = board_probe_start; t < board_probe_end;) *t++ = 0;
  TIMER_RELOAD = 0xffffffffu;
  TIMER_VALUE = 0xffffffffu;
  TIMER_CONTROL = 1;
  nd_start();
  nd_stop(nothing);
  overhead = nothing[0];
  job = open_file("job", 3, READ_BINARY);
  record = open_file("record", 6, WRITE_BINARY);
  if (job == 0xffffffffu || record == 0xffffffffu) leave(0);
  leave(main() == 0);
}

/* The stack, then where execution begins, then one handler for every other exception. */
typedef void (*Handler)(void);
typedef union { void *stack; Handler handler; } Vector;
__attribute__((section(".vectors"), used)) static const Vector vectors[16] = {
    {.stack = board_stack_top}, {.handler = board_reset}, {.handler = fault}, {.handler = fault},
    {.handler = fault},         {.handler = fault},       {.handler = fault}, {.handler = fault},
    {.handler = fault},         {.handler = fault},       {.handler = fault}, {.handler = fault},
    {.handler = fault},         {.handler = fault},       {.handler = fault}, {.handler = fault},
};
