// Templates, virtual tables, namespaces, an operator: names that need demangling.
#include "stack.hpp"

namespace demo {

namespace {
struct Dog : Animal {
    int legs() const override { return 4; }
    const char *sound() const override { return "woof"; }
};

struct Bird : Animal {
    int legs() const override { return 2; }
    const char *sound() const override { return "chirp"; }
};
} // namespace

Animal::~Animal() = default;

bool operator==(const Point &a, const Point &b)
{
    return a.x == b.x && a.y == b.y;
}

const Animal &pick(unsigned which)
{
    static Dog dog;
    static Bird bird;
    return which % 2 ? static_cast<const Animal &>(dog) : bird;
}

template class Stack<int, 16>;
template class Stack<Point, 4>;

} // namespace demo
