// Exceptions of C++ as Visual C++ does them: tables of states, blocks and clauses.
extern "C" int __CxxFrameHandler3(...) { return 1; }
extern "C" int _fltused = 1;
__asm__(".section .rdata,\"dr\"\n.globl \"??_7type_info@@6B@\"\n.p2align 3\n\"??_7type_info@@6B@\": .quad 0\n"
        ".text\n.globl _CxxThrowException, __std_terminate\n_CxxThrowException:\n__std_terminate: int3\n");

struct Guard {
    int *count;
    ~Guard() { --*count; }
};

__declspec(noinline) int fail(int x)
{
    if (x > 3)
        throw x;
    return x;
}

extern "C" __declspec(dllexport) int attempt(int x)
{
    int count = 1;
    try {
        Guard guard{&count};
        return fail(x);
    } catch (int thrown) {
        return thrown + count;
    } catch (...) {
        return -1;
    }
}

namespace shapes {
template <typename T> struct Circle {
    virtual ~Circle() {}
    virtual T area() const { return radius * radius * 3; }
    T radius = 2;
};
}

extern "C" __declspec(dllexport) int area()
{
    static shapes::Circle<int> circle;
    const shapes::Circle<int> *shape = &circle;
    return shape->area();
}

void operator delete(void *, unsigned long long) noexcept {}
extern "C" int atexit(void (*)()) { return 0; }
extern "C" int _purecall() { return 0; }
extern "C" int _tls_index = 0;
extern "C" int _Init_thread_epoch = 0;
extern "C" void _Init_thread_header(int *) {}
extern "C" void _Init_thread_footer(int *) {}
extern "C" int start() { return 1; }
