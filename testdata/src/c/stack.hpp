namespace demo {

struct Point {
    int x, y;
};

bool operator==(const Point &a, const Point &b);

struct Animal {
    virtual ~Animal();
    virtual int legs() const = 0;
    virtual const char *sound() const = 0;
};

const Animal &pick(unsigned which);

template <typename T, unsigned N> class Stack {
public:
    bool push(T value)
    {
        if (count == N)
            return false;
        values[count++] = value;
        return true;
    }

    bool holds(T value) const
    {
        for (unsigned i = 0; i < count; i++)
            if (values[i] == value)
                return true;
        return false;
    }

private:
    T values[N];
    unsigned count = 0;
};

} // namespace demo
