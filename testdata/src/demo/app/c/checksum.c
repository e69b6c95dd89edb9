/* The C part of the demo: a table, a static function and an exported one. */
#include <stddef.h>
#include <stdint.h>

static const uint16_t NIBBLES[16] = {
    0x0000, 0x1081, 0x2102, 0x3183, 0x4204, 0x5285, 0x6306, 0x7387,
    0x8408, 0x9489, 0xa50a, 0xb58b, 0xc60c, 0xd68d, 0xe70e, 0xf78f,
};

uint32_t checksum_calls;

__attribute__((noinline)) static uint16_t step(uint16_t state, uint8_t byte)
{
    state = (uint16_t)(state >> 4) ^ NIBBLES[(state ^ byte) & 15];
    return (uint16_t)(state >> 4) ^ NIBBLES[(state ^ (byte >> 4)) & 15];
}

uint16_t checksum_update(uint16_t state, const uint8_t *bytes, size_t count)
{
    checksum_calls++;
    for (size_t i = 0; i < count; i++)
        state = step(state, bytes[i]);
    return state;
}
