/* A program without a C library, for any machine: code, constants, variables,
   calls through pointers, a weak function and a large zeroed array. */
#include "bare.h"

const char greeting[] = "a constant text in read-only data";
static const unsigned powers[] = {1, 10, 100, 1000, 10000, 100000};
unsigned counter = 7;
static unsigned char scratch[3000];
static unsigned calls;

__attribute__((noinline)) static unsigned length(const char *text)
{
    unsigned n = 0;
    while (text[n])
        n++;
    return n;
}

__attribute__((weak, noinline)) unsigned transform(unsigned value)
{
    return value ^ powers[value % 4];
}

__attribute__((noinline)) unsigned dispatch(unsigned which, unsigned value)
{
    calls++;
    switch (which) {
    case 0: return value + 1;
    case 1: return value << 3;
    case 2: return transform(value);
    case 3: return value ^ 0x5a5a5a5a;
    case 4: return length(greeting) + value;
    case 5: return value - counter;
    default: return operations[which & 1](value);
    }
}

void _start(void)
{
    for (unsigned i = 0;; i++)
        scratch[i % sizeof scratch] = (unsigned char)dispatch(i & 7, counter + i);
}
