#include <stddef.h>

__attribute__((noinline)) static unsigned weight_of_one(unsigned char c, unsigned at) { return (c ^ at) * 2654435761u; }

unsigned weigh_bytes(const unsigned char *bytes, size_t len) {
    unsigned sum = 0;
    for (size_t i = 0; i < len; i++)
        sum = (sum << 5 | sum >> 27) ^ weight_of_one(bytes[i], (unsigned)i);
    return sum;
}
