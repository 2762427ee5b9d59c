/* What runs before main on a Cortex-M4F: turns the floating-point unit on and enters newlib's own start. */

#include <stdint.h>

extern uint32_t stack_start;
void _start(void);
void _exit(int);

__attribute__((naked, noreturn)) void reset(void) {
    /* Full access to coprocessors 10 and 11, in the register CPACR. */
    __asm volatile("ldr r0, =0xe000ed88\n"
                   "ldr r1, [r0]\n"
                   "orr r1, r1, #0xf00000\n"
                   "str r1, [r0]\n"
                   "dsb\n"
                   "isb\n"
                   "b _start\n");
}

static void fault(void) { _exit(99); }

/* What newlib calls before and after main. */
void _init(void) {}
void _fini(void) {}

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[] = {
    (uintptr_t)&stack_start, (uintptr_t)reset, (uintptr_t)fault, (uintptr_t)fault,
    (uintptr_t)fault,        (uintptr_t)fault, (uintptr_t)fault};
