// Uses the stack from another unit, so that some copies of its code are merged.
#include "stack.hpp"

int main(int argc, char **)
{
    demo::Stack<int, 16> numbers;
    demo::Stack<demo::Point, 4> points;
    demo::Stack<long, 8> longs;
    for (int i = 0; i < argc; i++) {
        numbers.push(i * i);
        points.push({i, -i});
        longs.push(i);
    }
    const demo::Animal &animal = demo::pick(static_cast<unsigned>(argc));
    return numbers.holds(9) + points.holds({1, -1}) + longs.holds(3) + animal.legs() + animal.sound()[0];
}
