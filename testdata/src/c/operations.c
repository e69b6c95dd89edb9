/* The other unit of the bare program: a table of functions. */
#include "bare.h"

static inline unsigned twice(unsigned value)
{
    return value + value;
}

static unsigned add(unsigned value)
{
    return twice(value) + counter;
}

static unsigned rotate(unsigned value)
{
    return value << 5 | value >> 27;
}

const operation operations[2] = {add, rotate};
