/* Adler-32, the C part of the station: a table, a static function and an exported one. */
#include <stddef.h>
#include <stdint.h>

static const uint32_t PRIMES[4] = {65521u, 32749u, 16381u, 8191u};

uint32_t checksum_calls;

__attribute__((noinline)) static uint32_t fold(uint32_t low, uint32_t high, unsigned turn)
{
    return (high % PRIMES[turn & 3u]) << 16 | low % PRIMES[turn & 3u];
}

uint32_t checksum(const uint8_t *bytes, size_t count)
{
    uint32_t low = 1, high = 0;
    checksum_calls++;
    for (size_t i = 0; i < count; i++) {
        low += bytes[i];
        high += low;
    }
    return fold(low, high, checksum_calls);
}
