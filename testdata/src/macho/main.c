/* The program: a constructor, tables of pointers, thread-local memory, a weak function. */
#include "shelf.h"

extern int printf(const char *format, ...);

static const char *const NAMES[] = {"anvil", "bellows", "chisel", "drill", "easel"};
static int (*const CHECKS[])(const struct shelf *) = {shelf_count, shelf_weight};
static _Thread_local int turns = 3;
static struct shelf first;

__attribute__((constructor)) static void prepare(void)
{
    first.limit = 16;
}

__attribute__((weak, noinline)) int surcharge(int weight)
{
    return weight / 7;
}

__attribute__((noinline)) static int kind_of(int weight)
{
    switch (weight) {
    case 1: return 40;
    case 2: return 12;
    case 3: return 99;
    case 4: return 7;
    case 5: return 61;
    case 6: return 23;
    default: return 0;
    }
}

int main(int argc, char **argv)
{
    for (int i = 0; i < turns * argc; i++)
        shelf_add(&first, NAMES[i % 5], i + kind_of(i));
    for (int i = 0; i < 2; i++)
        printf("%d %s\n", surcharge(CHECKS[i](&first)), argv[0]);
    return shelf_total == 0;
}
